/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "objects.h"
#include "utf8.h"

/* Returns: true if the object's interface promises a signal when that property changes. */
static bool emits_change(const BusObject *o, const char *property) {
        for (const sd_bus_vtable *v = o->vtable; v->type != _SD_BUS_VTABLE_END; v++)
                if (v->type == _SD_BUS_VTABLE_PROPERTY &&
                    strcmp(v->x.property.member, property) == 0)
                        return v->flags & SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
        return false;
}

/* Emits PropertiesChanged for those of the names that are announced at all: sd-bus refuses the
 * whole signal for a single one that is not. */
static int emit_changed(Bus *b, const BusObject *o, const char *path, const char *const *names) {
        char *announced[CHANGE_PROPERTIES_MAX + 1] = { NULL };
        size_t n = 0;

        for (size_t i = 0; i < CHANGE_PROPERTIES_MAX && names[i]; i++)
                if (emits_change(o, names[i]))
                        announced[n++] = (char *) names[i];
        return n == 0 ? 0 : sd_bus_emit_properties_changed_strv(b->connection, path, o->interface,
                                                                announced);
}

static int emit_added(Bus *b, const BusObject *o, const char *path) {
        char *interfaces[] = { (char *) o->interface, NULL };

        return sd_bus_emit_interfaces_added_strv(b->connection, path, interfaces);
}

static int emit_removed(Bus *b, const BusObject *o, const char *path) {
        char *interfaces[] = { (char *) o->interface, NULL };

        /* Not sd_bus_emit_object_removed(): that asks the vtables, and the object is gone. */
        return sd_bus_emit_interfaces_removed_strv(b->connection, path, interfaces);
}

/* Returns: the blockers in words, to be freed, or NULL when memory is short. */
static char *blockers_text(const GroupReport *g) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        bool failed;

        if (!f)
                return NULL;
        for (size_t i = 0; i < g->n_blockers; i++) {
                const Blocker *k = &g->blockers[i];

                fprintf(f, "%s%s (%s)", i > 0 ? ", " : "", k->member,
                        k->driver && k->driver[0] ? k->driver : block_reason_text(k->reason));
        }
        failed = ferror(f);
        if (fclose(f) != 0 || failed) {
                free(text);
                return NULL;
        }
        return text;
}

/* g: NULL when the group went. */
static int emit_group_changed(Bus *b, unsigned id, const GroupReport *g) {
        sd_bus_message *m = NULL;
        char *reason = g ? blockers_text(g) : strdup("");
        int e = reason ? 0 : -ENOMEM;

        if (e >= 0)
                e = sd_bus_message_new_signal(b->connection, &m, VFIOD_PATH_MANAGER,
                                              VFIOD_INTERFACE_MANAGER, "GroupChanged");
        if (e >= 0)
                e = sd_bus_message_append(m, "us", id, g ? verdict_text(g->verdict) : "removed");
        if (e >= 0)
                e = bus_append_text(m, reason);
        if (e >= 0)
                e = sd_bus_send(b->connection, m, NULL);
        sd_bus_message_unref(m);
        free(reason);
        return e;
}

static int announce_group(Bus *b, const Change *c) {
        const GroupReport *g = report_find_group(bus_report(b), c->group);
        char path[BUS_PATH_MAX];
        int e = 0;

        bus_group_path(c->group, path);
        if (c->kind == CHANGE_GROUP_REMOVED) {
                g = NULL; /* one of that id may have come since */
                e = emit_removed(b, &bus_object_group, path);
        } else if (!g) {
                return 0; /* gone since; that is announced by another change */
        } else if (c->kind == CHANGE_GROUP_ADDED) {
                e = emit_added(b, &bus_object_group, path);
        } else {
                e = emit_changed(b, &bus_object_group, path, c->properties);
        }
        if (c->verdict_changed) {
                int signal = emit_group_changed(b, c->group, g);

                if (e >= 0)
                        e = signal;
        }
        return e;
}

static int announce_device(Bus *b, const Change *c) {
        char *path;
        int e = bus_device_path(&c->address, &path);

        if (e < 0)
                return e;
        if (c->kind == CHANGE_DEVICE_REMOVED)
                e = emit_removed(b, &bus_object_device, path);
        else if (!report_find_device(bus_report(b), &c->address))
                e = 0; /* gone since; that is announced by another change */
        else if (c->kind == CHANGE_DEVICE_ADDED)
                e = emit_added(b, &bus_object_device, path);
        else
                e = emit_changed(b, &bus_object_device, path, c->properties);
        free(path);
        return e;
}

static int announce(Bus *b, const Change *c) {
        switch (c->kind) {
        case CHANGE_HOST:
                return emit_changed(b, &bus_object_manager, VFIOD_PATH_MANAGER, c->properties);
        case CHANGE_DEVICE_REMOVED:
        case CHANGE_DEVICE_ADDED:
        case CHANGE_DEVICE:
                return announce_device(b, c);
        case CHANGE_GROUP_REMOVED:
        case CHANGE_GROUP_ADDED:
        case CHANGE_GROUP:
                return announce_group(b, c);
        }
        return -EINVAL;
}

int bus_announce(Bus *b, const Changes *changes) {
        int first = 0;

        for (size_t i = 0; i < changes->n_items; i++) {
                int e = announce(b, &changes->items[i]);

                if (e < 0 && first == 0)
                        first = e;
        }
        return first;
}

int bus_job_new(Bus *b, const Job *job) {
        char path[BUS_PATH_MAX];
        int e = emit_added(b, &bus_object_job, bus_job_path(job->id, path));

        if (e >= 0)
                e = sd_bus_emit_signal(b->connection, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER,
                                       "JobNew", "uo", job->id, path);
        return e < 0 ? e : 0;
}

int bus_job_changed(Bus *b, const Job *job) {
        static const char *const names[CHANGE_PROPERTIES_MAX] = { "State", "Steps" };
        char path[BUS_PATH_MAX];
        int e = emit_changed(b, &bus_object_job, bus_job_path(job->id, path), names);

        return e < 0 ? e : 0;
}

static int emit_job_removed(Bus *b, const Job *job, const char *path, const char *result,
                            const char *error, const char *message) {
        char address[ADDRESS_TEXT_MAX] = "";
        sd_bus_message *m = NULL;
        int e = sd_bus_message_new_signal(b->connection, &m, VFIOD_PATH_MANAGER,
                                          VFIOD_INTERFACE_MANAGER, "JobRemoved");

        if (job->transaction)
                address_format(&job->transaction->address, address);
        if (e >= 0)
                e = sd_bus_message_append(m, "uosss", job->id, path, address, result, error);
        if (e >= 0)
                e = bus_append_text(m, message);
        if (e >= 0)
                e = sd_bus_send(b->connection, m, NULL);
        sd_bus_message_unref(m);
        return e;
}

int bus_device_fault(Bus *b, const Address *a, const char *message) {
        char address[ADDRESS_TEXT_MAX];
        sd_bus_message *m = NULL;
        int e = sd_bus_message_new_signal(b->connection, &m, VFIOD_PATH_MANAGER,
                                          VFIOD_INTERFACE_MANAGER, "DeviceFault");

        if (e >= 0)
                e = sd_bus_message_append(m, "s", address_format(a, address));
        if (e >= 0)
                e = bus_append_text(m, message);
        if (e >= 0)
                e = sd_bus_send(b->connection, m, NULL);
        sd_bus_message_unref(m);
        return e < 0 ? e : 0;
}

int bus_job_removed(Bus *b, const Job *job, const char *result, const char *error,
                    const char *message) {
        char path[BUS_PATH_MAX];
        /* First the outcome, then the object goes: who waits for the outcome has it before it
         * learns that there is nothing left to ask. */
        int e = emit_job_removed(b, job, bus_job_path(job->id, path), result, error, message);
        int removed = emit_removed(b, &bus_object_job, path);

        return e < 0 ? e : removed < 0 ? removed : 0;
}
