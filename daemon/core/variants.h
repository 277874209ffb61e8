/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host.h"

/*
 * Drivers that VFIO has for some models besides vfio-pci. Such a driver takes a device only where
 * its driver_override names it (override_only of struct pci_device_id; drivers/pci/pci-driver.c,
 * pci_match_device()), so somebody has to choose: the aliases of the modules say what is made for
 * what.
 */

/* Returns: the name of the driver that fits the device best: the match with the fewest wildcards, as
 * libvirt chooses; "vfio-pci" if nothing fits better or nothing is known. Borrowed. */
const char *variant_best(const Host *h, const Device *d);

/* Returns: whether an alias of that driver fits the device; unknown if the aliases are. */
Fact variant_fits(const Host *h, const Device *d, const char *driver);

/* Returns: the name under which a driver is in sysfs, where - and _ differ, for what is written with
 * either: that of a registered driver, else of one that is known. Borrowed from h, or name itself. */
const char *variant_name(const Host *h, const char *name);
