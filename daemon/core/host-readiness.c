/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot-findings.h"
#include "debug-findings.h"
#include "evaluate.h"
#include "finding-ids.h"
#include "host-iommu.h"
#include "host-parameters.h"
#include "log-findings.h"
#include "rules.h"
#include "text.h"

static int set_default_domain(const Host *h, HostReport *r) {
        const char *word = NULL;

        for (size_t i = 0; i < h->n_groups; i++) {
                const Text *type = &h->groups[i]->type;

                if (type->fact != FACT_PRESENT)
                        continue;
                if (word && strcmp(word, type->value) != 0) {
                        word = "mixed";
                        break;
                }
                word = type->value;
        }
        r->default_domain = strdup(word ? word : "");
        return r->default_domain ? 0 : -ENOMEM;
}

static int find_backend(const Host *h, HostReport *r) {
        if (h->type1 != FACT_ABSENT || h->iommufd != FACT_ABSENT)
                return 0;
        return findings_addf(&r->findings, FINDING_NO_BACKEND, SEVERITY_BLOCKER, NULL,
                             "Install the modules of the running kernel.",
                             "Neither vfio_iommu_type1 nor iommufd can be had on this kernel.");
}

static Readiness judge_host(const HostReport *r) {
        if (findings_first(&r->findings, SEVERITY_BLOCKER))
                return READINESS_BLOCKED;
        if (findings_first(&r->findings, SEVERITY_UNKNOWN))
                return READINESS_UNKNOWN;
        return findings_find(&r->findings, FINDING_UNSAFE_INTERRUPTS) ? READINESS_DEGRADED
                                                                      : READINESS_READY;
}

/* Concludes and adds all findings of the host. Returns: 0 or -ENOMEM. */
static int find_host(const Host *h, const Parameters *p, HostReport *r) {
        int e = evaluate_iommu(h, p, r);

        if (e >= 0)
                e = evaluate_interrupts(h, p, r);
        if (e >= 0)
                e = find_backend(h, r);
        if (e >= 0)
                e = find_parameters(h, p, &r->findings);
        if (e >= 0)
                e = find_boot(h, &r->findings);
        if (e >= 0)
                e = find_debug_values(h, &r->findings);
        return e < 0 ? e : find_host_log(h, r);
}

int evaluate_host(const Host *h, HostReport **ret) {
        HostReport *new = calloc(1, sizeof(HostReport));
        Parameters *p = NULL;
        int r;

        if (!new)
                return -ENOMEM;
        r = host_parameters(h, &p);
        if (r == -E2BIG) /* no kernel takes such a line: what it says is not known */
                r = 0;
        new->type1 = h->type1 == FACT_PRESENT;
        new->iommufd = h->iommufd == FACT_PRESENT;
        new->cdev = h->cdev == FACT_PRESENT;
        r |= text_copy(&new->kernel_release, &h->kernel_release);
        r |= text_copy(&new->command_line, &h->command_line);
        r |= set_default_domain(h, new);
        if (r >= 0)
                r = find_host(h, p, new);
        parameters_free(p);
        if (r < 0) {
                host_report_free(new);
                return -ENOMEM;
        }
        new->readiness = judge_host(new);
        *ret = new;
        return 0;
}
