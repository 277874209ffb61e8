/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "sources/journal.h"
#include "test-sources-tree.h"

/*
 * A journal of one's own, made by systemd-journal-remote (Debian: package systemd-journal-remote)
 * from export text, and a source that reads it. The machine's own journal is not touched.
 */
#define FIXTURE_KEPT 64

typedef struct Fixture {
        Tree tree;
        char directory[80]; /* of the journal */
        Root *root;
        sd_event *event;
        JournalSource *source;
        unsigned n_backlog, n_followed, n_lost, n_ends;
        Fact complete; /* what the last end said */
        uint64_t bytes;
        char *kept[FIXTURE_KEPT]; /* the first messages, escaped by C's rules for newline and NUL */
        size_t lengths[FIXTURE_KEPT];
        uint64_t monotonic[FIXTURE_KEPT], realtime[FIXTURE_KEPT];
        char devices[FIXTURE_KEPT][64];
        unsigned n_kept;
        bool keep_none;
} Fixture;

/* One record for the journal. Zero fields have the value of a kernel record of this boot. */
typedef struct Wanted {
        const char *message;
        size_t length; /* 0: strlen(message) */
        const char *device, *transport, *facility, *boot, *message_id;
        uint64_t monotonic_usec; /* 0: no _SOURCE_MONOTONIC_TIMESTAMP */
} Wanted;

/* With a directory for the journal, but no source. */
void fixture_open(Fixture *x);
/* Frees all of it, the source too, and waits until no child is left. */
void fixture_close(Fixture *x);
/* Starts the source. */
void fixture_start(Fixture *x);
/* Starts the source and runs the loop until n ends of the backlog were told. */
void fixture_start_to_end(Fixture *x, unsigned n);

/* Writes a record as export text; each has a later time than the one before. */
void fixture_put(FILE *to, const Wanted *w);
/* Appends records to NAME.journal. */
void fixture_append(Fixture *x, const char *name, const Wanted *w, size_t n);
/* Appends to it, with their times, the records that the last call appended somewhere. */
void fixture_append_again(Fixture *x, const char *name);
/* Appends n records "MESSAGE 0", "MESSAGE 1" … to it. */
void fixture_append_many(Fixture *x, const char *name, const char *message, unsigned n);
/* Returns: the path of NAME.journal; until the next call. */
const char *fixture_path(const Fixture *x, const char *name);

/* Returns: the pid of our only child, 0 if there is none. */
pid_t fixture_child(void);
/* Returns: the number after a word at the beginning of a line of /proc/PID/status; 0: self. */
unsigned long fixture_status(pid_t pid, const char *word);
/* Runs the loop once, for at most 50 ms. */
void fixture_turn(Fixture *x);
/* Runs the loop for so long. */
void fixture_run(Fixture *x, unsigned msec);
uint64_t fixture_now(void);

/* Runs the loop until something is so, or fails after 30 s. */
#define AWAIT(x, condition)                                                                        \
        do {                                                                                       \
                uint64_t end_ = fixture_now() + 30000000;                                          \
                while (!(condition)) {                                                             \
                        if (fixture_now() > end_)                                                  \
                                CHECK(condition);                                                  \
                        fixture_turn(x);                                                           \
                }                                                                                  \
        } while (0)
