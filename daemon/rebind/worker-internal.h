/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/step.h"
#include "rebind/worker.h"

/* The parts of the worker, and its entrance for tests. */

typedef struct Worker {
        StepRun run;
        Transaction *t;
        int fd; /* the record, locked */
        bool loaded, moving;        /* of a prepare: past the checks before its first write and
                                     * before its first unbind */
        GroupDevice *group_devices; /* at the first of them */
        size_t n_group_devices;
        bool ended; /* the outcome is written */
} Worker;

/* As worker_run(), on any back end. */
int worker_run_on(const Backend *backend, int runtime_fd, unsigned id);

/* log.c: each appends one line to the record. Return: 0, or -errno with nothing appended. */
int worker_log_worker(Worker *w);
int worker_log_run(Worker *w, size_t index);
int worker_log_undo_run(Worker *w, size_t index, const Step *step);
int worker_log_result(Worker *w, bool undo, size_t index, int error, const char *cause);
int worker_log_end(Worker *w, Outcome outcome, const char *error, const char *message);
/* Has the file system set room aside for all that can be appended. Returns: 0 or -errno. */
int worker_log_reserve(Worker *w);

/* give-back.c: goes through steps that give members back, on from one that fails, and leaves alone
 * what is not the recorded device any more. undo: they undo the transaction's own steps.
 * Returns: 0, or the first -errno with its cause, which the caller frees. */
int worker_give_back(Worker *w, const Step *steps, size_t n_steps, bool undo, char **ret_cause);
/* Restores all members after a failed prepare and writes the outcome; takes cause over. */
int worker_roll_back(Worker *w, const char *error, char *cause);
/* Executes a release and writes the outcome. */
int worker_release(Worker *w);
/* recover.c: finishes or undoes what a worker that is gone has left, and writes the outcome. */
int worker_recover(Worker *w);
/* Writes the outcome of what stays half done until the group is free; takes cause over. */
int worker_leave(Worker *w, char *cause);
/* Writes "nothing was changed"; takes cause over. */
int worker_fail(Worker *w, const char *error, char *cause);
