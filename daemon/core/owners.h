/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parameters.h"
#include "report.h"

/* Who else gives devices to VFIO, by configuration. Not for anybody outside core. */

/* What names a device: all borrowed from the host, or from its report. */
typedef struct DeviceOwner {
        OwnerKind kind;    /* OWNER_DRIVERCTL or OWNER_IDS */
        const char *value; /* the driver, or the ids as written */
        const char *file;
        unsigned line;     /* 0: the command line */
} DeviceOwner;

/* The ids that vfio-pci is told to take, by the command line (p; may be NULL) and by modprobe.d. A
 * device is held against them once per evaluation, so they are read once per report of the host. */
struct IdRules;
/* Returns: 0 or -ENOMEM. */
int id_rules_new(const Host *h, const Parameters *p, struct IdRules **ret);
/* NULL is taken. Returns: NULL. */
struct IdRules *id_rules_free(struct IdRules *r);

/* Adds what ids of modprobe.d catch several devices. Returns: 0 or -ENOMEM. */
int id_rules_find_caught(const struct IdRules *rules, const Host *h, Findings *findings);

/* Finds a line of configuration that is about the device. Returns: true if there is one. */
bool owner_find(const Host *h, const HostReport *host, const Device *d, DeviceOwner *ret);
/* The same, if the device is as that line wants it: it has brought the device there. */
bool owner_holds(const Host *h, const HostReport *host, const Device *d, DeviceOwner *ret);
