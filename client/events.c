/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>

#include "bus.h"
#include "events.h"
#include "names.h"
#include "render.h"

char *property_key(const char *property) {
        char *key, *out;

        if (streq(property, "VendorName"))
                return strdup("vendor");
        if (streq(property, "DeviceName"))
                return strdup("device");
        key = calloc(strlen(property) + 1, 2);
        if (!key)
                return NULL;
        out = key;
        for (const char *p = property; *p; p++) {
                if (isupper((unsigned char) *p) && p > property)
                        *out++ = '_';
                *out++ = (char) tolower((unsigned char) *p);
        }
        *out = 0;
        return key;
}

static int copy(char **ret, const char *text) {
        *ret = text && *text ? strdup(text) : NULL;
        text_clean(*ret);
        return text && *text && !*ret ? -ENOMEM : 0;
}

static int add_changed(Event *event, const char *property) {
        _cleanup_(freep) char *key = property_key(property);

        return key ? strv_append(&event->changed, key) : -ENOMEM;
}

/* Reads the names of what changed; the values are read by device_read(). */
static int read_changed(Event *event, sd_bus_message *m) {
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0)
                if ((r = sd_bus_message_read(m, "s", &name)) < 0 ||
                    (r = add_changed(event, name)) < 0 ||
                    (r = sd_bus_message_skip(m, "v")) < 0 ||
                    (r = sd_bus_message_exit_container(m)) < 0)
                        return r;
        if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0 ||
            (r = sd_bus_message_enter_container(m, 'a', "s")) < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &name)) > 0)
                if ((r = add_changed(event, name)) < 0)
                        return r;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_properties_changed(Event *event, sd_bus_message *m) {
        const char *interface;
        int r;

        r = sd_bus_message_read(m, "s", &interface);
        if (r < 0 || !streq(interface, VFIOD_INTERFACE_DEVICE))
                return r < 0 ? r : 0;
        event->kind = EVENT_DEVICE_CHANGED;
        event->address = bus_path_address(sd_bus_message_get_path(m));
        event->device = (Device) DEVICE_INIT;
        if (!event->address)
                return -EINVAL;
        if ((r = device_read(&event->device, m)) < 0 || (r = sd_bus_message_rewind(m, true)) < 0 ||
            (r = sd_bus_message_skip(m, "s")) < 0 || (r = read_changed(event, m)) < 0)
                return r;
        return 1;
}

static int read_interfaces(Event *event, sd_bus_message *m, bool added) {
        bool is_device = false;
        const char *path, *name;
        int r;

        r = sd_bus_message_read(m, "o", &path);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', added ? "{sa{sv}}" : "s");
        if (r < 0)
                return r;
        while ((r = added ? sd_bus_message_enter_container(m, 'e', "sa{sv}")
                          : !sd_bus_message_at_end(m, false)) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r < 0)
                        return r;
                is_device |= streq(name, VFIOD_INTERFACE_DEVICE);
                if (added && ((r = sd_bus_message_skip(m, "a{sv}")) < 0 ||
                              (r = sd_bus_message_exit_container(m)) < 0))
                        return r;
        }
        if (r < 0 || !is_device)
                return r;
        event->kind = added ? EVENT_DEVICE_ADDED : EVENT_DEVICE_REMOVED;
        event->address = bus_path_address(path);
        return event->address ? 1 : -EINVAL;
}

static int read_job_removed(Event *event, sd_bus_message *m) {
        const char *job, *address, *result, *error, *message;
        int r;

        r = sd_bus_message_read(m, "uossss", &event->id, &job, &address, &result, &error, &message);
        if (r < 0)
                return r;
        event->kind = EVENT_JOB_REMOVED;
        if (copy(&event->job, job) < 0 || copy(&event->address, address) < 0 ||
            copy(&event->result, result) < 0 || copy(&event->error, error) < 0 ||
            copy(&event->message, message) < 0)
                return -ENOMEM;
        return 1;
}

static int read_manager_signal(Event *event, sd_bus_message *m) {
        const char *member = sd_bus_message_get_member(m), *a, *b;
        int r;

        if (streq(member, "GroupChanged")) {
                event->kind = EVENT_GROUP;
                r = sd_bus_message_read(m, "uss", &event->id, &a, &b);
                if (r >= 0 && (copy(&event->verdict, a) < 0 || copy(&event->reason, b) < 0))
                        r = -ENOMEM;
        } else if (streq(member, "DeviceFault")) {
                event->kind = EVENT_FAULT;
                r = sd_bus_message_read(m, "ss", &a, &b);
                if (r >= 0 && (copy(&event->address, a) < 0 || copy(&event->message, b) < 0))
                        r = -ENOMEM;
        } else if (streq(member, "JobNew")) {
                event->kind = EVENT_JOB_NEW;
                r = sd_bus_message_read(m, "uo", &event->id, &a);
                if (r >= 0)
                        r = copy(&event->job, a);
        } else if (streq(member, "JobRemoved"))
                return read_job_removed(event, m);
        else
                return 0;
        return r < 0 ? r : 1;
}

int event_read(Event *event, sd_bus_message *m) {
        if (sd_bus_message_is_signal(m, VFIOD_INTERFACE_MANAGER, NULL))
                return read_manager_signal(event, m);
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
                return read_properties_changed(event, m);
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded"))
                return read_interfaces(event, m, true);
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved"))
                return read_interfaces(event, m, false);
        return 0;
}

json_t *event_json(const Event *event, const char *time) {
        static const char *const names[] = {
                [EVENT_GROUP] = "group",
                [EVENT_DEVICE_ADDED] = "device-added",
                [EVENT_DEVICE_REMOVED] = "device-removed",
                [EVENT_DEVICE_CHANGED] = "device-changed",
                [EVENT_FAULT] = "fault",
                [EVENT_JOB_NEW] = "job-new",
                [EVENT_JOB_REMOVED] = "job-removed",
                [EVENT_DAEMON] = "daemon",
        };
        json_t *object = json_object();
        EventKind kind = event->kind;

        json_object_set_new(object, "event", json_string(names[kind]));
        if (kind == EVENT_GROUP) {
                json_object_set_new(object, "id", json_integer(event->id));
                json_object_set_new(object, "verdict", json_text(event->verdict));
                json_object_set_new(object, "reason", json_text(event->reason));
        } else if (kind == EVENT_JOB_NEW || kind == EVENT_JOB_REMOVED) {
                json_object_set_new(object, "id", json_integer(event->id));
                json_object_set_new(object, "job", json_text(event->job));
        } else if (kind == EVENT_DAEMON)
                json_object_set_new(object, "state", json_text(event->state));
        if (kind != EVENT_GROUP && kind != EVENT_JOB_NEW && kind != EVENT_DAEMON)
                json_object_set_new(object, "address", json_text(event->address));
        if (kind == EVENT_DEVICE_ADDED || kind == EVENT_DEVICE_REMOVED ||
            kind == EVENT_DEVICE_CHANGED)
                json_object_set_new(object, "changed",
                                    event->changed ? json_strv(event->changed) : json_array());
        if (kind == EVENT_JOB_REMOVED) {
                json_object_set_new(object, "result", json_text(event->result));
                json_object_set_new(object, "error", json_text(event->error));
        }
        if (kind == EVENT_JOB_REMOVED || kind == EVENT_FAULT)
                json_object_set_new(object, "message", json_text(event->message));
        json_object_set_new(object, "time", json_string(time));
        return object;
}

/* The changes that people care for have their values, the others only their names. */
static void print_changes(FILE *out, const Style *style, const Event *event) {
        const struct {
                const char *key, *value;
        } values[] = {{"driver", event->device.driver},
                      {"driver_override", event->device.driver_override},
                      {"state", event->device.state},
                      {"readiness", event->device.readiness},
                      {"managed_by", event->device.managed_by}};
        const char *separator = "";

        for (char **key = event->changed; key && *key; key++) {
                size_t i = 0;

                while (i < ARRAY_SIZE(values) && !streq(values[i].key, *key))
                        i++;
                fprintf(out, "%s%s", separator, *key);
                separator = ", ";
                if (i == ARRAY_SIZE(values))
                        continue;
                fputc(' ', out);
                text_put(out, style, render_colour(values[i].value),
                         values[i].value ? values[i].value : "none", 0);
        }
}

void event_print(FILE *out, const Style *style, const Event *event) {
        const char *address = label_address(event->address, true);

        switch (event->kind) {
        case EVENT_GROUP:
                fprintf(out, "Group %" PRIu32 "  ", event->id);
                text_put(out, style, render_colour(event->verdict), or_empty(event->verdict), 0);
                fprintf(out, "%s%s", event->reason ? "  " : "", or_empty(event->reason));
                break;
        case EVENT_DEVICE_ADDED:
                fprintf(out, "%s  is there", address);
                break;
        case EVENT_DEVICE_REMOVED:
                fprintf(out, "%s  is gone", address);
                break;
        case EVENT_DEVICE_CHANGED:
                fprintf(out, "%s  ", address);
                print_changes(out, style, event);
                break;
        case EVENT_FAULT:
                fprintf(out, "%s  ", address);
                text_put(out, style, COLOUR_RED, or_empty(event->message), 0);
                break;
        case EVENT_JOB_NEW:
                fprintf(out, "Job %" PRIu32 "  begins", event->id);
                break;
        case EVENT_JOB_REMOVED:
                fprintf(out, "Job %" PRIu32 "  %s  ", event->id, address);
                text_put(out, style, render_colour(event->result), or_empty(event->result), 0);
                fprintf(out, "%s%s", event->message ? ": " : "", or_empty(event->message));
                break;
        case EVENT_DAEMON:
                fprintf(out, "vfiod is %s", or_empty(event->state));
                break;
        }
        fputc('\n', out);
}

void event_done(Event *event) {
        free(event->verdict);
        free(event->reason);
        free(event->address);
        free(event->job);
        free(event->result);
        free(event->error);
        free(event->message);
        free(event->state);
        strv_free(event->changed);
        device_done(&event->device);
}
