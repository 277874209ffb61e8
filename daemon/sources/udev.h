/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/address.h"

/*
 * Hints from the kernel's uevents, through libudev and for events only: nothing here looks at a
 * device. Events come from the "kernel" group, since udevd itself can hang on a stuck device.
 */
typedef struct UdevSource UdevSource;

typedef enum UdevHintKind {
        UDEV_HINT_DEVICE,  /* something about the PCI device at address changed */
        UDEV_HINT_GROUP,   /* the node of VFIO group `group` came or went */
        UDEV_HINT_OTHER,   /* something about the device `name` changed, which is no PCI function
                            * but may be a member of a group */
        UDEV_HINT_IOMMU,   /* an IOMMU instance came or went */
        UDEV_HINT_DRIVERS, /* a module, a PCI driver or iommufd came or went */
        UDEV_HINT_LOST,    /* events were dropped: nothing that was known is certain any more */
        UDEV_HINT_END,     /* that was all there is, or enough for one turn of the loop: act now */
} UdevHintKind;

typedef struct UdevHint {
        UdevHintKind kind;
        Address address;
        unsigned group;
        char name[64];
        bool bound; /* of a device: a driver has taken it, and its probe has ended well */
} UdevHint;

typedef void (*UdevCallback)(const UdevHint *hint, void *userdata);

/* Starts to listen. receive_buffer: bytes asked for (0: 128 MiB); what the rights do not allow is
 * cut by the kernel. Hints come one by one, then UDEV_HINT_END; the callback must not free the
 * source. Drops are noticed by ENOBUFS and by SO_MEMINFO's counter. Returns: 0 or -errno. */
int udev_source_new(sd_event *event, size_t receive_buffer, UdevCallback callback, void *userdata,
                    UdevSource **ret);
UdevSource *udev_source_free(UdevSource *s);
/* Returns: the size of the receive buffer in bytes as the kernel set it. */
size_t udev_source_buffer(const UdevSource *s);

/* What an event hints at, by its subsystem and DEVPATH alone. Pure. Returns: true and the hint, or
 * false if it is none of ours. */
bool udev_hint_of_event(const char *subsystem, const char *devpath, UdevHint *ret);
