/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/settings.h"

/* The settings that are in force, and what the program's options ask of them. */

/* Reads the files below the root and says on stderr what is wrong in them. Returns: 0 and the
 * settings, to be freed with settings_free(), or -ENOMEM. */
int configuration_load(const Root *root, Settings **ret);

/* `vfiod --check-config`: says what is wrong, or that nothing is. Returns: 0, 1 if there was
 * something to say, or -errno. */
int configuration_check(const Root *root);

/* `vfiod --node-rights`, for the udev rule: prints VFIOD_NODE_GROUP= and VFIOD_NODE_MODE= for what is
 * configured. Returns: 0 or -errno. */
int configuration_print_node_rights(const Root *root);
