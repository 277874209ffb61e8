/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "changes.h"

/* What differs between two reports of the same thing; not for anybody outside core. Each function
 * appends at most two changes and returns 0 or -ENOMEM. old or new may be NULL: it came or went. */

int diff_device(const DeviceReport *old, const DeviceReport *new, Changes *changes);
int diff_group(const GroupReport *old, const GroupReport *new, Changes *changes);
int diff_host(const HostReport *old, const HostReport *new, Changes *changes);

/* Sorts into the order in which changes are announced. */
void changes_sort(Changes *changes);
