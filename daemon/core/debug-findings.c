/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debug-findings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding-ids.h"
#include "kernel-log.h"
#include "text.h"

/* Of the global status register (drivers/iommu/intel/iommu.h). */
#define DMA_GSTS_TES  (UINT32_C(1) << 31) /* translation */
#define DMA_GSTS_IRES (UINT32_C(1) << 25) /* interrupt remapping */
/* A slot has 2 KiB (include/linux/swiotlb.h, IO_TLB_SHIFT). */
#define SLOTS_PER_MIB 512

static const char *find_value(const Host *h, const char *file) {
        for (size_t i = 0; i < h->n_debug_values; i++)
                if (strcmp(h->debug_values[i].file, file) == 0)
                        return h->debug_values[i].value;
        return NULL;
}

/* Returns: true if the whole text is a number. */
static bool read_count(const char *text, unsigned long *ret) {
        if (!text || !*text || strlen(text) > 15 || text[strspn(text, "0123456789")])
                return false;
        *ret = strtoul(text, NULL, 10);
        return true;
}

/* What the kernel set aside at boot: kernel/dma/swiotlb.c, swiotlb_print_info(). */
static const LogEntry *find_mapped(const Host *h) {
        const LogEntry *e = h->log ? kernel_log_find(h->log, LOG_SWIOTLB_MAPPED) : NULL;

        return e && e->first && e->event.has_number ? e : NULL;
}

static int find_bounce_buffers(const Host *h, Findings *findings) {
        const char *slots_text = find_value(h, DEBUG_SWIOTLB_SLOTS);
        const char *used_text = find_value(h, DEBUG_SWIOTLB_USED);
        const LogEntry *mapped = find_mapped(h);
        unsigned long slots, used;
        bool known = read_count(slots_text, &slots), use_known = read_count(used_text, &used);
        int r;

        if (known && slots == 0)
                r = findings_addf(findings, FINDING_BOUNCE_BUFFERS, SEVERITY_INFO, NULL, "",
                                  "There is no bounce buffer (swiotlb).");
        else if (known && use_known)
                r = findings_addf(findings, FINDING_BOUNCE_BUFFERS, SEVERITY_INFO, NULL, "",
                                  "The bounce buffer (swiotlb) has %lu slots of 2 KiB (%lu MiB), "
                                  "%lu of them in use.",
                                  slots, slots / SLOTS_PER_MIB, used);
        else if (known || mapped)
                r = findings_addf(findings, FINDING_BOUNCE_BUFFERS, SEVERITY_INFO, NULL, "",
                                  "The bounce buffer (swiotlb) has %lld MiB; how much is in use is "
                                  "not known.",
                                  known ? (long long) (slots / SLOTS_PER_MIB)
                                        : (long long) mapped->event.number);
        else
                return 0;
        if (r >= 0 && known)
                r = findings_evidence(findings, DEBUG_SWIOTLB_SLOTS ": %s", slots_text);
        if (r >= 0 && use_known)
                r = findings_evidence(findings, DEBUG_SWIOTLB_USED ": %s", used_text);
        return r < 0 || !mapped ? r
                                : findings_evidence(findings, "kernel log: %s", mapped->first);
}

/* Reads "dmar0 GSTS 0xc7000000", as the probe shortens the file. Returns: true and the register. */
static bool read_status(const char *text, char name[static 16], uint32_t *ret) {
        int end = 0;

        return sscanf(text, "%15s GSTS 0x%" SCNx32 "%n", name, ret, &end) == 2 && !text[end];
}

static int find_registers(const Host *h, Findings *findings) {
        char *units = NULL, name[16];
        size_t size, n = 0;
        uint32_t status;
        FILE *f = open_memstream(&units, &size);
        int r = 0;

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < h->n_debug_values; i++)
                if (strcmp(h->debug_values[i].file, DEBUG_VTD_REGISTERS) == 0 &&
                    read_status(h->debug_values[i].value, name, &status))
                        fprintf(f, "%s%s translates%s and remaps%s", n++ ? ", " : "", name,
                                status & DMA_GSTS_TES ? "" : " not",
                                status & DMA_GSTS_IRES ? " interrupts" : " no interrupts");
        if (fclose(f) != 0)
                r = -ENOMEM;
        if (r == 0 && n > 0)
                r = findings_addf(findings, FINDING_IOMMU_REGISTERS, SEVERITY_INFO, NULL, "",
                                  "By its own registers, %s.", units);
        for (size_t i = 0; r >= 0 && n > 0 && i < h->n_debug_values; i++)
                if (strcmp(h->debug_values[i].file, DEBUG_VTD_REGISTERS) == 0)
                        r = findings_evidence(findings, "%s: %s", h->debug_values[i].file,
                                              h->debug_values[i].value);
        free(units);
        return r;
}

int find_debug_values(const Host *h, Findings *findings) {
        int r = find_bounce_buffers(h, findings);

        return r < 0 ? r : find_registers(h, findings);
}
