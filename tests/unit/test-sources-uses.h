/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Trees that look like a host in use. */

#include "sources/uses.h"
#include "test-sources-tree.h"

#define DISK "0000:02:00.0"
#define NIC  "0000:03:00.0"

typedef struct Looked {
        Tree tree;
        Root *root;
        Address devices[4];
        size_t n;
        Uses uses[4];
} Looked;

static inline void uses_device(Looked *l, const char *address, const char *class_code) {
        tree_device(&l->tree, address, class_code);
        CHECK(address_parse(address, &l->devices[l->n++]) == 0);
}

/* A tree in which everything can be looked for, and nothing is there. */
static inline Looked uses_tree(void) {
        Looked l = { .tree = tree_new() };

        tree_file(&l.tree, "proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n");
        tree_file(&l.tree, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
        tree_file(&l.tree, "proc/cmdline", "quiet\n");
        tree_file(&l.tree, ".network", "");
        return l;
}

/* A block device: path is where it hangs below sys/devices, without its name. */
static inline void uses_block(Looked *l, const char *path, const char *name, const char *number) {
        char file[256], target[256];

        snprintf(file, sizeof(file), "sys/devices/%s/%s/dev", path, name);
        tree_file(&l->tree, file, number);
        snprintf(file, sizeof(file), "sys/class/block/%s", name);
        snprintf(target, sizeof(target), "../../devices/%s/%s", path, name);
        tree_link(&l->tree, file, target);
}

/* NVMe namespace 1 of DISK with partitions 1 to 3: 259:0 to 259:3. */
static inline void uses_nvme(Looked *l) {
        static const char base[] = "pci0000:00/" DISK "/nvme/nvme0";
        char file[256], name[32], number[16];

        uses_device(l, DISK, "0x010802\n");
        uses_block(l, base, "nvme0n1", "259:0\n");
        for (int i = 1; i <= 3; i++) {
                snprintf(name, sizeof(name), "nvme0n1p%d", i);
                snprintf(number, sizeof(number), "259:%d\n", i);
                uses_block(l, "pci0000:00/" DISK "/nvme/nvme0/nvme0n1", name, number);
                snprintf(file, sizeof(file), "sys/devices/pci0000:00/" DISK
                         "/nvme/nvme0/nvme0n1/%s/partition", name);
                tree_file(&l->tree, file, "1\n");
        }
}

/* A disk made of others. */
static inline void uses_virtual(Looked *l, const char *name, const char *number, const char *below,
                                const char *label) {
        char file[256];

        uses_block(l, "virtual/block", name, number);
        if (below) {
                snprintf(file, sizeof(file), "sys/devices/virtual/block/%s/slaves/%s", name, below);
                tree_link(&l->tree, file, "../../../../somewhere");
        }
        if (label) {
                snprintf(file, sizeof(file), "sys/devices/virtual/block/%s/dm/name", name);
                tree_file(&l->tree, file, label);
        }
}

/* A process in the host's name spaces with one file open. */
static inline void uses_process(Looked *l, int pid, const char *comm, const char *target) {
        char path[64];

        snprintf(path, sizeof(path), "proc/%d/fd/5", pid);
        tree_link(&l->tree, path, target);
        snprintf(path, sizeof(path), "proc/%d/comm", pid);
        tree_file(&l->tree, path, comm);
        snprintf(path, sizeof(path), "proc/%d/ns/mnt", pid);
        tree_link(&l->tree, path, "mnt:[1]");
        snprintf(path, sizeof(path), "proc/%d/ns/net", pid);
        tree_link(&l->tree, path, "net:[1]");
        snprintf(path, sizeof(path), "proc/%d/mountinfo", pid);
        tree_file(&l->tree, path, "22 1 0:21 / /proc rw - proc proc rw\n");
}

static inline void uses_run(Looked *l) {
        CHECK(root_new(l->tree.path, &l->root) == 0);
        CHECK(uses_look(l->root, l->devices, l->n, true, true, l->uses) == 0);
}

static inline void uses_end(Looked *l) {
        for (size_t i = 0; i < l->n; i++)
                uses_clear(&l->uses[i]);
        root_free(l->root);
        tree_free(&l->tree);
}

/* Returns: the use of that kind whose evidence has these words in it, or NULL. */
static inline const Use *uses_find(const Uses *u, UseKind kind, const char *words) {
        for (size_t i = 0; i < u->n_items; i++)
                if (u->items[i].kind == kind && strstr(u->items[i].evidence, words))
                        return &u->items[i];
        return NULL;
}

/* Fails with all that was found. */
static inline const Use *uses_expect(const Looked *l, size_t device, UseKind kind,
                                     const char *words) {
        const Use *use = uses_find(&l->uses[device], kind, words);

        for (size_t i = 0; !use && i < l->uses[device].n_items; i++)
                fprintf(stderr, "found: %s %s\n", use_kind_text(l->uses[device].items[i].kind),
                        l->uses[device].items[i].evidence);
        if (!use)
                fprintf(stderr, "not found: %s %s\n", use_kind_text(kind), words);
        CHECK(use);
        return use;
}
