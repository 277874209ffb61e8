/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Records that follow which are taken in one second: an endless flood must not keep the loop. */
#define BURST       1000
#define WINDOW_USEC UINT64_C(1000000)

uint64_t journal_now(const JournalSource *s, clockid_t clock) {
        uint64_t usec = 0;

        (void) sd_event_now(s->event, clock, &usec);
        return usec;
}

void journal_say_lost(JournalSource *s) {
        s->gap = true;
        s->handlers.lost(s->userdata);
}

void journal_say_end(JournalSource *s, Fact complete) {
        s->announced = true;
        s->handlers.backlog_end(complete, s->userdata);
}

void journal_say_failed(JournalSource *s) {
        if (s->following || s->position.cursor[0])
                journal_say_lost(s);
        if (!s->announced)
                journal_say_end(s, FACT_UNKNOWN);
}

/* Returns: true if the record is one too many, which is said once a second. */
static bool is_flood(JournalSource *s) {
        uint64_t now = journal_now(s, CLOCK_MONOTONIC);

        if (now - s->window_usec >= WINDOW_USEC) {
                s->window_usec = now;
                s->n_window = 0;
        }
        if (s->n_window < BURST) {
                s->n_window++;
                return false;
        }
        s->n_dropped++;
        if (s->n_window++ == BURST)
                journal_say_lost(s);
        return true;
}

static void take_record(JournalSource *s, const JournalLine *l) {
        strcpy(s->position.cursor, l->cursor);
        s->position.realtime_usec = l->record.realtime_usec;
        s->position.monotonic_usec = l->record.monotonic_usec;
        s->n_fruitless = 0;
        if (s->following && is_flood(s))
                return;
        s->begins = s->begins || journal_begins(&l->record);
        s->handlers.record(&l->record, !s->following, s->userdata);
}

/* Takes in the whole lines of the buffer. Returns: as journal_take_input(). */
static int take_lines(JournalSource *s) {
        char *text = s->buffer, *end = s->buffer + s->n, *newline;
        JournalLine l;

        while ((newline = memchr(text, '\n', (size_t) (end - text)))) {
                if (journal_line_parse(text, (size_t) (newline - text), &l) < 0)
                        return -EBADMSG;
                if (l.kind == JOURNAL_LINE_RECORD)
                        take_record(s, &l);
                else if (l.kind == JOURNAL_LINE_LOST)
                        journal_say_lost(s);
                else if (l.kind == JOURNAL_LINE_MISSING)
                        journal_say_failed(s);
                else
                        return 1;
                text = newline + 1;
        }
        s->n = (size_t) (end - text);
        memmove(s->buffer, text, s->n);
        return s->n == sizeof(s->buffer) ? -EBADMSG : 0;
}

int journal_take_input(JournalSource *s, int fd) {
        ssize_t n = read(fd, s->buffer + s->n, sizeof(s->buffer) - s->n);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return -EPIPE;
        s->n += (size_t) n;
        return take_lines(s);
}
