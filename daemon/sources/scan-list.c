/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sources/scan-internal.h"

/* A growing array of addresses or group ids. */
typedef struct Keys {
        void *keys;
        size_t n, size;
} Keys;

static void *add_key(Keys *k, size_t key_size) {
        if (k->n == k->size) {
                size_t size = k->size ? 2 * k->size : 64;
                void *keys = reallocarray(k->keys, size, key_size);

                if (!keys)
                        return NULL;
                k->keys = keys;
                k->size = size;
        }
        return (char *) k->keys + key_size * k->n++;
}

static int add_address(const char *name, unsigned char type, void *userdata) {
        Address a, *slot;

        if (!scan_address(name, &a))
                return 0;
        slot = add_key(userdata, sizeof(a));
        if (!slot)
                return -ENOMEM;
        *slot = a;
        return 0;
}

static int add_group_id(const char *name, unsigned char type, void *userdata) {
        unsigned long id;
        unsigned *slot;
        char *end;

        errno = 0;
        id = strtoul(name, &end, 10);
        if (name[0] < '0' || name[0] > '9' || *end != 0 || errno != 0 || id >= UINT32_MAX)
                return 0;
        slot = add_key(userdata, sizeof(*slot));
        if (!slot)
                return -ENOMEM;
        *slot = (unsigned) id;
        return 0;
}

static int compare_addresses(const void *a, const void *b) {
        return address_compare(a, b);
}

static int compare_ids(const void *a, const void *b) {
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;

        return x < y ? -1 : x > y;
}

/* Lists a directory into an array of keys. Returns: 0 or -errno. */
static int list_keys(const Root *root, const char *path, RootEntry entry, size_t key_size,
                     int (*compare)(const void *, const void *), Keys *ret) {
        Keys keys = {0};
        int fd = root_open(root, path, O_RDONLY | O_DIRECTORY), error;

        if (fd < 0)
                return fd;
        error = root_list(fd, entry, &keys);
        close(fd);
        if (error < 0) {
                free(keys.keys);
                return error;
        }
        if (keys.n > 1)
                qsort(keys.keys, keys.n, key_size, compare);
        *ret = keys;
        return 0;
}

int scan_list_devices(const Root *root, Address **ret, size_t *ret_n) {
        Keys keys;
        int error = list_keys(root, PCI_DEVICES, add_address, sizeof(Address), compare_addresses,
                              &keys);

        if (error < 0)
                return error;
        *ret = keys.keys;
        *ret_n = keys.n;
        return 0;
}

int scan_list_groups(const Root *root, unsigned **ret, size_t *ret_n) {
        Keys keys;
        int error = list_keys(root, IOMMU_GROUPS, add_group_id, sizeof(unsigned), compare_ids,
                              &keys);

        if (error < 0)
                return error;
        *ret = keys.keys;
        *ret_n = keys.n;
        return 0;
}
