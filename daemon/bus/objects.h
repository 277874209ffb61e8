/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"
#include "gate.h"
#include "rescan.h"

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

struct Authorization;

struct Bus {
        struct Bus *next; /* of all there are */
        sd_bus *connection;
        Gate *gate;
        Rescans *rescans;
        BusName *name; /* NULL until it is requested */
        struct Authorization *authorizations; /* questions to polkit on their way */
        sd_bus_slot *slots[BUS_SLOTS_MAX];
        size_t n_slots;
        char *version;
        BusHandlers handlers;
        void *userdata;
        bool attached;
};

/* Returns: the report shown now; never NULL. */
const Report *bus_report(const Bus *b);
/* Returns: the Bus of this connection. The objects handed to callbacks are core's own values, which do
 * not know what shows them. */
Bus *bus_of(sd_bus *connection);
/* Returns: whether private parts of texts and the processes of others may be put into this message: a
 * reply to somebody who may see them. A signal goes to everybody. */
bool bus_sees(sd_bus *connection, sd_bus_message *reply);

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

/* Around a call that is answered later, by one of the bus_reply functions: what a user may have of
 * these is bounded. bus_work_begun() gets and returns the handler's result. */
int bus_work_begin(Bus *b, sd_bus_message *m);
int bus_work_begun(sd_bus_message *m, int result);

/* Appends a(sssassa{sv}). sees: with the private parts. Returns: 0 or more, or -errno. */
int bus_append_findings(sd_bus_message *m, const Findings *findings, bool sees);

/* What a caller has to be allowed; bits. Each is an action of polkit. */
typedef enum BusRight {
        RIGHT_PREPARE       = 1 << 0,
        RIGHT_RELEASE       = 1 << 1,
        RIGHT_PERSIST       = 1 << 2,
        RIGHT_ACCEPT_HAZARD = 1 << 3,
} BusRight;

/* What is done for who is allowed to; as BusHandlers.prepare(). */
typedef int (*BusGranted)(void *userdata, sd_bus_message *m, const BusRequest *r,
                          sd_bus_error *error);

/* The one place that decides whether the sender may change the host. Root may; for others polkit is
 * asked for each of the rights. Then calls `granted` with b->userdata, now or later, or answers why
 * not. Whatever is unclear is a no. The request is taken over, also where this fails.
 * Returns: 0, or -errno with *error set or not. */
int bus_authorize(Bus *b, sd_bus_message *m, unsigned rights, BusRequest *request,
                  BusGranted granted, sd_bus_error *error);
/* Takes back all questions; none is answered. */
void bus_authorize_stop(Bus *b);

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
