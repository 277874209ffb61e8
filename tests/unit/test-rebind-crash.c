/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebind/fault.h"
#include "rebind/worker-internal.h"

/*
 * The worker killed at each of its fault points: what it leaves is a record that says how far it
 * came and from which everything can be given back. Built with -DVFIOD_FAULT_POINTS.
 */

/* Runs the plan in a process that dies at that point. Returns: true if it died. */
static bool run_and_kill(Fixture *x, unsigned point, unsigned *ret_id) {
        int status;
        pid_t pid;

        CHECK(transaction_create(x->runtime_fd, &x->plan, UINT64_MAX, 0, ret_id) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                fault_arm(point);
                _exit(worker_run_on(&x->backend, x->runtime_fd, *ret_id) == 0 ? 0 : 1);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        if (WIFSIGNALED(status)) {
                CHECK(WTERMSIG(status) == SIGKILL);
                return true;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return false;
}

/* Returns: true if the worker was killed, false if it has no such point. */
static bool test_point(size_t n, PlanKind kind, unsigned point, unsigned fail_at) {
        char *before, *after;
        Transaction *t;
        Fixture x;
        unsigned id;
        bool killed;

        fixture_open(&x, n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, n);
        if (kind == PLAN_RELEASE) {
                transaction_free(fixture_run(&x));
                fixture_plan_release(&x, n);
        }
        x.fake->fail_at = fail_at;
        x.fake->fail_error = -5;
        killed = run_and_kill(&x, point, &id);
        x.fake->fail_at = 0;
        CHECK(transaction_is_locked(x.runtime_fd, id) == 0);
        CHECK(transaction_read(x.runtime_fd, id, &t) == 0);
        CHECK(killed || t->outcome != OUTCOME_NONE);
        transaction_free(t);

        /* What the record says is enough to give everything back. */
        fixture_plan_release(&x, n);
        t = fixture_run(&x);
        CHECK(t->outcome == OUTCOME_DONE);
        transaction_free(t);
        after = fake_state(x.fake);
        CHECK(strcmp(before, after) == 0);
        free(before);
        free(after);
        fixture_close(&x);
        return killed;
}

/* stride: every point of a large set takes minutes under the sanitizers. Returns: cases run. */
static unsigned test_points(size_t n, PlanKind kind, unsigned fail_at, unsigned stride) {
        unsigned cases = 0;

        for (unsigned point = 1; test_point(n, kind, point, fail_at); point += stride)
                cases++;
        return cases;
}

int main(int argc, char **argv) {
        static const size_t sizes[] = { 1, 2, 8 };
        bool full = argc > 1 && strcmp(argv[1], "full") == 0;
        unsigned cases = 0;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                unsigned n = (unsigned) sizes[i], stride = full || n < 8 ? 1 : 7;

                cases += test_points(n, PLAN_PREPARE, 0, stride);
                cases += test_points(n, PLAN_RELEASE, 0, stride);
                /* A bind of the prepare fails: killed in its rollback as well. */
                cases += test_points(n, PLAN_PREPARE, n * 2 + 2, stride);
        }
        printf("%u points\n", cases);
        return 0;
}
