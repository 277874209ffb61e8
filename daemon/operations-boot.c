/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/hold.h"
#include "core/rules.h"
#include "names.h"
#include "notice.h"
#include "operations-internal.h"
#include "rebind/state.h"

/*
 * Meets wishes: each device that is wished for is prepared like for any caller, with every check, one
 * after the other. At the first start in a boot that is all of them; later what has just been plugged
 * in, and what is held. What is held and not moved is given back: operations-left.c.
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

static void store_results(const Operations *o) {
        int r = wish_results_store(o->context.runtime_fd, model_host(o->model));

        if (r < 0)
                fprintf(stderr, SD_ERR "vfiod: What came of wishes could not be noted in %s: %s\n",
                        o->context.runtime_path, strerror(-r));
}

void operations_note_wish_result(Operations *o, const Address *a, bool late, const char *message) {
        if (host_set_wish_result(model_host(o->model), a, late, message) < 0)
                return;
        store_results(o);
        (void) model_touch(o->model, a, 1);
}

void operations_drop_wish_result(Operations *o, const Address *a) {
        if (host_drop_wish_result(model_host(o->model), a))
                store_results(o);
}

static bool is_queued(const Operations *o, const Address *a) {
        return address_list_has(&o->wished, a) || address_list_has(&o->shown, a) ||
               (o->meeting && address_compare(&o->meeting->request.address, a) == 0);
}

int operations_queue_wish(Operations *o, const Address *a) {
        int r = is_queued(o, a) ? 0 : address_list_add(&o->wished, a);

        return r < 0 ? r : sd_event_source_set_enabled(o->meet, SD_EVENT_ONESHOT);
}

/* Returns: true if a wish is to be met for the device now. all: not only if it is held. One that is
 * held though its wish was met has gone and come back. */
static bool is_due(const Host *h, const DeviceReport *d, bool all) {
        const Address *a = &d->device->address;
        const WishResult *result = host_find_wish_result(h, a);
        bool free = d->state == STATE_HOST || d->state == STATE_UNBOUND;

        if (!host_find_wish(h, a))
                return false;
        return device_is_held(d->device) ? !result || !result->message : all && free && !result;
}

void operations_meet_wishes(Operations *o) {
        const Host *h = model_host(o->model);
        const Report *report = model_report(o->model);
        int r = 0;

        operations_mark_wishes(o);
        operations_watch_left(o, NULL);
        if (h->boot_verdict != BOOT_OPEN)
                return;
        o->all_due = !was_marked(o);
        for (size_t i = 0; r >= 0 && i < report->n_devices; i++)
                if (is_due(h, report->devices[i], o->all_due))
                        r = operations_queue_wish(o, &report->devices[i]->device->address);
        if (r >= 0)
                r = sd_event_source_set_enabled(o->meet, SD_EVENT_ONESHOT);
        if (r < 0)
                fprintf(stderr, SD_ERR "vfiod: Wishes could not be met: %s\n", strerror(-r));
}

/* Until then a daemon that starts anew looks at all of them again. */
static void note_all_met(Operations *o) {
        int r;

        if (!o->all_due || o->shown.n > 0)
                return;
        o->all_due = false;
        r = state_put(o->context.runtime_fd, MARKER, "", 0);
        if (r < 0)
                fprintf(stderr, SD_ERR "vfiod: That wishes are met in this boot could not be "
                        "noted in %s: %s\n", o->context.runtime_path, strerror(-r));
}

void operations_meet_changes(Operations *o, const Changes *changes) {
        Host *h = model_host(o->model);

        for (size_t i = 0; i < changes->n_items; i++) {
                const Change *c = &changes->items[i];
                const DeviceReport *d;

                if (c->kind == CHANGE_DEVICE_REMOVED) {
                        operations_drop_wish_result(o, &c->address);
                        operations_forget_left(o, &c->address);
                }
                if (c->kind != CHANGE_DEVICE_ADDED && c->kind != CHANGE_DEVICE)
                        continue;
                d = report_find_device(model_report(o->model), &c->address);
                if (!d)
                        continue;
                operations_watch_left(o, d);
                if (h->boot_verdict == BOOT_OPEN && is_due(h, d, c->kind == CHANGE_DEVICE_ADDED))
                        (void) operations_queue_wish(o, &c->address);
        }
}

/* Returns: true if the device has moved along with another one of the same wish: it needs no claim of
 * its own, which would outlive the release of that. */
static bool is_moved_for(const Operations *o, const Wish *w, const Address *a) {
        const Host *h = model_host(o->model);
        const ManagedSet *set = host_find_set(h, a);

        for (size_t i = 0; set && i < set->n_claims; i++)
                if (host_find_wish(h, &set->claims[i].device) == w)
                        return true;
        return false;
}

/* Returns: 0, or -errno if it could not be begun. */
static int meet(Operations *o, const Address *a) {
        const Wish *w = host_find_wish(model_host(o->model), a);
        const DeviceReport *d = report_find_device(model_report(o->model), a);
        BusRequest request = { .address = *a, .timeout_usec = o->timeout_usec };

        if (!w || !d || is_moved_for(o, w, a))
                return 0;
        request.with = w->with.items;
        request.n_with = w->with.n;
        request.group = w->group;
        request.driver = w->driver;
        request.accept = w->accept;
        request.n_accept = w->n_accept;
        return operation_begin_wish(o, OPERATION_PREPARE, &request, false);
}

static int on_meet(sd_event_source *source, void *userdata) {
        Operations *o = userdata;
        Address a;

        while (!o->meeting && address_list_take(&o->wished, &a)) {
                int r = meet(o, &a);

                if (r < 0)
                        operations_note_wish_result(o, &a, false, strerror(-r));
        }
        if (o->meeting)
                return 0;
        note_all_met(o);
        while (!o->meeting && operations_give_back_next(o))
                ;
        return 0;
}

bool operation_plan_wish(Operation *op, const DeviceReport *d) {
        Operations *o = op->owner;
        Address a = op->request.address;
        int r;

        op->late = d && d->state == STATE_HOST;
        op->held = d && device_is_held(d->device);
        if (!op->for_wish || op->kind != OPERATION_PREPARE || !d || !hold_hides_disk(d->device))
                return false;
        operation_free(op);
        r = operations_show_disks(o, &a);
        if (r < 0)
                operations_note_wish_result(o, &a, false, strerror(-r));
        return true;
}

/* Returns: true if udev was at it at the same time: what was planned on has changed. */
static bool is_overtaken(const Operation *op) {
        const Device *d = host_find_device(model_host(op->owner->model), &op->request.address);

        return d && (op->held ? d->driver.fact == FACT_PRESENT &&
                                        !is_vfio_driver(d->driver.value, d)
                              : device_is_held(d));
}

void operation_note_wish(Operation *op, const char *message) {
        if (!op->for_wish)
                return;
        if (op->kind == OPERATION_RELEASE) {
                operation_note_left(op, message);
                return;
        }
        if (message && is_overtaken(op)) {
                operation_end_wish(op);
                (void) operations_queue_wish(op->owner, &op->request.address);
                return;
        }
        if (message)
                notice_wish_refused(&op->request.address, message);
        operations_note_wish_result(op->owner, &op->request.address, op->late, message);
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
        if (r >= 0)
                r = sd_event_source_set_enabled(o->meet, SD_EVENT_OFF);
        return r < 0 ? r : operations_prepare_left(o);
}

void operations_end_meeting(Operations *o) {
        sd_event_source_disable_unref(o->meet);
        sd_event_source_disable_unref(o->patience);
        address_list_clear(&o->wished);
        address_list_clear(&o->left);
        address_list_clear(&o->shown);
        address_list_clear(&o->stranded);
}
