/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEMD_NAME      "org.freedesktop.systemd1"
#define SYSTEMD_PATH      "/org/freedesktop/systemd1"
#define SYSTEMD_INTERFACE "org.freedesktop.systemd1.Manager"

struct UnitStart {
        UnitStart *next;
        Units *owner;
        sd_bus_slot *call;
        char *job; /* its path, once systemd has named it */
        UnitStarted started;
        void *userdata;
};

struct Units {
        sd_bus *bus;
        sd_bus_slot *match, *subscribe;
        UnitStart *starts;
};

/* A job is over: is it one of ours? */
static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *job, *unit, *result;
        Units *u = userdata;

        (void) error;
        if (sd_bus_message_read(m, "uoss", NULL, &job, &unit, &result) < 0)
                return 0;
        for (UnitStart *s = u->starts; s; s = s->next) {
                char why[160];

                if (!s->job || strcmp(s->job, job) != 0)
                        continue;
                free(s->job);
                s->job = NULL;
                snprintf(why, sizeof(why), "systemd says of %.100s: %.30s", unit, result);
                s->started(strcmp(result, "done") == 0, why, s->userdata); /* may free it */
                break;
        }
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        UnitStart *s = userdata;
        const char *job;

        (void) error;
        s->call = sd_bus_slot_unref(s->call);
        if (!e && sd_bus_message_read(m, "o", &job) >= 0) {
                s->job = strdup(job);
                if (s->job)
                        return 0;
        }
        s->started(false, e && e->message ? e->message : "systemd's answer makes no sense",
                   s->userdata);
        return 0;
}

int unit_start(Units *u, const char *unit, UnitStarted started, void *userdata, UnitStart **ret) {
        UnitStart *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        *s = (UnitStart) { .next = u->starts, .owner = u, .started = started,
                           .userdata = userdata };
        r = sd_bus_call_method_async(u->bus, &s->call, SYSTEMD_NAME, SYSTEMD_PATH,
                                     SYSTEMD_INTERFACE, "StartUnit", on_reply, s, "ss", unit,
                                     "fail");
        if (r < 0) {
                free(s);
                return r;
        }
        u->starts = s;
        *ret = s;
        return 0;
}

UnitStart *unit_start_free(UnitStart *s) {
        if (!s)
                return NULL;
        for (UnitStart **i = &s->owner->starts; *i; i = &(*i)->next)
                if (*i == s) {
                        *i = s->next;
                        break;
                }
        sd_bus_slot_unref(s->call);
        free(s->job);
        free(s);
        return NULL;
}

/* Without a subscription systemd sends no signals. That it cannot be had shows when a unit is
 * started. */
static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        (void) m;
        (void) userdata;
        (void) error;
        return 0;
}

int units_new(sd_bus *bus, Units **ret) {
        Units *u = calloc(1, sizeof(*u));
        int r;

        if (!u)
                return -ENOMEM;
        u->bus = sd_bus_ref(bus);
        r = sd_bus_match_signal_async(bus, &u->match, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_INTERFACE,
                                      "JobRemoved", on_job_removed, NULL, u);
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &u->subscribe, SYSTEMD_NAME, SYSTEMD_PATH,
                                             SYSTEMD_INTERFACE, "Subscribe", on_subscribed, u, NULL);
        if (r < 0) {
                units_free(u);
                return r;
        }
        *ret = u;
        return 0;
}

Units *units_free(Units *u) {
        if (!u)
                return NULL;
        sd_bus_slot_unref(u->match);
        sd_bus_slot_unref(u->subscribe);
        sd_bus_unref(u->bus);
        free(u);
        return NULL;
}
