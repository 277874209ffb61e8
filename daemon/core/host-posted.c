/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host-iommu.h"
#include "kernel-log.h"
#include "rules.h"

/* Bits of capability registers. */
#define INTEL_CAP_POSTING (UINT64_C(1) << 59) /* drivers/iommu/intel/iommu.h, cap_pi_support() */
#define AMD_EFR_VAPIC     (UINT64_C(1) << 21) /* amd_iommu_types.h, FEATURE_GAM_VAPIC */

/* Reads a hexadecimal number up to the end of text or to a colon. Returns: true, the number and
 * what follows. */
static bool read_register(const char *text, uint64_t *ret, const char **ret_rest) {
        size_t digits = strspn(text, "0123456789abcdefABCDEF");

        if (digits == 0 || digits > 16 || (text[digits] && text[digits] != ':'))
                return false;
        *ret = strtoull(text, NULL, 16);
        *ret_rest = text + digits + (text[digits] == ':');
        return true;
}

/* Intel posts only if every unit can (drivers/iommu/intel/irq_remapping.c, set_irq_posting_cap()). */
static Fact intel_can_post(const Text *features, int kernel) {
        const char *rest;
        uint64_t cap;

        (void) kernel;
        if (features->fact != FACT_PRESENT || !read_register(features->value, &cap, &rest) || *rest)
                return FACT_UNKNOWN;
        return fact_of(cap & INTEL_CAP_POSTING);
}

/* amd_iommu_show_features() wrote "EFR" up to 5.19, "EFR2:EFR" up to 6.5 and "EFR:EFR2" from 6.8 on;
 * where it is not known which comes first, both have to agree. */
static Fact amd_can_post(const Text *features, int kernel) {
        const char *rest;
        uint64_t first, second;

        if (features->fact != FACT_PRESENT || !read_register(features->value, &first, &rest))
                return FACT_UNKNOWN;
        if (!*rest)
                return fact_of(first & AMD_EFR_VAPIC);
        if (!read_register(rest, &second, &rest) || *rest)
                return FACT_UNKNOWN;
        if (kernel >= 6008)
                return fact_of(first & AMD_EFR_VAPIC);
        if (kernel >= 0 && kernel <= 6005)
                return fact_of(second & AMD_EFR_VAPIC);
        return (first ^ second) & AMD_EFR_VAPIC ? FACT_UNKNOWN : fact_of(first & AMD_EFR_VAPIC);
}

/* Returns: absent if one unit cannot, present if all can. A gap in the numbers is a unit that the
 * driver leaves alone (for_each_active_iommu()): it counts, and nobody shows what it can. */
static Fact all_can_post(const Host *h, const char *name, Fact (*can)(const Text *, int)) {
        int kernel = kernel_version(&h->kernel_release);
        Fact all = h->n_iommus > 0 ? FACT_PRESENT : FACT_UNKNOWN;
        unsigned long highest = 0;
        size_t n = 0;

        for (size_t i = 0; i < h->n_iommus; i++) {
                const Iommu *u = &h->iommus[i];
                unsigned long number;
                Fact one;

                if (strncmp(u->name, name, strlen(name)) != 0)
                        return FACT_UNKNOWN;
                number = strtoul(u->name + strlen(name), NULL, 10);
                highest = number > highest ? number : highest;
                n++;
                one = can(&u->features, kernel);
                if (one == FACT_ABSENT)
                        return one;
                if (one == FACT_UNKNOWN)
                        all = FACT_UNKNOWN;
        }
        return n > 0 && highest + 1 == n ? all : FACT_UNKNOWN;
}

/* AMD says it in the log whenever it is on (amd/init.c, print_iommu_info(), enable_iommus_vapic());
 * a log that has all but that line says no. */
static Fact amd_posted(const Host *h) {
        if (all_can_post(h, "ivhd", amd_can_post) == FACT_ABSENT)
                return FACT_ABSENT;
        if (!h->log)
                return FACT_UNKNOWN;
        if (kernel_log_find(h->log, LOG_AMD_VAPIC))
                return FACT_PRESENT;
        return kernel_log_complete(h->log) == FACT_PRESENT &&
                               kernel_log_find(h->log, LOG_AMD_IR_ENABLED)
                       ? FACT_ABSENT
                       : FACT_UNKNOWN;
}

Fact posted_interrupts(const Host *h, const Parameters *p, const HostReport *r) {
        Fact can;

        /* Without remapping there is no table in which a posted entry could stand. */
        if (r->interrupt_remapping != FACT_PRESENT)
                return r->interrupt_remapping;
        if (p && parameters_posted_off(p))
                return FACT_ABSENT;
        if (r->iommu_kind == IOMMU_KIND_AMD)
                return amd_posted(h);
        can = all_can_post(h, "dmar", intel_can_post);
        /* Whether intremap=nopost is given must be known, too (irq_remapping_cap()). */
        return can == FACT_PRESENT && !p ? FACT_UNKNOWN : can;
}
