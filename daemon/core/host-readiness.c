/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "finding-ids.h"
#include "host-parameters.h"
#include "log-findings.h"
#include "rules.h"
#include "text.h"

/* Names as the drivers register them (callers of iommu_device_sysfs_add()). */
static IommuKind kind_of(const char *name) {
        if (strncmp(name, "dmar", 4) == 0)
                return IOMMU_KIND_INTEL;
        if (strncmp(name, "ivhd", 4) == 0)
                return IOMMU_KIND_AMD;
        if (strncmp(name, "smmu", 4) == 0)
                return IOMMU_KIND_SMMU;
        return strncmp(name, "virtio", 6) == 0 ? IOMMU_KIND_VIRTIO : IOMMU_KIND_OTHER;
}

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

static int find_iommu(const Host *h, const Parameters *p, HostReport *r) {
        static const char *const remedies[] = {
                [IOMMU_UNKNOWN] = "",
                [IOMMU_DISABLED_BY_COMMAND_LINE] =
                        "Take the parameter off the kernel command line and boot again.",
                [IOMMU_DISABLED_BY_DEFAULT] =
                        "Add intel_iommu=on to the kernel command line and boot again.",
                [IOMMU_UNSUPPORTED] = ("Turn VT-d, AMD-Vi or the IOMMU on in the firmware's setup; "
                                       "if there is no such setting, the hardware has none."),
                [IOMMU_FAILED] = "Look for DMAR or AMD-Vi messages in the kernel log.",
        };

        int e;

        if (h->iommu == FACT_PRESENT)
                return 0;
        if (h->iommu == FACT_UNKNOWN)
                return findings_addf(&r->findings, FINDING_IOMMU_UNKNOWN, SEVERITY_UNKNOWN, NULL,
                                     "Run vfiod as root.",
                                     "Whether an IOMMU is on could not be read.");
        e = findings_addf(&r->findings, FINDING_NO_IOMMU, SEVERITY_BLOCKER, NULL,
                          remedies[r->iommu_state] ? remedies[r->iommu_state] : "",
                          "No IOMMU is on (%s): no device can be given to a VM.",
                          iommu_state_text(r->iommu_state));
        if (e >= 0 && p && parameters_iommu_off(p))
                e = findings_evidence(&r->findings, "/proc/cmdline: %s", parameters_iommu_off(p));
        if (e >= 0)
                e = findings_evidence(&r->findings, "/sys/class/iommu is empty");
        return e < 0 ? e : cite_log(h, LOG_TOPIC_IOMMU, &r->findings);
}

static int find_interrupts(const Host *h, const Parameters *p, HostReport *r) {
        const char *word = p ? parameters_remapping_off(p) : NULL;
        int e;

        if (h->iommu != FACT_PRESENT || r->interrupt_remapping == FACT_PRESENT)
                return 0;
        if (r->unsafe_interrupts == FACT_PRESENT)
                return findings_addf(&r->findings, FINDING_UNSAFE_INTERRUPTS, SEVERITY_WARNING,
                                     NULL, "Turn interrupt remapping on, then take "
                                     "allow_unsafe_interrupts away.",
                                     "Interrupts are not remapped and allow_unsafe_interrupts is "
                                     "set: a VM can send any interrupt to the host.");
        if (r->interrupt_remapping == FACT_UNKNOWN || r->unsafe_interrupts == FACT_UNKNOWN)
                return findings_addf(&r->findings, FINDING_INTERRUPT_REMAPPING_UNKNOWN,
                                     SEVERITY_UNKNOWN, NULL, "Run vfiod as root.",
                                     "Whether interrupts are remapped could not be told.");
        e = findings_addf(&r->findings, FINDING_NO_INTERRUPT_REMAPPING, SEVERITY_BLOCKER, NULL,
                          word ? "Take the word off the kernel command line and boot again."
                               : "Turn interrupt remapping (x2APIC) on in the firmware's setup.",
                          word ? "Interrupt remapping is off, by %s on the command line: VFIO "
                                 "refuses every device."
                               : "Interrupt remapping is off: VFIO refuses every device.%s",
                          word ? word : "");
        if (e >= 0 && word)
                e = findings_evidence(&r->findings, "/proc/cmdline: %s", word);
        if (e >= 0 && h->interrupt_remapping == FACT_ABSENT)
                e = findings_evidence(&r->findings, "/proc/interrupts: no chip is called IR-*");
        return e < 0 ? e : cite_log(h, LOG_TOPIC_REMAPPING, &r->findings);
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

/* Each back end obeys its own parameter (drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd). */
static Fact unsafe_interrupts(const Host *h) {
        return h->type1 == FACT_ABSENT ? h->iommufd_unsafe_interrupts : h->type1_unsafe_interrupts;
}

/* Adds all findings of the host. Returns: 0 or -ENOMEM. */
static int find_host(const Host *h, const Parameters *p, HostReport *r) {
        int e = find_iommu(h, p, r);

        if (e >= 0)
                e = find_interrupts(h, p, r);
        if (e >= 0)
                e = find_backend(h, r);
        if (e >= 0)
                e = find_parameters(h, p, &r->findings);
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
        new->iommu_state = h->iommu == FACT_PRESENT   ? IOMMU_ENABLED
                           : h->iommu == FACT_UNKNOWN ? IOMMU_UNKNOWN
                                                      : iommu_off_state(h, p);
        new->iommu_kind = h->n_iommu_names ? kind_of(h->iommu_names[0]) : IOMMU_KIND_NONE;
        new->interrupt_remapping = measured_or_logged(h, h->interrupt_remapping,
                                                      kernel_log_interrupt_remapping);
        new->unsafe_interrupts = unsafe_interrupts(h);
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
