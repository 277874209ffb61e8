/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "model.h"

/*
 * One D-Bus property and the place of its value in a struct. The signature says what stands there:
 * s, o: char *; q, u, i: int64_t; b: bool; as, ao: char **; the arrays of structs: their list type.
 */
typedef struct Field {
        const char *name;
        const char *signature;
        size_t offset;
} Field;

/**
 * Reads the a{sv} that the message stands at into `base`. A property that is not in the table, or
 * has another type than the table says (another version of the daemon), is passed over: its value
 * stays unknown. Returns 0 or a negative errno.
 */
int properties_read(void *base, const Field fields[], sd_bus_message *m);

/** Frees every value named in the table. */
void properties_done(void *base, const Field fields[]);
