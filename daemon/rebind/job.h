/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "rebind/record.h"

/* The daemon's side of a running transaction: starts the worker, follows its record. */
typedef struct Job {
        unsigned id;
        Transaction *transaction; /* as far as read; replaced as the record grows */
        const char *state;        /* one of action-names.h */
        void *userdata;
        struct JobPrivate *private;
} Job;

typedef struct JobHandlers {
        void (*changed)(Job *job, void *userdata); /* state or a step's state differs */
        void (*stuck)(Job *job, void *userdata);   /* past the deadline and not ended */
        void (*ended)(Job *job, void *userdata);   /* the worker is gone and transaction->outcome
                                                    * says how; the job may be freed in it */
} JobHandlers;

/* What every job of a daemon has in common. */
typedef struct JobContext {
        sd_event *event;
        const char *executable; /* of vfiod: "/proc/self/exe" */
        const char *root_path;  /* this and the next are handed on to the worker */
        const char *runtime_path;
        int runtime_fd;
        unsigned last_id; /* of the newest job; ids are not given twice */
        struct Units *units; /* workers are units of systemd; NULL: children */
} JobContext;

/* Writes the record and starts the worker, and another one if that is killed: it finishes or undoes
 * what was begun. The record stays when the job has ended: the caller removes it once it has kept
 * what it needs of it. Returns: 0 and the job, or -errno with nothing left behind (but if
 * descriptors ran out once the worker ran, its record stays). */
int job_start(JobContext *context, const Plan *plan, uint64_t timeout_usec,
              const JobHandlers *handlers, void *userdata, Job **ret);
/* Follows a transaction that an earlier daemon started and whose worker still lives.
 * Returns: 0 and the job; -ESRCH if no worker lives (see job_recover()); -errno. */
int job_adopt(const JobContext *context, unsigned id, const JobHandlers *handlers, void *userdata,
              Job **ret);
/* Takes over a transaction whose worker is gone, or was never started. Returns: 0 and the job; or
 * -errno, which leaves the record as it is. */
int job_recover(const JobContext *context, unsigned id, const JobHandlers *handlers, void *userdata,
                Job **ret);
/* Returns: true until it has ended. */
bool job_lives(const Job *job);
/* Returns: true if its deadline has passed that long ago and nobody has noticed. */
bool job_is_overdue(const Job *job, uint64_t slack_usec);
/* Stops following; the worker is left alone. NULL is taken. Returns: NULL. */
Job *job_free(Job *job);
