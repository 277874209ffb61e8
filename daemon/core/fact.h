/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * What is known of one fact. Zero is unknown, so that whatever nobody has filled is unknown and
 * never "no". For a question, absent means no and present means yes.
 */
typedef enum Fact {
        FACT_UNKNOWN = 0, /* could not be measured */
        FACT_ABSENT,      /* measured: not there, or no */
        FACT_PRESENT,     /* measured: there, or yes */
} Fact;

/* A fact that carries a text. value is non-NULL exactly when fact is FACT_PRESENT. */
typedef struct Text {
        Fact fact;
        char *value;
} Text;

/* Returns: FACT_PRESENT for true, FACT_ABSENT for false. */
static inline Fact fact_of(bool yes) {
        return yes ? FACT_PRESENT : FACT_ABSENT;
}

/* Sets t to a copy of value (FACT_PRESENT), freeing what it held.
 * Returns: 0, or -ENOMEM with t untouched. */
int text_set(Text *t, const char *value);

/* Makes t absent or unknown (fact is one of the two), freeing what it held. */
void text_unset(Text *t, Fact fact);

/* Copies src into the uninitialised dst. Returns: 0, or -ENOMEM with *dst zeroed. */
int text_copy(Text *dst, const Text *src);

/* Returns: true if both are the same fact with the same text. */
bool text_equal(const Text *a, const Text *b);

/* Returns: true if t is present and equals value. */
bool text_is(const Text *t, const char *value);

/* Returns: the text, or "" when absent or unknown. Never NULL; owned by t. */
const char *text_or_empty(const Text *t);
