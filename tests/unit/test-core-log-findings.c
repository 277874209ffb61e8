/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "core/kernel-log.h"
#include "finding-ids.h"

#define STUCK(a) "vfio-pci " a ": Unable to change power state from D3cold to D0, device inaccessible"

/* A device that did not wake up, by what its power state says now, and its driver. */
static void test_power(void) {
        static const struct {
                const char *power; /* NULL: no such file, as before 5.10 */
                const char *driver;
                Severity severity;
                Readiness readiness;
        } cases[] = {
                { "D0", "vfio-pci", SEVERITY_WARNING, READINESS_READY },
                { "D3hot", "vfio-pci", SEVERITY_WARNING, READINESS_READY },
                { "D3cold", "vfio-pci", SEVERITY_UNKNOWN, READINESS_UNKNOWN },
                { NULL, "vfio-pci", SEVERITY_UNKNOWN, READINESS_UNKNOWN },
                /* The host's driver wakes it in its own way. */
                { "D3cold", "igc", SEVERITY_WARNING, READINESS_PREPARABLE },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                KernelLog *log = kernel_log_new();
                Host *h = good_host();
                Device *d, *other;
                Report *r;
                const Finding *f;

                add_group(h, 1);
                add_group(h, 2);
                d = add_device(h, "0000:01:00.0", 1, cases[i].driver);
                other = add_device(h, "0000:02:00.0", 2, "vfio-pci");
                if (cases[i].power)
                        CHECK(text_set(&d->power_state, cases[i].power) == 0);
                else
                        text_unset(&d->power_state, FACT_ABSENT);
                CHECK(text_set(&other->power_state, "D3cold") == 0);
                CHECK(log && kernel_log_add(log, STUCK("0000:01:00.0"),
                                            strlen(STUCK("0000:01:00.0")), NULL, 1, NULL) == 0);
                kernel_log_end_backlog(log);
                h->log = log;
                r = report_of(h);
                f = findings_find(&r->devices[0]->findings, FINDING_POWER_STATE);
                CHECK(f && f->severity == cases[i].severity && f->n_evidence == 1);
                CHECK(r->devices[0]->readiness == cases[i].readiness);
                /* Of the other nothing was said, and sleeping is nothing wrong. */
                CHECK(!findings_find(&r->devices[1]->findings, FINDING_POWER_STATE));
                CHECK(r->devices[1]->readiness == READINESS_READY);
                report_free(r);
                host_free(h);
                kernel_log_free(log);
        }
}

int main(void) {
        test_power();
        return 0;
}
