/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "fact.h"

/*
 * How the host is set up around its devices: module parameters, configuration files, the frame
 * buffers of the firmware. No event tells of a change, and all of it is read by the probe. A value
 * that is made once and then shared: whoever keeps it holds a reference.
 */

/* A range of memory that somebody else than a driver of the device has claimed in one of its BARs. */
typedef struct FrameBuffer {
        Address device;
        unsigned bar;
        char *range; /* "0xc0000000-0xc07e8fff" */
        char *owner; /* as /proc/iomem names it: BOOTFB, efifb, vesafb, simpledrm */
} FrameBuffer;

/* An alias of a VFIO driver: "vfio_pci:v…d…sv…sd…bc…sc…i…" and its module. */
typedef struct Variant {
        char *pattern;
        char *module;
} Variant;

typedef enum OwnerKind {
        OWNER_DRIVERCTL, /* a saved override of one device */
        OWNER_IDS,       /* options vfio-pci ids=… */
        OWNER_SOFTDEP,   /* vfio-pci is loaded before another module */
} OwnerKind;

/* A line of somebody else's configuration that gives devices to VFIO. */
typedef struct Owner {
        OwnerKind kind;
        Address address; /* of OWNER_DRIVERCTL */
        char *value;     /* the driver, the list of ids, the module that waits */
        char *file;
        unsigned line;
} Owner;

/* How much memory may be locked by whom, as far as files say. */
typedef struct MemoryLimit {
        char *domain;   /* of limits.conf: a user, "@group", "*"; "" is systemd's default */
        uint64_t bytes; /* UINT64_MAX: no limit */
        char *file;
        unsigned line;
} MemoryLimit;

typedef struct Setup {
        unsigned n_ref;

        Fact idle_d3_disabled;  /* vfio_pci.disable_idle_d3 */
        Fact denylist_disabled; /* vfio_pci.disable_denylist */
        Fact noiommu_mode;      /* vfio.enable_unsafe_noiommu_mode */
        Fact compatible_container; /* iommufd serves /dev/vfio/vfio (CONFIG_IOMMUFD_VFIO_CONTAINER) */

        Fact frame_buffers_known; /* present: the list is complete */
        FrameBuffer *frame_buffers;
        size_t n_frame_buffers;
        Text screens; /* frame buffers of the firmware that draw: "fb0 (EFI VGA)"; absent: none */

        Fact variants_known;
        Variant *variants;
        size_t n_variants;
        Fact owners_known;
        Owner *owners;
        size_t n_owners;
        Fact limits_known;
        MemoryLimit *limits; /* in the order in which they are read: later ones win */
        size_t n_limits;
} Setup;

/* Returns: a setup of which nothing is known, with one reference, or NULL when memory is short. */
Setup *setup_new(void);
/* NULL is taken by both. Returns: s with one more reference; NULL. */
Setup *setup_ref(Setup *s);
Setup *setup_unref(Setup *s);

/* Append copies. Return: 0 or -ENOMEM. */
int setup_add_frame_buffer(Setup *s, const Address *device, unsigned bar, const char *range,
                           const char *owner);
int setup_add_variant(Setup *s, const char *pattern, const char *module);
/* address may be NULL. */
int setup_add_owner(Setup *s, OwnerKind kind, const Address *address, const char *value,
                    const char *file, unsigned line);
int setup_add_limit(Setup *s, const char *domain, uint64_t bytes, const char *file, unsigned line);
