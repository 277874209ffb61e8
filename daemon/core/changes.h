/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

typedef enum ChangeKind {
        CHANGE_HOST,           /* properties of the manager */
        CHANGE_DEVICE_REMOVED,
        CHANGE_GROUP_REMOVED,
        CHANGE_GROUP_ADDED,
        CHANGE_DEVICE_ADDED,
        CHANGE_DEVICE,
        CHANGE_GROUP,
} ChangeKind;

#define CHANGE_PROPERTIES_MAX 32

/* One thing the bus has to say. */
typedef struct Change {
        ChangeKind kind;
        Address address;     /* of a device */
        unsigned group;      /* of a group */
        bool verdict_changed;/* GroupChanged is due: verdict or blockers differ, or it came or went */
        const char *properties[CHANGE_PROPERTIES_MAX]; /* names of D-Bus properties, NULL at the end */
} Change;

typedef struct Changes {
        Change *items;
        size_t n_items;
} Changes;

void changes_clear(Changes *c);

/*
 * Brings report up to date with h for the given devices and groups only, and appends to changes
 * what differs: removed before added, so that an address or id that is another thing now is said to
 * go and to come. A device whose identity changed counts as removed and added. Costs the members of
 * those groups, not the host. n_groups may be 0.
 * Returns: 0 or -ENOMEM; report is then still consistent but may be out of date.
 */
int report_update(Report *report, const Host *h, const Address *devices, size_t n_devices,
                  const unsigned *groups, size_t n_groups, Changes *changes);

/* Replaces report by a whole evaluation of h and appends all that differs.
 * Returns: 0, or -ENOMEM with *report untouched. */
int report_update_all(Report **report, const Host *h, Changes *changes);
