/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/journal-line.h"

/*
 * The side of the journal source that reads: a process of its own. Nothing else calls sd_journal.
 */
typedef struct JournalTask {
        const char *directory;    /* NULL: the system's journal */
        bool follow;              /* wait for more at the end */
        JournalPosition position; /* begin after this record */
} JournalTask;

/* Reads, and writes lines to the pipe fd. Returns: 0 at the end of a backlog, else -errno (-EPIPE:
 * nobody listens any more); a follower does not return otherwise. */
int journal_child_run(const JournalTask *task, int fd);
