/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fact.h"
#include "host.h"

int text_set(Text *t, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(t->value);
        *t = (Text){ .fact = FACT_PRESENT, .value = copy };
        return 0;
}

void text_unset(Text *t, Fact fact) {
        free(t->value);
        *t = (Text){ .fact = fact };
}

int text_copy(Text *dst, const Text *src) {
        *dst = (Text){ .fact = src->fact };
        if (!src->value)
                return 0;
        dst->value = strdup(src->value);
        if (!dst->value) {
                dst->fact = FACT_UNKNOWN;
                return -ENOMEM;
        }
        return 0;
}

bool text_equal(const Text *a, const Text *b) {
        if (a->fact != b->fact)
                return false;
        return a->fact != FACT_PRESENT || strcmp(a->value, b->value) == 0;
}

bool text_is(const Text *t, const char *value) {
        return t->fact == FACT_PRESENT && strcmp(t->value, value) == 0;
}

const char *text_or_empty(const Text *t) {
        return t->value ? t->value : "";
}

int names_add(char ***names, size_t *n, const char *name) {
        char **grown = reallocarray(*names, *n + 1, sizeof(char *));

        if (!grown)
                return -ENOMEM;
        *names = grown;
        grown[*n] = strdup(name);
        if (!grown[*n])
                return -ENOMEM;
        (*n)++;
        return 0;
}

char **names_free(char **names, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(names[i]);
        free(names);
        return NULL;
}
