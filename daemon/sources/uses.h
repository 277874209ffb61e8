/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/address.h"
#include "core/uses.h"
#include "sources/root.h"

/*
 * Looks for what the host uses devices for: file systems, network, displays and the like. Reads all
 * of /proc and much of sysfs, and may hang where a disk or a driver does: for a process of its own.
 * Without root's rights a part of it cannot be looked at, and says so.
 *
 * A recording that holds no /proc/self/mountinfo was made without any of this: then nothing is
 * looked for, which is neither yes nor no.
 */

/* Looks for the network, for all else but what uses_look_closely() does, or for both. devices:
 * sorted by address; uses: one for each, empty at first, the caller clears them. Returns: 0, or
 * -ENOMEM. */
int uses_look(const Root *root, const Address *devices, size_t n, bool network, bool others,
              Uses *uses);

/* Looks at the disks of one device themselves: what the kernel claims, and what data is on them.
 * Opens each exclusively for a moment, so that somebody who mounts it just then is refused: only
 * right before something is planned. Returns: as uses_look(). */
int uses_look_closely(const Root *root, const Address *device, Uses *uses);
