/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A longer line is refused; the kernel's own limit is 2 KiB on x86. */
#define PARAMETER_LINE_MAX 65536

/* One word of a command line. */
typedef struct ParameterWord {
        const char *text;  /* as written, what is not printable ASCII replaced by '?' */
        const char *name;  /* without quotes, dashes as written */
        const char *value; /* without quotes; NULL if there is no '=' */
        size_t position;   /* in the line */
        bool after_dashes; /* behind "--": for init, not for the kernel */
} ParameterWord;

typedef struct ParameterWords {
        char *text, *parsed; /* what the words point into */
        size_t size;         /* of each */
        ParameterWord *items;
        size_t n_items;
} ParameterWords;

/* Splits a command line as lib/cmdline.c:next_arg() does; "--" itself is no word.
 * Returns: 0, -ENOMEM, or -E2BIG beyond PARAMETER_LINE_MAX, both with *ret empty. */
int parameter_words_split(const char *line, ParameterWords *ret);
void parameter_words_clear(ParameterWords *w);

/* Replaces what is not printable ASCII by '?', but not NUL: words are shown on terminals and sent
 * over the bus, which takes UTF-8 only. */
void parameter_text_make_printable(char *text, size_t n);

/* Compares names as kernel/params.c:parameqn() does: dash and underscore are equal.
 * Returns: true if the first n characters are the same. */
bool parameter_name_begins(const char *name, const char *with, size_t n);
/* Returns: true if the names are the same. */
bool parameter_name_equal(const char *a, const char *b);
