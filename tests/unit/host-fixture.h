/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/kernel-log.h"
#include "core-fixture.h"
#include "finding-ids.h"

/* What tests of the host's own report share. */

#define BANNER "Linux version 6.12.1 (x@y) (gcc) #1 SMP"
#define VTD    "DMAR: Intel(R) Virtualization Technology for Directed I/O"
#define TABLE  "DMAR: Host address width 39"
#define GROUP  "pci 0000:00:02.0: Adding to iommu group 0"
#define AMD_IR "AMD-Vi: Interrupt remapping enabled"

#define U FACT_UNKNOWN
#define A FACT_ABSENT
#define P FACT_PRESENT

/* Adds lines, one behind each '\n'. Returns: a log whose backlog is read. */
static inline KernelLog *log_of(const char *lines) {
        KernelLog *l = kernel_log_new();

        CHECK(l);
        while (*lines) {
                size_t n = strcspn(lines, "\n");

                CHECK(kernel_log_add(l, lines, n, NULL, 0, NULL) == 0);
                lines += n + (lines[n] == '\n');
        }
        kernel_log_end_backlog(l);
        return l;
}

static inline void clear_names(Host *h) {
        h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
        h->n_iommu_names = 0;
}

/* Returns: true if a line of the finding's evidence has the part in it. f may be NULL. */
static inline bool has_evidence(const Finding *f, const char *part) {
        for (size_t i = 0; f && i < f->n_evidence; i++)
                if (strstr(f->evidence[i], part))
                        return true;
        return false;
}
