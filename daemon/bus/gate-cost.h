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
/* So large is no call that is ever granted; and so small is every call without many options. */
#define GATE_CALL_MAX       65536
#define GATE_SMALL_CALL_MAX 1024
/* Returns: whether what it carries takes at most so many bytes. Leaves the message as if unread. */
bool gate_is_within(sd_bus_message *m, int size);
