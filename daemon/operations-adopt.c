/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "commit.h"
#include "operations-internal.h"

/* Follows a worker that outlived an earlier daemon, or has a new one take over what is left of it.
 * Returns: 0 or -errno. */
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
        r = job_adopt(&o->context, t->id, &operation_job_handlers, op, &op->job);
        if (r == -ESRCH)
                r = job_recover(&o->context, t->id, &operation_job_handlers, op, &op->job);
        if (r < 0) {
                operation_free(op);
                return r;
        }
        operations_rebuild_jobs(o);
        operations_show_unbindings(o, op->job->transaction);
        return bus_job_new(o->bus, op->job);
}

/* Nobody can finish it. What it moved is known by the record and can be released. Returns: 1, or
 * -errno. */
static int abandon(Operations *o, const Transaction *t) {
        int r;

        if (transaction_is_locked(o->context.runtime_fd, t->id) > 0)
                return 1; /* somebody works on it and cannot be followed: leave it its record */
        r = commit_abandoned(o->context.runtime_fd, model_host(o->model), t);
        return r < 0 ? r : 1;
}

/* Returns: 1 if the transaction is left half way, 0 if it is taken care of, or -errno. */
static int adopt_transaction(Operations *o, unsigned id) {
        Transaction *t;
        int r = transaction_read(o->context.runtime_fd, id, &t);

        if (r < 0)
                return r == -EBADMSG ? 1 : r;
        if (id > o->context.last_id)
                o->context.last_id = id;
        if (!transaction_is_current(t)) { /* of another boot: what it says is no more */
                r = transaction_remove(o->context.runtime_fd, id);
        } else if (t->outcome != OUTCOME_NONE) {
                r = operations_commit(o, t);
        } else {
                r = adopt_job(o, t);
                if (r < 0)
                        r = abandon(o, t);
        }
        transaction_free(t);
        return r;
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
