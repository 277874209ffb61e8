/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * vfio-notify: shows on a desktop what keeps devices from VMs that somebody wanted them for. It
 * listens to vfiod on the system bus and talks to the notification server on the user's; it changes
 * nothing and needs no rights.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "notify-server.h"
#include "notify-watch.h"

#define ACCURACY_USEC (USEC_PER_SEC / 2)
/* A server that is there and does not want it is asked again then, if it still is of interest. */
#define RETRY_USEC (120 * USEC_PER_SEC)

typedef struct Agent {
        sd_event *event;
        sd_event_source *timer; /* when something may be shown that may not yet */
        Queue *queue;
        Server *server;
        uint64_t not_before; /* after a failure; UINT64_MAX: when there is a server */
} Agent;

static uint64_t now_usec(const Agent *agent) {
        uint64_t now = 0;

        (void) sd_event_now(agent->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* Shows and closes what is due, and sees to it that it is called for the rest. */
static void go_on(Agent *agent) {
        uint64_t now = now_usec(agent), due;
        const Bubble *bubble;
        uint32_t id;

        while ((id = queue_next_closed(agent->queue)) > 0)
                server_close(agent->server, id);
        bubble = now < agent->not_before ? NULL : queue_next(agent->queue, now);
        if (bubble && server_show(agent->server, bubble) < 0) {
                queue_failed(agent->queue);
                agent->not_before = now + RETRY_USEC;
        }
        due = queue_due(agent->queue, now);
        if (due < agent->not_before)
                due = agent->not_before;
        if (due == UINT64_MAX) {
                (void) sd_event_source_set_enabled(agent->timer, SD_EVENT_OFF);
                return;
        }
        (void) sd_event_source_set_time(agent->timer, due);
        (void) sd_event_source_set_enabled(agent->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        go_on(userdata);
        return 0;
}

static void on_state(const Model *model, const Host *host, void *userdata) {
        _cleanup_(problems_done) ProblemList problems = {0};
        Agent *agent = userdata;

        if (problems_find(model, host, &problems) < 0 || queue_set(agent->queue, &problems) < 0)
                fputs("vfio-notify: out of memory; something may not be shown\n", stderr);
        go_on(agent);
}

static void on_fault(const Model *model, const char *address, const char *message, void *userdata) {
        Agent *agent = userdata;
        Problem problem;
        int r;

        r = problem_of_fault(model, address, message, &problem);
        if (r > 0)
                r = queue_add_event(agent->queue, &problem, now_usec(agent));
        if (r < 0)
                fputs("vfio-notify: out of memory; a DMA fault is not shown\n", stderr);
        go_on(agent);
}

static void on_shown(uint32_t id, void *userdata) {
        Agent *agent = userdata;

        queue_shown(agent->queue, id);
        go_on(agent);
}

static void on_failed(bool absent, void *userdata) {
        Agent *agent = userdata;

        agent->not_before = absent ? UINT64_MAX : now_usec(agent) + RETRY_USEC;
        queue_failed(agent->queue);
        go_on(agent);
}

static void on_gone(uint32_t id, void *userdata) {
        queue_gone(((Agent *) userdata)->queue, id);
}

static void on_server_changed(void *userdata) {
        Agent *agent = userdata;

        agent->not_before = 0;
        queue_forget_ids(agent->queue);
        go_on(agent);
}

static const WatchHandlers watch_handlers = { .state = on_state, .fault = on_fault };
static const ServerHandlers server_handlers = { .shown = on_shown, .failed = on_failed,
                                                .gone = on_gone, .changed = on_server_changed };

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        /* Not a failure if the session ends; the service manager knows which it was. */
        return sd_event_exit(userdata, -ECONNRESET);
}

static int attach(sd_bus *bus, sd_event *event) {
        int r = sd_bus_attach_event(bus, event, 0);

        return r < 0 ? r : sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                               "org.freedesktop.DBus.Local", "Disconnected",
                                               on_disconnected, event);
}

static int prepare_loop(Agent *agent) {
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if ((r = sd_event_new(&agent->event)) < 0 ||
            /* Without a handler, a signal ends the loop. */
            (r = sd_event_add_signal(agent->event, NULL, SIGINT, NULL, NULL)) < 0 ||
            (r = sd_event_add_signal(agent->event, NULL, SIGTERM, NULL, NULL)) < 0)
                return r;
        agent->queue = queue_new();
        if (!agent->queue)
                return -ENOMEM;
        r = sd_event_add_time(agent->event, &agent->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC,
                              on_timer, agent);
        return r < 0 ? r : sd_event_source_set_enabled(agent->timer, SD_EVENT_OFF);
}

static int run(Agent *agent) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *user = NULL, *system = NULL;
        Watch *watch = NULL;
        const char *what = "";
        int r;

        if ((r = prepare_loop(agent)) < 0)
                what = "cannot be set up";
        else if ((r = sd_bus_open_user(&user)) < 0)
                what = "cannot reach the user's bus; run it within a session";
        else if ((r = sd_bus_open_system(&system)) < 0)
                what = "cannot reach the system bus; see: systemctl status dbus";
        else if ((r = attach(user, agent->event)) < 0 || (r = attach(system, agent->event)) < 0 ||
                 (r = server_new(user, &server_handlers, agent, &agent->server)) < 0 ||
                 (r = watch_new(system, &watch_handlers, agent, &watch)) < 0)
                what = "cannot listen on the bus";
        else if ((r = sd_event_loop(agent->event)) < 0)
                what = "has lost a bus";
        if (r < 0)
                fprintf(stderr, "vfio-notify: it %s: %s\n", what, strerror(-r));
        watch_free(watch);
        server_free(agent->server);
        queue_free(agent->queue);
        if (user)
                sd_bus_detach_event(user);
        if (system)
                sd_bus_detach_event(system);
        sd_event_source_unref(agent->timer);
        sd_event_unref(agent->event);
        return r < 0 ? 1 : 0;
}

static const char usage[] =
        "vfio-notify\n\n"
        "Shows desktop notifications about devices that are meant for VMs and cannot be given\n"
        "to one.\n"
        "Runs as a service of the user's session: systemctl --user enable --now vfio-notify\n\n"
        "  --help     show this help\n"
        "  --version  show the version\n";

int main(int argc, char *argv[]) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { 0 },
        };
        Agent agent = {0};
        int c = getopt_long(argc, argv, "h", options, NULL);

        if (c == 'h' || c == 'v') {
                fputs(c == 'h' ? usage : "vfio-notify " VFIOD_VERSION "\n", stdout);
                return 0;
        }
        if (c >= 0 || optind < argc) {
                fputs(usage, stderr);
                return 2;
        }
        return run(&agent);
}
