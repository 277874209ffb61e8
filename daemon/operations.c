/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "action-names.h"
#include "commit.h"
#include "names.h"
#include "operations-internal.h"

void operation_free(Operation *op) {
        Operations *o = op->owner;
        bool was_job = op->job;

        for (Operation **i = &o->operations; *i; i = &(*i)->next)
                if (*i == op) {
                        *i = op->next;
                        break;
                }
        operation_end_wish(op);
        model_forget(o->model, op);
        waiting_free(op->waiting);
        job_free(op->job);
        sd_bus_message_unref(op->message);
        free(op->request.with);
        free(op->request.driver);
        free(op->request.claim);
        names_free(op->request.accept, op->request.n_accept);
        free(op);
        if (was_job)
                operations_look(o); /* who waits for it to end */
}

void operation_answer_error(Operation *op, const char *name, const char *message) {
        operation_note_wish(op, message);
        if (op->message)
                (void) bus_reply_error(op->message, name, message);
        op->message = sd_bus_message_unref(op->message);
}

void operation_answer_result(Operation *op, const char *result) {
        operation_note_wish(op, NULL);
        if (op->message)
                (void) bus_reply_result(op->message, result, op->job ? op->job->id : 0);
        op->message = sd_bus_message_unref(op->message);
}

void operation_answer_success(Operation *op, const char *result) {
        char message[256], text[ADDRESS_TEXT_MAX];
        int r = operation_keep_wish(op);

        if (r >= 0) {
                operation_answer_result(op, r > 0 && strcmp(result, VFIOD_RESULT_UNCHANGED) == 0
                                                    ? VFIOD_RESULT_DONE : result);
                return;
        }
        snprintf(message, sizeof(message),
                 "%s is %s now, but that could not be written down for later boots: %s.",
                 address_format(&op->request.address, text),
                 op->kind == OPERATION_PREPARE ? "prepared" : "released",
                 r == -ENODATA ? "the wishes that are there cannot be read" : strerror(-r));
        operation_answer_error(op, SD_BUS_ERROR_FAILED, message);
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

const Job *operations_group_job(const Operations *o, unsigned group) {
        for (const Operation *op = o->operations; op; op = op->next)
                if (op->job && op->group == group)
                        return op->job;
        return NULL;
}

/* Answers and ends the operation if a job runs on the group, or has it wait for that. Returns: true
 * if so. */
static bool refuse_busy(Operation *op, unsigned group) {
        const Job *job = operations_group_job(op->owner, group);
        char text[ADDRESS_TEXT_MAX], message[160];
        const char *error;

        if (!job)
                return false;
        error = strcmp(job->state, JOB_STUCK) == 0 ? VFIOD_ERROR_STUCK : VFIOD_ERROR_BUSY;
        snprintf(message, sizeof(message),
                 "%s: job %u (%s) still runs on its group %u; try again when it has ended.",
                 address_format(&op->request.address, text), job->id, job->state, group);
        if (operation_waits_for_job(op, error, message))
                return true;
        operation_answer_error(op, error, message);
        operation_free(op);
        return true;
}

/* Answers and ends the operation if what was done before is not in the books. Returns: true if so. */
static bool refuse_unsettled(Operation *op) {
        char message[256];
        int r = operations_settle(op->owner);

        if (r >= 0)
                return false;
        snprintf(message, sizeof(message),
                 "What was moved before could not be written down in %s (%s); nothing more is "
                 "moved until it is. Make room there.", op->owner->context.runtime_path,
                 strerror(-r));
        operation_answer_error(op, SD_BUS_ERROR_FAILED, message);
        operation_free(op);
        return true;
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
                operation_answer_error(op, SD_BUS_ERROR_FAILED, "The record of claims could not be written.");
        else
                operation_answer_success(op, plan->kept ? VFIOD_RESULT_KEPT
                                             : plan->claim_only ? VFIOD_RESULT_DONE
                                                                : VFIOD_RESULT_UNCHANGED);
        operation_free(op);
}

/* To look at what is on a disk wakes it, and is in the way of whoever mounts it at that moment: not
 * for everybody who asks. Returns: true if it is done. */
static bool looks_closely(const Operation *op) {
        return op->kind == OPERATION_PREPARE || (op->kind == OPERATION_PLAN && op->uid == 0);
}

/* What goes back to the host takes nothing from it. */
static ModelDepth depth(const Operation *op) {
        return op->kind == OPERATION_RELEASE ? MODEL_STATE : looks_closely(op) ? MODEL_DISKS : MODEL_USES;
}

static int make_plan(Operation *op, Plan **ret) {
        const Request request = { .address = op->request.address, .with = op->request.with,
                                  .n_with = op->request.n_with, .group = op->request.group,
                                  .driver = op->request.driver, .claim = op->request.claim,
                                  .accept = op->request.accept,
                                  .n_accept = op->request.n_accept,
                                  .from_afar = !looks_closely(op) &&
                                               op->owner->context.runtime_path,
                                  .foreign = op->request.foreign };
        Model *model = op->owner->model;

        return (op->kind == OPERATION_RELEASE ? plan_release : plan_prepare)(
                model_host(model), model_report(model), &request, ret);
}

static void answer_plan(Operation *op, const Plan *plan) {
        if (plan->error && !plan->grantable)
                operation_answer_error(op, plan->error, plan->error_message);
        else if (op->message)
                (void) bus_reply_plan(op->message, plan);
        operation_free(op);
}

/* Answers and ends the operation if the device is not the one that the call was about, and polkit
 * was asked about: reading facts takes time, and waiting for a holder an hour. What is gone is the
 * plan's to tell. Returns: true if so. */
static bool refuse_other(Operation *op, const DeviceReport *d) {
        const BusIdentity now = bus_identity(d ? d->device : NULL);
        char text[ADDRESS_TEXT_MAX], message[160];

        if (!d || op->kind == OPERATION_PLAN || bus_identity_equal(&now, &op->request.identity))
                return false;
        snprintf(message, sizeof(message),
                 "%s is another device now than when this was asked for; nothing was changed. See "
                 "what it is: vfioctl list", address_format(&op->request.address, text));
        operation_answer_error(op, VFIOD_ERROR_NO_SUCH_DEVICE, message);
        operation_free(op);
        return true;
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
        if (refuse_other(op, d))
                return;
        if (operation_plan_wish(op, d))
                return;
        if (op->kind != OPERATION_PLAN && d && d->device->grouped == FACT_PRESENT &&
            refuse_busy(op, d->device->group))
                return;
        if (op->kind != OPERATION_PLAN && refuse_unsettled(op))
                return;
        if (make_plan(op, &plan) < 0) {
                operation_answer_error(op, SD_BUS_ERROR_NO_MEMORY, "Out of memory.");
                operation_free(op);
                return;
        }
        if (op->kind == OPERATION_PLAN) {
                answer_plan(op, plan);
        } else if (operation_waits(op, plan)) {
                ; /* what is planned when the holder has gone is another plan */
        } else if (plan->error) {
                if (operation_forgets_unmanaged(op, plan))
                        operation_answer_success(op, VFIOD_RESULT_KEPT);
                else
                        operation_answer_error(op, plan->error, plan->error_message);
                operation_free(op);
        } else if (plan->n_steps == 0) {
                answer_idle_plan(op, plan);
        } else if (!refuse_busy(op, plan->group)) {
                operation_start_job(op, plan);
        }
        plan_free(plan);
}

int operation_ask(Operation *op) {
        int r = model_probe(op->owner->model, &op->request.address, depth(op), proceed, op);

        if (r != -ENODEV)
                return r;
        proceed(op); /* nothing to probe: the plan says what is wrong */
        return 0;
}

/* Takes a call in (m is NULL where nobody called). Returns: it, or NULL when memory is short. */
static Operation *take_in(Operations *o, OperationKind kind, sd_bus_message *m,
                          const BusRequest *request) {
        Operation *op = calloc(1, sizeof(Operation));

        if (!op)
                return NULL;
        op->owner = o;
        op->kind = kind;
        (void) sd_event_now(o->context.event, CLOCK_MONOTONIC, &op->since_usec);
        op->message = sd_bus_message_ref(m);
        op->uid = m ? bus_caller(o->bus, m) : 0;
        op->next = o->operations;
        o->operations = op;
        if (request_copy(&op->request, request) < 0) {
                operation_free(op);
                return NULL;
        }
        return op;
}

/* Has the device's group probed, and goes on with what is known then. */
static int begin(Operation *op) {
        int r = op ? operation_ask(op) : -ENOMEM;

        if (r < 0 && op) /* nothing is planned on facts that may be old */
                operation_free(op);
        return r;
}

/* Facts are fresh after seconds, or known to be not to be had: so late, nobody works on it. */
#define STALLED_USEC UINT64_C(60000000)

bool operations_move(const Operations *o, uint64_t now_usec) {
        for (const Operation *op = o->operations; op; op = op->next)
                if (op->job ? job_is_overdue(op->job, STALLED_USEC)
                            : !op->waiting && now_usec > op->since_usec + STALLED_USEC)
                        return false;
        return true;
}

int operations_refresh(Operations *o, sd_bus_message *m, const Address *a, sd_bus_error *error) {
        const BusRequest request = { .address = *a };

        (void) error;
        return begin(take_in(o, OPERATION_REFRESH, m, &request));
}

int operations_plan(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        (void) error;
        return begin(take_in(o, OPERATION_PLAN, m, r));
}

int operations_check_change(const Operations *o, const Address *a, sd_bus_error *error) {
        char text[ADDRESS_TEXT_MAX];

        if (o->context.runtime_path)
                return 0;
        return sd_bus_error_setf(error, VFIOD_ERROR_READ_ONLY,
                                 "%s is on a recorded host: nothing on it can be changed.",
                                 address_format(a, text));
}

static int begin_change(Operations *o, OperationKind kind, sd_bus_message *m, const BusRequest *r,
                        sd_bus_error *error) {
        int e = operations_check_change(o, &r->address, error);

        return e < 0 ? e : begin(take_in(o, kind, m, r));
}

int operations_prepare(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        return begin_change(o, OPERATION_PREPARE, m, r, error);
}

int operation_begin_wish(Operations *o, OperationKind kind, const BusRequest *request, bool again) {
        Operation *op = take_in(o, kind, NULL, request);

        if (op) {
                op->request.identity = bus_identity(host_find_device(model_host(o->model),
                                                                     &request->address));
                op->for_wish = true;
                op->again = again;
                o->meeting = op;
        }
        return begin(op);
}

int operations_release(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        const Wish *w = r->persist ? host_find_configured(model_host(o->model), &r->address) : NULL;
        char text[ADDRESS_TEXT_MAX];

        if (r->persist && !host_find_device(model_host(o->model), &r->address))
                return operations_forget_wish(o, m, &r->address);
        if (w)
                return sd_bus_error_setf(error, VFIOD_ERROR_NOT_SUPPORTED,
                                         "%s is persisted by [device %s] in %s, line %u: take that "
                                         "section out. Nothing was changed.",
                                         address_format(&r->address, text), w->name, w->file,
                                         w->line);
        return begin_change(o, OPERATION_RELEASE, m, r, error);
}

void operations_set_units(Operations *o, struct Units *units) {
        o->context.units = units;
}

void operations_set_timeout(Operations *o, uint64_t usec) {
        o->timeout_usec = usec;
}

void operations_set_bus(Operations *o, Bus *bus) {
        o->bus = bus;
}

int operations_new(Model *model, const JobContext *jobs, int state_fd, Operations **ret) {
        Operations *o = calloc(1, sizeof(Operations));
        int r;

        if (!o)
                return -ENOMEM;
        o->model = model;
        o->context = *jobs;
        o->state_fd = state_fd;
        r = operations_prepare_meeting(o);
        if (r < 0) {
                operations_free(o);
                return r;
        }
        *ret = o;
        return 0;
}

Operations *operations_free(Operations *o) {
        if (!o)
                return NULL;
        while (o->operations)
                operation_free(o->operations);
        operations_end_meeting(o);
        free(o->jobs);
        free(o->uncommitted);
        free(o);
        return NULL;
}
