/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

/*
 * Texts that come from outside: callers hand us anything, and process names or the kernel's command
 * line need not be UTF-8, which D-Bus asks for.
 */

/* Reads the character that text begins with. Returns: its length in bytes, or 0 if it is no UTF-8
 * (*ret untouched). */
size_t utf8_next(const char *text, uint32_t *ret);

/* Returns: true if text is UTF-8 without control, line-breaking or direction-changing characters,
 * so that it can stand in a record and on a terminal. */
bool utf8_is_printable(const char *text);

/* Room for what utf8_show() writes. */
#define UTF8_SHOW_MAX 288

/* Writes text as it can stand in a message: what is not printable as \xNN, cut to 64 characters.
 * Returns: buffer. */
const char *utf8_show(const char *text, char buffer[static UTF8_SHOW_MAX]);

/* Appends a string; bytes that are no UTF-8 become U+FFFD, because one such byte would otherwise
 * fail the whole message; NULL becomes "". Returns: 0 or more, or -errno. */
int bus_append_text(sd_bus_message *m, const char *text);

/* As bus_append_text(), of a text that may have private parts (core/private.h). bus_append_text()
 * shows them to nobody. */
int bus_append_seen(sd_bus_message *m, const char *text, bool sees);
