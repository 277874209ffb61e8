/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

/*
 * Units of systemd, started over its bus interface without waiting for anything: the loop goes on,
 * and is told how it went.
 */
typedef struct Units Units;
/* One unit on its way up. */
typedef struct UnitStart UnitStart;

/* up: systemd says that the unit is started. Else why, in words. Called once, from the loop; frees
 * nothing. */
typedef void (*UnitStarted)(bool up, const char *why, void *userdata);

/* Takes a reference to the bus, on which systemd has to be. Returns: 0 or -errno. */
int units_new(sd_bus *bus, Units **ret);
/* Every UnitStart has to be freed before. NULL is taken. Returns: NULL. */
Units *units_free(Units *u);

/* Returns: 0, or -errno with no call. */
int unit_start(Units *u, const char *unit, UnitStarted started, void *userdata, UnitStart **ret);
/* Stops waiting; the unit is left alone. NULL is taken. Returns: NULL. */
UnitStart *unit_start_free(UnitStart *s);
