/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "action-names.h"
#include "names.h"
#include "rebind/job.h"
#include "rebind/record-format.h"
#include "rebind/record-store.h"
#include "rebind/worker-internal.h"

/* The daemon's side. This program is the worker as well: it is started again with --worker. */

typedef struct Seen {
        sd_event *event;
        unsigned n_changed, n_stuck, n_ended;
        char states[512];  /* states of the job, in the order seen */
        Transaction *last; /* the transaction when it ended */
        char last_state[32];
} Seen;

static void see_state(Seen *seen, const char *state) {
        size_t length = strlen(seen->states), word = strlen(state);

        if (length >= word && strcmp(seen->states + length - word, state) == 0)
                return;
        CHECK(length + word + 2 < sizeof(seen->states));
        sprintf(seen->states + length, " %s", state);
}

static void on_changed(Job *job, void *userdata) {
        Seen *seen = userdata;

        seen->n_changed++;
        see_state(seen, job->state);
}

static void on_stuck(Job *job, void *userdata) {
        Seen *seen = userdata;

        seen->n_stuck++;
        CHECK(strcmp(job->state, JOB_STUCK) == 0);
}

static void on_ended(Job *job, void *userdata) {
        Seen *seen = userdata;

        seen->n_ended++;
        seen->last = job->transaction;
        job->transaction = NULL;
        strcpy(seen->last_state, job->state);
        job_free(job);
        CHECK(sd_event_exit(seen->event, 0) >= 0);
}

static const JobHandlers handlers = { .changed = on_changed, .stuck = on_stuck,
                                      .ended = on_ended };

static void seen_clear(Seen *seen) {
        transaction_free(seen->last);
        *seen = (Seen) { 0 };
}

/* Starts x->plan and follows it to its end. */
static void run_job(Fixture *x, uint64_t timeout_usec, Seen *seen) {
        sd_event *event;
        Job *job;

        CHECK(sd_event_new(&event) >= 0);
        *seen = (Seen) { .event = event };
        CHECK(job_start(&(JobContext){ event, "/proc/self/exe", x->fake->path, x->runtime,
                                       x->runtime_fd, 0 },
                        &x->plan, timeout_usec, &handlers, seen, &job) == 0);
        CHECK(strcmp(job->state, JOB_WAITING) == 0 && job->userdata == seen);
        CHECK(job->transaction->n_steps == x->plan.n_steps);
        CHECK(sd_event_loop(event) >= 0);
        CHECK(seen->n_ended == 1);
        CHECK(transaction_remove(x->runtime_fd, seen->last->id) == 0);
        sd_event_unref(event);
}

static void test_success(void) {
        Fixture x;
        Seen seen;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        run_job(&x, 10000000, &seen);
        CHECK(strcmp(seen.states, " running done") == 0);
        CHECK(seen.n_stuck == 0 && seen.n_changed >= 2);
        CHECK(seen.last->outcome == OUTCOME_DONE && seen.last->worker != getpid());
        for (size_t i = 0; i < seen.last->n_steps; i++)
                CHECK(seen.last->states[i] == STEP_STATE_DONE);
        seen_clear(&seen);
        fixture_close(&x);
}

static void test_failure(void) {
        Fixture x;
        Seen seen;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        CHECK(setenv("TEST_FAIL_AT", "5", 1) == 0);
        run_job(&x, 10000000, &seen);
        CHECK(unsetenv("TEST_FAIL_AT") == 0);
        CHECK(strcmp(seen.states, " running rolled-back") == 0);
        CHECK(strcmp(seen.last->error, VFIOD_ERROR_VERIFY_FAILED) == 0);
        seen_clear(&seen);
        fixture_close(&x);
}

/* Past its deadline the job is stuck, once, and then what it comes to be. */
static void test_stuck(void) {
        Fixture x;
        Seen seen;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        CHECK(setenv("TEST_SLOW", "1", 1) == 0);
        run_job(&x, 2000000, &seen);
        CHECK(strcmp(seen.states, " running stuck rolled-back") == 0);
        CHECK(seen.n_stuck == 1);
        CHECK(strcmp(seen.last->error, VFIOD_ERROR_STUCK) == 0);
        seen_clear(&seen);
        CHECK(unsetenv("TEST_SLOW") == 0);
        fixture_close(&x);
}

/* Appends the line of a worker that is gone: no process has this id. */
static void append_line(Fixture *x, unsigned id,
                        int (*format)(pid_t worker, char **ret, size_t *ret_size)) {
        size_t size;
        char *text;
        int fd = store_open(x->runtime_fd, RECORD_TRANSACTIONS, id, O_WRONLY | O_APPEND);

        CHECK(fd >= 0 && format(0x3fffff, &text, &size) == 0);
        CHECK(store_write(fd, text, size) == 0);
        free(text);
        close(fd);
}

/* Whoever comes after one that was killed undoes what that had begun. */
static void test_killed(void) {
        char *before;
        Fixture x;
        Seen seen;

        fixture_open(&x, 2);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 2);
        CHECK(setenv("TEST_DIE_AT", "1", 1) == 0);
        run_job(&x, 10000000, &seen);
        expect(seen.last, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "nothing was changed");
        CHECK(seen.last->n_workers == 2);
        seen_clear(&seen);

        CHECK(setenv("TEST_DIE_AT", "4", 1) == 0);
        run_job(&x, 10000000, &seen);
        CHECK(strcmp(seen.states, " running rolled-back") == 0);
        expect(seen.last, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
               "was killed, last unbinding 0000:01:00.0 from nouveau");
        seen_clear(&seen);
        expect_same(before, fake_state(x.fake));
        CHECK(unsetenv("TEST_DIE_AT") == 0);
        fixture_close(&x);
}

/* It is not tried for ever. */
static void test_killed_again(void) {
        Fixture x;
        Seen seen;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        CHECK(setenv("TEST_DIE_AT", "4", 1) == 0);
        CHECK(setenv("TEST_DIE_AGAIN_AT", "1", 1) == 0);
        run_job(&x, 10000000, &seen);
        CHECK(strcmp(seen.last_state, JOB_FAILED) == 0 && seen.last->outcome == OUTCOME_NONE);
        CHECK(strcmp(seen.last->error, VFIOD_ERROR_ROLLBACK_FAILED) == 0);
        CHECK(strstr(seen.last->message, "ended without finishing"));
        CHECK(seen.last->n_workers == 4);
        seen_clear(&seen);
        CHECK(unsetenv("TEST_DIE_AT") == 0 && unsetenv("TEST_DIE_AGAIN_AT") == 0);
        fixture_close(&x);
}

/* A daemon that starts takes over what nobody works on: what was begun, and what was not yet. */
static void test_recover(void) {
        char *before;
        sd_event *event;
        Fixture x;

        CHECK(sd_event_new(&event) >= 0);
        fixture_open(&x, 2);
        before = fake_state(x.fake);
        for (int begun = 0; begun < 2; begun++) {
                JobContext context = { event, "/proc/self/exe", x.fake->path, x.runtime,
                                       x.runtime_fd, 0 };
                Seen seen = { .event = event };
                unsigned id;
                Job *job;

                fixture_plan_prepare(&x, 2);
                CHECK(transaction_create(x.runtime_fd, &x.plan, UINT64_MAX, 0, &id) == 0);
                if (begun)
                        append_line(&x, id, log_format_worker);
                CHECK(job_adopt(&context, id, &handlers, &seen, &job) == -ESRCH);
                CHECK(job_recover(&context, id, &handlers, &seen, &job) == 0);
                CHECK(sd_event_loop(event) >= 0);
                expect(seen.last, begun ? OUTCOME_FAILED : OUTCOME_DONE,
                       begun ? VFIOD_ERROR_VERIFY_FAILED : NULL, NULL);
                CHECK(transaction_remove(x.runtime_fd, id) == 0);
                seen_clear(&seen);
                fixture_plan_release(&x, 2);
                transaction_free(fixture_run(&x));
                sd_event_unref(event);
                CHECK(sd_event_new(&event) >= 0);
        }
        expect_same(before, fake_state(x.fake));
        sd_event_unref(event);
        fixture_close(&x);
}

static void test_no_executable(void) {
        sd_event *event;
        JobContext context;
        Seen seen = { 0 };
        unsigned *ids;
        size_t n;
        Fixture x;
        Job *job;

        fixture_open(&x, 1);
        fixture_plan_prepare(&x, 1);
        CHECK(sd_event_new(&event) >= 0);
        context = (JobContext) { event, "/nonexistent", "/", x.runtime, x.runtime_fd, 0 };
        CHECK(job_start(&context, &x.plan, 1, &handlers, &seen, &job) == -ENOENT);
        CHECK(transaction_list(x.runtime_fd, &ids, &n) == 0 && n == 0);
        free(ids);
        CHECK(job_adopt(&context, 1, &handlers, &seen, &job) == -ENOENT);
        sd_event_unref(event);
        fixture_close(&x);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(s), 0);
}

/* A daemon goes while its worker works; the next one follows that worker to its end. */
static void test_adopt(void) {
        sd_event *first, *second;
        JobContext context;
        Seen seen = { 0 }, other = { 0 };
        Fixture x;
        Job *job;
        unsigned id;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        CHECK(setenv("TEST_SLOW", "1", 1) == 0);
        CHECK(sd_event_new(&first) >= 0 && sd_event_new(&second) >= 0);
        context = (JobContext) { first, "/proc/self/exe", x.fake->path, x.runtime, x.runtime_fd,
                                 0 };
        CHECK(job_start(&context, &x.plan, 2000000, &handlers, &other, &job) == 0);
        CHECK(unsetenv("TEST_SLOW") == 0);
        id = job->id;
        CHECK(sd_event_add_time_relative(first, NULL, CLOCK_MONOTONIC, 500000, 1, on_timer,
                                         NULL) >= 0);
        CHECK(sd_event_loop(first) >= 0);
        CHECK(other.n_ended == 0 && transaction_is_locked(x.runtime_fd, id) == 1);
        job_free(job);
        sd_event_unref(first);

        seen.event = context.event = second;
        CHECK(job_adopt(&context, id, &handlers, &seen, &job) == 0);
        CHECK(strcmp(job->state, JOB_RUNNING) == 0);
        CHECK(sd_event_loop(second) >= 0);
        CHECK(seen.n_ended == 1 && seen.n_stuck == 1);
        CHECK(strcmp(seen.last_state, JOB_ROLLED_BACK) == 0);
        seen_clear(&seen);
        CHECK(transaction_is_locked(x.runtime_fd, id) == 0);
        CHECK(job_adopt(&context, id, &handlers, &seen, &job) == -ESRCH);
        sd_event_unref(second);
        fixture_close(&x);
}

static bool taking_over; /* this process is a worker that follows one that was killed */

/* As a worker: the same back end, told by the environment what is to go wrong. */
static int misbehave(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        const struct timespec long_time = { .tv_sec = 5 };
        const char *die = getenv(taking_over ? "TEST_DIE_AGAIN_AT" : "TEST_DIE_AT");

        if (getenv("TEST_SLOW") && write == FAKE_UNBIND && f->n_writes == 4)
                (void) nanosleep(&long_time, NULL);
        if (die && f->n_writes == (unsigned) atoi(die))
                (void) raise(SIGKILL);
        return 0;
}

static int run_as_worker(int argc, char **argv) {
        const char *fail = getenv("TEST_FAIL_AT");
        Transaction *t;
        FakeSysfs *f;
        Backend b;
        int fd, r;

        CHECK(argc == 7 && strcmp(argv[3], "--root") == 0);
        CHECK(strcmp(argv[5], "--runtime-dir") == 0);
        CHECK(getsid(0) == getpid());
        for (int i = 3; i < 64; i++)
                CHECK(close(i) < 0 && errno == EBADF);
        f = fake_open(argv[4]);
        f->before = misbehave;
        f->fail_at = fail ? (unsigned) atoi(fail) : 0;
        f->fail_error = -EIO;
        b = fake_backend(f);
        fd = runtime_open(argv[6]);
        CHECK(fd >= 0 && transaction_read(fd, (unsigned) atoi(argv[2]), &t) == 0);
        taking_over = t->n_workers > 0;
        transaction_free(t);
        r = worker_run_on(&b, fd, (unsigned) atoi(argv[2]));
        close(fd);
        fake_free(f, false);
        return r < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
        if (argc > 1 && strcmp(argv[1], "--worker") == 0)
                return run_as_worker(argc, argv);
        test_success();
        test_failure();
        test_stuck();
        test_killed();
        test_killed_again();
        test_recover();
        test_no_executable();
        test_adopt();
        return 0;
}
