/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-journal.h>

#include "sources/journal-child.h"

/* "Missed … kernel messages" (systemd: sd-messages.h, SD_MESSAGE_JOURNAL_MISSED). */
#define JOURNAL_MATCH_MISSED "MESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606"

/* What the parts of a child that reads the journal share. */
typedef struct Reader {
        const JournalTask *task;
        int pipe;
        sd_journal *journal;
        int journal_fd; /* belongs to the journal; -1 if there is none */
        bool watched;   /* journal_fd tells of everything that happens to the files */
        JournalPosition position;
        bool skip;      /* it stands where the clock says: what is not after position is old */
        bool broken;    /* an entry could not be read, and that was said */
        size_t n;
        char buffer[2 * JOURNAL_LINE_MAX];
} Reader;

/* Opens the journal as soon as one can be read, saying once that there is none.
 * Returns: 0 or -errno. */
int reader_open(Reader *x);
void reader_close(Reader *x);

/* Queues a line that is one word / the record at which the journal stands, which becomes the
 * position. When the buffer is full, writes it. Returns: 0 or -errno. */
int reader_say(Reader *x, JournalLineKind kind);
int reader_say_entry(Reader *x);
/* Returns: 1 if the record at which the journal stands is the one of the position, 0 if not, or
 * -errno. Its cursor may be another one: journald's flush from /run to /var copies records, which
 * keep their stamps but get new numbers. */
int reader_is_at_position(Reader *x);
/* Writes what is queued. Returns: 0 or -errno. */
int reader_flush(Reader *x);
