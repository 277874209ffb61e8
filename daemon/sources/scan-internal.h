/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/scan.h"

/* What the parts of the scan share. */

#define PCI_DEVICES   "/sys/bus/pci/devices"
#define PCI_DRIVERS   "/sys/bus/pci/drivers"
#define IOMMUS        "/sys/class/iommu"
#define IOMMU_GROUPS  "/sys/kernel/iommu_groups"
#define VFIO_CLASS    "/sys/class/vfio"
#define VFIO_DEVICES  "/sys/class/vfio-dev"

/* Reads the name of a sysfs object that is exactly the canonical text of an address, which is what
 * tells a PCI function among the members of a group. Returns: true and the address. */
bool scan_address(const char *name, Address *ret);

/* Fills t with the last component of a link's target: absent if there is no such link, unknown if
 * it cannot be read. Returns: 0 or -ENOMEM. */
int scan_link(const Root *root, int directory, const char *name, Text *t);

/* Fills t with a file's content. Returns: as scan_link(). */
int scan_file(const Root *root, const char *path, Text *t);

/* Reads one group of an open IOMMU_GROUPS (groups) and VFIO_CLASS (vfio; -errno if it could not be
 * opened). Returns: as scan_group(). */
int scan_group_at(const Root *root, int groups, int vfio, unsigned id, const Group *old,
                  Group **ret);

/* List what there is, in order. The caller frees *ret. Returns: 0, -ENOMEM, or why the directory
 * could not be listed. */
int scan_list_devices(const Root *root, Address **ret, size_t *ret_n);
int scan_list_groups(const Root *root, unsigned **ret, size_t *ret_n);
