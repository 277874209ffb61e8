/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "bus/departure.h"
#include "names.h"
#include "operations-internal.h"

/*
 * `wait`: a call whose device a process holds, or in whose group a job runs, is not refused but
 * planned anew whenever that may be over: the process or the job has ended, or the model has learned
 * that the group is free. Nothing has been begun meanwhile, so who leaves the bus takes the call back.
 */

/* Each holds a message and descriptors: of others than root, for each and for all together. */
#define USER_WAITING_MAX 16
#define WAITING_MAX      64
/* The group is free when the last one has gone; then those that are left are watched. */
#define HOLDERS_MAX      2
#define ACCURACY_USEC    UINT64_C(10000)

struct Waiting {
        Operation *op;
        sd_event_source *deadline, *again;
        sd_event_source *holders[HOLDERS_MAX];
        size_t n_holders;
        Departure sender;
        bool asking;    /* facts are being read */
        bool once_more; /* a hint has come while they were */
        bool late;      /* the time is over: it is looked once more, and that decides */
        bool last;      /* ... and that look has begun */
};

static void forget_holders(Waiting *w) {
        while (w->n_holders > 0)
                sd_event_source_disable_unref(w->holders[--w->n_holders]);
}

Waiting *waiting_free(Waiting *w) {
        if (!w)
                return NULL;
        forget_holders(w);
        sd_event_source_disable_unref(w->deadline);
        sd_event_source_disable_unref(w->again);
        departure_clear(&w->sender);
        free(w);
        return NULL;
}

/* It may be free by now. Not looked at here: a hint can come from the middle of an evaluation. */
static void hint(Waiting *w) {
        if (w->asking)
                w->once_more = true;
        else
                (void) sd_event_source_set_enabled(w->again, SD_EVENT_ONESHOT);
}

static int on_again(sd_event_source *source, void *userdata) {
        Waiting *w = userdata;
        Operation *op = w->op;

        (void) source;
        w->asking = true;
        w->last = w->late;
        if (operation_ask(op) < 0) {
                operation_answer_error(op, SD_BUS_ERROR_FAILED,
                                       "The device could not be read again.");
                operation_free(op);
        }
        return 0;
}

/* No event tells of everything: what has become of the holder is looked at once more. */
static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        Waiting *w = userdata;

        (void) source;
        (void) usec;
        w->late = true;
        hint(w);
        return 0;
}

static void on_sender_gone(void *userdata) {
        operation_free(((Waiting *) userdata)->op);
}

static int on_holder_gone(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        (void) fd;
        (void) events;
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF); /* it stays readable */
        hint(userdata);
        return 0;
}

/* Has the end of one holder noticed. Where that cannot be had, other hints have to do. */
static void watch_holder(Waiting *w, pid_t pid) {
        sd_event_source **source = &w->holders[w->n_holders];
        int fd = pidfd_open(pid, 0);

        if (fd < 0) {
                if (errno == ESRCH)
                        hint(w);
                return;
        }
        if (sd_event_add_io(w->op->owner->context.event, source, fd, EPOLLIN, on_holder_gone,
                            w) < 0) {
                close(fd);
                return;
        }
        (void) sd_event_source_set_io_fd_own(*source, true);
        w->n_holders++;
}

static void watch_holders(Waiting *w, const Group *g) {
        for (size_t i = 0; i < g->n_holders && w->n_holders < HOLDERS_MAX; i++)
                watch_holder(w, g->holders[i].pid);
}

/* Returns: the group of the operation's device if a process is known to hold it, or NULL. */
static const Group *held_group(const Operation *op) {
        const Host *h = model_host(op->owner->model);
        const Device *d = host_find_device(h, &op->request.address);
        const Group *g = d && d->grouped == FACT_PRESENT ? host_find_group(h, d->group) : NULL;

        return g && g->in_use == FACT_PRESENT ? g : NULL;
}

static int add_sources(Waiting *w) {
        Operation *op = w->op;
        sd_event *event = op->owner->context.event;
        const char *sender = sd_bus_message_get_sender(op->message);
        int r = sd_event_add_time(event, &w->deadline, CLOCK_MONOTONIC,
                                  op->since_usec + op->request.timeout_usec, ACCURACY_USEC,
                                  on_deadline, w);

        if (r >= 0)
                r = sd_event_add_defer(event, &w->again, on_again, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->again, SD_EVENT_OFF);
        if (r >= 0 && sender)
                r = departure_watch(&w->sender, sd_bus_message_get_bus(op->message), sender,
                                    on_sender_gone, w);
        return r;
}

static int begin(Operation *op) {
        Waiting *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return -ENOMEM;
        w->op = op;
        r = add_sources(w);
        if (r < 0)
                waiting_free(w);
        else
                op->waiting = w;
        return r;
}

/* Root is not bounded, and does not take the room of others. */
static bool too_many(const Operation *new) {
        size_t n = 0, of_user = 0;

        for (const Operation *op = new->owner->operations; op; op = op->next) {
                n += op->waiting && op->uid != 0;
                of_user += op->waiting && op->uid == new->uid;
        }
        return new->uid != 0 && (n >= WAITING_MAX || of_user >= USER_WAITING_MAX);
}

/* Waits on, or begins to. g: whose holders are in the way, or NULL. Returns: 0 or -errno. */
static int wait_on(Operation *op, const Group *g) {
        int r = op->waiting ? 0 : too_many(op) ? -EUSERS : begin(op);
        Waiting *w = op->waiting;

        if (r < 0)
                return r;
        w->asking = false;
        forget_holders(w);
        if (g)
                watch_holders(w, g);
        if (w->once_more)
                hint(w);
        w->once_more = false;
        return 0;
}

/* The time is over, and it is as it was. */
static void answer_late(Operation *op, const char *error, const char *why) {
        char *message;

        if (asprintf(&message, "%s It was waited for %.1f s.", why,
                     (double) op->request.timeout_usec / 1e6) < 0)
                message = NULL;
        operation_answer_error(op, error, message ? message : why);
        free(message);
        operation_free(op);
}

/* Waits, or answers why not; then the operation is gone. */
static void wait_or_answer(Operation *op, const Group *g, const char *error, const char *why) {
        int r;

        if (op->waiting && op->waiting->last) {
                answer_late(op, error, why);
                return;
        }
        r = wait_on(op, g);
        if (r == -EUSERS)
                operation_answer_error(op, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                       "Too many calls wait for a device to be let go: try again "
                                       "when one of them has ended.");
        else if (r < 0)
                operation_answer_error(op, SD_BUS_ERROR_FAILED, strerror(-r));
        if (r < 0)
                operation_free(op);
}

bool operation_waits(Operation *op, const Plan *plan) {
        const Group *g = op->request.wait && plan->error &&
                                         strcmp(plan->error, VFIOD_ERROR_IN_USE) == 0
                                 ? held_group(op)
                                 : NULL;

        if (!g) {
                op->waiting = waiting_free(op->waiting);
                return false;
        }
        wait_or_answer(op, g, plan->error, plan->error_message);
        return true;
}

bool operation_waits_for_job(Operation *op, const char *error, const char *why) {
        if (!op->request.wait)
                return false;
        wait_or_answer(op, NULL, error, why);
        return true;
}

/* Returns: true if nothing is known to be in the way any more. */
static bool is_free(const Operation *op) {
        const Device *d = host_find_device(model_host(op->owner->model), &op->request.address);

        return !held_group(op) && !(d && d->grouped == FACT_PRESENT &&
                                    operations_group_job(op->owner, d->group));
}

void operations_look(Operations *o) {
        for (Operation *op = o->operations; op; op = op->next)
                if (op->waiting && is_free(op))
                        hint(op->waiting);
}
