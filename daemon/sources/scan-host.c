/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/scan-internal.h"

/* The kernel's COMMAND_LINE_SIZE is at most 4096 (s390 and parisc aside). */
#define COMMAND_LINE_MAX 8192

typedef struct Names {
        char **names;
        size_t n;
} Names;

static int add_name(const char *name, unsigned char type, void *userdata) {
        Names *names = userdata;

        return names_add(&names->names, &names->n, name);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Lists a directory, sorted. Returns: 0, -ENOMEM, or why it could not be listed (then *ret is
 * empty). */
static int list_names(const Root *root, const char *path, RootEntry entry, Names *ret) {
        Names names = {0};
        int fd = root_open(root, path, O_RDONLY | O_DIRECTORY), error = fd;

        if (fd >= 0) {
                error = root_list(fd, entry, &names);
                close(fd);
        }
        if (error < 0) {
                names_free(names.names, names.n);
                names = (Names) {0};
        }
        if (names.n > 1)
                qsort(names.names, names.n, sizeof(*names.names), compare_names);
        *ret = names;
        return error < 0 ? error : 0;
}

int scan_file(const Root *root, const char *path, Text *t) {
        char content[COMMAND_LINE_MAX];
        ssize_t n = root_read(root, path, content, sizeof(content));

        if (n >= 0)
                return text_set(t, content);
        text_unset(t, fact_of_error((int) n));
        return 0;
}

/* The directory exists whenever the kernel knows IOMMUs at all; an IOMMU that translates has an
 * entry in it (drivers/iommu/iommu-sysfs.c, iommu_device_sysfs_add()). */
static int scan_iommus(const Root *root, Host *h) {
        Names names;
        int error = list_names(root, IOMMUS, add_name, &names);

        if (error == -ENOMEM)
                return error;
        h->iommu_names = names.names;
        h->n_iommu_names = names.n;
        h->iommu = error < 0 ? fact_of_error(error) : fact_of(names.n > 0);
        return 0;
}

static int add_vfio_driver(const char *name, unsigned char type, void *userdata) {
        if (!strstr(name, "vfio") && strcmp(name, "pci-stub") != 0)
                return 0;
        return add_name(name, type, userdata);
}

static int stop_at_vfio_device(const char *name, unsigned char type, void *userdata) {
        char *first = userdata;

        if (strncmp(name, "vfio", 4) != 0)
                return 0;
        snprintf(first, NAME_MAX + 1, "%s", name);
        return 1;
}

/* Whether VFIO devices have character devices of their own (CONFIG_VFIO_DEVICE_CDEV) shows on a
 * registered device: its vfio-dev/vfioN has a "dev" attribute. Without any it is not known here. */
static Fact scan_cdev(const Root *root) {
        char first[NAME_MAX + 1], path[sizeof(VFIO_DEVICES) + NAME_MAX + 16];
        int fd = root_open(root, VFIO_DEVICES, O_RDONLY | O_DIRECTORY), found;

        found = fd < 0 ? 0 : root_list(fd, stop_at_vfio_device, first);
        if (fd >= 0)
                close(fd);
        if (found == 1) {
                snprintf(path, sizeof(path), VFIO_DEVICES "/%s/" ATTR_DEV, first);
                return root_exists(root, path);
        }
        return FACT_UNKNOWN;
}

int scan_drivers(const Root *root, Host *h) {
        Names names;
        int error = list_names(root, PCI_DRIVERS, add_vfio_driver, &names);
        Fact cdev;

        if (error == -ENOMEM)
                return error;
        names_free(h->drivers, h->n_drivers);
        h->drivers = names.names;
        h->n_drivers = names.n;
        h->drivers_known = error < 0 ? fact_of_error(error) : FACT_PRESENT;
        cdev = scan_cdev(root);
        if (cdev != FACT_UNKNOWN)
                h->cdev = cdev;
        /* Whether they could be loaded is on disk, and the probe's to say. */
        if (root_exists(root, "/sys/class/misc/iommu") == FACT_PRESENT)
                h->iommufd = FACT_PRESENT;
        if (root_exists(root, "/sys/module/vfio_iommu_type1") == FACT_PRESENT)
                h->type1 = FACT_PRESENT;
        return 0;
}

static int scan_facts(const Root *root, const Host *old, Host *h) {
        if (old) {
                h->dma_ownership_symbol = old->dma_ownership_symbol;
                h->interrupt_remapping = old->interrupt_remapping;
                h->type1_unsafe_interrupts = old->type1_unsafe_interrupts;
                h->iommufd_unsafe_interrupts = old->iommufd_unsafe_interrupts;
                h->type1_loaded = old->type1_loaded;
                h->iommufd_loaded = old->iommufd_loaded;
                h->type1 = old->type1;
                h->iommufd = old->iommufd;
                h->cdev = old->cdev;
                h->setup = setup_ref(old->setup);
                if (host_copy_probed(h, old) < 0)
                        return -ENOMEM;
        }
        if (scan_file(root, "/proc/sys/kernel/osrelease", &h->kernel_release) < 0 ||
            scan_file(root, "/proc/cmdline", &h->command_line) < 0)
                return -ENOMEM;
        h->acpi_dmar = root_exists(root, "/sys/firmware/acpi/tables/DMAR");
        h->acpi_ivrs = root_exists(root, "/sys/firmware/acpi/tables/IVRS");
        if (scan_iommus(root, h) < 0)
                return -ENOMEM;
        return scan_drivers(root, h);
}

static int scan_devices(const Root *root, PciNames *names, const Host *old, Host *h) {
        Address *addresses;
        size_t n;
        int error = scan_list_devices(root, &addresses, &n);

        /* A host whose list cannot be read just now is not an empty one. */
        if (error < 0)
                return fact_of_error(error) == FACT_ABSENT ? 0 : error;
        for (size_t i = 0; i < n && error == 0; i++) {
                const Device *before = old ? host_find_device(old, &addresses[i]) : NULL;
                Device *d = NULL;

                error = scan_device(root, names, &addresses[i], before, &d);
                if (error > 0)
                        error = host_put_device(h, d);
                if (error < 0)
                        device_unref(d);
        }
        free(addresses);
        return error;
}

static int scan_groups(const Root *root, const Host *old, Host *h) {
        int groups = root_open(root, IOMMU_GROUPS, O_RDONLY | O_DIRECTORY), vfio, error;
        unsigned *ids = NULL;
        size_t n = 0;

        if (groups < 0)
                return 0;
        vfio = root_open(root, VFIO_CLASS, O_RDONLY | O_DIRECTORY);
        error = scan_list_groups(root, &ids, &n);
        if (error != -ENOMEM)
                error = 0;
        for (size_t i = 0; i < n && error == 0; i++) {
                const Group *before = old ? host_find_group(old, ids[i]) : NULL;
                Group *g = NULL;

                error = scan_group_at(root, groups, vfio, ids[i], before, &g);
                if (error > 0)
                        error = host_put_group(h, g);
                if (error < 0)
                        group_unref(g);
        }
        free(ids);
        close(groups);
        if (vfio >= 0)
                close(vfio);
        return error;
}

int scan_host(const Root *root, PciNames *names, const Host *old, Host **ret) {
        Host *h = host_new();
        int error;

        if (!h)
                return -ENOMEM;
        error = scan_facts(root, old, h);
        if (error >= 0)
                error = scan_devices(root, names, old, h);
        if (error >= 0)
                error = scan_groups(root, old, h);
        if (error < 0) {
                host_free(h);
                return error;
        }
        *ret = h;
        return 0;
}
