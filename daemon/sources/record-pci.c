/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/attributes.h"
#include "sources/record.h"
#include "sources/scan-internal.h"

static const char *const device_files[] = {
        ATTR_VENDOR, ATTR_DEVICE, ATTR_SUBSYSTEM_VENDOR, ATTR_SUBSYSTEM_DEVICE, ATTR_CLASS,
        ATTR_MODALIAS, ATTR_BOOT_VGA, ATTR_NUMA_NODE, ATTR_SECONDARY_BUS_NUMBER,
        ATTR_DRIVER_OVERRIDE, ATTR_POWER_STATE, ATTR_RESET_METHOD, ATTR_D3COLD_ALLOWED, "revision",
};

static const char *const device_links[] = {
        ATTR_DRIVER, ATTR_IOMMU_GROUP, ATTR_PHYSFN, ATTR_SUBSYSTEM,
};

static const char *const device_directories[] = {"net", "nvme", "sound", "drm"};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static bool is_one_of(const char *name, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(name, names[i]) == 0)
                        return true;
        return false;
}

static bool is_numbered(const char *name, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(name, prefix, n) == 0 && name[n] &&
               name[n + strspn(name + n, "0123456789")] == 0;
}

static bool join(char *buffer, size_t size, const char *directory, const char *name) {
        return (size_t) snprintf(buffer, size, "%s/%s", directory, name) < size;
}

static int record_vfio_device(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], attribute[PATH_MAX];

        if (!is_numbered(name, "vfio") || !join(path, sizeof(path), directory, name))
                return 0;
        if (record_directory(r, path) < 0)
                return -ENOMEM;
        if (join(attribute, sizeof(attribute), path, "device") && record_link(r, attribute) < 0)
                return -ENOMEM;
        if (!join(attribute, sizeof(attribute), path, ATTR_DEV))
                return 0;
        return record_file(r, attribute) < 0 ? -ENOMEM : 0;
}

/* Of graphics only: the firmware's screen lies in none else. */
static int record_resource(Recording *r, const char *directory, const char *path) {
        char file[PATH_MAX], code[32];

        if (!join(file, sizeof(file), directory, ATTR_CLASS) ||
            root_read(r->root, file, code, sizeof(code)) < 4 || strncmp(code, "0x03", 4) != 0)
                return 0;
        return record_file(r, path);
}

static int record_device_entry(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX];

        if (!join(path, sizeof(path), directory, name))
                return 0;
        if (is_one_of(name, device_files, LENGTH(device_files)))
                return record_file(r, path);
        if (strcmp(name, ATTR_RESOURCE) == 0)
                return record_resource(r, directory, path);
        /* Nothing is to be read in it, and writing it is what it says. */
        if (strcmp(name, ATTR_RESET) == 0)
                return record_line(r, 'f', path, "");
        if (is_one_of(name, device_links, LENGTH(device_links)) || is_numbered(name, "virtfn"))
                return record_link(r, path);
        if (is_one_of(name, device_directories, LENGTH(device_directories)) ||
            is_numbered(name, "usb"))
                return record_directory(r, path);
        if (strcmp(name, ATTR_VFIO_DEV) == 0) {
                if (record_directory(r, path) < 0)
                        return -ENOMEM;
                return record_list(r, path, record_vfio_device);
        }
        return 0;
}

/* What a recording lists as unreadable its directories do not have. */
static int record_unreadable(Recording *r, const char *device) {
        char path[PATH_MAX];

        if (!root_has_unreadable(r->root))
                return 0;
        for (size_t i = 0; i < LENGTH(device_files); i++)
                if (join(path, sizeof(path), device, device_files[i]) && record_file(r, path) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < LENGTH(device_links); i++)
                if (join(path, sizeof(path), device, device_links[i]) && record_link(r, path) < 0)
                        return -ENOMEM;
        return 0;
}

/* One of /sys/bus/pci/devices: a link to the device's own directory. */
static int record_device(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], device[PATH_MAX];
        Address a;

        if (!scan_address(name, &a) || !join(path, sizeof(path), directory, name))
                return 0;
        if (record_link(r, path) < 0)
                return -ENOMEM;
        if (!record_target(r, path, device, sizeof(device)))
                return 0;
        if (record_directory(r, device) < 0 || record_unreadable(r, device) < 0)
                return -ENOMEM;
        return record_list(r, device, record_device_entry);
}

static int record_driver(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX];

        return join(path, sizeof(path), directory, name) ? record_directory(r, path) : 0;
}

/* A member of a group: the link, and of what is no PCI function what tells so and its driver. */
static int record_member(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], device[PATH_MAX], link[PATH_MAX];
        Address a;

        if (!join(path, sizeof(path), directory, name))
                return 0;
        if (record_link(r, path) < 0)
                return -ENOMEM;
        if (scan_address(name, &a) || !record_target(r, path, device, sizeof(device)))
                return 0;
        if (record_directory(r, device) < 0)
                return -ENOMEM;
        if (join(link, sizeof(link), device, ATTR_SUBSYSTEM) && record_link(r, link) < 0)
                return -ENOMEM;
        if (join(link, sizeof(link), device, ATTR_DRIVER) && record_link(r, link) < 0)
                return -ENOMEM;
        return 0;
}

static int record_group(Recording *r, const char *directory, const char *name) {
        static const char *const files[] = {ATTR_GROUP_NAME, ATTR_GROUP_TYPE, ATTR_GROUP_RESERVED};
        char group[PATH_MAX], path[PATH_MAX];

        if (!is_numbered(name, "") || !join(group, sizeof(group), directory, name))
                return 0;
        for (size_t i = 0; i < LENGTH(files); i++)
                if (join(path, sizeof(path), group, files[i]) && record_file(r, path) < 0)
                        return -ENOMEM;
        if (!join(path, sizeof(path), group, "devices"))
                return 0;
        if (record_directory(r, path) < 0)
                return -ENOMEM;
        return record_list(r, path, record_member);
}

int record_pci(Recording *r) {
        static const struct {
                const char *path;
                int (*entry)(Recording *r, const char *directory, const char *name);
        } lists[] = {
                {PCI_DEVICES, record_device},
                {PCI_DRIVERS, record_driver},
                {IOMMU_GROUPS, record_group},
        };

        for (size_t i = 0; i < LENGTH(lists); i++) {
                int error = record_directory(r, lists[i].path);

                if (error >= 0)
                        error = record_list(r, lists[i].path, lists[i].entry);
                if (error < 0)
                        return error;
        }
        return 0;
}
