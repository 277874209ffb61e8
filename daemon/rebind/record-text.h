/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "core/address.h"
#include "core/fact.h"

/*
 * The text that records consist of: lines of words with one space between, the last word being the
 * CRC-32 of all before it. A string is "=" and its bytes, "-" is none; whatever is not printable
 * ASCII, and space and backslash, is written \xHH. Every value has one spelling only.
 */

/* Builds lines in memory. Errors are kept and told by writer_close(). */
typedef struct Writer {
        FILE *stream;
        char *text;
        size_t size;
        size_t line; /* where the open line begins */
} Writer;

/* Returns: 0 or -ENOMEM. */
int writer_open(Writer *w);
/* Writes words as they are; the caller separates them. */
void writer_words(Writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Write a space and the value. A NULL string or address is none. */
void writer_string(Writer *w, const char *value);
void writer_address(Writer *w, const Address *a);
/* Closes the line with its CRC. */
void writer_end(Writer *w);
/* Ends the text; the caller frees it. Returns: 0, or -ENOMEM with nothing to free. */
int writer_close(Writer *w, char **ret, size_t *ret_size);

/* What is left of one line. */
typedef struct Reader {
        const char *at, *end;
} Reader;

/* Takes the line at *offset of the text, checks and takes off its CRC, moves *offset behind it.
 * Returns: 1; 0 at the end of the text, also if what is left is one torn line, to which *offset
 * then points; -EBADMSG if the line is damaged and others follow. */
int reader_line(const char *text, size_t size, size_t *offset, Reader *ret);

/* The first line of a list: its prefix, version 1, and how many lines follow. reader_list_head() takes
 * one of at most max. Returns: 0 or -EBADMSG. */
void writer_list_head(Writer *w, const char *prefix, size_t n);
int reader_list_head(const char *text, size_t size, size_t *offset, const char *prefix, uint64_t max,
                     uint64_t *ret);

/* Each takes the next word. Return: 0, -EBADMSG if the word is not of that kind, or -ENOMEM. */
int reader_word(Reader *r, const char **ret, size_t *ret_length);
int reader_number(Reader *r, uint64_t max, uint64_t *ret);
int reader_hex(Reader *r, int digits, uint32_t *ret);
int reader_string(Reader *r, char **ret); /* none is -EBADMSG */
int reader_text(Reader *r, Text *ret);    /* none is absent */
int reader_address(Reader *r, Address *ret);
/* Takes "-" if that is the next word. Returns: true if it was. */
bool reader_none(Reader *r);
/* Takes that word if it is the next. Returns: true if it was. */
bool reader_is(Reader *r, const char *word);
/* Returns: 0, or -EBADMSG if words are left. */
int reader_done(const Reader *r);
