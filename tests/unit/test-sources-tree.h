/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Trees of files for the tests of sources/: made in a temporary directory, removed at the end. */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stays in with NDEBUG. */
#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

#define TREE_PATH 1024

typedef struct Tree {
        char path[64];
} Tree;

static inline Tree tree_new(void) {
        Tree t = {"/tmp/test-sources-XXXXXX"};

        CHECK(mkdtemp(t.path));
        return t;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
                                  struct FTW *where) {
        return remove(path);
}

static inline void tree_free(Tree *t) {
        CHECK(nftw(t->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

/* Makes the directories above path (all of it if it ends in "/"). */
static inline const char *tree_path(const Tree *t, const char *path,
                                    char buffer[static TREE_PATH]) {
        snprintf(buffer, TREE_PATH, "%s/%s", t->path, path);
        for (char *c = buffer + strlen(t->path) + 1; *c; c++)
                if (*c == '/') {
                        *c = 0;
                        CHECK(mkdir(buffer, 0755) == 0 || errno == EEXIST);
                        *c = '/';
                }
        return buffer;
}

static inline void tree_directory(const Tree *t, const char *path) {
        char full[TREE_PATH], with_slash[512];

        CHECK(snprintf(with_slash, sizeof(with_slash), "%s/", path) < (int) sizeof(with_slash));
        tree_path(t, with_slash, full);
}

static inline void tree_file(const Tree *t, const char *path, const char *content) {
        char full[TREE_PATH];
        FILE *f = fopen(tree_path(t, path, full), "w");

        CHECK(f && fputs(content, f) >= 0 && fclose(f) == 0);
}

static inline void tree_link(const Tree *t, const char *path, const char *target) {
        char full[TREE_PATH];

        CHECK(symlink(target, tree_path(t, path, full)) == 0);
}

#define PCI_ROOT "sys/devices/pci0000:00/"

/* A function below a host bridge, with ids and the link that lists it. */
static inline void tree_device(const Tree *t, const char *address, const char *class_code) {
        char path[512], target[512];
        static const char *const files[][2] = {
                {"vendor", "0x8086\n"}, {"device", "0x10d3\n"}, {"subsystem_vendor", "0x8086\n"},
                {"subsystem_device", "0xa01f\n"}, {"numa_node", "1\n"},
                {"driver_override", "(null)\n"}, {"power_state", "D0\n"},
                {"reset_method", "flr bus\n"},
        };

        for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
                snprintf(path, sizeof(path), PCI_ROOT "%s/%s", address, files[i][0]);
                tree_file(t, path, files[i][1]);
        }
        snprintf(path, sizeof(path), PCI_ROOT "%s/class", address);
        tree_file(t, path, class_code);
        snprintf(path, sizeof(path), PCI_ROOT "%s/subsystem", address);
        tree_link(t, path, "../../../bus/pci");
        snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", address);
        snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", address);
        tree_link(t, path, target);
}

static inline void tree_driver(const Tree *t, const char *address, const char *driver) {
        char path[512], target[512];

        snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s", driver);
        tree_directory(t, path);
        snprintf(path, sizeof(path), PCI_ROOT "%s/driver", address);
        snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
        tree_link(t, path, target);
}

static inline void tree_group(const Tree *t, const char *address, unsigned id) {
        char path[512], target[512];

        snprintf(path, sizeof(path), PCI_ROOT "%s/iommu_group", address);
        snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%u", id);
        tree_link(t, path, target);
        snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%u/devices/%s", id, address);
        snprintf(target, sizeof(target), "../../../../devices/pci0000:00/%s", address);
        tree_link(t, path, target);
}
