/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/journal.h"

/*
 * What a child that reads the journal tells its parent: one line of text each,
 *
 *     record MONOTONIC REALTIME CURSOR DEVICE MESSAGE
 *     lost
 *     missing
 *     end
 *
 * with "\n", "\\" and, in a device, "\s" for a newline, a backslash and a space; "-" stands for no
 * device and for a time that is not known. The cursor is in every record, so that a child that
 * dies leaves nothing that would be delivered twice. Pure.
 */
typedef enum JournalLineKind {
        JOURNAL_LINE_RECORD,
        JOURNAL_LINE_LOST,    /* records are missing here */
        JOURNAL_LINE_MISSING, /* no journal can be read; the child waits for one */
        JOURNAL_LINE_END,     /* that was the backlog */
        JOURNAL_LINE_MAX_KIND_,
} JournalLineKind;

/* Room for a cursor and for a device, with their NUL. A cursor of 252 takes up to 170 bytes. */
#define JOURNAL_CURSOR_MAX 320
#define JOURNAL_DEVICE_MAX 128
/* Room for a line with its newline. */
#define JOURNAL_LINE_MAX                                                                           \
        (2 * (JOURNAL_MESSAGE_MAX + JOURNAL_DEVICE_MAX) + JOURNAL_CURSOR_MAX + 64)

/* Where in the journal a record is. Zero: before the first one. */
typedef struct JournalPosition {
        char cursor[JOURNAL_CURSOR_MAX];        /* "" for none */
        uint64_t realtime_usec, monotonic_usec; /* of the record */
} JournalPosition;

typedef struct JournalLine {
        JournalLineKind kind;
        JournalRecord record; /* points into the line */
        const char *cursor;
} JournalLine;

/* Reads one line of n bytes, without its newline, and changes it to what it means.
 * Returns: 0, or -EINVAL with *ret in an undefined state. */
int journal_line_parse(char *line, size_t n, JournalLine *ret);

/* Writes l with a newline. Of a record, length is at most JOURNAL_MESSAGE_MAX; cursor and device
 * are shorter than their limits, not empty, and the cursor holds nothing that needs an escape.
 * Returns: the length. */
size_t journal_line_format(const JournalLine *l, char buffer[static JOURNAL_LINE_MAX]);
