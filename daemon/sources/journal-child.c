/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-child.h"

#include <errno.h>
#include <stdlib.h>

#include "sources/journal-reader.h"
#include "sources/journal-wait.h"

/* How often a journal that nothing can be watched of is opened anew. */
#define UNWATCHED_MSEC 5000
/* Records between two looks at what happened to the files. */
#define PROCESS_EVERY  1024

/* Goes to where the next record is the one after the position. */
static int seek(Reader *x) {
        sd_journal *j = x->journal;
        int r;

        if (x->position.cursor[0]) {
                r = sd_journal_seek_cursor(j, x->position.cursor);
                if (r >= 0)
                        r = sd_journal_next(j);
                if (r > 0)
                        r = reader_is_at_position(x);
                if (r > 0)
                        return 0;
                /* That record is gone, and nobody knows what else was there. */
                r = reader_say(x, JOURNAL_LINE_LOST);
                if (r < 0)
                        return r;
        }
        if (x->position.realtime_usec == 0)
                return sd_journal_seek_head(j);
        x->skip = true;
        return sd_journal_seek_realtime_usec(j, x->position.realtime_usec);
}

/* Says all records that there are now. */
static int drain(Reader *x) {
        for (unsigned n = 1;; n++) {
                int r = sd_journal_next(x->journal);

                if (r <= 0)
                        return r;
                r = reader_say_entry(x);
                if (r >= 0 && n % PROCESS_EVERY == 0 && x->watched)
                        r = sd_journal_process(x->journal);
                if (r < 0)
                        return r;
        }
}

/* Waits until something has happened to the journal. Files that came or went are no reason to open
 * it anew (SD_JOURNAL_INVALIDATE): it stands where it stood. Returns: 1, 0 if it has to be opened
 * anew all the same, or -errno. */
static int await_change(Reader *x) {
        int r = journal_wait(x->pipe, &x->journal_fd, 1, x->watched ? -1 : UNWATCHED_MSEC);

        if (r < 0)
                return r;
        if (!x->watched)
                return 0;
        r = sd_journal_process(x->journal);
        if (r < 0)
                return r;
        if (r != SD_JOURNAL_INVALIDATE)
                return 1;
        return journal_count_directories(x->task->directory) > 0 &&
                journal_is_watched(x->journal_fd, x->task->directory);
}

/* Reads on until the journal has to be opened anew, or to the end of a backlog. */
static int read_on(Reader *x) {
        int r = seek(x);

        if (r < 0)
                return r;
        do {
                r = drain(x);
                /* Whatever comes now is new, even if the clock was set back meanwhile. */
                x->skip = false;
                if (r >= 0)
                        r = reader_flush(x);
                if (r >= 0 && x->task->follow)
                        r = await_change(x);
        } while (r > 0);
        return r;
}

int journal_child_run(const JournalTask *task, int fd) {
        Reader *x = calloc(1, sizeof(*x));
        int r;

        if (!x)
                return -ENOMEM;
        x->task = task;
        x->pipe = fd;
        x->journal_fd = -1;
        x->position = task->position;
        do {
                r = reader_open(x);
                if (r >= 0)
                        r = read_on(x);
                if (r >= 0 && !task->follow)
                        r = reader_say(x, JOURNAL_LINE_END);
                if (task->follow)
                        reader_close(x);
        } while (r >= 0 && task->follow);
        /* What was read before it failed is as true as ever. */
        if (reader_flush(x) < 0 && r >= 0)
                r = -EPIPE;
        reader_close(x);
        free(x);
        return r;
}
