/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "watchdog.h"

struct Watchdog {
        sd_event_source *timer;
        uint64_t interval_usec;
        WatchdogCheck check;
        void *userdata;
        bool silent; /* it has been said why */
};

/* As often as sd_event_set_watchdog() would: well within the time, and with others that wake up. */
static int arm(Watchdog *w) {
        int r = sd_event_source_set_time_relative(w->timer, w->interval_usec / 2);

        return r < 0 ? r : sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Watchdog *w = userdata;
        const char *why;
        uint64_t now;
        int r = sd_event_now(sd_event_source_get_event(s), CLOCK_MONOTONIC, &now);

        (void) usec;
        if (r < 0)
                return r;
        why = w->check(now, w->userdata);
        if (!why)
                (void) sd_notify(0, "WATCHDOG=1");
        else if (!w->silent)
                fprintf(stderr, SD_ERR "vfiod: %s; the watchdog is not told that all is well, so "
                        "that the service is started anew.\n", why);
        w->silent = why;
        return arm(w);
}

int watchdog_new(sd_event *event, WatchdogCheck check, void *userdata, Watchdog **ret) {
        uint64_t interval_usec;
        Watchdog *w;
        int r = sd_watchdog_enabled(0, &interval_usec);

        *ret = NULL;
        if (r <= 0)
                return r;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (Watchdog){ .interval_usec = interval_usec, .check = check, .userdata = userdata };
        r = sd_event_add_time_relative(event, &w->timer, CLOCK_MONOTONIC, interval_usec / 2,
                                       interval_usec / 4, on_timer, w);
        if (r < 0) {
                watchdog_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

Watchdog *watchdog_free(Watchdog *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->timer);
        free(w);
        return NULL;
}
