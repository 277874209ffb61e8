/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <systemd/sd-event.h>

#include "json.h"
#include "label.h"
#include "names.h"
#include "verbs.h"

typedef enum Condition { READY, PREPARABLE, PRESENT, RELEASED, CONDITIONS_MAX } Condition;

static const char *const condition_names[CONDITIONS_MAX] = {
        [READY] = "ready",
        [PREPARABLE] = "preparable",
        [PRESENT] = "present",
        [RELEASED] = "released",
};

typedef struct Wait {
        const Call *call;
        Condition condition;
        sd_event *event;
        sd_event_source *look; /* armed by anything that may have changed the answer */
        char *path; /* once the device was there: a name such as enp5s0 goes with its driver */
        char *missing;         /* why the answer is still no */
        bool met;
        sd_bus_error error;
} Wait;

static bool is_met(Condition condition, const Device *device) {
        switch (condition) {
        case READY:
                return streq(device->readiness, "ready");
        case PREPARABLE:
                return streq(device->readiness, "preparable") || streq(device->readiness, "ready");
        case RELEASED:
                return !streq(device->managed_by, "vfiod") && !streq(device->state, "detaching");
        default:
                return true;
        }
}

static void set_missing(Wait *wait, const Device *device) {
        const Finding *finding = NULL;
        char *text;

        for (size_t i = 0; i < device->findings.n && !finding; i++)
                if (streq(device->findings.items[i].severity, "blocker"))
                        finding = device->findings.items + i;
        if (wait->condition == RELEASED) {
                if (asprintf(&text, "it is %s", streq(device->state, "detaching")
                                                        ? "still detaching"
                                                        : "still managed by vfiod") < 0)
                        return;
        } else if (asprintf(&text, "it is %s%s%s",
                            device->readiness ? device->readiness : "unknown", finding ? ": " : "",
                            finding ? or_empty(finding->message) : "") < 0)
                return;
        free(wait->missing);
        wait->missing = text;
}

static bool is_absent(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, VFIOD_ERROR_NO_SUCH_DEVICE) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_METHOD) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_UNKNOWN_INTERFACE);
}

/* The daemon may restart while we wait; its coming back arms us again. */
static bool is_gone(const sd_bus_error *error) {
        return sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
                                      SD_BUS_ERROR_NAME_HAS_NO_OWNER, SD_BUS_ERROR_NO_REPLY);
}

static int look(Wait *wait, bool first, sd_bus_error *error) {
        _cleanup_(device_done) Device device = DEVICE_INIT;
        const char *name = wait->call->arguments[0];
        bool seen = wait->path;
        int r = 0;

        if (!seen)
                r = bus_find_device(wait->call->bus, name, first, error, &wait->path);
        if (r >= 0)
                r = bus_get_device(wait->call->bus, wait->path, &device, error);
        if (r < 0 && is_absent(error)) {
                /* What has been unplugged is not ours any more; a wrong name never was. */
                wait->met = seen && wait->condition == RELEASED;
                free(wait->missing);
                wait->missing = strdup("there is no such device");
                return 0;
        }
        if (r < 0)
                return r;
        wait->met = is_met(wait->condition, &device);
        set_missing(wait, &device);
        return 0;
}

/* Returns 0, or a negative errno with wait->error set if there is no point in waiting on. */
static int look_again(Wait *wait, bool first) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = look(wait, first, &error);
        if (r >= 0 || (!first && is_gone(&error)))
                return 0;
        sd_bus_error_copy(&wait->error, &error);
        return r;
}

static int on_look(sd_event_source *source, void *userdata) {
        Wait *wait = userdata;
        int r;

        r = look_again(wait, false);
        if (r < 0)
                return sd_event_exit(wait->event, r);
        return wait->met ? sd_event_exit(wait->event, 0) : 0;
}

static int on_change(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Wait *wait = userdata;

        /* Many signals, one look: it runs when the queue is empty. */
        return sd_event_source_set_enabled(wait->look, SD_EVENT_ONESHOT);
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const char *name, *old, *new;

        if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0 || !*new)
                return 0;
        return on_change(m, userdata, ret_error);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        return sd_event_exit(((Wait *) userdata)->event, 0);
}

static int subscribe(Wait *wait) {
        const Options *options = wait->call->options;
        sd_bus *bus = wait->call->bus;
        int r;

        if ((r = sd_event_new(&wait->event)) < 0 ||
            (r = sd_bus_attach_event(bus, wait->event, 0)) < 0 ||
            (r = sd_event_add_defer(wait->event, &wait->look, on_look, wait)) < 0 ||
            (r = sd_event_source_set_enabled(wait->look, SD_EVENT_OFF)) < 0 ||
            (r = sd_event_source_set_priority(wait->look, SD_EVENT_PRIORITY_IDLE)) < 0 ||
            (r = sd_bus_add_match(bus, NULL,
                                  "type='signal',sender='" VFIOD_BUS_NAME "',"
                                  "path_namespace='" VFIOD_PATH_MANAGER "'",
                                  on_change, wait)) < 0 ||
            (r = sd_bus_add_match(bus, NULL,
                                  "type='signal',sender='org.freedesktop.DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                  "arg0='" VFIOD_BUS_NAME "'",
                                  on_owner, wait)) < 0)
                return r;
        if (options->timeout_usec == TIMEOUT_NOT_GIVEN)
                return 0;
        return sd_event_add_time_relative(wait->event, NULL, CLOCK_MONOTONIC, options->timeout_usec,
                                          1000, on_timeout, wait);
}

static void wait_done(Wait *wait) {
        sd_event_source_disable_unref(wait->look);
        sd_bus_detach_event(wait->call->bus);
        sd_event_unref(wait->event);
        free(wait->path);
        free(wait->missing);
        sd_bus_error_free(&wait->error);
}

static int report(Wait *wait) {
        const Options *options = wait->call->options;
        const char *name = wait->call->arguments[0];
        const char *condition = condition_names[wait->condition];
        _cleanup_(freep) char *address = wait->path ? bus_path_address(wait->path) : NULL;
        json_t *object;

        if (!wait->met) {
                sd_bus_error_setf(&wait->error, ERROR_TIMED_OUT,
                                  "%s is not %s in time: %s", name, condition,
                                  wait->missing ? wait->missing : "vfiod is gone");
                return fail(options, name, &wait->error, -ETIMEDOUT);
        }
        if (!options->json) {
                printf("%s is %s\n", name, condition);
                return EXIT_YES;
        }
        object = json_object();
        json_object_set_new(object, "address", json_text(address));
        json_object_set_new(object, "condition", json_string(condition));
        return json_print(object) < 0 ? EXIT_FAILED : EXIT_YES;
}

int verb_wait(const Call *call) {
        _cleanup_(wait_done) Wait wait = {.call = call, .error = SD_BUS_ERROR_NULL};
        const char *what = call->options->for_what;
        int r;

        while (what && wait.condition < CONDITIONS_MAX &&
               !streq(condition_names[wait.condition], what))
                wait.condition++;
        if (wait.condition == CONDITIONS_MAX)
                return fail_usage(
                        call->options,
                        "wait --for takes ready, preparable, present or released, not '%s'", what);
        /* Subscribed first, read second: nothing can fall in between. */
        r = subscribe(&wait);
        if (r >= 0)
                r = look_again(&wait, true);
        if (r >= 0 && !wait.met)
                r = sd_event_loop(wait.event);
        if (r < 0)
                return fail(call->options, call->arguments[0], &wait.error, r);
        return report(&wait);
}
