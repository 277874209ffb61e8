/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/address.h"
#include "sources/root.h"

/*
 * Finds the PCI devices that a name stands for: a network interface, a block device or partition
 * (through its slaves, if it is made of others), an NVMe controller, a DRM card. Loop-safe: only
 * links and directories below /sys/class are read, which are kernfs' own and ask no driver.
 * Returns: how many there are, of which at most max are in ret; 0 if nothing has that name, or it
 * could not be read, or no PCI device is behind it.
 */
int resolve_name(const Root *root, const char *name, Address *ret, size_t max);
