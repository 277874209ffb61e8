/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "sources/journal-child.h"

/* Forks the process that does the task: it holds no descriptor but the writing end of a pipe, ends
 * when this process does, and a SIGBUS is an ordinary failure to it. event reaps it.
 * Returns: the reading end of the pipe, which does not block, and the process; or -errno. */
int journal_process_start(sd_event *event, const JournalTask *task, sd_event_source **ret);
/* Kills the process if it still runs, and leaves it to its loop to be reaped. NULL is taken.
 * Returns: NULL. */
sd_event_source *journal_process_end(sd_event_source *process);
