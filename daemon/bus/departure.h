/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

/*
 * Tells when a connection leaves the bus. Not sd_bus_track: that asks the bus whether the connection
 * is there, and waits for the answer.
 */
typedef struct Departure {
        sd_bus_slot *match, *question;
        void (*gone)(void *userdata);
        void *userdata;
} Departure;

/* Calls `gone` once the connection of that unique name is not on the bus; it may clear d.
 * Returns: 0, or -errno with nothing to clear. */
int departure_watch(Departure *d, sd_bus *bus, const char *name, void (*gone)(void *userdata),
                    void *userdata);
void departure_clear(Departure *d);
