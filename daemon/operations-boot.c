/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/hold.h"
#include "names.h"
#include "notice.h"
#include "operations-internal.h"
#include "rebind/state.h"

/*
 * Meets wishes: each device that is wished for is prepared like for any caller, with every check, one
 * after the other. At the first start in a boot that is all of them; later what has just been plugged
 * in, and what is held.
 */

/* In the runtime directory: all wishes have been looked at in this boot. What somebody released since
 * is not taken again when the daemon starts anew. */
#define MARKER "wishes-met"
/* In the same place, for the udev rule 69-vfiod-boot.rules: there is no wish at all. */
#define UNWISHED "unwished"

static bool was_marked(const Operations *o) {
        size_t size;
        char *text;

        if (state_get(o->context.runtime_fd, MARKER, &text, &size) < 0)
                return false;
        free(text);
        return true;
}

void operations_mark_wishes(const Operations *o) {
        int fd = o->context.runtime_fd, r = 0;

        if (!o->context.runtime_path)
                return;
        if (!host_wish(model_host(o->model), 0))
                r = state_put(fd, UNWISHED, "", 0);
        else if (unlinkat(fd, UNWISHED, 0) < 0 && errno != ENOENT)
                r = -errno;
        if (r < 0)
                fprintf(stderr, SD_ERR "vfiod: Whether anything is wished for could not be noted "
                        "in %s: %s\n", o->context.runtime_path, strerror(-r));
}

static bool is_queued(const Operations *o, const Address *a) {
        for (size_t i = 0; i < o->wished.n; i++)
                if (address_compare(&o->wished.items[i], a) == 0)
                        return true;
        return o->meeting && address_compare(&o->meeting->request.address, a) == 0;
}

/* Later, when whoever reports a change is done. Returns: 0 or -errno. */
static int queue(Operations *o, const Address *a) {
        int r = is_queued(o, a) ? 0 : address_list_add(&o->wished, a);

        return r < 0 ? r : sd_event_source_set_enabled(o->meet, SD_EVENT_ONESHOT);
}

/* Returns: true if a wish is to be met for the device now. all: not only if it is held. */
static bool is_due(const Host *h, const DeviceReport *d, bool all) {
        const Address *a = &d->device->address;
        bool free = d->state == STATE_HOST || d->state == STATE_UNBOUND;

        return (device_is_held(d->device) || (all && free)) && host_find_wish(h, a) &&
               !host_find_wish_result(h, a);
}

void operations_meet_wishes(Operations *o) {
        const Host *h = model_host(o->model);
        const Report *report = model_report(o->model);
        bool all = !was_marked(o);
        int r = 0;

        operations_mark_wishes(o);
        if (h->boot_verdict != BOOT_OPEN)
                return;
        for (size_t i = 0; r >= 0 && i < report->n_devices; i++)
                if (is_due(h, report->devices[i], all))
                        r = queue(o, &report->devices[i]->device->address);
        if (r >= 0)
                r = state_put(o->context.runtime_fd, MARKER, "", 0);
        if (r < 0)
                fprintf(stderr, SD_ERR "vfiod: That wishes are met in this boot could not be "
                        "noted in %s: %s\n", o->context.runtime_path, strerror(-r));
}

void operations_meet_changes(Operations *o, const Changes *changes) {
        Host *h = model_host(o->model);

        if (h->boot_verdict != BOOT_OPEN)
                return;
        for (size_t i = 0; i < changes->n_items; i++) {
                const Change *c = &changes->items[i];
                const DeviceReport *d;

                if (c->kind == CHANGE_DEVICE_REMOVED)
                        (void) host_drop_wish_result(h, &c->address);
                if (c->kind != CHANGE_DEVICE_ADDED && c->kind != CHANGE_DEVICE)
                        continue;
                d = report_find_device(model_report(o->model), &c->address);
                if (d && is_due(h, d, c->kind == CHANGE_DEVICE_ADDED))
                        (void) queue(o, &c->address);
        }
}

/* Takes the first out of the queue. Returns: true and the address, or false if there is none. */
static bool take_next(Operations *o, Address *ret) {
        if (o->wished.n == 0)
                return false;
        *ret = o->wished.items[0];
        o->wished.n--;
        memmove(o->wished.items, o->wished.items + 1, o->wished.n * sizeof(Address));
        return true;
}

/* Returns: 0, or -errno if it could not be begun. */
static int meet(Operations *o, const Address *a) {
        const Wish *w = host_find_wish(model_host(o->model), a);
        const DeviceReport *d = report_find_device(model_report(o->model), a);
        BusRequest request = { .address = *a, .timeout_usec = VFIOD_TIMEOUT_DEFAULT_USEC };

        if (!w || !d)
                return 0;
        request.with = w->with.items;
        request.n_with = w->with.n;
        request.group = w->group;
        request.driver = w->driver;
        request.accept = w->accept;
        request.n_accept = w->n_accept;
        return operation_begin_wish(o, &request);
}

static int on_meet(sd_event_source *source, void *userdata) {
        Operations *o = userdata;
        Address a;

        while (!o->meeting && take_next(o, &a)) {
                int r = meet(o, &a);

                if (r < 0)
                        (void) host_set_wish_result(model_host(o->model), &a, false, strerror(-r));
        }
        return 0;
}

void operation_plan_wish(Operation *op, const DeviceReport *d) {
        op->late = d && d->state == STATE_HOST;
        op->held = d && device_is_held(d->device);
}

void operation_note_wish(Operation *op, const char *message) {
        Host *h = model_host(op->owner->model);

        const Device *d = host_find_device(h, &op->request.address);

        if (!op->for_wish)
                return;
        /* udev was at it at the same time: what was planned on has changed. This can be once. */
        if (message && !op->held && d && device_is_held(d)) {
                (void) queue(op->owner, &op->request.address);
                return;
        }
        if (message)
                notice_wish_refused(&op->request.address, message);
        if (host_set_wish_result(h, &op->request.address, op->late, message) >= 0)
                (void) model_touch(op->owner->model, &op->request.address, 1);
}

void operation_end_wish(Operation *op) {
        Operations *o = op->owner;

        if (o->meeting != op)
                return;
        o->meeting = NULL;
        (void) sd_event_source_set_enabled(o->meet, SD_EVENT_ONESHOT);
}

int operations_prepare_meeting(Operations *o) {
        int r = sd_event_add_defer(o->context.event, &o->meet, on_meet, o);

        if (r >= 0)
                r = sd_event_source_set_description(o->meet, "wishes");
        return r < 0 ? r : sd_event_source_set_enabled(o->meet, SD_EVENT_OFF);
}
