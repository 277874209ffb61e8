/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "util.h"

/*
 * What the daemon says, as plain structs. Conventions: a string that is empty on the bus (or the
 * path "/") is NULL; a number that is not known is -1; an array that is not there at all is NULL or
 * has `known` unset. Control characters are replaced when a string is read, because process names
 * and firmware texts end up on a terminal.
 */

typedef struct Finding {
        char *id, *severity, *message;
        char **evidence;
        char *remedy;
        char *address, *class;
} Finding;

typedef struct FindingList {
        Finding *items;
        size_t n;
} FindingList;

typedef struct Blocker {
        char *address, *driver, *reason;
} Blocker;

typedef struct BlockerList {
        Blocker *items;
        size_t n;
} BlockerList;

typedef struct Holder {
        uint32_t pid;
        char *command;
} Holder;

typedef struct HolderList {
        Holder *items;
        size_t n;
        bool known;
} HolderList;

typedef struct Step {
        char *action, *address, *value, *state;
} Step;

typedef struct StepList {
        Step *items;
        size_t n;
} StepList;

typedef struct Host {
        char *version, *kernel, *command_line, *readiness;
        char *iommu_state, *iommu_kind, *interrupt_remapping, *posted_interrupts, *default_domain;
        bool unsafe_interrupts;
        char **backends;
        FindingList findings;
} Host;

typedef struct Device {
        char *address;
        int64_t vendor_id, device_id, class;
        char *vendor, *device, *class_name;
        char *driver, *driver_override, *host_driver;
        char *group;
        char *role, *state, *readiness, *managed_by;
        bool persisted, boot_vga;
        char *vfio_device;
        FindingList findings;
        HolderList holders;
        char **reset_methods;
        char *power_state;
        int64_t numa_node;
        char *physical_function;
        char **virtual_functions;
        int64_t group_id; /* from `group`; -1 if none */
} Device;

typedef struct Group {
        int64_t id;
        char *type, *vfio_node, *verdict, *in_use;
        bool viable;
        char **members, **other_members;
        BlockerList blockers;
        FindingList findings;
        const Device *devices; /* into Model.devices, sorted by address; not owned */
        size_t n_devices;
} Group;

typedef struct Job {
        char *kind, *address, *state;
        StepList steps;
} Job;

/* Everything that one GetManagedObjects() answers. */
typedef struct Model {
        Group *groups; /* by id; a last one with id -1 holds the devices without a group */
        size_t n_groups;
        Device *devices;
        size_t n_devices;
        Job *jobs; /* that run now, in no order */
        size_t n_jobs;
} Model;

/** Each reads the a{sv} that the message stands at. Returns 0 or a negative errno. */
int host_read(Host *host, sd_bus_message *m);
int device_read(Device *device, sd_bus_message *m);
int group_read(Group *group, sd_bus_message *m);
int job_read(Job *job, sd_bus_message *m);

/** Reads a reply of GetManagedObjects() and sorts what it holds. Returns 0 or a negative errno. */
int model_read(Model *model, sd_bus_message *m);

/** Read the arrays of Plan()'s reply, in this order. Return 0 or a negative errno. */
int steps_read(StepList *steps, sd_bus_message *m);
int findings_read(FindingList *findings, sd_bus_message *m);

/** Appends a copy of a step or finding; one that is already there is left out. 0 or -ENOMEM. */
int steps_merge(StepList *steps, const Step *step);
int findings_merge(FindingList *findings, const Finding *finding);

/** Returns the device with this canonical address, or NULL. */
const Device *model_find(const Model *model, const char *address);

/** Orders PCI addresses by number (a domain may have more than four digits); for qsort(). */
int address_compare(const char *a, const char *b);

/** Replaces control characters, in place, by '?'. Returns `text`. */
char *text_clean(char *text);

/** Free what the struct owns, not the struct; for _cleanup_. */
void host_done(Host *host);
void device_done(Device *device);
void group_done(Group *group);
void model_done(Model *model);
void job_done(Job *job);
void steps_done(StepList *steps);
void findings_done(FindingList *findings);

/** Numbers that are not known are -1, so these are the empty values. */
#define DEVICE_INIT {.vendor_id = -1, .device_id = -1, .class = -1, .numa_node = -1, .group_id = -1}
#define GROUP_INIT {.id = -1}
