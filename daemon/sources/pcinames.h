/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * Names of PCI devices from pci.ids by libpci: for people only, never for a rule. Each name is
 * looked up once and kept for as long as the table lives. libpci's error handler is replaced: its
 * own one ends the process.
 */
typedef struct PciNames PciNames;

/* Returns: 0 and the table, or -ENOMEM. No pci.ids is no error: names are then NULL. */
int pci_names_new(PciNames **ret);
PciNames *pci_names_free(PciNames *n);

/* Look up a name. Returns: a string owned by the table and valid as long as it, or NULL. */
const char *pci_names_vendor(PciNames *n, uint16_t vendor);
const char *pci_names_device(PciNames *n, uint16_t vendor, uint16_t device);
const char *pci_names_class(PciNames *n, uint32_t class_code);

/* Gives back what libpci holds (megabytes of pci.ids); names stay valid. Called after a scan. */
void pci_names_trim(PciNames *n);
