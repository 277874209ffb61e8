/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "names.h"
#include "rebind/check.h"
#include "rebind/fault.h"
#include "rebind/record-format.h"
#include "rebind/record-store.h"
#include "rebind/worker-internal.h"

/* A daemon that looks whether the lock is held, holds it itself for that moment. */
#define LOCK_TRIES   100
#define LOCK_WAIT_MS 10
/* A look at what the host uses takes some milliseconds, or a disk hangs. */
#define LOOK_USEC UINT64_C(5000000)

static uint64_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail with this clock and pointer */
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* Says what kept a prepare beyond its deadline: the step before index. */
static void late_cause(const Transaction *t, size_t index, char **ret_cause) {
        char *phrase;

        if (index == 0) {
                (void) cause_set(ret_cause, 0, "the time limit passed before anything was begun");
                return;
        }
        phrase = step_phrase(&t->steps[index - 1]);
        (void) cause_set(ret_cause, 0, "%s lasted beyond the time limit",
                         phrase ? phrase : "the step before");
        free(phrase);
}

/* One step of a prepare, between its two lines of the record. */
static int forward(Worker *w, size_t index, char **ret_cause) {
        char words[ERROR_WORDS_MAX], *cause = NULL;
        int r, logged;

        r = worker_log_run(w, index);
        if (r < 0)
                return cause_set(ret_cause, r, "the record could not be written (%s)",
                                 error_words(r, words));
        r = step_run(&w->run, w->t->steps, index, &cause);
        logged = worker_log_result(w, false, index, r, cause);
        if (r < 0)
                *ret_cause = cause;
        else if (logged < 0)
                r = cause_set(ret_cause, logged, "the record could not be written (%s)",
                              error_words(logged, words));
        return r;
}

/* What the daemon saw is older than the start of this process and the loading of the module. */
static int check_loaded(Worker *w, const char **ret_error, char **ret_cause) {
        const Backend *b = w->run.backend;
        char words[ERROR_WORDS_MAX];
        int r;

        r = check_unchanged(b, w->t, PROGRESS_LOADED, ret_cause);
        if (r < 0)
                return r;
        r = b->list_group(b->userdata, w->t->group, &w->group_devices, &w->n_group_devices);
        if (r < 0)
                return cause_set(ret_cause, r, "IOMMU group %u could not be read (%s)",
                                 w->t->group, error_words(r, words));
        return check_free(b, w->t, ret_error, ret_cause);
}

/* Somebody may have mounted, opened or configured what was free when this was planned. */
static int check_no_hazard(Worker *w, const char **ret_error, char **ret_cause) {
        uint64_t now = now_usec();
        uint64_t left = w->t->deadline_usec > now ? w->t->deadline_usec - now : 1;
        int r = check_hazards(w->run.backend, w->t, left < LOOK_USEC ? left : LOOK_USEC, ret_cause);

        if (r < 0)
                *ret_error = VFIOD_ERROR_HAZARD;
        return r;
}

/* What is to be looked at before a step of a prepare. Returns: as prepare_steps(). */
static int check_before(Worker *w, Action action, const char **ret_error, char **ret_cause) {
        int r = 0;

        if (!w->loaded && action != STEP_LOAD_MODULE) {
                w->loaded = true;
                r = check_loaded(w, ret_error, ret_cause);
        }
        /* Overrides keep autoprobe off by now; nobody has been taken from anything yet. */
        if (r == 0 && !w->moving && (action == STEP_UNBIND || action == STEP_BIND)) {
                w->moving = true;
                r = check_unchanged(w->run.backend, w->t, PROGRESS_BEGUN, ret_cause);
                if (r == 0)
                        r = check_free(w->run.backend, w->t, ret_error, ret_cause);
                if (r == 0)
                        r = check_no_hazard(w, ret_error, ret_cause);
        }
        return r;
}

/* Returns: 0, or -errno with the error's name and the cause. */
static int prepare_steps(Worker *w, const char **ret_error, char **ret_cause) {
        const Transaction *t = w->t;
        int r = 0;

        for (size_t i = 0; r == 0 && i < t->n_steps; i++) {
                Action action = t->steps[i].action;

                *ret_error = VFIOD_ERROR_VERIFY_FAILED;
                if (now_usec() > t->deadline_usec) {
                        late_cause(t, i, ret_cause);
                        *ret_error = VFIOD_ERROR_STUCK;
                        return -ETIMEDOUT;
                }
                r = check_before(w, action, ret_error, ret_cause);
                if (r < 0)
                        return r;
                r = forward(w, i, ret_cause);
                if (r < 0 && (action == STEP_LOAD_MODULE || (action == STEP_BIND && r == -ENOENT)))
                        *ret_error = VFIOD_ERROR_DRIVER_UNAVAILABLE;
        }
        if (r == 0)
                r = check_group(w->run.backend, t, w->group_devices, w->n_group_devices, ret_cause);
        return r;
}

static bool loads_module(const Transaction *t) {
        for (size_t i = 0; i < t->n_steps; i++)
                if (t->steps[i].action == STEP_LOAD_MODULE)
                        return true;
        return false;
}

/* Loading a module binds what already points at it; so "nothing was written" is not enough. */
static bool is_untouched(Worker *w) {
        char *left = NULL;
        bool gone;

        if (w->run.attempted || check_restored(w->run.backend, w->t, &left, &gone) < 0)
                return false;
        if (!left)
                return true;
        free(left);
        return false;
}

static int worker_prepare(Worker *w) {
        const char *error = VFIOD_ERROR_VERIFY_FAILED;
        char *cause = NULL;
        int r;

        /* The plan is some moments old. */
        r = check_unchanged(w->run.backend, w->t, PROGRESS_NONE, &cause);
        if (r == 0 && !loads_module(w->t)) {
                r = check_drivers(w->run.backend, w->t, &cause);
                if (r == -ENOENT)
                        error = VFIOD_ERROR_DRIVER_UNAVAILABLE;
        }
        if (r < 0)
                return worker_fail(w, error, cause);
        r = prepare_steps(w, &error, &cause);
        if (r == 0)
                return worker_log_end(w, OUTCOME_DONE, NULL, NULL);
        return is_untouched(w) ? worker_fail(w, error, cause) : worker_roll_back(w, error, cause);
}

/* A record of which nobody could say how it ended would be begun anew for ever; whoever recovers
 * goes on without one, for what is half done is worse. */
static int begin(Worker *w, bool taking_over) {
        char words[ERROR_WORDS_MAX], *cause = NULL;
        int r;

        r = worker_log_worker(w);
        if (r < 0 && !taking_over)
                return r;
        (void) sd_notify(0, "READY=1");
        r = worker_log_reserve(w);
        if (r < 0 && !taking_over)
                (void) cause_set(&cause, r, "there is no room for the record (%s)",
                                 error_words(r, words));
        else
                r = check_plan(w->t, &cause);
        if (r < 0) {
                (void) worker_fail(w, VFIOD_ERROR_VERIFY_FAILED, cause);
                return r;
        }
        return 0;
}

static int execute(Worker *w) {
        bool taking_over = w->t->n_workers > 0;
        int r = begin(w, taking_over);

        if (r < 0)
                return w->ended ? 0 : r;
        if (taking_over)
                return worker_recover(w);
        return w->t->kind == PLAN_PREPARE ? worker_prepare(w) : worker_release(w);
}

static int lock_record(int fd) {
        const struct timespec moment = { .tv_nsec = LOCK_WAIT_MS * 1000000L };

        for (int i = 0; i < LOCK_TRIES; i++) {
                if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                        return 0;
                if (errno != EWOULDBLOCK && errno != EINTR)
                        return -errno;
                (void) nanosleep(&moment, NULL);
        }
        return -EBUSY;
}

/* What was begun and not ended may be taken over: whoever began it is gone, or would hold the lock. */
static int check_open(const Transaction *t, unsigned id) {
        if (t->id != id)
                return -EBADMSG;
        if (!transaction_is_current(t))
                return -ESTALE;
        return t->outcome != OUTCOME_NONE ? -EALREADY : 0;
}

/* Returns: 0, the locked record in w->fd and its content in w->t; or -errno. */
static int take_record(Worker *w, int runtime_fd, unsigned id) {
        size_t size, valid;
        char *text;
        int r;

        w->fd = store_open(runtime_fd, RECORD_TRANSACTIONS, id, O_RDWR | O_APPEND);
        if (w->fd < 0)
                return w->fd;
        r = lock_record(w->fd);
        if (r >= 0)
                r = store_read(w->fd, &text, &size);
        if (r < 0)
                return r;
        r = transaction_parse_valid(text, size, &w->t, &valid);
        free(text);
        if (r == 0)
                r = check_open(w->t, id);
        /* Nothing is appended to a line that somebody else could not finish. */
        if (r == 0 && valid < size && ftruncate(w->fd, (off_t) valid) < 0)
                r = -errno;
        return r;
}

int worker_run_on(const Backend *backend, int runtime_fd, unsigned id) {
        Worker w = { .run.backend = backend, .fd = -1 };
        int r;

        r = take_record(&w, runtime_fd, id);
        fault_point("after-lock");
        if (r == 0) {
                w.run.transaction = w.t;
                r = execute(&w);
        }
        group_devices_free(w.group_devices, w.n_group_devices);
        transaction_free(w.t);
        if (w.fd >= 0)
                close(w.fd); /* and with it goes the lock */
        return r;
}

int worker_run(const Root *root, int runtime_fd, unsigned id) {
        Backend backend = backend_sysfs(root);

        return worker_run_on(&backend, runtime_fd, id);
}
