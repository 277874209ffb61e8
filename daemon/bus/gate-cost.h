/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-bus.h>

/* What a call asks of us, told from its head. */

/* Returns: the points that it costs where there are so many devices. */
unsigned gate_cost(sd_bus_message *m, size_t n_devices);
/* Returns: whether it starts a child process and is answered later. */
bool gate_is_work(sd_bus_message *m);
/* Returns: whether it is small enough to be kept; if not, it is no call that is ever granted. Leaves
 * the message as if unread. */
bool gate_is_small(sd_bus_message *m);
