/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "errors.h"
#include "objects.h"

static const BusObject *const objects[] = {
        &bus_object_manager, &bus_object_group, &bus_object_device, &bus_object_job,
};

const Report *bus_report(const Bus *b) {
        return b->handlers.report(b->userdata);
}

/* sd-bus hands no value of ours on with a connection or a message. */
static Bus *buses;

Bus *bus_of(sd_bus *connection) {
        Bus *b = buses;

        while (b && b->connection != connection)
                b = b->next;
        return b;
}

bool bus_sees(sd_bus *connection, sd_bus_message *reply) {
        sd_bus_message *call = sd_bus_get_current_message(connection);
        const Bus *b = bus_of(connection);
        uint8_t type;

        return b && call && sd_bus_message_get_type(reply, &type) >= 0 &&
               type == SD_BUS_MESSAGE_METHOD_RETURN && gate_sees(b->gate, call);
}

static size_t count_devices(void *userdata) {
        return bus_report(userdata)->n_devices;
}

const char *bus_group_path(unsigned id, char buffer[static BUS_PATH_MAX]) {
        snprintf(buffer, BUS_PATH_MAX, VFIOD_PATH_GROUPS "/%u", id);
        return buffer;
}

const char *bus_job_path(unsigned id, char buffer[static BUS_PATH_MAX]) {
        snprintf(buffer, BUS_PATH_MAX, VFIOD_PATH_JOBS "/%u", id);
        return buffer;
}

int bus_device_path(const Address *a, char **ret) {
        char text[ADDRESS_TEXT_MAX];

        return sd_bus_path_encode(VFIOD_PATH_DEVICES, address_format(a, text), ret);
}

bool bus_path_number(const char *path, const char *prefix, unsigned *ret) {
        size_t n = strlen(prefix);
        uint64_t value = 0;
        const char *p;

        if (strncmp(path, prefix, n) != 0 || path[n] != '/')
                return false;
        p = path + n + 1;
        if (*p == '\0' || (*p == '0' && p[1] != '\0'))
                return false;
        for (; *p; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                value = value * 10 + (uint64_t) (*p - '0');
                if (value > UINT32_MAX)
                        return false;
        }
        *ret = (unsigned) value;
        return true;
}

/* Puts one kind of object on the connection and keeps the slots. */
static int add_object(Bus *b, const BusObject *o) {
        int e;

        if (!o->find)
                return sd_bus_add_object_vtable(b->connection, &b->slots[b->n_slots++], o->path,
                                                o->interface, o->vtable, b);
        e = sd_bus_add_fallback_vtable(b->connection, &b->slots[b->n_slots++], o->path,
                                       o->interface, o->vtable, o->find, b);
        if (e < 0)
                return e;
        return sd_bus_add_node_enumerator(b->connection, &b->slots[b->n_slots++], o->path,
                                          o->enumerate, b);
}

static int add_objects(Bus *b) {
        int e = bus_errors_register();

        for (size_t i = 0; e >= 0 && i < sizeof(objects) / sizeof(objects[0]); i++)
                e = add_object(b, objects[i]);
        if (e < 0)
                return e;
        return sd_bus_add_object_manager(b->connection, &b->slots[b->n_slots++],
                                         VFIOD_PATH_MANAGER);
}

int bus_new(sd_bus *connection, sd_event *event, const char *version, const BusHandlers *handlers,
            void *userdata, Bus **ret) {
        Bus *b = calloc(1, sizeof(*b));
        int e;

        if (!b)
                return -ENOMEM;
        b->connection = sd_bus_ref(connection);
        b->handlers = *handlers;
        b->userdata = userdata;
        b->version = strdup(version);
        b->next = buses;
        buses = b;
        e = b->version ? add_objects(b) : -ENOMEM;
        if (e >= 0)
                e = sd_bus_attach_event(connection, event, SD_EVENT_PRIORITY_NORMAL);
        b->attached = e >= 0;
        if (e >= 0)
                e = gate_new(connection, count_devices, b, &b->gate);
        if (e >= 0)
                e = rescans_new(event, handlers->rescan, userdata, &b->rescans);
        if (e >= 0)
                e = bench_start(connection);
        if (e < 0) {
                bus_free(b);
                return e;
        }
        *ret = b;
        return 0;
}

Bus *bus_free(Bus *b) {
        if (!b)
                return NULL;
        bus_authorize_stop(b);
        bench_stop();
        for (size_t i = 0; i < b->n_slots; i++)
                sd_bus_slot_unref(b->slots[i]);
        bus_name_free(b->name);
        rescans_free(b->rescans);
        gate_free(b->gate);
        for (Bus **i = &buses; *i; i = &(*i)->next)
                if (*i == b) {
                        *i = b->next;
                        break;
                }
        if (b->attached)
                sd_bus_detach_event(b->connection);
        sd_bus_unref(b->connection);
        free(b->version);
        free(b);
        return NULL;
}

uid_t bus_caller(const Bus *b, sd_bus_message *m) {
        const Account *a = gate_account(b->gate, m);

        return a ? a->uid : (uid_t) -1;
}

int bus_request_name(Bus *b, BusNamed named, void *userdata) {
        return bus_name_request(b->connection, named, userdata, &b->name);
}
