/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/scan-internal.h"

/* What one listing of a device's directory tells. */
typedef struct Listing {
        bool known;     /* the directory could be listed, and a name not seen is not there */
        unsigned names; /* bits of optional_names[] */
        unsigned children;
} Listing;

static const char *const optional_names[] = {
        ATTR_DRIVER, ATTR_IOMMU_GROUP, ATTR_PHYSFN, ATTR_BOOT_VGA, ATTR_SECONDARY_BUS_NUMBER,
        ATTR_VFIO_DEV, ATTR_RESET,
};

#define N_OPTIONAL (sizeof(optional_names) / sizeof(optional_names[0]))

static const struct {
        const char *name;
        DeviceChild bit;
} child_names[] = {
        {"net", DEVICE_CHILD_NET},
        {"nvme", DEVICE_CHILD_NVME},
        {"sound", DEVICE_CHILD_SOUND},
        {"drm", DEVICE_CHILD_DRM},
};

/* "usb1": a root hub, the child of a USB host controller. */
static bool is_root_hub(const char *name) {
        return strncmp(name, "usb", 3) == 0 && name[3] &&
               name[3 + strspn(name + 3, "0123456789")] == 0;
}

static int note_name(const char *name, unsigned char type, void *userdata) {
        Listing *l = userdata;

        for (size_t i = 0; i < N_OPTIONAL; i++)
                if (strcmp(name, optional_names[i]) == 0)
                        l->names |= 1u << i;
        if (type != DT_DIR && type != DT_UNKNOWN)
                return 0;
        for (size_t i = 0; i < sizeof(child_names) / sizeof(child_names[0]); i++)
                if (strcmp(name, child_names[i].name) == 0)
                        l->children |= child_names[i].bit;
        if (is_root_hub(name))
                l->children |= DEVICE_CHILD_USB;
        return 0;
}

/* Returns: false if the listing proves that there is no such name, which saves the look-up. */
static bool may_have(const Root *root, const Listing *l, const char *name) {
        if (!l->known || root_has_unreadable(root))
                return true;
        for (size_t i = 0; i < N_OPTIONAL; i++)
                if (strcmp(name, optional_names[i]) == 0)
                        return l->names & (1u << i);
        return true;
}

bool scan_address(const char *name, Address *ret) {
        char text[ADDRESS_TEXT_MAX];
        Address a;

        if (address_parse(name, &a) < 0 || strcmp(address_format(&a, text), name) != 0)
                return false;
        *ret = a;
        return true;
}

int scan_link(const Root *root, int directory, const char *name, Text *t) {
        char target[NAME_MAX + 1];
        ssize_t n = root_read_link_name_at(root, directory, name, target, sizeof(target));

        if (n >= 0)
                return text_set(t, target);
        text_unset(t, fact_of_error((int) n));
        return 0;
}

/* Reads a number: "0x8086", "-1". Returns: 0 or -errno. */
static int read_number(const Root *root, int directory, const char *name, long *ret) {
        char text[32], *end;
        ssize_t n = root_read_at(root, directory, name, text, sizeof(text));
        long value = 0;

        if (n < 0)
                return (int) n;
        errno = 0;
        value = strtol(text, &end, 0);
        if (errno != 0 || end == text || *end != 0)
                return -EINVAL;
        *ret = value;
        return 0;
}

static int read_id(const Root *root, int directory, const char *name, uint16_t *ret) {
        long value = 0;
        int error = read_number(root, directory, name, &value);

        if (error < 0)
                return error;
        if (value < 0 || value > UINT16_MAX)
                return -ERANGE;
        *ret = (uint16_t) value;
        return 0;
}

/* modalias has all five in one attribute, and is made from the same fields of pci_dev without a
 * lock (drivers/pci/pci-sysfs.c, modalias_show()). Returns: true if they were read. */
static bool read_modalias(const Root *root, int directory, Device *d) {
        char text[128];
        unsigned v, id, sv, sd, base, sub, interface;
        int end = 0;

        if (root_read_at(root, directory, ATTR_MODALIAS, text, sizeof(text)) < 0)
                return false;
        if (sscanf(text, "pci:v%8Xd%8Xsv%8Xsd%8Xbc%2Xsc%2Xi%2X%n", &v, &id, &sv, &sd, &base, &sub,
                   &interface, &end) != 7 || text[end] != 0)
                return false;
        if (v > UINT16_MAX || id > UINT16_MAX || sv > UINT16_MAX || sd > UINT16_MAX)
                return false;
        d->vendor_id = (uint16_t) v;
        d->device_id = (uint16_t) id;
        d->subsystem_vendor_id = (uint16_t) sv;
        d->subsystem_device_id = (uint16_t) sd;
        d->class_code = base << 16 | sub << 8 | interface;
        return true;
}

/* The same one by one, for a recording made from a listing. Subsystem ids are 0 where a function
 * has none; their attributes always exist, and that a recording has none says as much. */
static bool read_ids(const Root *root, int directory, Device *d) {
        long class_code = 0;
        int error;

        if (read_id(root, directory, ATTR_VENDOR, &d->vendor_id) < 0 ||
            read_id(root, directory, ATTR_DEVICE, &d->device_id) < 0 ||
            read_number(root, directory, ATTR_CLASS, &class_code) < 0)
                return false;
        if (class_code < 0 || class_code > 0xffffff)
                return false;
        d->class_code = (uint32_t) class_code;
        error = read_id(root, directory, ATTR_SUBSYSTEM_VENDOR, &d->subsystem_vendor_id);
        if (error < 0 && error != -ENOENT)
                return false;
        error = read_id(root, directory, ATTR_SUBSYSTEM_DEVICE, &d->subsystem_device_id);
        return error == 0 || error == -ENOENT;
}

static void read_group_link(const Root *root, int directory, Device *d) {
        char name[32], *end;
        ssize_t n = root_read_link_name_at(root, directory, ATTR_IOMMU_GROUP, name, sizeof(name));
        unsigned long id;

        if (n < 0) {
                d->grouped = fact_of_error((int) n);
                return;
        }
        errno = 0;
        id = strtoul(name, &end, 10);
        if (errno != 0 || *end != 0 || name[0] < '0' || name[0] > '9' || id >= UINT32_MAX)
                return;
        d->group = (unsigned) id;
        d->grouped = FACT_PRESENT;
}

static void read_physical_function(const Root *root, int directory, Device *d) {
        char name[NAME_MAX + 1];
        ssize_t n = root_read_link_name_at(root, directory, ATTR_PHYSFN, name, sizeof(name));

        if (n < 0)
                d->virtual_function = fact_of_error((int) n);
        else if (scan_address(name, &d->physical_function))
                d->virtual_function = FACT_PRESENT;
}

static void read_boot_vga(const Root *root, int directory, Device *d) {
        long value = 0;
        int error = read_number(root, directory, ATTR_BOOT_VGA, &value);

        if (error < 0)
                d->boot_vga = fact_of_error(error);
        else
                d->boot_vga = fact_of(value != 0);
}

static int take_name(const char *name, unsigned char type, void *userdata) {
        Text *t = userdata;

        if (strncmp(name, "vfio", 4) != 0)
                return 0;
        return text_set(t, name) < 0 ? -ENOMEM : 1;
}

/* vfio-dev/vfioN: the kernel names it in drivers/vfio/vfio_main.c, vfio_init_device() (6.1). */
static int read_vfio_device(const Root *root, int directory, Device *d) {
        int fd = root_open_directory_at(root, directory, ATTR_VFIO_DEV), error;

        if (fd < 0) {
                d->vfio_device = fact_of_error(fd);
                text_unset(&d->vfio_device_name, d->vfio_device);
                return 0;
        }
        error = root_list(fd, take_name, &d->vfio_device_name);
        close(fd);
        if (error == -ENOMEM)
                return error;
        /* The directory outlives the last name in it for a moment: registered is who has a name. */
        d->vfio_device = error < 0 ? FACT_UNKNOWN : fact_of(error > 0);
        if (error == 0)
                text_unset(&d->vfio_device_name, FACT_ABSENT);
        return 0;
}

/* Reads what has a lock-free attribute or link of its own. Returns: 0 or -ENOMEM. */
static int read_optional(const Root *root, int directory, const Listing *l, Device *d) {
        text_unset(&d->driver, FACT_ABSENT);
        if (may_have(root, l, ATTR_DRIVER) &&
            scan_link(root, directory, ATTR_DRIVER, &d->driver) < 0)
                return -ENOMEM;
        d->grouped = FACT_ABSENT;
        if (may_have(root, l, ATTR_IOMMU_GROUP)) {
                d->grouped = FACT_UNKNOWN;
                read_group_link(root, directory, d);
        }
        d->virtual_function = FACT_ABSENT;
        if (may_have(root, l, ATTR_PHYSFN)) {
                d->virtual_function = FACT_UNKNOWN;
                read_physical_function(root, directory, d);
        }
        d->boot_vga = FACT_ABSENT;
        if (may_have(root, l, ATTR_BOOT_VGA))
                read_boot_vga(root, directory, d);
        d->bridge = FACT_ABSENT;
        if (may_have(root, l, ATTR_SECONDARY_BUS_NUMBER))
                d->bridge = root_exists_at(root, directory, ATTR_SECONDARY_BUS_NUMBER);
        d->reset = FACT_ABSENT;
        if (may_have(root, l, ATTR_RESET))
                d->reset = root_exists_at(root, directory, ATTR_RESET);
        d->vfio_device = FACT_ABSENT;
        text_unset(&d->vfio_device_name, FACT_ABSENT);
        if (may_have(root, l, ATTR_VFIO_DEV))
                return read_vfio_device(root, directory, d);
        return 0;
}

static void look_up_names(PciNames *names, Device *d) {
        if (!names || d->ids != FACT_PRESENT)
                return;
        d->vendor_name = pci_names_vendor(names, d->vendor_id);
        d->device_name = pci_names_device(names, d->vendor_id, d->device_id);
        d->class_name = pci_names_class(names, d->class_code);
}

/* Takes over what only the probe reads, from the same device as it was. */
static int carry_over(const Device *old, Device *d) {
        if (!old || !device_same_identity(old, d))
                return 0;
        if (text_copy(&d->driver_override, &old->driver_override) < 0 ||
            text_copy(&d->power_state, &old->power_state) < 0 ||
            text_copy(&d->reset_methods, &old->reset_methods) < 0 ||
            text_copy(&d->node_access, &old->node_access) < 0 ||
            uses_copy(&d->uses, &old->uses) < 0)
                return -ENOMEM;
        d->below_bridge = old->below_bridge;
        d->d3cold_allowed = old->d3cold_allowed;
        d->remembered = old->remembered;
        return 0;
}

static int fill_device(const Root *root, int directory, PciNames *names, const Device *old,
                       Device *d) {
        Listing l = {0};
        long node = 0;

        l.known = root_list(directory, note_name, &l) == 0;
        d->children_known = l.known ? FACT_PRESENT : FACT_UNKNOWN;
        d->children = l.known ? l.children : 0;
        if (read_modalias(root, directory, d) || read_ids(root, directory, d))
                d->ids = FACT_PRESENT;
        if (read_optional(root, directory, &l, d) < 0)
                return -ENOMEM;
        d->numa_node = -1;
        if (read_number(root, directory, ATTR_NUMA_NODE, &node) == 0 && node >= 0 &&
            node < INT32_MAX)
                d->numa_node = (int) node;
        look_up_names(names, d);
        return carry_over(old, d);
}

int scan_device(const Root *root, PciNames *names, const Address *address, const Device *old,
                Device **ret) {
        char path[sizeof(PCI_DEVICES) + 1 + ADDRESS_TEXT_MAX], text[ADDRESS_TEXT_MAX];
        Device *d;
        int fd, error = 0;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s", address_format(address, text));
        fd = root_open(root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0 && fact_of_error(fd) == FACT_ABSENT) {
                *ret = NULL;
                return 0;
        }
        d = device_new(address);
        if (!d)
                error = -ENOMEM;
        else if (fd >= 0)
                error = fill_device(root, fd, names, old, d);
        else
                d->numa_node = -1; /* it is there, and nothing else is known */
        if (fd >= 0)
                close(fd);
        if (error < 0) {
                device_unref(d);
                return error;
        }
        *ret = d;
        return 1;
}
