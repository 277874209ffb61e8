/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "plan.h"
#include "report.h"

/* What the evaluator's files share; not for anybody outside core. */

/* The two rules by which kernels say whether a group is viable. */
typedef enum ViabilityRule {
        RULE_UNKNOWN,
        RULE_DRIVER_LIST,   /* before 5.19: drivers/vfio/vfio.c, vfio_dev_viable() */
        RULE_DMA_OWNERSHIP, /* since 5.19: drivers/iommu/iommu.c, iommu_group_dma_owner_claimed() */
} ViabilityRule;

/* Returns: the rule the running kernel follows: measured by its symbols, by its release only where
 * those cannot be read, and unknown where neither can. */
ViabilityRule viability_rule(const Host *h);

/* Reads "MAJOR.MINOR" from a release. Returns: major * 1000 + minor, or -1. */
int kernel_version(const Text *release);

/* Returns: true if this is a VFIO driver's name (a variant known by name, or any driver that
 * registered the device with VFIO). d may be NULL. */
bool is_vfio_driver(const char *driver, const Device *d);

/* Returns: the name of the i-th VFIO driver for PCI that is known by name, or NULL. */
const char *known_vfio_pci_driver(size_t i);

/* Returns: true for the stub driver, which leaves a group viable under both rules. */
bool is_stub_driver(const char *driver);

/* Returns: what the device is, from its header type and class. */
Role device_role(const Device *d);

/* Returns: true if its class says that disks hang on it (storage, Fibre Channel: PCI Code and ID
 * Assignment, 1.2 and 1.13), or if its class is not known. */
bool device_is_storage(const Device *d);

/* Returns: true if the driver link is gone but the unbind has not ended. *ret_blocks: it still
 * keeps the group from being viable (it leaves a host driver, not VFIO). g is NULL for a device in
 * no group; its members must be set. */
bool device_detaching(const Host *h, const GroupReport *g, const Device *d, bool *ret_blocks);

/* Returns: true if both are functions of one slot that move together without being asked: no
 * virtual function and its physical function, nor two virtual functions. */
bool same_slot_functions(const Device *a, const Device *b);

/* Fills verdict and blockers of a report whose group and members are set. Returns: 0 or -ENOMEM. */
int evaluate_viability(const Host *h, GroupReport *g);

/* Adds the group's own findings. Returns: 0 or -ENOMEM. */
int find_group(GroupReport *g);

/* Adds what has become of the group since the last boot. Returns: 0 or -ENOMEM. */
int find_group_change(const Host *h, GroupReport *g);

/* wish-findings.c: adds what keeps the host from meeting wishes. Returns: 0 or -ENOMEM. */
int find_wishes(const Host *h, HostReport *r);

/* Adds a device's findings and sets its readiness. g is NULL for a device in no group.
 * Returns: 0 or -ENOMEM. */
int evaluate_readiness(const Host *h, const HostReport *host, const GroupReport *g,
                       DeviceReport *d);

/* How a blocker of a group stands to a device that is to be prepared. */
typedef enum BlockerKind {
        BLOCKER_NEVER,   /* never moved: platform device, host bridge, no PCI function */
        BLOCKER_DETACHING, /* leaves by itself, some time; its own finding says so */
        BLOCKER_SLOT,    /* moves along by default */
        BLOCKER_CONSENT, /* an endpoint elsewhere, or a bridge that would be unbound */
} BlockerKind;
BlockerKind blocker_kind(const Blocker *b, const Device *for_device);

/* Writes a list of blockers of the given kind (bit mask 1 << BlockerKind), "0000:01:00.1
 * (snd_hda_intel), ..." into a new string, at most max of them and how many more. Returns: the string, or NULL when memory is short. */
char *blockers_text(const GroupReport *g, const Device *for_device, unsigned kinds,
                    bool with_driver, const char *separator, size_t max);

/* How many members a sentence names. */
#define BLOCKERS_NAMED 16
