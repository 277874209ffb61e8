/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel-log.h"

/* A banner later than this is not that of the boot: microseconds. */
#define BOOT_USEC 1000000

KernelLog *kernel_log_new(void) {
        return calloc(1, sizeof(KernelLog));
}

KernelLog *kernel_log_free(KernelLog *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < LOG_N_KINDS; i++) {
                free(l->entries[i].first);
                free(l->entries[i].last);
        }
        for (size_t i = 0; i < l->n_problems; i++)
                free(l->problems[i].last);
        free(l->problems);
        free(l);
        return NULL;
}

/* Replaces *text, which may be NULL, by a copy. Returns: false when memory is short. */
static bool copy_text(char **text) {
        return !*text || (*text = strdup(*text)) != NULL;
}

KernelLog *kernel_log_copy(const KernelLog *l) {
        KernelLog *copy = malloc(sizeof(*copy));
        bool good;

        if (!copy)
                return NULL;
        *copy = *l;
        copy->problems = l->n_problems > 0 ? calloc(l->n_problems, sizeof(*l->problems)) : NULL;
        good = copy->problems || l->n_problems == 0;
        if (!copy->problems)
                copy->n_problems = 0;
        copy->n_problems_room = copy->n_problems;
        /* Every text is replaced, by NULL if need be, so that none is freed that is not ours. */
        for (size_t i = 0; i < LOG_N_KINDS; i++) {
                good &= copy_text(&copy->entries[i].first);
                good &= copy_text(&copy->entries[i].last);
        }
        for (size_t i = 0; i < copy->n_problems; i++) {
                copy->problems[i] = l->problems[i];
                good &= copy_text(&copy->problems[i].last);
        }
        return good ? copy : kernel_log_free(copy);
}

static int compare_problem(const LogProblem *p, const Address *a, LogKind kind) {
        int r = address_compare(&p->address, a);

        return r != 0 ? r : (p->kind > kind) - (p->kind < kind);
}

/* Returns: the index of the first problem that is not before that device and kind. */
static size_t find_problem(const KernelLog *l, const Address *a, LogKind kind) {
        size_t low = 0, high = l->n_problems;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare_problem(&l->problems[middle], a, kind) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Makes room for a problem at an index. Returns: it, or NULL when memory is short. */
static LogProblem *insert_problem(KernelLog *l, size_t i, const LogEvent *e) {
        LogProblem *grown, *p;

        if (!l->problems || l->n_problems == l->n_problems_room) {
                size_t room = l->n_problems_room > 0 ? l->n_problems_room * 2 : 8;

                grown = reallocarray(l->problems, room, sizeof(*l->problems));
                if (!grown)
                        return NULL;
                l->problems = grown;
                l->n_problems_room = room;
        }
        p = &l->problems[i];
        memmove(p + 1, p, (l->n_problems - i) * sizeof(*p));
        *p = (LogProblem){ .address = e->address, .kind = e->kind };
        l->n_problems++;
        return p;
}

static int add_problem(KernelLog *l, const LogEvent *e, const char *text, size_t n,
                       uint64_t monotonic_usec) {
        size_t i = find_problem(l, &e->address, e->kind);
        LogProblem *p = i < l->n_problems ? &l->problems[i] : NULL;
        const LogProblem *of_device;
        char *copy;

        if (!p || compare_problem(p, &e->address, e->kind) != 0) {
                if (l->n_problems >= LOG_PROBLEMS_MAX ||
                    kernel_log_problems(l, &e->address, &of_device) >=
                            LOG_PROBLEMS_PER_DEVICE_MAX) {
                        l->n_not_kept++;
                        return 0;
                }
                p = NULL;
        }
        copy = log_text_copy(text, n);
        if (!copy)
                return -ENOMEM;
        if (!p)
                p = insert_problem(l, i, e);
        if (!p) {
                free(copy);
                return -ENOMEM;
        }
        free(p->last);
        p->last = copy;
        p->count++;
        p->monotonic_usec = monotonic_usec;
        p->event = *e;
        return 0;
}

static int add_entry(KernelLog *l, const LogEvent *e, const char *text, size_t n) {
        LogEntry *entry = &l->entries[e->kind];
        char *first = NULL, *last;

        if (e->kind != LOG_NOISE) {
                last = log_text_copy(text, n);
                if (!last)
                        return -ENOMEM;
                if (!entry->first && !(first = strdup(last))) {
                        free(last);
                        return -ENOMEM;
                }
                if (first)
                        entry->first = first;
                free(entry->last);
                entry->last = last;
        }
        entry->kind = e->kind;
        entry->event = *e;
        entry->count++;
        return 0;
}

int kernel_log_add(KernelLog *l, const char *text, size_t n, const char *kernel_device,
                   uint64_t monotonic_usec, LogEvent *ret) {
        LogEvent e;
        LogClass class;
        int r;

        l->n_records++;
        (void) log_classify(text, n, kernel_device, &e);
        if (ret)
                *ret = e;
        if (e.kind == LOG_NONE)
                return 0;
        if (e.kind == LOG_BOOT)
                l->begins |= monotonic_usec == LOG_TIME_UNKNOWN || monotonic_usec < BOOT_USEC;
        class = log_rule(e.kind)->class;
        r = add_entry(l, &e, text, n);
        if (r >= 0 && e.has_address && (class == LOG_CLASS_FAULT || class == LOG_CLASS_DEVICE))
                r = add_problem(l, &e, text, n, monotonic_usec);
        if (r < 0)
                l->gap = true;
        return r;
}

void kernel_log_end_backlog(KernelLog *l) {
        l->backlog_read = true;
}

void kernel_log_set_gap(KernelLog *l) {
        l->gap = true;
}

void kernel_log_forget_device(KernelLog *l, const Address *a) {
        size_t first = find_problem(l, a, LOG_NONE), end = find_problem(l, a, LOG_N_KINDS);

        for (size_t i = first; i < end; i++)
                free(l->problems[i].last);
        if (end > first)
                memmove(&l->problems[first], &l->problems[end],
                        (l->n_problems - end) * sizeof(*l->problems));
        l->n_problems -= end - first;
}

size_t kernel_log_problems(const KernelLog *l, const Address *a, const LogProblem **ret) {
        size_t first = find_problem(l, a, LOG_NONE);

        *ret = l->problems ? l->problems + first : NULL;
        return find_problem(l, a, LOG_N_KINDS) - first;
}
