/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "departure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DRIVER      "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

void departure_clear(Departure *d) {
        d->match = sd_bus_slot_unref(d->match);
        d->question = sd_bus_slot_unref(d->question);
}

/* A unique name changes its owner once: to nobody. */
static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Departure *d = userdata;

        (void) m;
        (void) error;
        d->gone(d->userdata);
        return 0;
}

/* It may have left before the match was there. */
static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const Departure *d = userdata;
        int there = true;

        (void) error;
        if (!sd_bus_message_get_error(m) && sd_bus_message_read(m, "b", &there) > 0 && !there)
                d->gone(d->userdata);
        return 1;
}

int departure_watch(Departure *d, sd_bus *bus, const char *name, void (*gone)(void *userdata),
                    void *userdata) {
        char *match;
        int r;

        *d = (Departure) { .gone = gone, .userdata = userdata };
        if (asprintf(&match, "type='signal',sender='" DRIVER "',path='" DRIVER_PATH "',interface='"
                     DRIVER "',member='NameOwnerChanged',arg0='%s'", name) < 0)
                return -ENOMEM;
        r = sd_bus_add_match_async(bus, &d->match, match, on_changed, NULL, d);
        free(match);
        /* The bus answers in the order of the questions: this one is asked with the match there. */
        if (r >= 0)
                r = sd_bus_call_method_async(bus, &d->question, DRIVER, DRIVER_PATH, DRIVER,
                                             "NameHasOwner", on_answer, d, "s", name);
        if (r < 0)
                departure_clear(d);
        return r < 0 ? r : 0;
}
