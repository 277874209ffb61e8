/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebind/fault.h"
#include "rebind/worker-internal.h"

/*
 * The worker killed at each of its fault points, and whoever takes over as well: in the end all is
 * done or all is as it was. Built with -DVFIOD_FAULT_POINTS.
 */

/* Executes the record in a process that dies at that point; 0: it lives. Returns: true if it died. */
static bool run_and_kill(Fixture *x, unsigned id, unsigned point) {
        int status;
        pid_t pid;

        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                fault_arm(point);
                _exit(worker_run_on(&x->backend, x->runtime_fd, id) == 0 ? 0 : 1);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(transaction_is_locked(x->runtime_fd, id) == 0);
        if (WIFSIGNALED(status)) {
                CHECK(WTERMSIG(status) == SIGKILL);
                return true;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return false;
}

static bool same_state(Fixture *x, const char *state) {
        char *now = fake_state(x->fake);
        bool same = strcmp(now, state) == 0;

        free(now);
        return same;
}

/* What is left is taken over: everything is as it was, or the work is done; and once that is said
 * nothing is left to take over. A release is always done. */
static void recover(Fixture *x, unsigned id, PlanKind kind, const char *before, const char *moved) {
        Transaction *t;
        bool done;

        CHECK(transaction_read(x->runtime_fd, id, &t) == 0);
        CHECK(t->outcome != OUTCOME_NONE || !run_and_kill(x, id, 0));
        transaction_free(t);
        CHECK(transaction_read(x->runtime_fd, id, &t) == 0);
        done = t->outcome == OUTCOME_DONE;
        CHECK(done || (kind == PLAN_PREPARE && (t->outcome == OUTCOME_ROLLED_BACK ||
                                                t->outcome == OUTCOME_FAILED)));
        CHECK(same_state(x, done && kind == PLAN_PREPARE ? moved : before));
        transaction_free(t);
        CHECK(worker_run_on(&x->backend, x->runtime_fd, id) == -EALREADY);
        CHECK(same_state(x, done && kind == PLAN_PREPARE ? moved : before));
}

/* Has whoever takes over killed as well. Returns: false if there is nothing to take over or no such
 * point. */
static bool kill_again(Fixture *x, unsigned id, unsigned point) {
        Transaction *t;
        bool ended;

        CHECK(transaction_read(x->runtime_fd, id, &t) == 0);
        ended = t->outcome != OUTCOME_NONE;
        transaction_free(t);
        return !ended && run_and_kill(x, id, point);
}

typedef struct Case {
        size_t n;
        PlanKind kind;
        unsigned fail_at;     /* this write fails */
        unsigned again_every; /* whoever recovers is killed as well at each so-manyth point; 0: not */
} Case;

/* Returns: true if the worker was killed, false if it has no such point. *again: if not 0, whoever
 * takes over is killed at that point; set to 0 if it has none. */
static bool run_case(const Case *c, unsigned point, unsigned *again) {
        char *before, *moved;
        unsigned id;
        bool killed;
        Fixture x;

        fixture_open(&x, c->n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, c->n);
        transaction_free(fixture_run(&x));
        moved = fake_state(x.fake);
        fixture_plan_release(&x, c->n);
        if (c->kind == PLAN_PREPARE) {
                transaction_free(fixture_run(&x));
                fixture_plan_prepare(&x, c->n);
        }
        x.fake->n_writes = 0;
        x.fake->fail_at = c->fail_at;
        x.fake->fail_error = -EIO;
        CHECK(transaction_create(x.runtime_fd, &x.plan, UINT64_MAX, 0, &id) == 0);
        killed = run_and_kill(&x, id, point);
        x.fake->fail_at = 0;
        if (killed && *again > 0 && !kill_again(&x, id, *again))
                *again = 0;
        if (killed)
                recover(&x, id, c->kind, before, moved);
        free(before);
        free(moved);
        fixture_close(&x);
        return killed;
}

/* stride: every point of a large set takes minutes under the sanitizers. Returns: cases run. */
static unsigned run_points(const Case *c, unsigned stride) {
        unsigned cases = 0, none = 0;

        for (unsigned point = 1; run_case(c, point, &none); point += stride) {
                cases++;
                if (c->again_every == 0)
                        continue;
                for (unsigned again = 1; again > 0 && run_case(c, point, &again);
                     again += again > 0 ? c->again_every : 0)
                        cases++;
        }
        return cases;
}

int main(int argc, char **argv) {
        static const size_t sizes[] = { 1, 2, 8 };
        bool full = argc > 1 && strcmp(argv[1], "full") == 0;
        unsigned cases = 0;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                unsigned n = (unsigned) sizes[i], stride = full || n < 8 ? 1 : 7;
                unsigned again = full ? n : n == 1 ? 12 : 0;
                Case c = { .n = n, .kind = PLAN_PREPARE, .again_every = again };

                cases += run_points(&c, stride);
                c.kind = PLAN_RELEASE;
                cases += run_points(&c, stride);
                /* A bind of the prepare fails: killed in its rollback as well. */
                c.kind = PLAN_PREPARE;
                c.fail_at = n * 2 + 1;
                cases += run_points(&c, stride);
        }
        printf("%u cases, 0 violations\n", cases);
        return 0;
}
