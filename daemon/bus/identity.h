/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"

/* What stands at an address: another device there later is not the one that was asked for. */
typedef struct BusIdentity {
        bool there;
        Fact known; /* present: the rest was read */
        uint16_t vendor_id, device_id, subsystem_vendor_id, subsystem_device_id;
        uint32_t class_code;
} BusIdentity;

/* d: NULL where there is none. Returns: its identity. */
BusIdentity bus_identity(const Device *d);
/* Returns: whether both are the same. What could be read only once is not. */
bool bus_identity_equal(const BusIdentity *a, const BusIdentity *b);

/* Room for bus_identity_text() */
#define IDENTITY_TEXT_MAX sizeof("10de:1c03")
/* Writes "vendor:device" into the buffer. Returns: it, or "unknown". */
const char *bus_identity_text(const BusIdentity *i, char buffer[static IDENTITY_TEXT_MAX]);
