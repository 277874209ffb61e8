/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host.h"

/*
 * Who wants a managed set moved. A claim is a name and the device it was made for: who prepares two
 * devices of a group under one name, or none, needs the group until both are released.
 */

/* Returns: true if the set has this very claim. */
bool claim_find(const ManagedSet *s, const Address *device, const char *name);

/* What a release of a device under a name gives up: the claim made for it; if there is none, because
 * the device only moved along, those made for functions of its slot; else all under that name.
 * Returns: true if the i-th is one of them. */
bool claim_is_dropped(const ManagedSet *s, size_t i, const Address *device, const char *name);
/* Returns: how many of the set's claims that are. */
size_t claims_dropped(const ManagedSet *s, const Address *device, const char *name);

/* Returns: how many claims such a release leaves. One of a device that is not there any more, or is
 * another now, does not count: nobody could release it. What could not be told still counts. */
size_t claims_left(const Host *h, const ManagedSet *s, const Address *device, const char *name);

/* Appends a copy. Returns: 0 or -ENOMEM. */
int claim_add(ManagedSet *s, const Address *device, const char *name);
/* Takes out what claim_is_dropped(). */
void claims_drop(ManagedSet *s, const Address *device, const char *name);
