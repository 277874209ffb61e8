/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "model-doubt.h"

/* After 1, 2, 4 ... seconds: two minutes in all. */
#define FIRST_USEC UINT64_C(1000000)
#define ROUNDS     7

struct Doubt {
        AddressList devices;
        sd_event_source *timer;
        unsigned round;
        DoubtCheck check;
        void *userdata;
};

static int arm(Doubt *d) {
        int r = sd_event_source_set_time_relative(d->timer, FIRST_USEC << d->round);

        return r < 0 ? r : sd_event_source_set_enabled(d->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Doubt *d = userdata;
        AddressList devices = d->devices;

        (void) s;
        (void) usec;
        d->devices = (AddressList){ 0 };
        address_list_sort(&devices);
        d->round++;
        for (size_t i = 0; i < devices.n; i++)
                if (d->check(&devices.items[i], d->userdata) && d->round < ROUNDS)
                        (void) address_list_add(&d->devices, &devices.items[i]);
        address_list_clear(&devices);
        if (d->devices.n > 0)
                (void) arm(d);
        return 0;
}

int doubt_add(Doubt *d, const Address *a) {
        int r = address_list_add(&d->devices, a);

        if (r < 0)
                return r;
        d->round = 0;
        return arm(d);
}

void doubt_clear(Doubt *d, const Address *a) {
        (void) address_list_drop(&d->devices, a);
        if (d->devices.n == 0)
                (void) sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
}

int doubt_new(sd_event *event, DoubtCheck check, void *userdata, Doubt **ret) {
        Doubt *d = calloc(1, sizeof(Doubt));
        int r;

        if (!d)
                return -ENOMEM;
        d->check = check;
        d->userdata = userdata;
        r = sd_event_add_time_relative(event, &d->timer, CLOCK_MONOTONIC, 0, 0, on_timer, d);
        if (r >= 0)
                r = sd_event_source_set_enabled(d->timer, SD_EVENT_OFF);
        if (r < 0) {
                doubt_free(d);
                return r;
        }
        *ret = d;
        return 0;
}

Doubt *doubt_free(Doubt *d) {
        if (!d)
                return NULL;
        sd_event_source_disable_unref(d->timer);
        address_list_clear(&d->devices);
        free(d);
        return NULL;
}
