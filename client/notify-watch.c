/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <systemd/sd-event.h>

#include "names.h"
#include "notify-watch.h"

/* A change is rarely alone: a driver that comes, or a job that ends, makes several. */
#define SETTLE_USEC (USEC_PER_SEC / 2)
/* Between two readings while things go on changing. */
#define PACE_USEC (2 * USEC_PER_SEC)
/* A vfiod that is there and does not say how it is, is asked again: then, and each time twice as
 * late, up to a minute. */
#define RETRY_USEC PACE_USEC
#define RETRIES_TO_SLOWEST 5
#define ACCURACY_USEC (USEC_PER_SEC / 10)

/* Faults come in storms: one of each device is kept until the next reading tells whose it is. */
#define FAULTS_MAX 16

typedef struct Fault {
        char *address, *message;
} Fault;

struct Watch {
        sd_bus *bus;
        const WatchHandlers *handlers;
        void *userdata;
        sd_bus_slot *signals, *owner, *call; /* call: the reading under way */
        sd_event_source *timer;
        bool again;        /* something has changed since the reading began */
        uint64_t last;     /* when it was read last */
        unsigned n_failed; /* readings in a row */
        Model model;
        Host host;
        Fault faults[FAULTS_MAX];
        size_t n_faults;
};

/* Has all of it read at that time, or before if that is set already. */
static int read_at(Watch *w, uint64_t at) {
        uint64_t set;
        int enabled, r;

        r = sd_event_source_get_enabled(w->timer, &enabled);
        if (r >= 0 && enabled != SD_EVENT_OFF &&
            sd_event_source_get_time(w->timer, &set) >= 0 && set <= at)
                return 0;
        if (r >= 0)
                r = sd_event_source_set_time(w->timer, at);
        return r < 0 ? r : sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* Has all of it read, once things have settled. */
static int read_soon(Watch *w) {
        uint64_t now, at;
        int r;

        if (w->call) {
                w->again = true;
                return 0;
        }
        r = sd_event_now(sd_event_source_get_event(w->timer), CLOCK_MONOTONIC, &now);
        if (r < 0)
                return r;
        at = now + SETTLE_USEC;
        if (w->last > 0 && at < w->last + PACE_USEC)
                at = w->last + PACE_USEC;
        return read_at(w, at);
}

/* The reading has ended. */
static void end_reading(Watch *w) {
        w->call = sd_bus_slot_unref(w->call);
        if (w->again)
                (void) read_soon(w);
}

static void end_well(Watch *w) {
        w->n_failed = 0;
        end_reading(w);
}

/* No signal tells when vfiod would answer: what has changed would stay unread until another one. */
static void end_badly(Watch *w) {
        unsigned n = w->n_failed < RETRIES_TO_SLOWEST ? w->n_failed : RETRIES_TO_SLOWEST;

        w->n_failed++;
        end_reading(w);
        (void) read_at(w, w->last + (RETRY_USEC << n));
}

/* Ends the reading with an answer that says nothing. Without a vfiod there is nothing to ask: its
 * coming back is signalled, and what it said last stands until then. */
static void end_without(Watch *w, sd_bus_message *m) {
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_message_is_method_error(m, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                end_well(w);
        else
                end_badly(w);
}

static void fault_done(Fault *fault) {
        free(fault->address);
        free(fault->message);
        *fault = (Fault){0};
}

static void add_fault(Watch *w, const char *address, const char *message) {
        Fault *fault = w->faults + w->n_faults;

        for (size_t i = 0; i < w->n_faults; i++)
                if (streq(w->faults[i].address, address))
                        return;
        if (w->n_faults == FAULTS_MAX)
                return;
        fault->address = strdup(address);
        fault->message = strdup(message);
        if (!fault->address || !fault->message) {
                fault_done(fault);
                return;
        }
        text_clean(fault->message);
        w->n_faults++;
}

static void tell_faults(Watch *w) {
        for (size_t i = 0; i < w->n_faults; i++) {
                w->handlers->fault(&w->model, w->faults[i].address, w->faults[i].message,
                                   w->userdata);
                fault_done(w->faults + i);
        }
        w->n_faults = 0;
}

static int on_model(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Model model = {0};
        Watch *w = userdata;

        if (sd_bus_message_is_method_error(m, NULL) || model_read(&model, m) < 0) {
                model_done(&model);
                end_without(w, m);
                return 0;
        }
        model_done(&w->model);
        w->model = model;
        w->handlers->state(&w->model, &w->host, w->userdata);
        tell_faults(w);
        end_well(w);
        return 0;
}

/* Calls a method that takes nothing, or an interface's name. */
static int call(Watch *w, const char *interface, const char *method, const char *argument,
                sd_bus_message_handler_t handler) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        w->call = sd_bus_slot_unref(w->call);
        if ((r = sd_bus_message_new_method_call(w->bus, &m, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                                                interface, method)) < 0 ||
            (argument && (r = sd_bus_message_append(m, "s", argument)) < 0) ||
            (r = sd_bus_message_set_auto_start(m, false)) < 0)
                return r;
        return sd_bus_call_async(w->bus, &w->call, m, handler, w, 0);
}

static int on_host(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Host host = {0};
        Watch *w = userdata;

        if (sd_bus_message_is_method_error(m, NULL) || host_read(&host, m) < 0) {
                host_done(&host);
                end_without(w, m);
                return 0;
        }
        host_done(&w->host);
        w->host = host;
        if (call(w, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL, on_model) < 0)
                end_badly(w);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Watch *w = userdata;

        w->again = false;
        w->last = usec;
        if (call(w, "org.freedesktop.DBus.Properties", "GetAll", VFIOD_INTERFACE_MANAGER,
                 on_host) < 0)
                end_badly(w);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *address, *message;
        Watch *w = userdata;

        if (sd_bus_message_is_signal(m, VFIOD_INTERFACE_MANAGER, "DeviceFault") &&
            sd_bus_message_read(m, "ss", &address, &message) >= 0)
                add_fault(w, address, message);
        (void) read_soon(w);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *owner;

        if (sd_bus_message_read(m, "sss", NULL, NULL, &owner) >= 0 && *owner)
                (void) read_soon(userdata);
        return 0;
}

static int subscribe(Watch *w) {
        int r;

        if ((r = sd_bus_add_match(w->bus, &w->signals,
                                  "type='signal',sender='" VFIOD_BUS_NAME "',"
                                  "path_namespace='" VFIOD_PATH_MANAGER "'", on_signal, w)) < 0 ||
            (r = sd_bus_add_match(w->bus, &w->owner,
                                  "type='signal',sender='org.freedesktop.DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                  "arg0='" VFIOD_BUS_NAME "'", on_owner, w)) < 0 ||
            (r = sd_event_add_time(sd_bus_get_event(w->bus), &w->timer, CLOCK_MONOTONIC, 0,
                                   ACCURACY_USEC, on_timer, w)) < 0)
                return r;
        /* Only now: what happens from here on is either in what is read, or signalled. */
        return sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

int watch_new(sd_bus *bus, const WatchHandlers *handlers, void *userdata, Watch **ret) {
        Watch *w = calloc(1, sizeof(Watch));
        int r;

        if (!w)
                return -ENOMEM;
        w->bus = sd_bus_ref(bus);
        w->handlers = handlers;
        w->userdata = userdata;
        r = subscribe(w);
        if (r < 0) {
                watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

Watch *watch_free(Watch *w) {
        if (!w)
                return NULL;
        sd_bus_slot_unref(w->signals);
        sd_bus_slot_unref(w->owner);
        sd_bus_slot_unref(w->call);
        sd_event_source_unref(w->timer);
        sd_bus_unref(w->bus);
        for (size_t i = 0; i < w->n_faults; i++)
                fault_done(w->faults + i);
        model_done(&w->model);
        host_done(&w->host);
        free(w);
        return NULL;
}
