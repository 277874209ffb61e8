/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "core/changes.h"
#include "core/plan.h"
#include "identity.h"
#include "name.h"
#include "rebind/job.h"

/* What a caller of Plan, Prepare or Release asked for, checked. */
typedef struct BusRequest {
        Address address;
        BusIdentity identity; /* of what stood there when it was asked for */
        Address *with;
        size_t n_with;
        bool group;
        bool no_block;
        bool persist;
        bool wait;
        bool foreign;
        char *driver; /* NULL: not given */
        char *claim;  /* NULL: not given */
        char **accept; /* hazards: "ID" or "ID@ADDRESS"; each id is one that there is */
        size_t n_accept;
        uint64_t timeout_usec;
} BusRequest;

/*
 * What the bus asks of the daemon. Every argument has been checked and every address is in the
 * report; for prepare and release the sender has the right. A handler that returns a negative errno
 * or sets *error answers the call with it; one that returns 0 answers later or has answered, by one
 * of the bus_reply_* functions, and holds its own reference to the message until then. The request
 * is borrowed.
 */
typedef struct BusHandlers {
        /* What is shown now, borrowed; never NULL once messages are processed. */
        const Report *(*report)(void *userdata);
        /* Jobs that exist now; borrowed, *ret_n is always set. */
        Job *const *(*jobs)(void *userdata, size_t *ret_n);
        /* What a name that is no address stands for (interface, block device): fills at most max
         * addresses. Returns how many there are, or -errno. */
        int (*resolve)(void *userdata, const char *name, Address *ret, size_t max);
        /* Whether anything can be changed on this host; else *error is about the device. Returns 0
         * or -errno. May be NULL: it can. */
        int (*check_change)(void *userdata, const Address *a, sd_bus_error *error);
        int (*plan)(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);
        int (*prepare)(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);
        int (*release)(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);
        int (*refresh)(void *userdata, sd_bus_message *m, const Address *a, sd_bus_error *error);
        /* Reads the host anew, at once. Returns 0 or -errno. */
        int (*rescan)(void *userdata);
        /* Whether the address is persisted, whatever stands there now. May be NULL: nothing is. */
        bool (*is_wished)(void *userdata, const Address *a);
        /* How long a prepare or release may take when the caller does not say. */
        uint64_t (*default_timeout_usec)(void *userdata);
} BusHandlers;

typedef struct Bus Bus;

/* Puts the objects on a bus connection (which must be started) and attaches it to the event loop.
 * Before it starts the connection the caller must refuse file descriptors, for which no method has
 * a use: sd_bus_negotiate_fds(connection, 0). The name is not requested yet. version: of the
 * program. handlers are copied. Returns: 0 or -errno. */
int bus_new(sd_bus *connection, sd_event *event, const char *version, const BusHandlers *handlers,
            void *userdata, Bus **ret);
/* Takes the objects off the connection and detaches it; closing it is the caller's. NULL is taken.
 * Returns: NULL. */
Bus *bus_free(Bus *b);
/* Returns: the user whose call it is; -1 where that is not known. */
uid_t bus_caller(const Bus *b, sd_bus_message *m);
/* Requests the well-known name: see name.h. Returns: 0, or -errno without calling named. */
int bus_request_name(Bus *b, BusNamed named, void *userdata);

/* Announces changes in their order: InterfacesRemoved, InterfacesAdded, PropertiesChanged, each
 * followed by GroupChanged where it is due. The report must be up to date already. A property whose
 * changes are not announced (Holders ...) may be among the names and is passed over.
 * Returns: 0 or -errno of the first that could not be sent; the others are sent nevertheless. */
int bus_announce(Bus *b, const Changes *changes);
/* The job must be among handlers->jobs() for the first two and may be for the third.
 * Return: 0 or -errno. */
/* DeviceFault: message is the kernel's line. Returns: 0 or -errno. */
int bus_device_fault(Bus *b, const Address *a, const char *message);
int bus_job_new(Bus *b, const Job *job);
int bus_job_changed(Bus *b, const Job *job);
/* error is "" when there is none. */
int bus_job_removed(Bus *b, const Job *job, const char *result, const char *error,
                    const char *message);

/* Answer a call. A caller that is gone is no error. Return: 0 or -errno. */
int bus_reply_plan(sd_bus_message *m, const Plan *plan);
/* job_id 0: no job ("/" as path). */
int bus_reply_result(sd_bus_message *m, const char *result, unsigned job_id);
int bus_reply_error(sd_bus_message *m, const char *name, const char *message);
int bus_reply_empty(sd_bus_message *m);
