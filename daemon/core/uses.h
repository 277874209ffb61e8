/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "fact.h"

/*
 * What the host needs a device for at this moment. The kernel takes a device from its driver
 * whoever uses it (drivers/base/dd.c, device_release_driver_internal() asks nobody), so what would
 * be lost is for us to know.
 */

/* What was looked for. Of each category a device says whether: present: all of it was looked at,
 * unknown: it could not be, absent: nobody was to look (a recording that holds nothing of it). */
typedef enum UseCategory {
        USES_STORAGE, /* file systems, swap, what is stacked on a disk, what names it */
        USES_CLAIM,   /* claims of the kernel: looked for only right before something is planned */
        USES_DATA,    /* data that nobody uses now */
        USES_NETWORK,
        USES_DISPLAY,
        USES_CONSOLE,
        USES_INPUT,
        USES_SOUND,
        USES_SYSTEM, /* TPM, watchdog */
        USES_MAX_,
} UseCategory;

typedef enum UseKind {
        USE_MOUNT,   /* detail: mount point */
        USE_SWAP,
        USE_STACKED, /* detail: what is on it: dm-0 (vg-root), md0, btrfs ... */
        USE_OPENED,  /* detail: process that has the disk open */
        USE_NEEDED,  /* detail: what will need it: fstab, crypttab, hibernation, dump */
        USE_MISSING, /* object: what a table names and no disk has: it may be on this one, which nobody
                      * can see while the device is held (hold.h) */
        USE_CLAIM,   /* detail: the kernel's claim on it */
        USE_DATA,    /* detail: what is on it */
        USE_NETWORK, /* detail: address, route, or what it is a part of */
        USE_CONNECTION, /* detail: remote login */
        USE_NETWORK_STORAGE,
        USE_BOOT_DISPLAY,
        USE_DISPLAY,  /* detail: output or process */
        USE_LAST_CONSOLE,
        USE_SERIAL_CONSOLE,
        USE_LAST_KEYBOARD,
        USE_SOUND,    /* detail: process */
        USE_TPM,
        USE_WATCHDOG,
        USE_NOT_LOOKED, /* object: category's word; detail: why it could not be looked at */
        USE_MAX_,
} UseKind;

typedef struct Use {
        UseKind kind;
        char *object;   /* the part of the device: nvme0n1p2, enp3s0, card0 */
        char *detail;   /* in a few words what for */
        char *evidence; /* in full, with where it was seen */
        bool of_process; /* they tell of a process, or of what is in its name space: see private.h */
} Use;

typedef struct Uses {
        Fact looked[USES_MAX_];
        Use *items; /* in the order they were found */
        size_t n_items;
} Uses;

/* Appends a copy, unless the same is there. Returns: 0 or -ENOMEM. */
int uses_add(Uses *u, const Use *use);
/* Copies src into the uninitialised dst. Returns: 0, or -ENOMEM with *dst empty. */
int uses_copy(Uses *dst, const Uses *src);
void uses_clear(Uses *u);
bool uses_equal(const Uses *a, const Uses *b);
/* Takes over what a look says: each category that was looked at, or could not be, replaces what
 * was known of it; one that nobody was to look at now stays as it was. Returns: 0 or -ENOMEM. */
int uses_update(Uses *u, const Uses *look);

/* Returns: the category of a kind; of USE_NOT_LOOKED the one that object names. */
UseCategory use_category(UseKind kind, const char *object);
/* The words of a probe's lines. */
const char *use_kind_text(UseKind kind);
const char *use_category_text(UseCategory category);
/* Returns: 0 and the kind, or -EINVAL. */
int use_kind_parse(const char *text, UseKind *ret);
