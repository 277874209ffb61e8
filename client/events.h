/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "json.h"
#include "text.h"

typedef enum EventKind {
        EVENT_GROUP,
        EVENT_DEVICE_ADDED,
        EVENT_DEVICE_REMOVED,
        EVENT_DEVICE_CHANGED,
        EVENT_FAULT,
        EVENT_JOB_NEW,
        EVENT_JOB_REMOVED,
        EVENT_DAEMON
} EventKind;

/* One thing that happened; which fields there are depends on the kind. */
typedef struct Event {
        EventKind kind;
        uint32_t id; /* of a group or a job */
        char *verdict, *reason;
        char *address;
        char *job, *result, *error, *message;
        char *state;     /* of the daemon: gone, back */
        char **changed;  /* keys as in the JSON of a device */
        Device device;   /* the values that came along */
} Event;

/** Reads a signal of the daemon. Returns 1, 0 for one that is not shown, or a negative errno. */
int event_read(Event *event, sd_bus_message *m);

/** Returns the event as an object, or NULL if there is no memory. */
json_t *event_json(const Event *event, const char *time);

/** Writes the event as one line. */
void event_print(FILE *out, const Style *style, const Event *event);

/** Frees what the event owns; for _cleanup_. */
void event_done(Event *event);

/**
 * Returns the JSON key of a property as a new string: "DriverOverride" is driver_override,
 * "VendorName" is vendor.
 */
char *property_key(const char *property);
