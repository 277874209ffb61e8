/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "names.h"

/* The named errors and the errno each stands for, ended by SD_BUS_ERROR_MAP_END. */
extern const sd_bus_error_map bus_error_map[];

/* Makes sd-bus know the table: setting such an error then returns its errno, and receiving one
 * gives it. May be called more than once. Returns: 0 or more, or -errno. */
int bus_errors_register(void);
