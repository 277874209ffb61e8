/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(index, first) __attribute__((format(printf, index, first)))

#define USEC_PER_SEC UINT64_C(1000000)

/** Frees what a pointer variable points to; for _cleanup_. */
static inline void freep(void *pointer) {
        free(*(void **) pointer);
}

/** Takes the value out of a pointer variable, so that its cleanup does nothing. */
#define TAKE_PTR(pointer)                                                                          \
        __extension__({                                                                            \
                __typeof__(pointer) _taken = (pointer);                                            \
                (pointer) = NULL;                                                                  \
                _taken;                                                                            \
        })

/** Returns whether two strings are equal; NULL equals only NULL. */
static inline bool streq(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/** Returns the string, or "" for NULL. */
static inline const char *or_empty(const char *string) {
        return string ? string : "";
}

/** Returns the rest of `string` behind `prefix`, or NULL if it does not begin so. */
static inline const char *startswith(const char *string, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(string, prefix, n) == 0 ? string + n : NULL;
}

/** Frees a NULL-terminated array of strings; returns NULL. */
char **strv_free(char **strv);

/** strv_free() for _cleanup_. */
static inline void strv_freep(char ***strv) {
        *strv = strv_free(*strv);
}

/** Returns how many strings there are; 0 for NULL. */
size_t strv_length(char *const *strv);

/** Returns whether `string` is one of them. */
bool strv_contains(char *const *strv, const char *string);

/** Appends a copy of `string`. Returns 0 or -ENOMEM. */
int strv_append(char ***strv, const char *string);

/**
 * Makes room for one more element of `size` bytes behind the `*n` there are, and zeroes it. Arrays
 * grown so are freed with free(). Returns the element, or NULL if there is no memory.
 */
void *array_grow(void *items, size_t *n, size_t size);
