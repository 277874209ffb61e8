/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/wish.h"
#include "operations.h"

/* The parts of operations*.c. */

typedef enum OperationKind { OPERATION_REFRESH, OPERATION_PLAN, OPERATION_PREPARE,
                             OPERATION_RELEASE } OperationKind;

/* operations-wait.c: why an operation has not begun, and what ends that. */
typedef struct Waiting Waiting;

/* One call on its way. */
typedef struct Operation {
        struct Operation *next;
        Operations *owner;
        OperationKind kind;
        sd_bus_message *message; /* NULL once answered, or for a job of an earlier daemon */
        BusRequest request;      /* own copy */
        Job *job;
        Waiting *waiting; /* NULL: it does not wait for a holder to go, or a job to end */
        uid_t uid;        /* who called; 0: nobody did */
        unsigned group; /* valid with job */
        bool for_wish; /* nobody called: a wish is met, or what is held is given back */
        bool again;    /* after it is given back its wish is to be met */
        bool late;     /* when it was planned a driver of the host had the device */
        bool held;     /* ... it was held */
        uint64_t since_usec; /* when it came, CLOCK_MONOTONIC */
} Operation;

struct Operations {
        Model *model;
        JobContext context;
        int state_fd;
        Bus *bus;
        Operation *operations;
        Job **jobs;
        size_t n_jobs;
        unsigned *uncommitted; /* transactions that have ended and are not in the books yet */
        size_t n_uncommitted;
        AddressList wished;     /* devices whose wishes are to be met */
        AddressList left;       /* held devices that are to be given back */
        AddressList shown;      /* devices that were given back for their disks to be seen */
        AddressList stranded;   /* devices that could not be given back */
        Operation *meeting;     /* the one that is being met or given back */
        sd_event_source *meet;  /* enabled: there is something to do about them */
        sd_event_source *patience; /* enabled: there is something to do about `left` or `shown` soon */
        uint64_t timeout_usec; /* of what nobody called for */
        bool all_due; /* the wishes of this boot have not all been looked at */
};

/* Takes it out of the list and frees it. */
void operation_free(Operation *op);
/* Each answers the call, once; a caller that has gone is no matter. */
void operation_answer_error(Operation *op, const char *name, const char *message);
void operation_answer_result(Operation *op, const char *result);

/* Has the device's group probed, and then plans and goes on. Returns: 0, then it may be gone; or
 * -errno. */
int operation_ask(Operation *op);

/* operations-wait.c: with `wait`, has a plan that a holder is in the way of made anew when that may
 * have gone, until the call's time is over. Returns: true if that is so, or it has been answered and
 * is gone; false if the plan decides. */
bool operation_waits(Operation *op, const Plan *plan);
/* The same where a job is in the way, which is error and why. Returns: false if the call has no
 * `wait`: then nothing is done. */
bool operation_waits_for_job(Operation *op, const char *error, const char *why);
/* Returns: the job that runs on the group, or NULL. */
const Job *operations_group_job(const Operations *o, unsigned group);
/* NULL is taken. Returns: NULL. */
Waiting *waiting_free(Waiting *w);

/* operations-wishes.c: with `persist`, writes down that the device is to be prepared at every boot,
 * or that it is not any more. Returns: 1 if that has changed, 0 or -errno. */
int operation_keep_wish(Operation *op);
/* Returns: true if the call takes back the wish for a device that somebody else has put on VFIO: it
 * stays there, but the wish is vfiod's own. */
bool operation_forgets_unmanaged(const Operation *op, const Plan *plan);
/* Answers a call that takes back the wish for a device that is not there. Returns: 0 or -errno. */
int operations_forget_wish(Operations *o, sd_bus_message *m, const Address *a);
/* Answers what came of the operation, after the wish is written down. */
void operation_answer_success(Operation *op, const char *result);

/* operations-boot.c: makes what meets wishes, idle. Returns: 0 or -errno. */
int operations_prepare_meeting(Operations *o);
void operations_end_meeting(Operations *o);
/* Begins to prepare a device for its wish, or to release it. Returns: 0, or -errno with nothing
 * begun. */
int operation_begin_wish(Operations *o, OperationKind kind, const BusRequest *request, bool again);
/* Keeps how the device is when the plan is made. Returns: true if it must not be made yet: the
 * operation has ended. */
bool operation_plan_wish(Operation *op, const DeviceReport *d);
/* Notes what came of a device's wish, also for a daemon that starts anew. message: why it is not met,
 * or NULL. */
void operations_note_wish_result(Operations *o, const Address *a, bool late, const char *message);
void operations_drop_wish_result(Operations *o, const Address *a);
/* Has a device's wish met, later, when whoever reports a change is done. Returns: 0 or -errno. */
int operations_queue_wish(Operations *o, const Address *a);

/* operations-left.c: held devices that nobody is going to move. */
int operations_prepare_left(Operations *o);
/* Looks at one, or at all (NULL), and soon gives back what is left then. */
void operations_watch_left(Operations *o, const DeviceReport *d);
/* Forgets what was noted of a device that is gone. */
void operations_forget_left(Operations *o, const Address *a);
/* Begins to give the next one back. Returns: true if there was one. */
bool operations_give_back_next(Operations *o);
/* Begins to give one back, to have its wish met when its disks can be seen. Returns: 0 or -errno. */
int operations_show_disks(Operations *o, const Address *a);
/* Keeps what came of it. message: why it could not be given back, or NULL. */
void operation_note_left(Operation *op, const char *message);

/* Keeps what came of it, if it is for a wish. message: why it is not met, or NULL. */
void operation_note_wish(Operation *op, const char *message);
/* It is over, if it was for a wish: the next may begin. */
void operation_end_wish(Operation *op);

/* operations-jobs.c */
extern const JobHandlers operation_job_handlers;
/* Lets the bus list only what still is a job. */
void operations_rebuild_jobs(Operations *o);
/* Tells the model which unbinds are under way: those whose step has begun and not ended. t: of which
 * members the groups are to be evaluated again; may be NULL. */
void operations_show_unbindings(Operations *o, const Transaction *t);
/* Runs the plan, or answers why not. */
void operation_start_job(Operation *op, const Plan *plan);
/* Takes an ended transaction into the books; what cannot be written is tried again by
 * operations_settle(). Returns: 0 or -errno. */
int operations_commit(Operations *o, const Transaction *t);
/* Writes what is missing in the books. Until that is done nothing may be begun: what was moved has
 * no other record. Returns: 0 or -errno. */
int operations_settle(Operations *o);
