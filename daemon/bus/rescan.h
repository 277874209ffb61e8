/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>

/*
 * Rescans: at most once a second, for all who ask meanwhile together; those that only others than root
 * ask for at a pace that depends on how long one takes, so that however many ask, and however large
 * the host is, the loop has its time. Nobody is refused because somebody else has asked.
 */
typedef struct Rescans Rescans;

/* Reads the host anew. Returns: 0 or -errno. */
typedef int (*RescanHost)(void *userdata);

/* Returns: 0 or -errno. */
int rescans_new(sd_event *event, RescanHost rescan, void *userdata, Rescans **ret);
/* Answers none of those that wait. NULL is taken. Returns: NULL. */
Rescans *rescans_free(Rescans *r);
/* Answers the call after the next rescan. Returns: 0, or -errno with *error set or not. */
int rescans_ask(Rescans *r, sd_bus_message *m, bool root, sd_bus_error *error);
