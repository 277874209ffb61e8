/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "kernel-log.h"

/* What all lines together prove of one thing. */
typedef struct Proofs {
        bool begun, on, off;
} Proofs;

Fact kernel_log_complete(const KernelLog *l) {
        if (!l->backlog_read)
                return FACT_UNKNOWN;
        return fact_of(l->begins && !l->gap);
}

const LogEntry *kernel_log_find(const KernelLog *l, LogKind kind) {
        return kind < LOG_N_KINDS && l->entries[kind].count > 0 ? &l->entries[kind] : NULL;
}

static uint64_t count(const KernelLog *l, LogKind kind) {
        return l->entries[kind].count;
}

/* A device was added to a group that is not VFIO's own. Up to 5.0 the line does not say who added
 * it, but for each group without an IOMMU VFIO prints another. */
static bool has_group(const KernelLog *l) {
        return count(l, LOG_GROUP_ADD) > 0 &&
               count(l, LOG_GROUP_ADD) + count(l, LOG_GROUP_ADD_VFIO) >
                       count(l, LOG_VFIO_NOIOMMU);
}

/* Adds up what lines of one vendor (LOG_VENDOR_NONE: of all) prove. */
static Proofs add_up(const KernelLog *l, LogVendor vendor, bool remapping) {
        Proofs p = { false };

        for (LogKind kind = 0; kind < LOG_N_KINDS; kind++) {
                const LogRule *rule = log_rule(kind);

                if (count(l, kind) == 0 || (vendor != LOG_VENDOR_NONE && rule->vendor != vendor))
                        continue;
                if (kind == LOG_GROUP_ADD && !has_group(l))
                        continue;
                switch (remapping ? rule->remapping : rule->iommu) {
                case LOG_PROVES_NOTHING:
                        break;
                case LOG_PROVES_BEGUN:
                        p.begun = true;
                        break;
                case LOG_PROVES_ON:
                        p.on = true;
                        break;
                case LOG_PROVES_OFF:
                        p.off = true;
                }
        }
        return p;
}

/* silence is what it means that no line proves anything. */
static Fact decide(const Proofs *p, Fact silence) {
        if (p->on && p->off)
                return FACT_UNKNOWN;
        if (p->on || p->off)
                return fact_of(p->on);
        return p->begun ? FACT_PRESENT : silence;
}

Fact kernel_log_iommu(const KernelLog *l) {
        Proofs p = add_up(l, LOG_VENDOR_NONE, false);
        bool silent = kernel_log_complete(l) == FACT_PRESENT && !has_group(l);

        return decide(&p, silent ? FACT_ABSENT : FACT_UNKNOWN);
}

Fact kernel_log_intel_enabled(const KernelLog *l) {
        Proofs p = add_up(l, LOG_VENDOR_INTEL, false);

        return decide(&p, kernel_log_complete(l) == FACT_PRESENT ? FACT_ABSENT : FACT_UNKNOWN);
}

Fact kernel_log_amd_enabled(const KernelLog *l) {
        Proofs p = add_up(l, LOG_VENDOR_AMD, false);
        bool silent = kernel_log_complete(l) == FACT_PRESENT && !has_group(l);

        return decide(&p, silent ? FACT_ABSENT : FACT_UNKNOWN);
}

/* The log shows VT-d or AMD-Vi at work: an interrupt remapping of the same would have told. */
static bool shows_remapping_hardware(const KernelLog *l) {
        return add_up(l, LOG_VENDOR_INTEL, false).on || add_up(l, LOG_VENDOR_AMD, false).on;
}

Fact kernel_log_interrupt_remapping(const KernelLog *l) {
        Proofs p = add_up(l, LOG_VENDOR_NONE, true);
        bool silent = kernel_log_complete(l) == FACT_PRESENT && shows_remapping_hardware(l);

        return decide(&p, silent ? FACT_ABSENT : FACT_UNKNOWN);
}

LogApicMode kernel_log_apic_mode(const KernelLog *l) {
        const LogEntry *intel = kernel_log_find(l, LOG_DMAR_IR_ENABLED);

        /* AMD says nothing of xapic mode. */
        if (!intel)
                return count(l, LOG_AMD_X2APIC) > 0 ? LOG_APIC_X2APIC : LOG_APIC_UNKNOWN;
        if (strcmp(intel->event.subject, "x2apic") == 0)
                return LOG_APIC_X2APIC;
        return strcmp(intel->event.subject, "xapic") == 0 ? LOG_APIC_XAPIC : LOG_APIC_UNKNOWN;
}

size_t kernel_log_reasons(const KernelLog *l, LogTopic topic, const LogEntry **ret, size_t max) {
        size_t n = 0;

        for (LogKind kind = 0; kind < LOG_N_KINDS; kind++) {
                if (count(l, kind) == 0 || !(log_rule(kind)->topics & topic))
                        continue;
                if (n < max)
                        ret[n] = &l->entries[kind];
                n++;
        }
        return n;
}
