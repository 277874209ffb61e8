/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel-log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
        if (!holds)
                abort();
}

/* What is kept is one line: no control character, and short enough. */
static void check_text(const char *text, size_t max) {
        require(text && strlen(text) <= max);
        for (; *text; text++)
                require((unsigned char) *text >= ' ' && *text != 0x7f);
}

static void check_problems(const KernelLog *l) {
        const LogProblem *of_device;

        require(l->n_problems <= LOG_PROBLEMS_MAX);
        for (size_t i = 0; i < l->n_problems; i++) {
                const LogProblem *p = &l->problems[i];
                size_t n = kernel_log_problems(l, &p->address, &of_device);

                require(n > 0 && n <= LOG_PROBLEMS_PER_DEVICE_MAX && p >= of_device);
                require(p < of_device + n && p->count > 0 && p->event.kind == p->kind);
                check_text(p->last, LOG_TEXT_MAX);
        }
}

static void check_log(const KernelLog *l) {
        const LogEntry *reasons[LOG_N_KINDS];
        uint64_t n = 0;

        for (LogKind kind = LOG_NONE; kind < LOG_N_KINDS; kind++) {
                const LogEntry *e = kernel_log_find(l, kind);

                if (!e)
                        continue;
                n += e->count;
                require(kind != LOG_NONE && e->event.kind == kind);
                check_text(e->event.subject, LOG_SUBJECT_MAX - 1);
                if (kind == LOG_NOISE)
                        continue;
                check_text(e->first, LOG_TEXT_MAX);
                check_text(e->last, LOG_TEXT_MAX);
        }
        require(n <= l->n_records);
        require(kernel_log_reasons(l, LOG_TOPIC_IOMMU, reasons, LOG_N_KINDS) <= LOG_N_KINDS);
        /* Without the whole log no thing is absent for want of a line; with it this may be. */
        (void) kernel_log_iommu(l);
        (void) kernel_log_intel_enabled(l);
        (void) kernel_log_amd_enabled(l);
        (void) kernel_log_interrupt_remapping(l);
        (void) kernel_log_apic_mode(l);
        check_problems(l);
}

/* Records end with a newline; one that begins with '+' has its _KERNEL_DEVICE up to a tab before
 * it. 0x01 stands for a newline inside a record. */
static void add_record(KernelLog *l, uint8_t *record, size_t n) {
        char *device = NULL;
        uint8_t *tab = n > 0 && record[0] == '+' ? memchr(record, '\t', n) : NULL;
        size_t skip = tab ? (size_t) (tab - record) + 1 : 0;
        LogEvent e;

        if (tab) {
                *tab = '\0';
                device = (char *) record;
        }
        for (size_t i = skip; i < n; i++)
                if (record[i] == 1)
                        record[i] = '\n';
        require(kernel_log_add(l, (char *) record + skip, n - skip, device, n, &e) == 0);
        require(e.kind < LOG_N_KINDS && memchr(e.subject, 0, sizeof(e.subject)));
        require(e.error >= 0 && e.address.slot < 32 && e.address.function < 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        KernelLog *l = kernel_log_new(), *copy;

        require(l != NULL);
        while (size > 0) {
                const uint8_t *newline = memchr(data, '\n', size);
                size_t n = newline ? (size_t) (newline - data) : size;
                uint8_t *record = malloc(n > 0 ? n : 1); /* its end is the end of the block */

                require(record != NULL);
                memcpy(record, data, n);
                add_record(l, record, n);
                free(record);
                data += n + (newline != NULL);
                size -= n + (newline != NULL);
        }
        kernel_log_end_backlog(l);
        check_log(l);
        copy = kernel_log_copy(l);
        require(copy && copy->n_problems == l->n_problems);
        kernel_log_free(l);
        check_log(copy);
        kernel_log_free(copy);
        return 0;
}
