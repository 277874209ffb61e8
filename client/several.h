/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "verbs.h"

/* What it means that a command names several devices. */

/**
 * Finds the canonical addresses of all devices a command names, before it moves the first: the
 * name of a disk or an interface is gone once its device has moved. On failure says what is wrong
 * and returns an exit code; otherwise returns EXIT_YES and a list that strv_free() frees.
 */
int several_resolve(const Call *call, char ***ret);

/**
 * Returns whether `result` says more about a command than `other` does (NULL: nothing yet): "kept" must
 * not be hidden, nor "queued" by "done", nor that by "unchanged".
 */
bool several_outweighs(const char *result, const char *other);
