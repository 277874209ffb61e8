/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* What a caller names: a device by its address, or by an interface or block device on it. */

/* Finds the device that text names. Returns: 0 and its address, or -errno with *error set
 * (NoSuchDevice, InvalidArgs). */
int target_parse(const Bus *b, const char *text, Address *ret, sd_bus_error *error);
