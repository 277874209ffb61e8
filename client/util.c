/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "util.h"

char **strv_free(char **strv) {
        for (char **s = strv; s && *s; s++)
                free(*s);
        free(strv);
        return NULL;
}

size_t strv_length(char *const *strv) {
        size_t n = 0;

        while (strv && strv[n])
                n++;
        return n;
}

bool strv_contains(char *const *strv, const char *string) {
        for (; strv && *strv; strv++)
                if (streq(*strv, string))
                        return true;
        return false;
}

int strv_append(char ***strv, const char *string) {
        size_t n = strv_length(*strv);
        char **grown, *copy;

        copy = strdup(string);
        if (!copy)
                return -ENOMEM;
        grown = reallocarray(*strv, n + 2, sizeof(char *));
        if (!grown) {
                free(copy);
                return -ENOMEM;
        }
        grown[n] = copy;
        grown[n + 1] = NULL;
        *strv = grown;
        return 0;
}

void *array_grow(void *items, size_t *n, size_t size) {
        void **array = items;
        char *element;

        /* The capacity is the next power of two, so it need not be stored. */
        if ((*n & (*n - 1)) == 0) {
                void *grown = reallocarray(*array, *n ? *n * 2 : 1, size);

                if (!grown)
                        return NULL;
                *array = grown;
        }
        element = (char *) *array + *n * size;
        memset(element, 0, size);
        (*n)++;
        return element;
}
