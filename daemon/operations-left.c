/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "core/hold.h"
#include "operations-internal.h"

/*
 * A held device has no driver. One that nobody is going to move gets that back: its wish was refused
 * or has been taken back since the initramfs was made, or it was held along with one that stays.
 */

/* udev holds the functions of a slot one after the other, and disks need a moment to appear. */
#define PATIENCE_USEC UINT64_C(10000000)

static void be_patient(Operations *o) {
        int enabled;

        if (sd_event_source_get_enabled(o->patience, &enabled) < 0 || enabled != SD_EVENT_OFF)
                return;
        (void) sd_event_source_set_time_relative(o->patience, PATIENCE_USEC);
        (void) sd_event_source_set_enabled(o->patience, SD_EVENT_ONESHOT);
}

static bool is_left(const Operations *o, const Device *d) {
        return hold_is_left(model_host(o->model), d) &&
               !address_list_has(&o->stranded, &d->address);
}

void operations_watch_left(Operations *o, const DeviceReport *d) {
        const Report *r = model_report(o->model);
        bool left = d && is_left(o, d->device);

        for (size_t i = 0; !d && !left && i < r->n_devices; i++)
                left = is_left(o, r->devices[i]->device);
        if (left && o->context.runtime_path)
                be_patient(o);
}

void operations_forget_left(Operations *o, const Address *a) {
        (void) address_list_drop(&o->shown, a);
        (void) address_list_drop(&o->stranded, a);
}

/* What was left for long is given back; what was given back for long is looked at again. */
static int on_patience(sd_event_source *source, uint64_t usec, void *userdata) {
        Operations *o = userdata;
        const Report *r = model_report(o->model);
        Address a;

        (void) source;
        (void) usec;
        if (o->meeting || o->wished.n > 0) { /* what is held along with these may still move */
                be_patient(o);
                return 0;
        }
        while (address_list_take(&o->shown, &a))
                (void) operations_queue_wish(o, &a);
        for (size_t i = 0; i < r->n_devices; i++) {
                const Device *d = r->devices[i]->device;

                if (is_left(o, d) && !address_list_has(&o->left, &d->address))
                        (void) address_list_add(&o->left, &d->address);
        }
        (void) sd_event_source_set_enabled(o->meet, SD_EVENT_ONESHOT);
        return 0;
}

static int begin(Operations *o, const Address *a, bool again) {
        const BusRequest request = { .address = *a, .timeout_usec = o->timeout_usec };

        return operation_begin_wish(o, OPERATION_RELEASE, &request, again);
}

bool operations_give_back_next(Operations *o) {
        const Device *d;
        Address a;

        if (!address_list_take(&o->left, &a))
                return false;
        d = host_find_device(model_host(o->model), &a);
        if (d && is_left(o, d) && begin(o, &a, false) < 0)
                (void) address_list_add(&o->stranded, &a);
        return true;
}

int operations_show_disks(Operations *o, const Address *a) {
        return begin(o, a, true);
}

void operation_note_left(Operation *op, const char *message) {
        const Address *a = &op->request.address;
        Operations *o = op->owner;
        char text[ADDRESS_TEXT_MAX];

        if (message) {
                fprintf(stderr, SD_WARNING "vfiod: %s is held and could not be given back to its "
                        "driver: %s\n", address_format(a, text), message);
                (void) address_list_add(&o->stranded, a);
                if (op->again)
                        operations_note_wish_result(o, a, false, message);
                return;
        }
        if (!op->again)
                return;
        (void) address_list_add(&o->shown, a);
        be_patient(o);
}

int operations_prepare_left(Operations *o) {
        int r = sd_event_add_time_relative(o->context.event, &o->patience, CLOCK_MONOTONIC, 0, 0,
                                           on_patience, o);

        if (r >= 0)
                r = sd_event_source_set_description(o->patience, "left");
        return r < 0 ? r : sd_event_source_set_enabled(o->patience, SD_EVENT_OFF);
}
