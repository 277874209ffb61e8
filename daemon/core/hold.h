/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "wish.h"

/*
 * A device that is wished for is held when it appears: its driver_override names no driver there is,
 * so that none takes it, until the daemon has looked at everything and moves it, or gives it back.
 * What moves along with it is held too where it is part of a display or of sound: what else the host
 * may need, only its driver shows.
 */

/* No driver has this name. It also says whose override it is, after the initramfs is gone. */
#define HOLD_OVERRIDE "vfiod-boot"

typedef enum Hold {
        HOLD_NOT_WISHED,
        HOLD_TAKE,           /* nothing speaks against it */
        HOLD_HELD,           /* it is held already */
        HOLD_HAS_DRIVER,     /* too late: the daemon decides with everything in view */
        HOLD_OTHER_OVERRIDE, /* somebody else has decided */
        HOLD_NOT_CANDIDATE,  /* bridge, host bridge, platform device */
        HOLD_NO_GROUP,       /* no IOMMU, nothing can be given away */
        HOLD_NOT_ACCEPTED,   /* the firmware's display, and the wish does not accept that */
        HOLD_UNKNOWN,        /* what it is could not be read */
} Hold;

/* Returns: what is done with a device that has just appeared, from the devices of its group and the
 * wishes in h. *ret_wish: the wish it is for, borrowed; NULL with HOLD_NOT_WISHED. */
Hold hold_decide(const Host *h, const Address *a, const Wish **ret_wish);

/* Returns: words for why a device is not held, "" for HOLD_TAKE. */
const char *hold_words(Hold hold);

/* Returns: true if the device has no driver, and the override that keeps it so is ours. */
bool device_is_held(const Device *d);
/* Returns: true if the device is held and a table of the host names a disk that is nowhere: it may be
 * one of this device's, so its driver has to show that first. */
bool hold_hides_disk(const Device *d);
/* Returns: true if the device is held and nobody is going to move it: no wish is about it, or none is
 * met in this boot, or its own has been refused. */
bool hold_is_left(const Host *h, const Device *d);
/* Returns: true if it was held before it was moved: given back, the kernel chooses its driver. */
bool managed_was_held(const Managed *m);
