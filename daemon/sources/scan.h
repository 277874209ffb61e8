/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"
#include "sources/pcinames.h"
#include "sources/root.h"

/*
 * Loop-safe reading: what the event loop may read itself (see attributes.h). What only the probe
 * reads is unknown in a new host; in scan_device() and scan_group() it is carried over from `old`
 * as long as the thing is the same (identity of a device, name list of a group).
 */

/* Reads the whole host: every PCI device, every group, /sys/class/iommu, kernel release, command
 * line, ACPI table names, registered VFIO drivers, back ends. What cannot be read is
 * unknown, but without the list of devices there is no host. Carries over from old (may be NULL) what only the probe reads, and sets and
 * unbindings are not touched (the caller moves them). Returns: 0 and the host, or -errno. */
int scan_host(const Root *root, PciNames *names, const Host *old, Host **ret);

/* Reads one device. Returns: 1 and the device, 0 if it is not there (*ret is NULL), or -ENOMEM. */
int scan_device(const Root *root, PciNames *names, const Address *address, const Device *old,
                Device **ret);

/* Reads one group. Returns: as scan_device(). */
int scan_group(const Root *root, unsigned id, const Group *old, Group **ret);

/* Reads again which VFIO drivers are registered and which back ends there are. Returns: 0 or
 * -ENOMEM. */
int scan_drivers(const Root *root, Host *h);
