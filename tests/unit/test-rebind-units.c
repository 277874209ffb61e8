/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "action-names.h"
#include "names.h"
#include "rebind/job-spawn.h"
#include "rebind/job.h"
#include "rebind/units.h"
#include "rebind/worker-internal.h"

/*
 * Workers as units of systemd: this program is systemd as well, on the other end of a connection of
 * its own, and, started again with --worker, the worker.
 */

#define SYSTEMD "org.freedesktop.systemd1"

typedef enum Behaviour { START, REFUSE, FAIL, SILENT } Behaviour;

typedef struct World {
        Fixture x;
        sd_event *event;
        sd_bus *daemon, *systemd;
        Units *units;
        Behaviour behaviour;
        unsigned n_subscribed;
        char started[256]; /* the units, in order */
        unsigned n_ended;
        Transaction *last;
        char last_state[32];
} World;

static int on_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        World *w = userdata;

        w->n_subscribed++;
        return sd_bus_reply_method_return(m, NULL);
}

static void say_removed(World *w, const char *unit, const char *result) {
        sd_bus_message *m;

        CHECK(sd_bus_message_new_signal(w->systemd, &m, "/org/freedesktop/systemd1",
                                        SYSTEMD ".Manager", "JobRemoved") >= 0);
        CHECK(sd_bus_message_append(m, "uoss", 7u, "/org/freedesktop/systemd1/job/7", unit,
                                    result) >= 0);
        CHECK(sd_bus_message_set_sender(m, SYSTEMD) >= 0);
        CHECK(sd_bus_send(w->systemd, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

/* Somebody else's job, and then the one that was asked for. */
static int on_start(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *unit, *mode;
        World *w = userdata;
        unsigned id, attempt;
        pid_t pid;
        int pidfd;

        CHECK(sd_bus_message_read(m, "ss", &unit, &mode) >= 0);
        CHECK(strlen(w->started) + strlen(unit) + 2 < sizeof(w->started));
        sprintf(w->started + strlen(w->started), " %s", unit);
        if (w->behaviour == REFUSE)
                return sd_bus_error_set(error, SYSTEMD ".NoSuchUnit", "Unit not found.");
        CHECK(sscanf(unit, "vfiod-worker@%u-%u.service", &id, &attempt) == 2);
        CHECK(sd_bus_reply_method_return(m, "o", "/org/freedesktop/systemd1/job/7") >= 0);
        if (w->behaviour == FAIL) {
                say_removed(w, unit, "failed");
                return 1;
        }
        CHECK(worker_spawn("/proc/self/exe", w->x.fake->path, w->x.runtime, id, &pid, &pidfd) == 0);
        close(pidfd);
        if (w->behaviour == SILENT)
                return 1;
        /* systemd waits for the worker to say that it is ready. */
        for (int i = 0; i < 1000; i++) {
                Transaction *t;
                unsigned n;

                CHECK(transaction_read(w->x.runtime_fd, id, &t) == 0);
                n = t->n_workers;
                transaction_free(t);
                if (n >= attempt)
                        break;
                usleep(10000);
        }
        say_removed(w, unit, "done");
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Subscribe", "", "", on_subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("StartUnit", "ss", "o", on_start, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static void connect_buses(World *w) {
        sd_id128_t id;
        int fds[2];

        CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        CHECK(sd_id128_randomize(&id) >= 0);
        CHECK(sd_bus_new(&w->systemd) >= 0 && sd_bus_set_fd(w->systemd, fds[0], fds[0]) >= 0);
        CHECK(sd_bus_set_server(w->systemd, 1, id) >= 0);
        CHECK(sd_bus_add_object_vtable(w->systemd, NULL, "/org/freedesktop/systemd1",
                                       SYSTEMD ".Manager", vtable, w) >= 0);
        CHECK(sd_bus_new(&w->daemon) >= 0 && sd_bus_set_fd(w->daemon, fds[1], fds[1]) >= 0);
        CHECK(sd_bus_start(w->systemd) >= 0 && sd_bus_start(w->daemon) >= 0);
        CHECK(sd_bus_attach_event(w->systemd, w->event, 0) >= 0);
        CHECK(sd_bus_attach_event(w->daemon, w->event, 0) >= 0);
}

static void on_changed(Job *job, void *userdata) {
}

static void on_ended(Job *job, void *userdata) {
        World *w = userdata;

        w->n_ended++;
        w->last = job->transaction;
        job->transaction = NULL;
        strcpy(w->last_state, job->state);
        job_free(job);
        CHECK(sd_event_exit(w->event, 0) >= 0);
}

static const JobHandlers handlers = { on_changed, on_changed, on_ended };

/* Prepares two functions. */
static void run(World *w, Behaviour behaviour) {
        JobContext context;
        Job *job;

        *w = (World) { .behaviour = behaviour };
        fixture_open(&w->x, 2);
        fixture_plan_prepare(&w->x, 2);
        CHECK(sd_event_new(&w->event) >= 0);
        connect_buses(w);
        CHECK(units_new(w->daemon, &w->units) >= 0);
        context = (JobContext) { .event = w->event, .runtime_fd = w->x.runtime_fd,
                                 .units = w->units };
        CHECK(job_start(&context, &w->x.plan, 20000000, &handlers, w, &job) == 0);
        CHECK(strcmp(job->state, JOB_WAITING) == 0);
        CHECK(sd_event_loop(w->event) >= 0);
        CHECK(w->n_ended == 1 && w->n_subscribed == 1);
}

static void end(World *w) {
        transaction_free(w->last);
        units_free(w->units);
        sd_bus_flush_close_unref(w->daemon);
        sd_bus_flush_close_unref(w->systemd);
        sd_event_unref(w->event);
        fixture_close(&w->x);
}

static void test_started(void) {
        World w;

        run(&w, START);
        expect(w.last, OUTCOME_DONE, NULL, NULL);
        CHECK(strcmp(w.started, " vfiod-worker@1-1.service") == 0);
        end(&w);
}

/* What systemd says of the job may be lost: the record tells as well. */
static void test_silent(void) {
        World w;

        run(&w, SILENT);
        expect(w.last, OUTCOME_DONE, NULL, NULL);
        end(&w);
}

static void test_refused(void) {
        char *before;
        World w;

        run(&w, REFUSE);
        CHECK(strcmp(w.last_state, JOB_FAILED) == 0 && w.last->n_workers == 0);
        CHECK(strstr(w.last->message, "Unit not found.") && strstr(w.last->message, "nothing"));
        end(&w);
        run(&w, FAIL);
        before = fake_state(w.x.fake);
        CHECK(strcmp(w.last_state, JOB_FAILED) == 0 && w.last->n_workers == 0);
        CHECK(strstr(w.last->message, "systemd says of vfiod-worker@1-1.service: failed"));
        expect_same(before, fake_state(w.x.fake));
        end(&w);
}

/* The second is a unit of another name: systemd may not know yet that the first is gone. */
static void test_killed(void) {
        World w;

        CHECK(setenv("TEST_DIE_AT", "4", 1) == 0);
        run(&w, START);
        CHECK(unsetenv("TEST_DIE_AT") == 0);
        expect(w.last, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED, "was killed");
        CHECK(strcmp(w.started, " vfiod-worker@1-1.service vfiod-worker@1-2.service") == 0);
        end(&w);
}

/* A daemon that starts has what nobody works on taken over in the same way. */
static void test_recover(void) {
        JobContext context;
        unsigned id;
        World w = { .behaviour = START };
        Job *job;

        fixture_open(&w.x, 2);
        fixture_plan_prepare(&w.x, 2);
        CHECK(transaction_create(w.x.runtime_fd, &w.x.plan, UINT64_MAX, 0, &id) == 0);
        CHECK(sd_event_new(&w.event) >= 0);
        connect_buses(&w);
        CHECK(units_new(w.daemon, &w.units) >= 0);
        context = (JobContext) { .event = w.event, .runtime_fd = w.x.runtime_fd,
                                 .units = w.units };
        CHECK(job_recover(&context, id, &handlers, &w, &job) == 0);
        CHECK(sd_event_loop(w.event) >= 0 && w.n_ended == 1);
        expect(w.last, OUTCOME_DONE, NULL, NULL);
        end(&w);
}

static int die(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        const char *at = getenv("TEST_DIE_AT");

        if (at && f->n_writes == (unsigned) atoi(at))
                (void) raise(SIGKILL);
        return 0;
}

static int run_as_worker(char **argv) {
        FakeSysfs *f = fake_open(argv[4]);
        int fd = runtime_open(argv[6]), r;
        Backend b = fake_backend(f);
        Transaction *t;

        CHECK(fd >= 0 && transaction_read(fd, (unsigned) atoi(argv[2]), &t) == 0);
        if (t->n_workers == 0)
                f->before = die;
        transaction_free(t);
        r = worker_run_on(&b, fd, (unsigned) atoi(argv[2]));
        close(fd);
        fake_free(f, false);
        return r < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
        if (argc > 1 && strcmp(argv[1], "--worker") == 0)
                return run_as_worker(argv);
        CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
        test_started();
        test_silent();
        test_refused();
        test_killed();
        test_recover();
        return 0;
}
