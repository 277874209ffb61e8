/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/*
 * Tells the service manager that all is well: the loop turns, and what callers and events wait for
 * moves. A worker or a reading that hangs in the kernel is nobody's failure here and does not count.
 */
typedef struct Watchdog Watchdog;

/* Returns: NULL if all moves at that time (CLOCK_MONOTONIC), or in words what does not. */
typedef const char *(*WatchdogCheck)(uint64_t now_usec, void *userdata);

/* Takes the interval from the environment ($WATCHDOG_USEC), as sd_watchdog_enabled() does. Returns:
 * 0, also where nobody watches (*ret is NULL then), or -errno. */
int watchdog_new(sd_event *event, WatchdogCheck check, void *userdata, Watchdog **ret);
/* NULL is taken. Returns: NULL. */
Watchdog *watchdog_free(Watchdog *w);
