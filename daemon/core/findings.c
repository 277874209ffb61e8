/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static void finding_clear(Finding *f) {
        names_free(f->evidence, f->n_evidence);
        free(f->message);
        free(f->remedy);
        free(f->address);
}

int findings_add(Findings *f, const char *id, Severity severity, const char *address,
                 const char *message, const char *remedy) {
        Finding *grown = reallocarray(f->items, f->n_items + 1, sizeof(Finding));
        Finding new = { .id = id, .severity = severity };

        if (!grown)
                return -ENOMEM;
        f->items = grown;
        new.message = strdup(message);
        new.remedy = strdup(remedy);
        new.address = address ? strdup(address) : NULL;
        if (!new.message || !new.remedy || (address && !new.address)) {
                finding_clear(&new);
                return -ENOMEM;
        }
        f->items[f->n_items++] = new;
        return 0;
}

int findings_evidence(Findings *f, const char *format, ...) {
        Finding *last = &f->items[f->n_items - 1];
        char *line;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&line, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        r = names_add(&last->evidence, &last->n_evidence, line);
        free(line);
        return r;
}

int findings_append(Findings *dst, const Findings *src) {
        for (size_t i = 0; i < src->n_items; i++) {
                const Finding *f = &src->items[i];
                int r = findings_add(dst, f->id, f->severity, f->address, f->message, f->remedy);

                if (r >= 0) {
                        dst->items[dst->n_items - 1].count = f->count;
                        dst->items[dst->n_items - 1].class = f->class;
                }
                for (size_t j = 0; r >= 0 && j < f->n_evidence; j++)
                        r = findings_evidence(dst, "%s", f->evidence[j]);
                if (r < 0)
                        return r;
        }
        return 0;
}

void findings_clear(Findings *f) {
        for (size_t i = 0; i < f->n_items; i++)
                finding_clear(&f->items[i]);
        free(f->items);
        *f = (Findings){ 0 };
}

/* Returns: true if both are NULL or the same text. */
static bool same(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool finding_equal(const Finding *a, const Finding *b) {
        if (!same(a->id, b->id) || a->severity != b->severity || a->class != b->class ||
            !same(a->message, b->message) ||
            !same(a->remedy, b->remedy) || !same(a->address, b->address) ||
            a->count != b->count || a->n_evidence != b->n_evidence)
                return false;
        for (size_t i = 0; i < a->n_evidence; i++)
                if (!same(a->evidence[i], b->evidence[i]))
                        return false;
        return true;
}

bool findings_equal(const Findings *a, const Findings *b) {
        if (a->n_items != b->n_items)
                return false;
        for (size_t i = 0; i < a->n_items; i++)
                if (!finding_equal(&a->items[i], &b->items[i]))
                        return false;
        return true;
}

const Finding *findings_first(const Findings *f, Severity severity) {
        for (size_t i = 0; i < f->n_items; i++)
                if (f->items[i].severity == severity)
                        return &f->items[i];
        return NULL;
}

const Finding *findings_find(const Findings *f, const char *id) {
        for (size_t i = 0; i < f->n_items; i++)
                if (strcmp(f->items[i].id, id) == 0)
                        return &f->items[i];
        return NULL;
}
