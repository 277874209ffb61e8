/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/address.h"
#include "sources/root.h"

/* The block devices of a host, and what each one stands on. */

#define BLOCK_NAME_MAX 64

typedef struct Block {
        char name[BLOCK_NAME_MAX];   /* nvme0n1p2, dm-0 */
        char whole[BLOCK_NAME_MAX];  /* of a partition: the disk it is on; else the same as name */
        char label[128];             /* of device-mapper: what it is called; else "" */
        char subsystem[BLOCK_NAME_MAX]; /* of an NVMe disk with several paths: its subsystem */
        bool numbered;
        unsigned major, minor;
        bool has_function;
        Address function; /* where it hangs itself */
        bool mounted;   /* for whoever looks at mounts: has been said */
        unsigned below; /* of a loop device: 1 + the block device it reads, 0: none is known */
} Block;

typedef struct Blocks {
        const Root *root;
        Block *items;
        size_t n_items;
        bool complete; /* all of them were listed */
        int error;     /* -ENOMEM once memory was short */
} Blocks;

/* Lists what there is. Returns: 0 or -ENOMEM. */
int blocks_load(const Root *root, Blocks *ret);
void blocks_clear(Blocks *b);

/* Return: borrowed, or NULL. */
const Block *blocks_find(const Blocks *b, const char *name);
const Block *blocks_find_number(const Blocks *b, unsigned major, unsigned minor);
/* Finds what a node of /dev or a name of fstab stands for: "/dev/sda1", a link below /dev/disk,
 * "UUID=…" and the like. Returns: as above. */
const Block *blocks_find_source(const Blocks *b, const char *source);

/* Called for each PCI function below a block device. leaf: the part that hangs on it; chain: what
 * stands on what, "dm-1 (vg-root) on md0 on nvme0n1p3". */
typedef void (*BlockLeaf)(const Block *leaf, const Address *function, const char *chain,
                          void *userdata);
void blocks_walk(const Blocks *b, const Block *from, BlockLeaf leaf, void *userdata);
/* Calls back for each block device that one stands on directly. */
typedef void (*BlockLower)(const Blocks *b, const Block *lower, void *userdata);
void blocks_lowers(const Blocks *b, const Block *of, BlockLower lower, void *userdata);
/* Returns: "dm-0 (vg-root)" or the name alone. */
const char *block_text(const Block *b, char buffer[static 256]);
