/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "action-names.h"
#include "names.h"
#include "rebind/life.h"
#include "rebind/record-store.h"
#include "rebind/step.h"

#define STUCK_ACCURACY_USEC UINT64_C(100000)
/* A worker that takes over is given this long before it counts as stuck. */
#define RECOVERY_USEC       UINT64_C(20000000)
/* Whoever dies that often in taking over dies again. */
#define WORKERS_MAX         4

struct JobPrivate {
        JobHandlers handlers;
        int record_fd; /* for reading; closing one that writes would look like the worker's end */
        off_t seen;    /* how much of the record has been read */
        JobContext context;
        Life *life; /* of the worker */
        sd_event_source *record_source, *deadline_source;
};

Job *job_free(Job *job) {
        struct JobPrivate *p;

        if (!job)
                return NULL;
        p = job->private;
        if (p) {
                life_free(p->life);
                sd_event_source_disable_unref(p->record_source);
                sd_event_source_disable_unref(p->deadline_source);
                if (p->record_fd >= 0)
                        close(p->record_fd);
                free(p);
        }
        transaction_free(job->transaction);
        free(job);
        return NULL;
}

/* Reads what the worker has written since. Returns: 1 if there was something, 0, or -errno. */
static int read_record(Job *job) {
        struct JobPrivate *p = job->private;
        Transaction *t;
        struct stat st;
        size_t size;
        char *text;
        int r;

        if (fstat(p->record_fd, &st) < 0)
                return -errno;
        if (job->transaction && st.st_size == p->seen)
                return 0;
        r = store_read(p->record_fd, &text, &size);
        if (r < 0)
                return r;
        r = transaction_parse(text, size, &t);
        free(text);
        if (r < 0)
                return r;
        if (t->id != job->id) {
                transaction_free(t);
                return -EBADMSG;
        }
        p->seen = (off_t) size;
        transaction_free(job->transaction);
        job->transaction = t;
        return 1;
}

static const char *outcome_state(Outcome outcome) {
        switch (outcome) {
        case OUTCOME_DONE:
                return JOB_DONE;
        case OUTCOME_ROLLED_BACK:
                return JOB_ROLLED_BACK;
        case OUTCOME_ROLLBACK_FAILED:
                return JOB_ROLLBACK_FAILED;
        default:
                return JOB_FAILED;
        }
}

static int on_record(sd_event_source *s, const struct inotify_event *e, void *userdata) {
        Job *job = userdata;

        /* A record that cannot be read now will be read, or complained of, at the worker's end. */
        if (read_record(job) <= 0)
                return 0;
        if (strcmp(job->state, JOB_WAITING) == 0)
                job->state = JOB_RUNNING;
        if (job->private->life)
                life_update(job->private->life, job->transaction);
        job->private->handlers.changed(job, job->userdata);
        return 0;
}

bool job_lives(const Job *job) {
        return strcmp(job->state, JOB_WAITING) == 0 || strcmp(job->state, JOB_RUNNING) == 0 ||
               strcmp(job->state, JOB_STUCK) == 0;
}

bool job_is_overdue(const Job *job, uint64_t slack_usec) {
        sd_event_source *s = job->private->deadline_source;
        uint64_t deadline, now;
        int enabled;

        return sd_event_source_get_enabled(s, &enabled) > 0 &&
               sd_event_source_get_time(s, &deadline) >= 0 &&
               sd_event_now(job->private->context.event, CLOCK_BOOTTIME, &now) >= 0 &&
               now > deadline && now - deadline > slack_usec;
}

static int on_deadline(sd_event_source *s, uint64_t usec, void *userdata) {
        Job *job = userdata;

        (void) read_record(job);
        if (job->transaction->outcome != OUTCOME_NONE) /* it is about to exit */
                return 0;
        job->state = JOB_STUCK;
        job->private->handlers.changed(job, job->userdata);
        job->private->handlers.stuck(job, job->userdata);
        return 0;
}

/* Whether a write to the host may have begun: a module is no part of any device. */
static const Step *last_begun(const Transaction *t) {
        const Step *last = NULL;

        for (size_t i = 0; i < t->n_steps; i++)
                if (t->states[i] != STEP_STATE_PENDING && t->steps[i].action != STEP_LOAD_MODULE)
                        last = &t->steps[i];
        return last;
}

/* The worker is gone and has not said how it ended: somebody killed it, or it could not begin. */
static void explain_silence(Transaction *t, const char *why) {
        char address[ADDRESS_TEXT_MAX], *phrase;
        const Step *last = last_begun(t);

        free(t->error);
        free(t->message);
        t->error = strdup(last ? VFIOD_ERROR_ROLLBACK_FAILED : VFIOD_ERROR_VERIFY_FAILED);
        address_format(&t->address, address);
        if (!last) {
                (void) cause_set(&t->message, 0, "the worker for %s ended before it changed "
                                 "anything%s%s; nothing was changed", address, why ? ": " : "",
                                 why ? why : "");
                return;
        }
        phrase = step_phrase(last);
        (void) cause_set(&t->message, 0, "the worker for %s ended without finishing, last %s; not "
                         "everything is as it was: see vfioctl show %s", address,
                         phrase ? phrase : "changing the host", address);
        free(phrase);
}

static uint64_t deadline_after(uint64_t timeout_usec) {
        struct timespec ts;
        uint64_t now, sum;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        now = (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
        return __builtin_add_overflow(now, timeout_usec, &sum) ? UINT64_MAX : sum;
}

/* Gives who takes over time of its own: the record's may be over. Returns: 0 or -errno. */
static int arm_deadline(Job *job) {
        struct JobPrivate *p = job->private;
        int r = sd_event_source_set_time(p->deadline_source, deadline_after(RECOVERY_USEC));

        return r < 0 ? r : sd_event_source_set_enabled(p->deadline_source, SD_EVENT_ONESHOT);
}

static void on_worker_end(const char *why, void *userdata);

static int start_worker(Job *job) {
        struct JobPrivate *p = job->private;

        return life_start(&p->context, job->transaction, on_worker_end, job, &p->life);
}

/* The worker is gone and has said nothing. Another one may have the record, or has to take it over:
 * but not for ever, nor if it could not even be started. Returns: true if the job goes on. */
static bool go_on(Job *job, const char *why) {
        struct JobPrivate *p = job->private;
        const Transaction *t = job->transaction;

        if (life_find(p->context.event, p->context.runtime_fd, t, on_worker_end, job, &p->life) == 0)
                return true;
        if (why || t->n_workers == 0 || t->n_workers >= WORKERS_MAX || start_worker(job) < 0)
                return false;
        (void) arm_deadline(job);
        if (strcmp(job->state, JOB_WAITING) == 0)
                job->state = JOB_RUNNING;
        return true;
}

static void on_worker_end(const char *why, void *userdata) {
        Job *job = userdata;
        struct JobPrivate *p = job->private;

        p->life = life_free(p->life);
        (void) sd_event_source_set_enabled(p->deadline_source, SD_EVENT_OFF);
        /* All is written by now; what cannot be read is as good as not written. */
        (void) read_record(job);
        if (job->transaction->outcome == OUTCOME_NONE) {
                if (go_on(job, why)) {
                        p->handlers.changed(job, job->userdata);
                        return;
                }
                explain_silence(job->transaction, why);
        }
        job->state = outcome_state(job->transaction->outcome);
        p->handlers.changed(job, job->userdata);
        p->handlers.ended(job, job->userdata); /* may free the job */
}

static int job_new(const JobContext *context, unsigned id, const JobHandlers *handlers,
                   void *userdata, Job **ret) {
        Job *job = calloc(1, sizeof(*job));
        int r;

        if (!job)
                return -ENOMEM;
        *job = (Job) { .id = id, .state = JOB_WAITING, .userdata = userdata };
        job->private = calloc(1, sizeof(*job->private));
        if (!job->private) {
                job_free(job);
                return -ENOMEM;
        }
        *job->private = (struct JobPrivate) { .handlers = *handlers, .record_fd = -1,
                                              .context = *context };
        r = store_open(context->runtime_fd, RECORD_TRANSACTIONS, id, O_RDONLY);
        if (r >= 0) {
                job->private->record_fd = r;
                r = read_record(job);
        }
        if (r < 0) {
                job_free(job);
                return r;
        }
        assert(job->transaction); /* from now on, as a reading that fails keeps the one before */
        *ret = job;
        return 0;
}

static uint64_t add_slack(uint64_t deadline_usec) {
        uint64_t sum;

        return __builtin_add_overflow(deadline_usec, VFIOD_STUCK_SLACK_USEC, &sum) ? UINT64_MAX
                                                                                   : sum;
}

/* Follows the record and the deadline. Done before the worker starts, so that all that can fail
 * fails while there is nothing to leave behind. */
static int watch_record(Job *job) {
        struct JobPrivate *p = job->private;
        sd_event *event = p->context.event;
        int r;

        r = sd_event_add_time(event, &p->deadline_source, CLOCK_BOOTTIME,
                              add_slack(job->transaction->deadline_usec), STUCK_ACCURACY_USEC,
                              on_deadline, job);
        if (r < 0)
                return r;
        r = sd_event_add_inotify_fd(event, &p->record_source, p->record_fd, IN_MODIFY, on_record,
                                    job);
        /* No watch left to have: the steps are not seen as they go, the end is. */
        if (r == -ENOSPC || r == -EMFILE)
                return 0;
        if (r < 0)
                return r;
        /* Steps first, then the end. */
        return sd_event_source_set_priority(p->record_source, SD_EVENT_PRIORITY_NORMAL - 1);
}

int job_start(JobContext *context, const Plan *plan, uint64_t timeout_usec,
              const JobHandlers *handlers, void *userdata, Job **ret) {
        Job *job = NULL;
        unsigned id;
        int r;

        r = transaction_create(context->runtime_fd, plan, deadline_after(timeout_usec),
                               context->last_id, &id);
        if (r < 0)
                return r;
        context->last_id = id;
        r = job_new(context, id, handlers, userdata, &job);
        if (r >= 0)
                r = watch_record(job);
        if (r >= 0)
                r = start_worker(job);
        if (r < 0) {
                /* A worker that runs keeps its record: the next daemon finds it by that. */
                if (!job || !job->private->life)
                        (void) transaction_remove(context->runtime_fd, id);
                job_free(job);
                return r;
        }
        *ret = job;
        return 0;
}

int job_adopt(const JobContext *context, unsigned id, const JobHandlers *handlers, void *userdata,
              Job **ret) {
        Job *job = NULL;
        int r;

        r = job_new(context, id, handlers, userdata, &job);
        if (r < 0)
                return r;
        job->state = JOB_RUNNING;
        r = life_find(context->event, context->runtime_fd, job->transaction, on_worker_end, job,
                      &job->private->life);
        if (r >= 0)
                r = watch_record(job);
        if (r < 0) {
                job_free(job);
                return r;
        }
        *ret = job;
        return 0;
}

int job_recover(const JobContext *context, unsigned id, const JobHandlers *handlers, void *userdata,
                Job **ret) {
        Job *job = NULL;
        int r;

        r = job_new(context, id, handlers, userdata, &job);
        if (r < 0)
                return r;
        job->state = JOB_RUNNING;
        if (job->transaction->n_workers >= WORKERS_MAX)
                r = -ELOOP;
        if (r >= 0)
                r = watch_record(job);
        if (r >= 0)
                r = arm_deadline(job);
        if (r >= 0)
                r = start_worker(job);
        if (r < 0) {
                job_free(job);
                return r;
        }
        *ret = job;
        return 0;
}
