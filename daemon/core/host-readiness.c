/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "boot-findings.h"
#include "debug-findings.h"
#include "checks.h"
#include "evaluate.h"
#include "finding-ids.h"
#include "host-iommu.h"
#include "host-parameters.h"
#include "log-findings.h"
#include "owners.h"
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
        if (backend_of(h) != FACT_ABSENT)
                return 0;
        if (h->iommufd == FACT_PRESENT)
                return findings_addf(&r->findings, FINDING_NO_BACKEND, SEVERITY_BLOCKER, NULL,
                                     "Use a kernel with vfio_iommu_type1 or "
                                     "CONFIG_VFIO_DEVICE_CDEV.",
                                     "There is no vfio_iommu_type1, and iommufd serves neither "
                                     "devices nor containers of VFIO on this kernel.");
        return findings_addf(&r->findings, FINDING_NO_BACKEND, SEVERITY_BLOCKER, NULL,
                             "Install the modules of the running kernel.",
                             "Neither vfio_iommu_type1 nor iommufd can be had on this kernel.");
}

/* Groups without an IOMMU are for programs that need none; a VM can do nothing with them. */
static int find_noiommu_mode(const Host *h, HostReport *r) {
        int e;

        if (host_setup(h)->noiommu_mode != FACT_PRESENT)
                return 0;
        e = findings_addf(&r->findings, FINDING_NOIOMMU_MODE, SEVERITY_WARNING, NULL,
                          "echo N | sudo tee "
                          "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
                          "VFIO gives away devices without an IOMMU, too "
                          "(enable_unsafe_noiommu_mode): nothing checks what their DMA writes to.");
        return e < 0 ? e : findings_evidence(&r->findings, "/sys/module/vfio/parameters/"
                                             "enable_unsafe_noiommu_mode: Y");
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
                e = find_noiommu_mode(h, r);
        if (e >= 0)
                e = find_parameters(h, p, &r->findings);
        if (e >= 0)
                e = find_boot(h, &r->findings);
        if (e >= 0)
                e = find_wishes(h, r);
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
        /* A module that is not loaded has not been told yet what the command line says. */
        new->denylist_disabled = p && parameters_asked(p, ASKED_DISABLE_DENYLIST) == FACT_PRESENT
                                         ? FACT_PRESENT
                                         : host_setup(h)->denylist_disabled;
        new->type1 = h->type1 == FACT_PRESENT;
        new->iommufd = h->iommufd == FACT_PRESENT;
        new->cdev = h->cdev == FACT_PRESENT;
        r |= text_copy(&new->kernel_release, &h->kernel_release);
        r |= text_copy(&new->command_line, &h->command_line);
        r |= set_default_domain(h, new);
        if (r >= 0)
                r = find_host(h, p, new);
        if (r >= 0)
                r = id_rules_new(h, p, &new->id_rules);
        if (r >= 0)
                r = id_rules_find_caught(new->id_rules, h, &new->findings);
        parameters_free(p);
        if (r < 0) {
                host_report_free(new);
                return -ENOMEM;
        }
        new->readiness = judge_host(new);
        *ret = new;
        return 0;
}
