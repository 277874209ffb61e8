/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action-names.h"
#include "commit.h"
#include "names.h"
#include "notice.h"
#include "operations.h"

typedef enum OperationKind { OPERATION_REFRESH, OPERATION_PLAN, OPERATION_PREPARE,
                             OPERATION_RELEASE } OperationKind;

/* One call on its way. */
typedef struct Operation {
        struct Operation *next;
        Operations *owner;
        OperationKind kind;
        sd_bus_message *message; /* NULL once answered, or for a job of an earlier daemon */
        BusRequest request;      /* own copy */
        Job *job;
        unsigned group; /* valid with job */
} Operation;

struct Operations {
        Model *model;
        JobContext context;
        Bus *bus;
        Operation *operations;
        Job **jobs;
        size_t n_jobs;
};

static void operation_free(Operation *op) {
        Operations *o = op->owner;

        for (Operation **i = &o->operations; *i; i = &(*i)->next)
                if (*i == op) {
                        *i = op->next;
                        break;
                }
        model_forget(o->model, op);
        job_free(op->job);
        sd_bus_message_unref(op->message);
        free(op->request.with);
        free(op->request.driver);
        free(op->request.claim);
        names_free(op->request.accept, op->request.n_accept);
        free(op);
}

static int request_copy(BusRequest *dst, const BusRequest *src) {
        *dst = *src;
        dst->with = NULL;
        dst->accept = NULL;
        dst->n_accept = 0;
        dst->driver = src->driver ? strdup(src->driver) : NULL;
        dst->claim = src->claim ? strdup(src->claim) : NULL;
        for (size_t i = 0; i < src->n_accept; i++)
                if (names_add(&dst->accept, &dst->n_accept, src->accept[i]) < 0)
                        return -ENOMEM;
        if (src->n_with > 0) {
                dst->with = calloc(src->n_with, sizeof(Address));
                if (dst->with)
                        memcpy(dst->with, src->with, src->n_with * sizeof(Address));
        }
        return (src->driver && !dst->driver) || (src->claim && !dst->claim) ||
                               (src->n_with > 0 && !dst->with)
                       ? -ENOMEM
                       : 0;
}

/* Answers the call; a caller that has gone is no matter. */
static void answer_error(Operation *op, const char *name, const char *message) {
        if (op->message)
                (void) bus_reply_error(op->message, name, message);
        op->message = sd_bus_message_unref(op->message);
}

static void answer_result(Operation *op, const char *result) {
        if (op->message)
                (void) bus_reply_result(op->message, result, op->job ? op->job->id : 0);
        op->message = sd_bus_message_unref(op->message);
}

/* Lets the bus list only what still is a job. */
static void rebuild_jobs(Operations *o) {
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

/* Tells the model which unbinds are under way: those whose step has begun and not ended. */
static void show_unbindings(Operations *o, const Transaction *t) {
        Host *h = model_host(o->model);

        host_clear_unbindings(h);
        for (size_t j = 0; j < o->n_jobs; j++) {
                const Transaction *job = o->jobs[j]->transaction;

                for (size_t i = 0; job && i < job->n_steps; i++)
                        if (job->states[i] == STEP_STATE_RUNNING &&
                            job->steps[i].action == STEP_UNBIND)
                                (void) host_add_unbinding(h, &job->steps[i].address,
                                                          job->steps[i].value);
        }
        if (t)
                touch_members(o, t);
}

static void on_job_changed(Job *job, void *userdata) {
        Operation *op = userdata;

        show_unbindings(op->owner, job->transaction);
        (void) bus_job_changed(op->owner->bus, job);
}

static void on_job_stuck(Job *job, void *userdata) {
        Operation *op = userdata;
        char text[ADDRESS_TEXT_MAX], *message;

        notice_job_stuck(job);
        (void) bus_job_changed(op->owner->bus, job);
        if (asprintf(&message, "%s: the kernel has not ended a write in time; it goes on as job "
                     "%u. Stop what still uses the device.",
                     address_format(&op->request.address, text), job->id) < 0)
                return;
        answer_error(op, VFIOD_ERROR_STUCK, message);
        free(message);
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
                answer_result(op, VFIOD_RESULT_DONE);
        else
                answer_error(op, error, message);
        (void) bus_job_removed(o->bus, op->job, done ? VFIOD_RESULT_DONE : op->job->state, error,
                               message);
        operation_free(op);
        rebuild_jobs(o);
}

static void on_job_ended(Job *job, void *userdata) {
        Operation *op = userdata;
        Operations *o = op->owner;
        const Transaction *t = job->transaction;
        Address *members = NULL;
        size_t n = t ? t->n_members : 0;

        (void) bus_job_changed(o->bus, job);
        if (t)
                (void) commit_transaction(o->context.runtime_fd, model_host(o->model), t);
        show_unbindings(o, NULL);
        if (n > 0)
                members = calloc(n, sizeof(Address));
        for (size_t i = 0; members && i < n; i++)
                members[i] = t->members[i].address;
        if (members)
                (void) model_reread(o->model, members, n);
        free(members);
        if (model_probe(o->model, &op->request.address, false, finish_job, op) < 0)
                finish_job(op);
}

static const JobHandlers job_handlers = {
        .changed = on_job_changed,
        .stuck = on_job_stuck,
        .ended = on_job_ended,
};

/* Returns: the job that runs on the group, or NULL. */
static const Job *group_job(const Operations *o, unsigned group) {
        for (const Operation *op = o->operations; op; op = op->next)
                if (op->job && op->group == group)
                        return op->job;
        return NULL;
}

/* Answers and ends the operation if a job runs on the group. Returns: true if so. */
static bool refuse_busy(Operation *op, unsigned group) {
        const Job *job = group_job(op->owner, group);
        char text[ADDRESS_TEXT_MAX], message[160];

        if (!job)
                return false;
        snprintf(message, sizeof(message),
                 "%s: job %u (%s) still runs on its group %u; try again when it has ended.",
                 address_format(&op->request.address, text), job->id, job->state, group);
        answer_error(op, strcmp(job->state, JOB_STUCK) == 0 ? VFIOD_ERROR_STUCK : VFIOD_ERROR_BUSY,
                     message);
        operation_free(op);
        return true;
}

/* Runs the plan, or answers why not. */
static void start_job(Operation *op, const Plan *plan) {
        Operations *o = op->owner;
        char message[128];
        int r;

        op->group = plan->group;
        r = job_start(&o->context, plan, op->request.timeout_usec, &job_handlers, op, &op->job);
        if (r < 0) {
                snprintf(message, sizeof(message), "The worker could not be started: %s.",
                         strerror(-r));
                answer_error(op, SD_BUS_ERROR_FAILED, message);
                operation_free(op);
                return;
        }
        rebuild_jobs(o);
        (void) bus_job_new(o->bus, op->job);
        if (op->request.no_block)
                answer_result(op, VFIOD_RESULT_QUEUED);
}

/* A plan that moves nothing: answer, and keep the books on claims. */
static void answer_idle_plan(Operation *op, const Plan *plan) {
        Operations *o = op->owner;
        int r = 0;

        if (plan->claim_only)
                r = commit_claim(o->context.runtime_fd, model_host(o->model), plan);
        else if (plan->kind == PLAN_RELEASE && plan->set > 0 && !plan->kept)
                r = commit_forget(o->context.runtime_fd, model_host(o->model), plan->set);
        (void) model_touch(o->model, &plan->address, 1);
        if (r < 0)
                answer_error(op, SD_BUS_ERROR_FAILED, "The record of claims could not be written.");
        else
                answer_result(op, plan->kept ? VFIOD_RESULT_KEPT
                                  : plan->claim_only ? VFIOD_RESULT_DONE
                                                     : VFIOD_RESULT_UNCHANGED);
        operation_free(op);
}

static int make_plan(Operation *op, Plan **ret) {
        const Request request = { .address = op->request.address, .with = op->request.with,
                                  .n_with = op->request.n_with, .group = op->request.group,
                                  .driver = op->request.driver, .claim = op->request.claim,
                                  .accept = op->request.accept,
                                  .n_accept = op->request.n_accept };
        Model *model = op->owner->model;

        return (op->kind == OPERATION_RELEASE ? plan_release : plan_prepare)(
                model_host(model), model_report(model), &request, ret);
}

static void answer_plan(Operation *op, const Plan *plan) {
        if (plan->error && !plan->grantable)
                answer_error(op, plan->error, plan->error_message);
        else if (op->message)
                (void) bus_reply_plan(op->message, plan);
        operation_free(op);
}

/* The facts are fresh: plan, and act on it. */
static void proceed(void *userdata) {
        Operation *op = userdata;
        const DeviceReport *d = report_find_device(model_report(op->owner->model),
                                                   &op->request.address);
        Plan *plan;

        if (op->kind == OPERATION_REFRESH) {
                (void) bus_reply_empty(op->message);
                operation_free(op);
                return;
        }
        if (op->kind != OPERATION_PLAN && d && d->device->grouped == FACT_PRESENT &&
            refuse_busy(op, d->device->group))
                return;
        if (make_plan(op, &plan) < 0) {
                answer_error(op, SD_BUS_ERROR_NO_MEMORY, "Out of memory.");
                operation_free(op);
                return;
        }
        if (op->kind == OPERATION_PLAN) {
                answer_plan(op, plan);
        } else if (plan->error) {
                answer_error(op, plan->error, plan->error_message);
                operation_free(op);
        } else if (plan->n_steps == 0) {
                answer_idle_plan(op, plan);
        } else if (!refuse_busy(op, plan->group)) {
                start_job(op, plan);
        }
        plan_free(plan);
}

/* Takes the call in and has the device's group probed first. */
static int begin(Operations *o, OperationKind kind, sd_bus_message *m, const BusRequest *request) {
        Operation *op = calloc(1, sizeof(Operation));
        int r;

        if (!op)
                return -ENOMEM;
        op->owner = o;
        op->kind = kind;
        op->message = sd_bus_message_ref(m);
        op->next = o->operations;
        o->operations = op;
        r = request_copy(&op->request, request);
        if (r < 0) {
                operation_free(op);
                return r;
        }
        r = model_probe(o->model, &op->request.address,
                        kind == OPERATION_PLAN || kind == OPERATION_PREPARE, proceed, op);
        if (r == -ENODEV) { /* nothing to probe: the plan says what is wrong */
                proceed(op);
                return 0;
        }
        if (r < 0) /* nothing is planned on facts that may be old */
                operation_free(op);
        return r;
}

int operations_refresh(Operations *o, sd_bus_message *m, const Address *a, sd_bus_error *error) {
        const BusRequest request = { .address = *a };

        (void) error;
        return begin(o, OPERATION_REFRESH, m, &request);
}

int operations_plan(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        (void) error;
        return begin(o, OPERATION_PLAN, m, r);
}

static int begin_change(Operations *o, OperationKind kind, sd_bus_message *m, const BusRequest *r,
                        sd_bus_error *error) {
        char text[ADDRESS_TEXT_MAX];

        if (!o->context.runtime_path)
                return sd_bus_error_setf(error, VFIOD_ERROR_READ_ONLY,
                                         "%s is on a recorded host: nothing on it can be changed.",
                                         address_format(&r->address, text));
        return begin(o, kind, m, r);
}

int operations_prepare(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        return begin_change(o, OPERATION_PREPARE, m, r, error);
}

int operations_release(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        return begin_change(o, OPERATION_RELEASE, m, r, error);
}

void operations_set_bus(Operations *o, Bus *bus) {
        o->bus = bus;
}

/* Follows a worker that outlived an earlier daemon. Returns: 0, -ESRCH if it is gone, or -errno. */
static int adopt_job(Operations *o, const Transaction *t) {
        Operation *op = calloc(1, sizeof(Operation));
        int r;

        if (!op)
                return -ENOMEM;
        op->owner = o;
        op->kind = t->kind == PLAN_PREPARE ? OPERATION_PREPARE : OPERATION_RELEASE;
        op->request.address = t->address;
        op->group = t->group;
        op->next = o->operations;
        o->operations = op;
        r = job_adopt(o->context.event, o->context.runtime_fd, t->id, &job_handlers, op, &op->job);
        if (r < 0) {
                operation_free(op);
                return r;
        }
        rebuild_jobs(o);
        return bus_job_new(o->bus, op->job);
}

/* The worker is gone. It may have ended well since the record was read; else what it moved is known
 * by the record and can be released. Returns: 1 if it was left half way, 0, or -errno. */
static int adopt_abandoned(Operations *o, unsigned id) {
        Transaction *t;
        int r = transaction_read(o->context.runtime_fd, id, &t);

        if (r < 0)
                return r;
        if (t->outcome != OUTCOME_NONE) {
                r = commit_transaction(o->context.runtime_fd, model_host(o->model), t);
        } else if (transaction_is_locked(o->context.runtime_fd, id) > 0) {
                r = 1; /* it lives after all, and cannot be followed: leave it its record */
        } else {
                r = commit_abandoned(o->context.runtime_fd, model_host(o->model), t);
                r = r < 0 ? r : 1;
        }
        transaction_free(t);
        return r;
}

/* Returns: 1 if the transaction was left half way, 0 if it is taken care of, or -errno. */
static int adopt_transaction(Operations *o, unsigned id) {
        Transaction *t;
        int r = transaction_read(o->context.runtime_fd, id, &t);

        if (r < 0)
                return r == -EBADMSG ? 1 : r;
        if (id > o->context.last_id)
                o->context.last_id = id;
        if (!transaction_is_current(t)) /* of another boot: what it says is no more */
                r = transaction_remove(o->context.runtime_fd, id);
        else if (t->outcome != OUTCOME_NONE)
                r = commit_transaction(o->context.runtime_fd, model_host(o->model), t);
        else
                r = adopt_job(o, t);
        transaction_free(t);
        return r == -ESRCH ? adopt_abandoned(o, id) : r;
}

int operations_adopt(Operations *o) {
        unsigned *ids;
        size_t n;
        int left = 0, r = transaction_list(o->context.runtime_fd, &ids, &n);

        if (r < 0)
                return r;
        /* One that cannot be taken over is no reason to serve nothing. */
        for (size_t i = 0; i < n; i++)
                left += adopt_transaction(o, ids[i]) != 0;
        free(ids);
        return left;
}

int operations_new(Model *model, const JobContext *jobs, Operations **ret) {
        Operations *o = calloc(1, sizeof(Operations));

        if (!o)
                return -ENOMEM;
        o->model = model;
        o->context = *jobs;
        *ret = o;
        return 0;
}

Operations *operations_free(Operations *o) {
        if (!o)
                return NULL;
        while (o->operations)
                operation_free(o->operations);
        free(o->jobs);
        free(o);
        return NULL;
}
