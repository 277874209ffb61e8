/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-table.h"

/* The words of one parameter, in the order of the line. */
typedef struct Row {
        const ParameterWord **items;
        size_t n;
} Row;

typedef struct Differences {
        ParameterDifference *items;
        size_t n;
} Differences;

/* Whether a word is read differs on the two sides of "--". */
static bool same_word(const ParameterWord *a, const ParameterWord *b) {
        return parameter_name_equal(a->name, b->name) && a->after_dashes == b->after_dashes &&
               !a->value == !b->value && (!a->value || strcmp(a->value, b->value) == 0);
}

static int add(Differences *d, const ParameterWord *running, const ParameterWord *configured) {
        ParameterDifference *grown = reallocarray(d->items, d->n + 1, sizeof(ParameterDifference));
        ParameterDifference *new;

        if (!grown)
                return -ENOMEM;
        d->items = grown;
        new = &grown[d->n];
        new->change = !running      ? PARAMETER_ADDED
                      : !configured ? PARAMETER_REMOVED
                                    : PARAMETER_CHANGED;
        new->running = running ? strdup(running->text) : NULL;
        new->configured = configured ? strdup(configured->text) : NULL;
        d->n++;
        return (running && !new->running) || (configured && !new->configured) ? -ENOMEM : 0;
}

/* Compares what is between the words that both begin and both end with. */
static int compare_rows(const Row *a, const Row *b, Differences *d) {
        size_t begin = 0, end = 0, n_a, n_b;
        int r = 0;

        while (begin < a->n && begin < b->n && same_word(a->items[begin], b->items[begin]))
                begin++;
        while (end < a->n - begin && end < b->n - begin &&
               same_word(a->items[a->n - 1 - end], b->items[b->n - 1 - end]))
                end++;
        n_a = a->n - end;
        n_b = b->n - end;
        for (size_t i = begin; (i < n_a || i < n_b) && r == 0; i++)
                r = add(d, i < n_a ? a->items[i] : NULL, i < n_b ? b->items[i] : NULL);
        return r;
}

/* Sorts the words by parameter, keeping their order.
 * Returns: a row per parameter, whose words lie in one block that the first row owns; or NULL. */
static Row *make_rows(const ParameterWords *w) {
        size_t n_kinds = parameter_kinds_count();
        Row *rows = calloc(n_kinds, sizeof(Row));
        const ParameterWord **block = calloc(w->n_items + 1, sizeof(ParameterWord *));

        if (!rows || !block) {
                free(rows);
                free(block);
                return NULL;
        }
        for (size_t pass = 0; pass < 2; pass++) {
                for (size_t i = 0; i < w->n_items; i++) {
                        const ParameterKind *k = parameter_kind_find(w->items[i].name);
                        Row *row = k ? &rows[parameter_kind_number(k)] : NULL;

                        if (row && row->items && pass == 1)
                                row->items[row->n] = &w->items[i];
                        if (row)
                                row->n++;
                }
                for (size_t i = 0, at = 0; pass == 0 && i < n_kinds; i++) {
                        rows[i].items = block + at;
                        at += rows[i].n;
                        rows[i].n = 0;
                }
        }
        return rows;
}

static void free_rows(Row *rows) {
        if (rows)
                free(rows[0].items);
        free(rows);
}

int parameters_compare(const char *running, const char *configured, ParameterDifference **ret,
                       size_t *ret_n) {
        ParameterWords a, b = { 0 };
        Differences d = { 0 };
        Row *rows_a = NULL, *rows_b = NULL;
        int r = parameter_words_split(running, &a);

        if (r == 0)
                r = parameter_words_split(configured, &b);
        if (r == 0) {
                rows_a = make_rows(&a);
                rows_b = make_rows(&b);
                r = rows_a && rows_b ? 0 : -ENOMEM;
        }
        for (size_t i = 0; i < parameter_kinds_count() && r == 0; i++)
                r = compare_rows(&rows_a[i], &rows_b[i], &d);
        free_rows(rows_a);
        free_rows(rows_b);
        parameter_words_clear(&a);
        parameter_words_clear(&b);
        if (r < 0) {
                parameter_differences_free(d.items, d.n);
                return r;
        }
        *ret = d.items;
        *ret_n = d.n;
        return 0;
}

ParameterDifference *parameter_differences_free(ParameterDifference *d, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(d[i].running);
                free(d[i].configured);
        }
        free(d);
        return NULL;
}
