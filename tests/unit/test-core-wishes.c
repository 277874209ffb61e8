/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/boot-guard.h"
#include "core-fixture.h"
#include "core/hold.h"
#include "core/wish.h"
#include "finding-ids.h"
#include "names.h"

/* What is held, how it is moved and given back, and what is said of wishes. What vfiod-boot holds on
 * a made-up host is in tests/boot. */

#define GPU   "01:00.0"
#define AUDIO "01:00.1"

/* Returns: a host with a card of two held functions in one group. */
static Host *held_card(void) {
        static const char *const functions[] = { GPU, AUDIO };
        Host *h = good_host();

        add_group(h, 1);
        for (size_t i = 0; i < 2; i++) {
                Device *d = add_device(h, functions[i], 1, NULL);

                CHECK(text_set(&d->driver_override, HOLD_OVERRIDE) == 0);
                CHECK(device_is_held(d));
        }
        return h;
}

static Wish card_wish(void) {
        Wish w = { .name = (char *) "card" };

        CHECK(wish_set_match(&w, GPU) == 0);
        w.identity = (WishIds){ .given = true, .vendor_id = 0x8086, .device_id = 0x10d3 };
        return w;
}

/* Gives every device the wish's identity. */
static void identify(Host *h) {
        for (size_t i = 0; i < h->n_devices; i++) {
                h->devices[i]->ids = FACT_PRESENT;
                h->devices[i]->vendor_id = 0x8086;
                h->devices[i]->device_id = 0x10d3;
        }
}

/* What has not been wished for itself is held along only where the host can lose nothing by it. */
static void test_held_along(void) {
        static const struct {
                uint32_t wished, along;
                bool group;
                Hold hold;
        } cases[] = {
                { 0x030000, 0x040300, false, HOLD_TAKE },  /* a graphics card's sound */
                { 0x030200, 0x0c0330, false, HOLD_TAKE },  /* its USB port */
                { 0x030000, 0x0c8000, false, HOLD_NOT_CANDIDATE },
                { 0x0c0330, 0x040300, false, HOLD_TAKE },
                { 0x040300, 0x0c0330, false, HOLD_NOT_WISHED }, /* the keyboard may hang on it */
                { 0x020000, 0x020000, false, HOLD_NOT_WISHED }, /* the other port */
                { 0x010802, 0x010802, true, HOLD_NOT_WISHED },
                { 0x020000, 0x040300, true, HOLD_TAKE },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Wish wish = card_wish();
                const Wish *found;
                Device *d[2];

                add_group(h, 1);
                d[0] = add_device(h, GPU, 1, NULL);
                d[1] = add_device(h, AUDIO, 1, NULL);
                identify(h);
                d[0]->class_code = cases[i].wished;
                d[1]->class_code = cases[i].along;
                wish.group = cases[i].group;
                h->configured = &wish;
                h->n_configured = 1;
                CHECK(hold_decide(h, &d[0]->address, &found) == HOLD_TAKE && found == &wish);
                CHECK(hold_decide(h, &d[1]->address, &found) == cases[i].hold);
                h->n_configured = 0;
                host_free(h);
        }
}

static const char *steps_text(const Plan *p) {
        static char text[1024];
        char address[ADDRESS_TEXT_MAX];

        *text = '\0';
        for (size_t i = 0; i < p->n_steps; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %s %s",
                         i > 0 ? "; " : "", action_text(p->steps[i].action),
                         address_format(&p->steps[i].address, address) + 5, p->steps[i].value);
        return text;
}

static void test_prepare(void) {
        Host *h = held_card();
        Report *r;
        Plan *p;

        CHECK(evaluate(h, &r) == 0);
        CHECK(plan_prepare(h, r, &(Request){ .address = at(GPU) }, &p) == 0);
        CHECK(!p->error);
        CHECK_STRING(steps_text(p),
                     "set-override 01:00.0 vfio-pci; set-override 01:00.1 vfio-pci; "
                     "bind 01:00.0 vfio-pci; bind 01:00.1 vfio-pci; "
                     "verify 01:00.0 vfio-pci; verify 01:00.1 vfio-pci");
        /* Undone, they are held again. */
        for (size_t i = 0; i < p->n_members; i++)
                CHECK(managed_was_held(&p->members[i]));
        plan_free(p);
        report_free(r);
        host_free(h);
}

/* Given back, the kernel chooses the driver. */
static void test_release(void) {
        Host *h = held_card();
        Device *d = h->devices[0];
        Report *r;
        Plan *p;

        h->sets = calloc(1, sizeof(ManagedSet));
        CHECK(h->sets);
        h->n_sets = 1;
        h->sets[0].id = 7;
        h->sets[0].members = calloc(1, sizeof(Managed));
        CHECK(h->sets[0].members);
        h->sets[0].n_members = 1;
        h->sets[0].members[0] = (Managed){ .address = d->address, .set = 7,
                                           .moved_to = strdup("vfio-pci"),
                                           .vendor_id = d->vendor_id, .device_id = d->device_id,
                                           .subsystem_vendor_id = d->subsystem_vendor_id,
                                           .subsystem_device_id = d->subsystem_device_id,
                                           .class_code = d->class_code };
        text_unset(&h->sets[0].members[0].driver, FACT_ABSENT);
        CHECK(text_set(&h->sets[0].members[0].driver_override, HOLD_OVERRIDE) == 0);
        CHECK(text_set(&d->driver, "vfio-pci") == 0);
        CHECK(text_set(&d->driver_override, "vfio-pci") == 0);
        CHECK(evaluate(h, &r) == 0);
        CHECK(plan_release(h, r, &(Request){ .address = at(GPU) }, &p) == 0);
        CHECK(!p->error);
        CHECK_STRING(steps_text(p), "unbind 01:00.0 vfio-pci; "
                                    "set-override 01:00.0 ; probe 01:00.0 ");
        plan_free(p);
        report_free(r);
        host_free(h);
}

/* Nobody has moved it yet. */
static void test_release_held(void) {
        Host *h = held_card();
        Report *r;
        Plan *p;

        CHECK(evaluate(h, &r) == 0);
        CHECK(plan_release(h, r, &(Request){ .address = at(AUDIO) }, &p) == 0);
        CHECK(!p->error && p->set == 0);
        CHECK_STRING(steps_text(p), "set-override 01:00.1 ; probe 01:00.1 ");
        plan_free(p);
        report_free(r);
        host_free(h);
}

static const Finding *device_finding(const Report *r, const char *address, const char *id) {
        const Address a = at(address);

        return findings_find(&report_find_device(r, &a)->findings, id);
}

static void test_device_findings(void) {
        Host *h = held_card();
        const Wish w = card_wish();
        const Address gpu = at(GPU);
        const Finding *f;
        Report *r;

        h->configured = &w;
        h->n_configured = 1;
        identify(h);
        CHECK(host_set_wish_result(h, &gpu, false, "its group burns") == 0);
        CHECK(evaluate(h, &r) == 0);
        CHECK(device_finding(r, GPU, FINDING_HELD));
        CHECK(!device_finding(r, GPU, FINDING_FOREIGN_OVERRIDE));
        f = device_finding(r, GPU, FINDING_WISH_REFUSED);
        CHECK(f && f->severity == SEVERITY_WARNING && strstr(f->message, "its group burns"));
        CHECK(!device_finding(r, GPU, FINDING_PERSISTED_LATE));
        CHECK(!device_finding(r, AUDIO, FINDING_WISH_REFUSED));
        report_free(r);

        /* Somebody has moved it since. */
        CHECK(text_set(&h->devices[0]->driver, "vfio-pci") == 0);
        CHECK(evaluate(h, &r) == 0);
        CHECK(!device_finding(r, GPU, FINDING_WISH_REFUSED) && !device_finding(r, GPU, FINDING_HELD));
        report_free(r);

        CHECK(host_set_wish_result(h, &gpu, true, NULL) == 0);
        CHECK(h->n_wish_results == 1);
        CHECK(evaluate(h, &r) == 0);
        CHECK(device_finding(r, GPU, FINDING_PERSISTED_LATE));
        report_free(r);

        /* Not wished for any more: nothing is said of what it was. */
        h->n_configured = 0;
        CHECK(evaluate(h, &r) == 0);
        CHECK(!device_finding(r, GPU, FINDING_PERSISTED_LATE));
        report_free(r);
        CHECK(host_drop_wish_result(h, &gpu) && !host_drop_wish_result(h, &gpu));
        host_free(h);
}

static void test_verdicts(void) {
        static const struct {
                BootVerdict verdict;
                const char *id;
        } cases[] = {
                { BOOT_UNDECIDED, FINDING_WISH_UNCOUNTED },
                { BOOT_OPEN, NULL },
                { BOOT_INCOMPLETE, FINDING_WISH_BOOTS_INCOMPLETE },
                { BOOT_UNCOUNTED, FINDING_WISH_UNCOUNTED },
                { BOOT_DISABLED, FINDING_PERSISTENCE_DISABLED },
        };
        static const char *const ids[] = { FINDING_WISH_BOOTS_INCOMPLETE, FINDING_WISH_UNCOUNTED,
                                           FINDING_PERSISTENCE_DISABLED };
        const Wish w = card_wish();

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                for (size_t wishes = 0; wishes < 2; wishes++) {
                        Host *h = held_card();
                        Report *r;

                        h->wishes_known = FACT_PRESENT;
                        h->boot_verdict = cases[i].verdict;
                        h->configured = &w;
                        h->n_configured = wishes;
                        CHECK(evaluate(h, &r) == 0);
                        for (size_t j = 0; j < sizeof(ids) / sizeof(ids[0]); j++)
                                CHECK(!findings_find(&r->host->findings, ids[j]) ==
                                      !(wishes && cases[i].id && strcmp(cases[i].id, ids[j]) == 0));
                        report_free(r);
                        host_free(h);
                }
}

static void test_missing(void) {
        Host *h = held_card();
        Wish w = card_wish();
        Report *r;

        h->configured = &w;
        h->n_configured = 1;
        identify(h);
        CHECK(evaluate(h, &r) == 0);
        CHECK(!findings_find(&r->host->findings, FINDING_WISH_DEVICE_MISSING));
        report_free(r);

        /* What stands there cannot be told: it may be the one. */
        h->devices[0]->ids = FACT_UNKNOWN;
        CHECK(evaluate(h, &r) == 0);
        CHECK(!findings_find(&r->host->findings, FINDING_WISH_DEVICE_MISSING));
        report_free(r);

        h->devices[0]->ids = FACT_PRESENT;
        w.identity.device_id = 0x10d4;
        CHECK(evaluate(h, &r) == 0);
        CHECK(findings_find(&r->host->findings, FINDING_WISH_DEVICE_MISSING));
        CHECK_STRING(findings_find(&r->host->findings, FINDING_WISH_DEVICE_MISSING)->evidence[0],
                     "0000:01:00.0 is 8086:10d3, not 8086:10d4");
        report_free(r);

        h->n_configured = 0;
        h->wishes_known = FACT_UNKNOWN;
        CHECK(evaluate(h, &r) == 0);
        CHECK(findings_find(&r->host->findings, FINDING_WISHES_UNKNOWN));
        report_free(r);
        host_free(h);
}

static void test_guard_words(void) {
        static const struct {
                const char *text;
                int r;
                unsigned n;
        } counts[] = {
                { "0\n", 0, 0 }, { "2\n", 0, 2 }, { "999999\n", 0, 999999 },
                { "", -EBADMSG, 0 }, { "2", -EBADMSG, 0 }, { "\n", -EBADMSG, 0 },
                { "-1\n", -EBADMSG, 0 }, { "2\n\n", -EBADMSG, 0 }, { "2 \n", -EBADMSG, 0 },
                { "99999999999999999999\n", -EBADMSG, 0 },
        };
        unsigned n;

        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                n = 0;
                CHECK(boots_parse(counts[i].text, strlen(counts[i].text), &n) == counts[i].r);
                CHECK(n == counts[i].n);
        }
        for (BootVerdict v = BOOT_UNDECIDED; v <= BOOT_DISABLED; v++)
                CHECK(boot_verdict_parse(boot_verdict_text(v)) == v);
        CHECK(boot_verdict_parse("open\n") == BOOT_OPEN);
        CHECK(boot_verdict_parse("opened\n") == BOOT_UNDECIDED);
        CHECK(boot_verdict_parse("") == BOOT_UNDECIDED);

        CHECK(boot_is_disabled("quiet vfiod.disable"));
        CHECK(boot_is_disabled("vfiod.disable=1\n"));
        CHECK(boot_is_disabled("vfiod.disable=0 vfiod.disable=yes"));
        CHECK(!boot_is_disabled("vfiod.disable=0"));
        CHECK(!boot_is_disabled("vfiod.disabled"));
        CHECK(!boot_is_disabled("xvfiod.disable"));
        CHECK(!boot_is_disabled("quiet -- vfiod.disable"));
        CHECK(!boot_is_disabled(""));
        CHECK(!boot_is_disabled(NULL));
}

int main(void) {
        test_held_along();
        test_prepare();
        test_release();
        test_release_held();
        test_device_findings();
        test_verdicts();
        test_missing();
        test_guard_words();
        return 0;
}
