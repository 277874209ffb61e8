/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host.h"
#include "lists.h"

/* What a wish is matched by. */
typedef enum WishMatch {
        WISH_NOTHING, /* nothing was given yet */
        WISH_ADDRESS, /* one function; only with an identity: addresses move when hardware does */
        WISH_SLOT,    /* every function of a slot */
        WISH_MODEL,   /* every function with these ids */
} WishMatch;

/* Vendor and device, perhaps subsystem too. */
typedef struct WishIds {
        bool given, with_subsystem;
        uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
} WishIds;

/* That a device is to be on a VFIO driver from the start of the machine on. A plain value; all
 * zero is an empty one. */
typedef struct Wish {
        char *name; /* for people: the section's, or the address */
        WishMatch match;
        Address address;  /* of WISH_ADDRESS; of WISH_SLOT with function 0 */
        WishIds model;    /* of WISH_MODEL */
        WishIds identity; /* what a device must be besides; not given: anything */
        char *driver;     /* NULL: the best one */
        AddressList with; /* further members of the group that may move */
        bool group;       /* every member of the group may move */
        char **accept;    /* findings: id, or id@address */
        size_t n_accept;
        char *file; /* where it stands */
        unsigned line;
} Wish;

/* Reads what to match by: an address (0000:01:00.0), a slot (0000:01:00, 01:00), or a model
 * (10de:1c03, 10de:1c03:1043:85ac). Returns: 0, or -EINVAL with *w untouched. */
int wish_set_match(Wish *w, const char *text);
/* Reads VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE, four hex digits each. Returns: 0, or
 * -EINVAL with *ret untouched. */
int wish_ids_parse(const char *text, WishIds *ret);
/* Returns: NULL if the wish can be met as it stands, or what it lacks, as a sentence. */
const char *wish_lacks(const Wish *w);
/* Returns: FACT_PRESENT if the device is meant, FACT_ABSENT if not; FACT_UNKNOWN if it stands where
 * a wish points and could not be identified. */
Fact wish_matches(const Wish *w, const Device *d);
/* Frees what is in it and makes it empty. */
void wish_clear(Wish *w);
