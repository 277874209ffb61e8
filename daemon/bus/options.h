/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* Which methods take an option; bits. */
typedef enum RequestMethod {
        REQUEST_PLAN    = 1 << 0,
        REQUEST_PREPARE = 1 << 1,
        REQUEST_RELEASE = 1 << 2,
        REQUEST_ALL     = REQUEST_PLAN | REQUEST_PREPARE | REQUEST_RELEASE,
} RequestMethod;

/* Reads the arguments "sa{sv}" of a method and checks them. Returns: 0 and *ret, which the caller
 * clears; or -errno with *ret untouched and *error set, unless the message itself is broken. */
int request_read(const Bus *b, sd_bus_message *m, RequestMethod method, BusRequest *ret,
                 sd_bus_error *error);

/* Frees what the request owns and makes it empty. */
void request_clear(BusRequest *r);
