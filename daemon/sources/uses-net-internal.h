/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/uses-internal.h"
#include "sources/uses-net.h"

/* uses-net-remote.c: adds logins and storage that come over the network, by the interfaces over
 * which their other ends are reached. Of the live host only. */
void net_look_at_remotes(Look *l, Net *n);
/* uses-net-spaces.c: finds interfaces that live in other name spaces and notes them. Returns: true
 * if all of those could be looked at. */
bool net_look_at_spaces(Look *l);
/* uses-net.c: finds the function behind an interface by what the kernel says of its parent.
 * Returns: true if it is one of a PCI function. */
bool net_find_function(const Look *l, NetLink *link);
