/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "parameters.h"

Parameters *parameters_free(Parameters *p) {
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n_conflicts; i++)
                free(p->conflicts[i].text);
        free(p->conflicts);
        free(p->notes);
        free(p->ids);
        free(p->ids_text);
        free(p->options);
        parameter_words_clear(&p->words);
        free(p);
        return NULL;
}

Fact parameters_asked(const Parameters *p, Asked what) {
        return p->asked[what].fact;
}

const char *parameters_asked_by(const Parameters *p, Asked what) {
        return p->asked[what].word;
}

static const char *word_if_off(const Parameters *p, Asked what) {
        return p->asked[what].fact == FACT_ABSENT ? p->asked[what].word : NULL;
}

const char *parameters_iommu_off(const Parameters *p) {
        const char *word = word_if_off(p, ASKED_ACPI);

        if (!word)
                word = word_if_off(p, ASKED_IOMMU);
        if (!word && p->vendor != CPU_VENDOR_AMD)
                word = word_if_off(p, ASKED_INTEL_IOMMU);
        if (!word && p->vendor != CPU_VENDOR_INTEL)
                word = word_if_off(p, ASKED_AMD_IOMMU);
        return word;
}

const char *parameters_remapping_off(const Parameters *p) {
        static const Asked any[] = { ASKED_REMAPPING, ASKED_IO_APIC, ASKED_LOCAL_APIC, ASKED_ACPI };

        for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
                if (word_if_off(p, any[i]))
                        return word_if_off(p, any[i]);
        /* early_amd_iommu_init() finds nothing; dmar_table_init() does not ask for no_iommu. */
        return p->vendor == CPU_VENDOR_AMD ? parameters_iommu_off(p) : NULL;
}

const char *parameters_posted_off(const Parameters *p) {
        const char *word = parameters_remapping_off(p);

        if (!word)
                word = word_if_off(p, ASKED_POSTED);
        if (!word && p->vendor != CPU_VENDOR_INTEL)
                word = word_if_off(p, ASKED_AMD_VAPIC);
        return word;
}

const char *parameter_meaning_text(ParameterMeaning v) {
        static const char *const words[] = { [PARAMETER_NEUTRAL] = "neutral",
                                             [PARAMETER_HELPS] = "helps",
                                             [PARAMETER_NEEDED] = "needed",
                                             [PARAMETER_HARMFUL] = "harmful",
                                             [PARAMETER_BOGUS] = "bogus" };

        return (size_t) v < sizeof(words) / sizeof(words[0]) ? words[v] : "";
}

const char *parameter_conflict_text(ParameterConflictKind v) {
        static const char *const words[] = {
                [CONFLICT_OFF_WITH_IDS] = "off-with-ids",
                [CONFLICT_PASSTHROUGH_WITHOUT_IOMMU] = "passthrough-without-iommu",
                [CONFLICT_NO_REMAPPING] = "no-remapping",
                [CONFLICT_STICKY_OFF] = "sticky-off",
                [CONFLICT_CONTRADICTION] = "contradiction",
                [CONFLICT_OVERWRITTEN] = "overwritten",
                [CONFLICT_WRONG_VENDOR] = "wrong-vendor",
                [CONFLICT_DUPLICATE_ID] = "duplicate-id",
                [CONFLICT_UNKNOWN_PARAMETER] = "unknown-parameter",
                [CONFLICT_LIST_CUT_SHORT] = "list-cut-short",
        };

        return (size_t) v < sizeof(words) / sizeof(words[0]) ? words[v] : "";
}
