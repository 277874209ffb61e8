/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "text.h"
#include "verbs.h"

/* How one Prepare or Release went. */
typedef struct JobResult {
        char *address; /* canonical */
        char *result;  /* done, unchanged, kept, queued; NULL if it failed */
        char *job;     /* object path, or NULL */
        StepList steps;
} JobResult;

/**
 * Calls Prepare or Release for one device and follows the job until it has ended. On a terminal the
 * steps are shown as they happen. `with` are devices that may be moved along (NULL: none). What is
 * known of the steps is in `result` after a failure, too. Returns 0, -EINTR if Ctrl-C was pressed
 * (the job goes on), or another negative errno with `error` set.
 */
int job_run(const Call *call, const char *method, const char *address, char *const *with,
            JobResult *result, sd_bus_error *error);

/**
 * Returns whether a call that was interrupted had begun nothing: until there is a job it waits for
 * a holder to go, and who leaves the bus does not wait any more.
 */
bool job_was_waiting(const Options *options, const JobResult *result);

/** Says why job_run() failed, and what an interruption leaves going on. Returns an exit code. */
int job_report_failure(const Call *call, const char *address, const JobResult *result,
                       const sd_bus_error *error, int r);

/** Frees what a result owns; for _cleanup_. */
void job_result_done(JobResult *result);

/** Returns whether steps are shown while they happen. */
bool job_is_live(const Options *options);

/** Prints steps with their states, for where they were not shown as they happened. */
void job_print_steps(const StepList *steps);

/** Prints {"result", "steps"}. Returns 0 or a negative errno. */
int job_print_json(const char *result, const StepList *steps);
