/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-event.h>
#include <sys/time.h>
#include <time.h>

#include "events.h"
#include "names.h"
#include "render.h"
#include "verbs.h"

typedef struct Monitor {
        const Options *options;
        sd_event *event;
        Style style;
        int r;
} Monitor;

/* "2026-01-31T14:02:11.123456Z" for machines, "14:02:11" by the local clock for people */
static void now_text(bool iso, char *text, size_t size) {
        struct timeval now;
        struct tm tm;
        size_t n;

        gettimeofday(&now, NULL);
        if (!iso) {
                strftime(text, size, "%H:%M:%S", localtime_r(&now.tv_sec, &tm));
                return;
        }
        n = strftime(text, size, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &tm));
        snprintf(text + n, size - n, ".%06ldZ", (long) now.tv_usec);
}

static int print_event(Monitor *monitor, const Event *event) {
        char time_text[40];

        now_text(monitor->options->json, time_text, sizeof(time_text));
        if (monitor->options->json)
                return json_print_line(event_json(event, time_text));
        fprintf(stdout, "%s%s%s  ", colour_on(&monitor->style, COLOUR_DIM), time_text,
                colour_off(&monitor->style, COLOUR_DIM));
        event_print(stdout, &monitor->style, event);
        return fflush(stdout) == EOF ? -EIO : 0;
}

static int emit(Monitor *monitor, const Event *event) {
        int r = print_event(monitor, event);

        /* Nobody reads any more: end without a word. */
        return r < 0 ? sd_event_exit(monitor->event, 0) : 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(event_done) Event event = {0};
        int r = event_read(&event, m);

        return r > 0 ? emit(userdata, &event) : 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(event_done) Event event = {0};
        const char *name, *old, *new;

        if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0)
                return 0;
        event.kind = EVENT_DAEMON;
        event.state = strdup(*new ? "back" : "gone");
        return event.state ? emit(userdata, &event) : -ENOMEM;
}

static int subscribe(Monitor *monitor, sd_bus *bus) {
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if ((r = sd_event_new(&monitor->event)) < 0 ||
            /* Without a handler, a signal ends the loop. */
            (r = sd_event_add_signal(monitor->event, NULL, SIGINT, NULL, NULL)) < 0 ||
            (r = sd_event_add_signal(monitor->event, NULL, SIGTERM, NULL, NULL)) < 0 ||
            (r = sd_bus_attach_event(bus, monitor->event, 0)) < 0 ||
            (r = sd_bus_add_match(bus, NULL,
                                  "type='signal',sender='" VFIOD_BUS_NAME "',"
                                  "path_namespace='" VFIOD_PATH_MANAGER "'", on_signal,
                                  monitor)) < 0)
                return r;
        return sd_bus_add_match(bus, NULL,
                                "type='signal',sender='org.freedesktop.DBus',"
                                "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                "arg0='" VFIOD_BUS_NAME "'", on_owner, monitor);
}

int verb_monitor(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Monitor monitor = {.options = call->options, .style = style_for_stdout()};
        _cleanup_(host_done) Host host = {0};
        int r;

        /* Signals only come from a daemon that runs: this starts it. */
        r = bus_get_host(call->bus, &host, &error);
        if (r >= 0)
                r = subscribe(&monitor, call->bus);
        if (r >= 0) {
                /* Whoever waits for this line on stderr knows that from here nothing is missed. */
                fputs("vfioctl: watching vfiod; Ctrl-C ends it\n", stderr);
                r = sd_event_loop(monitor.event);
        }
        sd_bus_detach_event(call->bus);
        sd_event_unref(monitor.event);
        return r < 0 ? fail(call->options, NULL, &error, r) : EXIT_YES;
}
