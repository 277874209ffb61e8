/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#include "verbs.h"

/* What it means that a command names several devices. */

/**
 * Finds the canonical addresses of all devices a command names, before it moves the first: the
 * name of a disk or an interface is gone once its device has moved. On failure says what is wrong
 * and returns an exit code; otherwise returns EXIT_YES and a list that strv_free() frees.
 */
int several_resolve(const Call *call, char ***ret);

/**
 * Finds which group each device is in, for several_waits(). Returns an array that free() frees,
 * with -1 for what is in none or not there, or NULL if there is no memory.
 */
int64_t *several_groups(const Call *call);

/**
 * Returns whether a device has to be waited for although --no-block was given: one job at a time
 * works on a group, and a later device of the command is in the same one.
 */
bool several_waits(const int64_t groups[], int n, int i);

/**
 * Returns whether `result` says more about a command than `other` does (NULL: nothing yet): "kept"
 * must not be hidden, nor "queued" by "done", nor that by "unchanged".
 */
bool several_outweighs(const char *result, const char *other);
