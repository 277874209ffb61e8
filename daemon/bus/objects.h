/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* What the files of this folder share; nobody else includes it. */

/* One kind of object on the bus. With `find` the path is a prefix and the objects lie below it. */
typedef struct BusObject {
        const char *path;
        const char *interface;
        const sd_bus_vtable *vtable;
        sd_bus_object_find_t find;
        sd_bus_node_enumerator_t enumerate;
} BusObject;

extern const BusObject bus_object_manager, bus_object_group, bus_object_device, bus_object_job;

#define BUS_SLOTS_MAX 8

struct Bus {
        sd_bus *connection;
        sd_bus_slot *slots[BUS_SLOTS_MAX];
        size_t n_slots;
        char *version;
        BusHandlers handlers;
        void *userdata;
        bool attached;
};

/* Returns: the report shown now; never NULL. */
const Report *bus_report(const Bus *b);
/* Returns: the Bus whose method, getter or find callback is running on this connection. The objects
 * handed to callbacks are core's own values, which do not know what shows them. */
Bus *bus_current(sd_bus *connection);

/* Room for the path of a group or job. */
#define BUS_PATH_MAX 64

/* Write the path of an object into buffer. Return: buffer. */
const char *bus_group_path(unsigned id, char buffer[static BUS_PATH_MAX]);
const char *bus_job_path(unsigned id, char buffer[static BUS_PATH_MAX]);
/* Returns: 0 and the path of a device, to be freed, or -ENOMEM. */
int bus_device_path(const Address *a, char **ret);
/* Reads the number behind prefix and "/": plain decimal, no leading zero, so that every object has
 * one path only. Returns: true and *ret, or false. */
bool bus_path_number(const char *path, const char *prefix, unsigned *ret);

/* Appends a(sssassa{sv}). Returns: 0 or more, or -errno. */
int bus_append_findings(sd_bus_message *m, const Findings *findings);

/* The one place that decides whether the sender may change the host. what: the verb for the
 * message, "prepare" or "release". Returns: 0, or -errno with *error set. Whatever is unclear is
 * a no. */
int bus_authorize(sd_bus_message *m, const char *what, const Address *a, sd_bus_error *error);

/* Defines a property getter: `call` appends the value of the object `o` to `reply`. */
#define BUS_GETTER(function, Type, call)                                                           \
        static int function(sd_bus *connection, const char *path, const char *interface,           \
                            const char *property, sd_bus_message *reply, void *userdata,           \
                            sd_bus_error *error) {                                                 \
                const Type *o = userdata;                                                          \
                                                                                                   \
                (void) o;                                                                          \
                return call;                                                                       \
        }
