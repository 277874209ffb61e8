/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "action-names.h"
#include "commit.h"
#include "core/hazards.h"
#include "names.h"
#include "notice.h"
#include "operations-internal.h"

/* Lets the bus list only what still is a job. */
void operations_rebuild_jobs(Operations *o) {
        size_t n = 0;

        for (Operation *op = o->operations; op; op = op->next)
                n += op->job != NULL;
        free(o->jobs);
        o->n_jobs = 0;
        o->jobs = n ? calloc(n, sizeof(Job *)) : NULL;
        for (Operation *op = o->operations; op && o->jobs; op = op->next)
                if (op->job)
                        o->jobs[o->n_jobs++] = op->job;
}

Job *const *operations_jobs(Operations *o, size_t *ret_n) {
        *ret_n = o->n_jobs;
        return o->jobs;
}

/* Has the members' groups evaluated again. */
static void touch_members(Operations *o, const Transaction *t) {
        Address *members = calloc(t->n_members + 1, sizeof(Address));

        for (size_t i = 0; members && i < t->n_members; i++)
                members[i] = t->members[i].address;
        if (members)
                (void) model_touch(o->model, members, t->n_members);
        free(members);
}

static void show_unbinding(Host *h, const Step *step) {
        if (step->action == STEP_UNBIND)
                (void) host_add_unbinding(h, &step->address, step->value);
}

void operations_show_unbindings(Operations *o, const Transaction *t) {
        Host *h = model_host(o->model);

        host_clear_unbindings(h);
        for (size_t j = 0; j < o->n_jobs; j++) {
                const Transaction *job = job_lives(o->jobs[j]) ? o->jobs[j]->transaction : NULL;

                for (size_t i = 0; job && i < job->n_steps; i++)
                        if (job->states[i] == STEP_STATE_RUNNING)
                                show_unbinding(h, &job->steps[i]);
                if (job && job->undo.value)
                        show_unbinding(h, &job->undo);
        }
        if (t)
                touch_members(o, t);
}

static void on_job_changed(Job *job, void *userdata) {
        Operation *op = userdata;

        operations_show_unbindings(op->owner, job->transaction);
        (void) bus_job_changed(op->owner->bus, job);
}

/* Has the members read again. */
static void reread_members(Operations *o, const Transaction *t) {
        Address *members = calloc(t->n_members + 1, sizeof(Address));

        for (size_t i = 0; members && i < t->n_members; i++)
                members[i] = t->members[i].address;
        if (members)
                (void) model_reread(o->model, members, t->n_members);
        free(members);
}

/* While a worker moves the members, their events start no probes: it and they would only wait for each
 * other, and what it leaves is read when it has ended. */
static void hold_members(Operations *o, const Transaction *t) {
        for (size_t i = 0; i < t->n_members; i++)
                model_hold(o->model, &t->members[i].address);
}

static void let_members_go(Operations *o, const Transaction *t) {
        for (size_t i = 0; i < t->n_members; i++)
                model_let_go(o->model, &t->members[i].address);
}

static void on_job_stuck(Job *job, void *userdata) {
        Operation *op = userdata;
        char text[ADDRESS_TEXT_MAX], *message;

        notice_job_stuck(job);
        let_members_go(op->owner, job->transaction);
        reread_members(op->owner, job->transaction); /* the driver is off it, and no event tells */
        (void) bus_job_changed(op->owner->bus, job);
        if (asprintf(&message, "%s: the kernel has not ended a write in time; it goes on as job "
                     "%u. Stop what still uses the device.",
                     address_format(&op->request.address, text), job->id) < 0)
                return;
        operation_answer_error(op, VFIOD_ERROR_STUCK, message);
        operation_end_wish(op); /* the others' wishes do not wait for it */
        free(message);
}

/* What a job leaves on VFIO the host can use for nothing; whatever else it leaves is looked at. */
static ModelDepth depth_after(const Transaction *t) {
        return t->kind == PLAN_PREPARE && t->outcome == OUTCOME_DONE ? MODEL_STATE : MODEL_USES;
}

/* Returns: true if the probe after the job has not told all: it was of the group, and not every member
 * need still be in that; it may have died; and somebody may have taken a device back meanwhile, of
 * which the event was left out. */
static bool is_probe_due(const Operations *o, const Transaction *t) {
        const Host *h = model_host(o->model);
        const Group *g = host_find_group(h, t->group);

        for (size_t i = 0; i < t->n_members; i++) {
                const Device *d = host_find_device(h, &t->members[i].address);

                if (!d || d->grouped != FACT_PRESENT || d->group != t->group || d->remembered ||
                    d->driver_override.fact == FACT_UNKNOWN ||
                    (depth_after(t) == MODEL_STATE && hazard_applies(d)))
                        return true;
        }
        return g && g->in_use == FACT_UNKNOWN;
}

/* Everything about an ended job is read back: now it can be told. */
static void finish_job(void *userdata) {
        Operation *op = userdata;
        Operations *o = op->owner;
        const Transaction *t = op->job->transaction;
        bool done = t && t->outcome == OUTCOME_DONE;
        const char *error = done ? "" : t && t->error ? t->error : VFIOD_ERROR_ROLLBACK_FAILED;
        const char *message = done ? "" : t && t->message ? t->message
                                        : "the worker ended without finishing its work";

        notice_job_ended(op->job);
        if (done)
                operation_answer_success(op, VFIOD_RESULT_DONE);
        else
                operation_answer_error(op, error, message);
        (void) bus_job_removed(o->bus, op->job, done ? VFIOD_RESULT_DONE : op->job->state, error,
                               message);
        if (t && is_probe_due(o, t))
                reread_members(o, t);
        operation_free(op);
        operations_rebuild_jobs(o);
}

static int note_uncommitted(Operations *o, unsigned id) {
        unsigned *grown = reallocarray(o->uncommitted, o->n_uncommitted + 1, sizeof(unsigned));

        if (!grown)
                return -ENOMEM;
        o->uncommitted = grown;
        grown[o->n_uncommitted++] = id;
        return 0;
}

int operations_commit(Operations *o, const Transaction *t) {
        int r = commit_transaction(o->context.runtime_fd, model_host(o->model), t);

        if (r < 0) {
                fprintf(stderr, SD_ERR "vfiod: The books on transaction %u could not be written "
                        "(%s); nothing else is begun until they are.\n", t->id, strerror(-r));
                (void) note_uncommitted(o, t->id);
        }
        return r;
}

int operations_settle(Operations *o) {
        int r = 0;

        while (r >= 0 && o->n_uncommitted > 0) {
                Transaction *t;

                r = transaction_read(o->context.runtime_fd, o->uncommitted[o->n_uncommitted - 1],
                                     &t);
                if (r >= 0) {
                        r = commit_transaction(o->context.runtime_fd, model_host(o->model), t);
                        transaction_free(t);
                }
                if (r >= 0 || r == -ENOENT) {
                        o->n_uncommitted--;
                        r = 0;
                }
        }
        return r;
}

static void on_job_ended(Job *job, void *userdata) {
        Operation *op = userdata;
        Operations *o = op->owner;

        (void) bus_job_changed(o->bus, job);
        (void) operations_commit(o, job->transaction);
        operations_show_unbindings(o, NULL);
        let_members_go(o, job->transaction);
        if (model_probe(o->model, &op->request.address, depth_after(job->transaction), finish_job,
                        op) < 0) {
                reread_members(o, job->transaction);
                finish_job(op);
        }
}

const JobHandlers operation_job_handlers = {
        .changed = on_job_changed,
        .stuck = on_job_stuck,
        .ended = on_job_ended,
};

/* A job that has to be begun has a chance to be done. */
#define LEAST_USEC UINT64_C(2000000)

/* Returns: what is left of the call's time, which began when it was authorized. */
static uint64_t time_left(const Operation *op) {
        uint64_t now = op->since_usec, timeout = op->request.timeout_usec, passed;
        uint64_t least = timeout < LEAST_USEC ? timeout : LEAST_USEC;

        (void) sd_event_now(op->owner->context.event, CLOCK_MONOTONIC, &now);
        passed = now - op->since_usec;
        return passed < timeout && timeout - passed > least ? timeout - passed : least;
}

/* Runs the plan, or answers why not. */
void operation_start_job(Operation *op, const Plan *plan) {
        Operations *o = op->owner;
        char message[128];
        int r;

        op->group = plan->group;
        r = job_start(&o->context, plan, time_left(op), &operation_job_handlers, op, &op->job);
        if (r < 0) {
                snprintf(message, sizeof(message), "The worker could not be started: %s.",
                         strerror(-r));
                operation_answer_error(op, SD_BUS_ERROR_FAILED, message);
                operation_free(op);
                return;
        }
        hold_members(o, op->job->transaction);
        operations_rebuild_jobs(o);
        (void) bus_job_new(o->bus, op->job);
        if (op->request.no_block)
                operation_answer_result(op, VFIOD_RESULT_QUEUED);
}
