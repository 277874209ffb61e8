/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/journal-line.h"

/* What the parts of the journal source share: journal.c starts children and replaces them,
 * journal-input.c takes in what they say. */
struct JournalSource {
        sd_event *event;
        JournalHandlers handlers;
        void *userdata;
        char *directory;
        sd_event_source *start, *input, *process;
        bool following; /* the backlog is done */
        bool announced; /* an end of the backlog was told, if only that there is none */
        bool begins;    /* the kernel's first words were among the records */
        bool gap;       /* something is missing */
        JournalPosition position;
        uint64_t delay_usec, started_usec;
        unsigned n_fruitless;
        uint64_t window_usec; /* when the second began that n_window records came in */
        unsigned n_window;
        uint64_t n_dropped;
        bool recorded;
        char *text; /* of a recording, NULL if it has none */
        size_t n_text;
        size_t n;
        char buffer[2 * JOURNAL_LINE_MAX];
};

uint64_t journal_now(const JournalSource *s, clockid_t clock);
void journal_say_lost(JournalSource *s);
void journal_say_end(JournalSource *s, Fact complete);
/* The child has failed or finds no journal: records are lost where some were read before, and there
 * is no backlog where none was. */
void journal_say_failed(JournalSource *s);

/* Takes in what the pipe holds now. Returns: 1 when the backlog is done, 0, -EPIPE if the child is
 * gone, or -EBADMSG if it does not say what a child of ours says. */
int journal_take_input(JournalSource *s, int fd);
