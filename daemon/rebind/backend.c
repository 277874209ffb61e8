/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sources/attributes.h"

#define SYSFS_PCI "sys/bus/pci"
/* An attribute is at most one page. */
#define VALUE_MAX 4097

static const Root *root_of(void *userdata) {
        return userdata;
}

/* Writes one value with one write(): sysfs takes every write() as a value of its own. */
static int write_attribute(const Root *root, const char *path, const char *value) {
        size_t length = strlen(value);
        struct statfs fs;
        ssize_t n;
        int fd, r = 0;

        fd = root_open(root, path, O_WRONLY);
        if (fd < 0)
                return fd;
        /* A recorded host is files like any others; nothing is to change there. */
        if (fstatfs(fd, &fs) < 0)
                r = -errno;
        else if (fs.f_type != SYSFS_MAGIC)
                r = -EROFS;
        if (r == 0) {
                n = write(fd, value, length);
                if (n < 0)
                        r = -errno;
                else if ((size_t) n != length)
                        r = -EIO;
        }
        close(fd);
        return r;
}

static void device_path(char path[static PATH_MAX], const Address *a, const char *attribute) {
        char address[ADDRESS_TEXT_MAX];

        snprintf(path, PATH_MAX, SYSFS_PCI "/devices/%s/%s", address_format(a, address), attribute);
}

static int write_override(void *userdata, const Address *a, const char *value) {
        char path[PATH_MAX], line[VALUE_MAX];

        /* An empty write never reaches the kernel's store(): a newline clears. */
        if ((size_t) snprintf(line, sizeof(line), "%s\n", value) >= sizeof(line))
                return -EINVAL;
        device_path(path, a, "driver_override");
        return write_attribute(root_of(userdata), path, line);
}

static int write_driver(void *userdata, const Address *a, const char *driver, const char *file) {
        char path[PATH_MAX], address[ADDRESS_TEXT_MAX];

        if (!driver_name_is_valid(driver))
                return -EINVAL;
        snprintf(path, sizeof(path), SYSFS_PCI "/drivers/%s/%s", driver, file);
        return write_attribute(root_of(userdata), path, address_format(a, address));
}

static int unbind(void *userdata, const Address *a, const char *driver) {
        return write_driver(userdata, a, driver, "unbind");
}

static int bind_device(void *userdata, const Address *a, const char *driver) {
        return write_driver(userdata, a, driver, "bind");
}

static int probe(void *userdata, const Address *a) {
        char address[ADDRESS_TEXT_MAX];

        return write_attribute(root_of(userdata), SYSFS_PCI "/drivers_probe",
                               address_format(a, address));
}

static int load_module(void *userdata, const char *module) {
        if (root_is_recorded(root_of(userdata)))
                return -EROFS;
        return root_helpers(root_of(userdata)) ? module_load_unit(module) : module_load(module);
}

/* Returns: 0 if the device is there, else -ENODEV. */
static int check_device(const Root *root, const Address *a) {
        char path[PATH_MAX];

        device_path(path, a, "vendor");
        return root_exists(root, path) == FACT_ABSENT ? -ENODEV : 0;
}

static int read_driver(void *userdata, const Address *a, Text *ret) {
        char path[PATH_MAX], name[NAME_MAX + 1];
        Text driver = { .fact = FACT_ABSENT };
        ssize_t n;
        int r;

        device_path(path, a, "driver");
        n = root_read_link_name(root_of(userdata), path, name, sizeof(name));
        if (n >= 0)
                r = text_set(&driver, name);
        else
                r = n == -ENOENT ? check_device(root_of(userdata), a) : (int) n;
        if (r == 0)
                *ret = driver;
        return r;
}

static int read_override(void *userdata, const Address *a, Text *ret) {
        char path[PATH_MAX], value[VALUE_MAX];
        Text override = { .fact = FACT_ABSENT };
        ssize_t n;
        int r = 0;

        device_path(path, a, "driver_override");
        n = root_read(root_of(userdata), path, value, sizeof(value));
        if (n < 0)
                return n == -ENOENT && check_device(root_of(userdata), a) < 0 ? -ENODEV : (int) n;
        if (value[0] != '\0' && strcmp(value, "(null)") != 0)
                r = text_set(&override, value);
        if (r == 0)
                *ret = override;
        return r;
}

static int parse_number(const char *text, int base, unsigned long max, unsigned long *ret) {
        unsigned long value;
        char *end;

        errno = 0;
        value = strtoul(text, &end, base);
        if (errno != 0 || end == text || *end != '\0' || value > max)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int read_group(void *userdata, const Address *a, unsigned *ret) {
        char path[PATH_MAX], name[NAME_MAX + 1];
        unsigned long group;
        ssize_t n;
        int r;

        device_path(path, a, "iommu_group");
        n = root_read_link_name(root_of(userdata), path, name, sizeof(name));
        if (n < 0)
                return n == -ENOENT && check_device(root_of(userdata), a) < 0 ? -ENODEV : (int) n;
        r = parse_number(name, 10, UINT_MAX, &group);
        if (r == 0)
                *ret = (unsigned) group;
        return r;
}

static int read_ids(void *userdata, const Address *a, Identity *ret) {
        static const char *const names[] = { "vendor", "device", "subsystem_vendor",
                                             "subsystem_device", "class" };
        char path[PATH_MAX], text[32];
        unsigned long values[5];

        for (size_t i = 0; i < 5; i++) {
                ssize_t n;

                device_path(path, a, names[i]);
                n = root_read(root_of(userdata), path, text, sizeof(text));
                if (n < 0)
                        return n == -ENOENT ? -ENODEV : (int) n;
                if (parse_number(text, 16, i < 4 ? 0xffff : 0xffffff, &values[i]) < 0)
                        return -EINVAL;
        }
        *ret = (Identity) {
                .vendor_id = (uint16_t) values[0],
                .device_id = (uint16_t) values[1],
                .subsystem_vendor_id = (uint16_t) values[2],
                .subsystem_device_id = (uint16_t) values[3],
                .class_code = (uint32_t) values[4],
        };
        return 0;
}

static int count_function(const char *name, unsigned char type, void *userdata) {
        unsigned *n = userdata;

        (void) type;
        *n += strncmp(name, ATTR_VIRTFN, strlen(ATTR_VIRTFN)) == 0;
        return 0;
}

/* The links are there as long as the functions are, and no lock is needed to see them; sriov_numvfs
 * is read under device_lock (drivers/pci/iov.c). */
static int count_functions(void *userdata, const Address *a, unsigned *ret) {
        char path[PATH_MAX];
        unsigned n = 0;
        int fd, r;

        device_path(path, a, "");
        fd = root_open(root_of(userdata), path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd == -ENOENT ? -ENODEV : fd;
        r = root_list(fd, count_function, &n);
        close(fd);
        if (r == 0)
                *ret = n;
        return r;
}

static int has_driver(void *userdata, const char *driver) {
        char path[PATH_MAX];

        if (!driver_name_is_valid(driver))
                return 0;
        snprintf(path, sizeof(path), SYSFS_PCI "/drivers/%s", driver);
        switch (root_exists(root_of(userdata), path)) {
        case FACT_PRESENT:
                return 1;
        case FACT_ABSENT:
                return 0;
        default:
                return -EIO;
        }
}

static int list_group(void *userdata, unsigned group, GroupDevice **ret, size_t *ret_n) {
        return sysfs_list_group(root_of(userdata), group, ret, ret_n);
}

static int find_holder(void *userdata, unsigned group, GroupUser *ret) {
        return sysfs_find_holder(root_of(userdata), group, ret);
}

static int find_uses(void *userdata, const Address *devices, size_t n, uint64_t timeout_usec,
                     Host **ret) {
        return sysfs_find_uses(root_of(userdata), devices, n, timeout_usec, ret);
}

Backend backend_sysfs(const Root *root) {
        return (Backend) {
                .write_override = write_override,
                .unbind = unbind,
                .bind = bind_device,
                .probe = probe,
                .load_module = load_module,
                .read_driver = read_driver,
                .read_override = read_override,
                .read_group = read_group,
                .read_ids = read_ids,
                .count_functions = count_functions,
                .has_driver = has_driver,
                .list_group = list_group,
                .find_holder = find_holder,
                .find_uses = find_uses,
                .userdata = (void *) root, /* only read from */
        };
}
