/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"
#include "sources/root.h"

/*
 * What the worker can do to a host and read back from it: the only way to any write. Every one of
 * these may block for as long as somebody holds the device. All return 0 or -errno; -ENODEV means
 * that there is no device at that address (reads), or what the kernel means by it (writes).
 */

/* What tells that a device is the same one still. */
typedef struct Identity {
        uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
        uint32_t class_code;
} Identity;

/* A device of an IOMMU group, by its name there: not every one is a PCI device. */
typedef struct GroupDevice {
        char *name;
        Text driver; /* never FACT_UNKNOWN */
} GroupDevice;

/* NULL is taken. Returns: NULL. */
GroupDevice *group_devices_free(GroupDevice *devices, size_t n);

/* A process that has a group or a device of it open; pid 0: that cannot be told. */
typedef struct GroupUser {
        pid_t pid;
        char command[64];
} GroupUser;

typedef struct Backend {
        /* value "": none. Takes effect at the next bind, does not bind or unbind. */
        int (*write_override)(void *userdata, const Address *a, const char *value);
        int (*unbind)(void *userdata, const Address *a, const char *driver);
        int (*bind)(void *userdata, const Address *a, const char *driver);
        int (*probe)(void *userdata, const Address *a);
        int (*load_module)(void *userdata, const char *module);

        /* Never FACT_UNKNOWN on success. */
        int (*read_driver)(void *userdata, const Address *a, Text *ret);
        int (*read_override)(void *userdata, const Address *a, Text *ret);
        int (*read_group)(void *userdata, const Address *a, unsigned *ret);
        int (*read_ids)(void *userdata, const Address *a, Identity *ret);
        /* How many virtual functions it has. */
        int (*count_functions)(void *userdata, const Address *a, unsigned *ret);
        /* Returns: 1 if a PCI driver of that name is registered, 0 if not, or -errno. */
        int (*has_driver)(void *userdata, const char *driver);

        /* Every device of a group, for group_devices_free(); none if there is no such group. */
        int (*list_group)(void *userdata, unsigned group, GroupDevice **ret, size_t *ret_n);
        /* Returns: 1 and a holder of the group, 0 if it has none, or -errno. */
        int (*find_holder)(void *userdata, unsigned group, GroupUser *ret);
        /* What the host needs these devices for, which are sorted: a host with nothing but them and
         * their uses. What has not been found out in that time is unknown there. */
        int (*find_uses)(void *userdata, const Address *devices, size_t n, uint64_t timeout_usec,
                         Host **ret);

        void *userdata;
} Backend;

/* The kernel's. Writes answer -EROFS unless the root's /sys is a real sysfs. */
Backend backend_sysfs(const Root *root);

/* backend-group.c: list_group and find_holder of it. */
int sysfs_list_group(const Root *root, unsigned group, GroupDevice **ret, size_t *ret_n);
int sysfs_find_holder(const Root *root, unsigned group, GroupUser *ret);
/* backend-uses.c: find_uses of it. */
int sysfs_find_uses(const Root *root, const Address *devices, size_t n, uint64_t timeout_usec,
                    Host **ret);

/* A driver's name as one component of a path. */
bool driver_name_is_valid(const char *name);
/* ^[A-Za-z0-9_-]{1,63}$, which is what modprobe is given. */
bool module_name_is_valid(const char *name);
/* Runs modprobe and waits for it. Returns: 0, -ENOENT if modprobe says no, or -errno. */
int module_load(const char *module);
/* module-unit.c: the same by a unit of systemd, for whoever has no right to it. Waits. */
int module_load_unit(const char *module);
