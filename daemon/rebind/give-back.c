/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "names.h"
#include "rebind/check.h"
#include "rebind/worker-internal.h"

#define NO_MEMORY "memory is short"

static const char *or_no_memory(const char *text) {
        return text ? text : NO_MEMORY;
}

int worker_fail(Worker *w, const char *error, char *cause) {
        char *message;
        int r;

        (void) cause_set(&message, 0, "%s; nothing was changed", or_no_memory(cause));
        r = worker_log_end(w, OUTCOME_FAILED, error, or_no_memory(message));
        free(message);
        free(cause);
        return r;
}

/* What must not be touched, per member, as far as giving back has come. */
typedef enum Avoid {
        AVOID_NOTHING,
        AVOID_UNBIND, /* its override could not be set: unbound, it could not be bound again; or
                       * its group is in use: the unbind would wait; or it has virtual functions */
        AVOID_ALL,    /* not the recorded device, or that cannot be told */
} Avoid;

typedef struct GiveBack {
        Worker *w;
        bool undo;
        Avoid *avoid; /* as many as members */
        int error;    /* the first one */
        char *cause;  /* its words */
} GiveBack;

/* Keeps the first error. Takes cause over. */
static void keep(GiveBack *g, int error, char *cause) {
        if (g->error == 0) {
                g->error = error;
                g->cause = cause;
        } else
                free(cause);
}

/* A device that is gone, or has given its address to another, has nothing of ours to give back. */
static void check_members(GiveBack *g) {
        const Transaction *t = g->w->t;

        for (size_t i = 0; i < t->n_members; i++) {
                char *cause = NULL;
                int r = check_identity(g->w->run.backend, t, &t->members[i], &cause);

                /* In a rollback the group may be what failed: the binding is ours all the same. */
                if (r < 0 && !(r == -EXDEV && g->undo))
                        g->avoid[i] = AVOID_ALL;
                if (r == 0 || r == -ENODEV || g->avoid[i] != AVOID_ALL)
                        free(cause);
                else
                        keep(g, r, cause);
        }
}

/* A release does not wait for a process that took the group meanwhile: a later one can unbind. A
 * rollback has no later one. */
static void check_unused(GiveBack *g) {
        const Transaction *t = g->w->t;
        const char *error;
        char *cause = NULL;
        int r = g->undo ? 0 : check_free(g->w->run.backend, t, &error, &cause);

        if (r == 0)
                return;
        for (size_t i = 0; i < t->n_members; i++)
                if (g->avoid[i] == AVOID_NOTHING)
                        g->avoid[i] = AVOID_UNBIND;
        keep(g, r, cause);
}

static void run_one(GiveBack *g, const Step *steps, size_t index) {
        Worker *w = g->w;
        char *cause = NULL;
        int r;

        /* Should the record be full, giving back goes on: what is not recorded as done is done
         * once more by whoever recovers, and finds nothing to do. */
        if (g->undo)
                (void) worker_log_undo_run(w, index, &steps[index]);
        else
                (void) worker_log_run(w, index);
        r = step_run(&w->run, steps, index, &cause);
        (void) worker_log_result(w, g->undo, index, r, cause);
        if (r < 0)
                keep(g, r, cause);
        if (r < 0 && steps[index].action == STEP_SET_OVERRIDE) {
                size_t member = (size_t) (transaction_member(w->t, &steps[index].address) -
                                          w->t->members);

                g->avoid[member] = AVOID_UNBIND;
        }
}

int worker_give_back(Worker *w, const Step *steps, size_t n_steps, bool undo, char **ret_cause) {
        GiveBack g = { .w = w, .undo = undo };
        bool rechecked = false;

        g.avoid = calloc(w->t->n_members + 1, sizeof(*g.avoid));
        if (!g.avoid)
                return cause_set(ret_cause, -ENOMEM, NO_MEMORY);
        w->run.giving_back = true;
        check_members(&g);
        for (size_t i = 0; i < n_steps; i++) {
                const Managed *m = transaction_member(w->t, &steps[i].address);
                Avoid avoid;

                if (!rechecked && steps[i].action == STEP_UNBIND) {
                        rechecked = true;
                        check_members(&g);
                        check_unused(&g);
                }
                avoid = m ? g.avoid[m - w->t->members] : AVOID_NOTHING;
                if (avoid == AVOID_ALL || (avoid == AVOID_UNBIND && steps[i].action == STEP_UNBIND))
                        continue;
                run_one(&g, steps, i);
        }
        free(g.avoid);
        if (g.error < 0)
                *ret_cause = g.cause;
        return g.error;
}

/* Writes the outcome of a prepare that failed with cause and has been undone as far as it could.
 * left: what is not as it was, or NULL. undo: why, or NULL. Takes none over. */
static int end_rolled_back(Worker *w, const char *error, const char *cause, const char *left,
                           bool gone, const char *undo) {
        Outcome outcome = left ? OUTCOME_ROLLBACK_FAILED : OUTCOME_ROLLED_BACK;
        char *message;
        int r;

        if (left)
                (void) cause_set(&message, 0, "%s; not everything could be restored: %s%s%s%s",
                                 cause, left, undo ? " (" : "", undo ? undo : "", undo ? ")" : "");
        else
                (void) cause_set(&message, 0, "%s; %s is as it was", cause,
                                 gone ? "everything else" : "everything");
        r = worker_log_end(w, outcome, left ? VFIOD_ERROR_ROLLBACK_FAILED : error,
                           message ? message : cause);
        free(message);
        return r;
}

int worker_roll_back(Worker *w, const char *error, char *cause) {
        char *left = NULL, *undo = NULL;
        Step *steps = NULL;
        size_t n_steps = 0;
        bool gone = false;
        int r;

        r = plan_restore_steps(w->t->members, w->t->n_members, &steps, &n_steps);
        if (r == 0)
                (void) worker_give_back(w, steps, n_steps, true, &undo);
        steps_free(steps, n_steps);
        if (r == 0)
                r = check_restored(w->run.backend, w->t, &left, &gone);
        if (r < 0)
                r = end_rolled_back(w, error, or_no_memory(cause),
                                    "what is left could not be read back", false, NO_MEMORY);
        else
                r = end_rolled_back(w, error, or_no_memory(cause), left, gone, undo);
        free(left);
        free(undo);
        free(cause);
        return r;
}

int worker_release(Worker *w) {
        char *left = NULL, *cause = NULL, *message = NULL;
        const char *error;
        Outcome outcome = OUTCOME_DONE;
        bool gone;
        int r;

        if (check_free(w->run.backend, w->t, &error, &cause) < 0)
                return w->t->n_workers > 0 ? worker_leave(w, cause) : worker_fail(w, error, cause);
        (void) worker_give_back(w, w->t->steps, w->t->n_steps, false, &cause);
        r = check_restored(w->run.backend, w->t, &left, &gone);
        if (r < 0) {
                free(cause);
                return r;
        }
        if (left && !w->run.written && w->t->n_workers == 0) {
                free(left);
                return worker_fail(w, VFIOD_ERROR_VERIFY_FAILED, cause);
        }
        if (left) {
                outcome = OUTCOME_ROLLBACK_FAILED;
                (void) cause_set(&message, 0, "%s; not everything was given back: %s",
                                 or_no_memory(cause), left);
        }
        r = worker_log_end(w, outcome, left ? VFIOD_ERROR_ROLLBACK_FAILED : NULL, message);
        free(message);
        free(left);
        free(cause);
        return r;
}
