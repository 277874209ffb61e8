/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "sources/root.h"

/*
 * Tells that something was mounted, unmounted or swapped to: a hint to look again at what disks are
 * used for. /proc/self/mountinfo and /proc/swaps can be polled for that (fs/proc_namespace.c,
 * mounts_poll(); mm/swapfile.c, swaps_poll()); neither is read here.
 */
typedef struct MountSource MountSource;

typedef void (*MountCallback)(void *userdata);

/* After a call the next one comes a second later at the earliest. What cannot be watched is not
 * watched. Returns: 0 or -errno. */
int mount_source_new(sd_event *event, const Root *root, MountCallback callback, void *userdata,
                     MountSource **ret);
/* NULL is taken. Returns: NULL. */
MountSource *mount_source_free(MountSource *s);
