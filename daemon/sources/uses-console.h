/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/* Reads a line of /proc/consoles: "ttyS0                -W- (EC  p a)    4:64"
 * (fs/proc/consoles.c). Pure. Returns: true, the name, and whether it is enabled. */
bool console_parse(const char *line, char name[static 32], bool *ret_enabled);

/* Returns: true if capabilities/key of an input device is that of a keyboard. Pure. */
bool input_is_keyboard(const char *bitmap);
