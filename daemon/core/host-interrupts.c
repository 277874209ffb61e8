/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-iommu.h"

#include <errno.h>
#include <stdlib.h>

#include "finding-ids.h"
#include "log-findings.h"
#include "parameters-table.h"
#include "text.h"

/* The parameter that a back end obeys: each its own (drivers/vfio/vfio_iommu_type1.c,
 * drivers/iommu/iommufd/device.c). */
typedef struct Unsafe {
        const char *module;
        Fact measured, loaded;
        Asked asked;
} Unsafe;

#define PARAMETER "allow_unsafe_interrupts"

static Unsafe unsafe_of(const Host *h) {
        const Unsafe type1 = { "vfio_iommu_type1", h->type1_unsafe_interrupts, h->type1_loaded,
                               ASKED_TYPE1_UNSAFE };
        const Unsafe iommufd = { "iommufd", h->iommufd_unsafe_interrupts, h->iommufd_loaded,
                                 ASKED_IOMMUFD_UNSAFE };

        return h->type1 == FACT_ABSENT ? iommufd : type1;
}

/* Looks for the parameter in modprobe.d. Returns: 1 and the line, 0 if there is none, -ENOMEM. */
static int configured(const Host *h, const Unsafe *u, Fact *ret_fact, const ModuleOption **ret) {
        char *value = NULL;
        int r = module_options_find(h->module_options, h->n_module_options, u->module, PARAMETER,
                                    &value, ret);

        /* Without a value it is yes; with a bad one the module will not load (kernel/params.c,
         * param_set_bool()). */
        if (r > 0)
                *ret_fact = value ? parameter_bool(value) : FACT_PRESENT;
        free(value);
        return r;
}

/* What will hold once the module is loaded: kmod tells it what modprobe.d says, then what the
 * command line says (libkmod/libkmod-config.c, kmod_config_new()). */
static int to_be(const Host *h, const Parameters *p, const Unsafe *u, Fact *ret) {
        const ModuleOption *line;
        int r;

        *ret = FACT_UNKNOWN;
        if (!p)
                return 0;
        *ret = parameters_asked(p, u->asked);
        if (*ret != FACT_UNKNOWN)
                return 0;
        r = configured(h, u, ret, &line);
        if (r == 0)
                *ret = h->module_options_known == FACT_PRESENT ? FACT_ABSENT : FACT_UNKNOWN;
        return r < 0 ? r : 0;
}

static int unsafe_interrupts(const Host *h, const Parameters *p, Fact *ret) {
        Unsafe u = unsafe_of(h);

        if (u.loaded != FACT_ABSENT) {
                *ret = u.measured;
                return 0;
        }
        return to_be(h, p, &u, ret);
}

/* Says where the parameter is set. */
static int cite_unsafe(const Host *h, const Parameters *p, Findings *findings) {
        Unsafe u = unsafe_of(h);
        const ModuleOption *line;
        Fact fact;
        int r;

        if (u.loaded != FACT_ABSENT)
                return findings_evidence(findings, "/sys/module/%s/parameters/" PARAMETER ": Y",
                                         u.module);
        if (p && parameters_asked_by(p, u.asked))
                return findings_evidence(findings, "/proc/cmdline: %s",
                                         parameters_asked_by(p, u.asked));
        r = configured(h, &u, &fact, &line);
        return r <= 0 ? r : findings_evidence(findings, "%s:%u: options %s %s", line->file,
                                              line->line, line->module, line->text);
}

static int find_unsafe(const Host *h, const Parameters *p, Findings *findings) {
        Unsafe u = unsafe_of(h);
        int e;

        if (u.loaded != FACT_ABSENT)
                e = findings_addf(findings, FINDING_UNSAFE_INTERRUPTS, SEVERITY_WARNING, NULL,
                                  "Turn interrupt remapping on, then take " PARAMETER " away.",
                                  "Interrupts are not remapped and " PARAMETER
                                  " is set: a VM can send any interrupt to the host.");
        else
                e = findings_addf(findings, FINDING_UNSAFE_INTERRUPTS, SEVERITY_WARNING, NULL,
                                  "Turn interrupt remapping on, then take " PARAMETER " away.",
                                  "Interrupts are not remapped and " PARAMETER
                                  " will be set when %s is loaded: a VM can then send any "
                                  "interrupt to the host.",
                                  u.module);
        return e < 0 ? e : cite_unsafe(h, p, findings);
}

static const char *remapping_remedy(const HostReport *r, const char *word) {
        if (word)
                return "Take the word off the kernel command line and boot again.";
        if (r->iommu_kind == IOMMU_KIND_VIRTIO)
                return "A virtio IOMMU remaps no interrupts: give this VM an emulated VT-d or "
                       "AMD-Vi with interrupt remapping instead.";
        return "Turn interrupt remapping (x2APIC) on in the firmware's setup.";
}

static int find_interrupts(const Host *h, const Parameters *p, HostReport *r) {
        const char *word = p ? parameters_remapping_off(p) : NULL;
        int e;

        if (r->iommu_state != IOMMU_ENABLED || r->interrupt_remapping == FACT_PRESENT)
                return 0;
        if (r->unsafe_interrupts == FACT_PRESENT)
                return find_unsafe(h, p, &r->findings);
        if (r->interrupt_remapping == FACT_UNKNOWN || r->unsafe_interrupts == FACT_UNKNOWN)
                return findings_addf(&r->findings, FINDING_INTERRUPT_REMAPPING_UNKNOWN,
                                     SEVERITY_UNKNOWN, NULL, "Run vfiod as root.",
                                     "Whether interrupts are remapped could not be told.");
        e = findings_addf(&r->findings, FINDING_NO_INTERRUPT_REMAPPING, SEVERITY_BLOCKER, NULL,
                          remapping_remedy(r, word),
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

int evaluate_interrupts(const Host *h, const Parameters *p, HostReport *r) {
        int e = unsafe_interrupts(h, p, &r->unsafe_interrupts);

        if (e < 0)
                return e;
        r->interrupt_remapping = measured_or_logged(h, h->interrupt_remapping,
                                                    kernel_log_interrupt_remapping);
        r->posted_interrupts = posted_interrupts(h, p, r);
        return find_interrupts(h, p, r);
}
