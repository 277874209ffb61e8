/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* The well-known name. Where it is taken it is waited for, but not for long: a daemon that was killed
 * may have left a child, which has its connection until it first runs. Where a second vfiod is started
 * beside the first it follows that one's jobs for as long. */
typedef struct BusName BusName;

/* error: 0 when the name is had, -EEXIST if somebody keeps it, or -errno. Called once, from
 * bus_name_request() or from the loop. */
typedef void (*BusNamed)(int error, void *userdata);

/* The connection must be attached to a loop. *ret is there to be freed after a failure, too, or NULL.
 * Returns: 0, or -errno without calling named. */
int bus_name_request(sd_bus *connection, BusNamed named, void *userdata, BusName **ret);
/* Lets go of it: the connection is shut down, whoever else has it, and must have been flushed (which the
 * end of the loop does: sd_bus_attach_event(3)). NULL is taken. Returns: NULL. */
BusName *bus_name_free(BusName *n);
