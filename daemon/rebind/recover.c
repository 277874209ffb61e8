/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "names.h"
#include "rebind/check.h"
#include "rebind/worker-internal.h"

int worker_leave(Worker *w, char *cause) {
        char *message;
        int r;

        (void) cause_set(&message, 0, "%s; what was begun stays as it is until it can be released",
                         cause ? cause : "memory is short");
        r = worker_log_end(w, OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED, message);
        free(message);
        free(cause);
        return r;
}

/* Whether a write to the host may have begun. Loading a module changes no device by itself. */
static const Step *last_begun(const Transaction *t) {
        const Step *last = NULL;

        for (size_t i = 0; i < t->n_steps; i++)
                if (t->states[i] != STEP_STATE_PENDING && t->steps[i].action != STEP_LOAD_MODULE)
                        last = &t->steps[i];
        return last;
}

/* Whether nothing of the prepare has failed and every member is where it was to go: then only the
 * word that it is done is missing. */
static bool is_complete(Worker *w) {
        const Transaction *t = w->t;

        if (t->undoing)
                return false;
        for (size_t i = 0; i < t->n_steps; i++) {
                char *cause = NULL;
                int r = 0;

                if (t->states[i] == STEP_STATE_FAILED)
                        return false;
                if (t->steps[i].action != STEP_VERIFY)
                        continue;
                r = check_identity(w->run.backend, t, transaction_member(t, &t->steps[i].address),
                                   &cause);
                if (r == 0)
                        r = step_run(&w->run, t->steps, i, &cause);
                if (r < 0) {
                        free(cause);
                        return false;
                }
        }
        return true;
}

/* Returns: true if every member is as it was recorded. */
static bool is_restored(Worker *w) {
        char *left = NULL;
        bool gone, restored;

        if (check_restored(w->run.backend, w->t, &left, &gone) < 0)
                return false;
        restored = !left;
        free(left);
        return restored;
}

static char *killed_cause(const Transaction *t) {
        const Step *last = last_begun(t);
        char *phrase = last ? step_phrase(last) : NULL, *cause;

        (void) cause_set(&cause, 0, "the worker was killed%s%s", phrase ? ", last " : "",
                         phrase ? phrase : "");
        free(phrase);
        return cause;
}

static int recover_prepare(Worker *w) {
        char *cause, *in_use = NULL;
        const char *error;

        if (is_complete(w))
                return worker_log_end(w, OUTCOME_DONE, NULL, NULL);
        cause = killed_cause(w->t);
        if (!last_begun(w->t) && is_restored(w))
                return worker_fail(w, VFIOD_ERROR_VERIFY_FAILED, cause);
        /* To take a device from a process that has taken it meanwhile would wait for that, and virtual
         * functions that were made meanwhile would vanish. */
        if (!is_restored(w) && check_free(w->run.backend, w->t, &error, &in_use) < 0) {
                free(cause);
                return worker_leave(w, in_use);
        }
        return worker_roll_back(w, VFIOD_ERROR_VERIFY_FAILED, cause);
}

int worker_recover(Worker *w) {
        return w->t->kind == PLAN_RELEASE ? worker_release(w) : recover_prepare(w);
}
