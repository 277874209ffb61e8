/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/* What makes the texts of findings; not for anybody outside core. */

/* Appends a finding with a message made by printf rules. Returns: 0 or -ENOMEM. */
int findings_addf(Findings *f, const char *id, Severity severity, const Address *address,
                  const char *remedy, const char *format, ...)
        __attribute__((format(printf, 6, 7)));

/* Returns: a new string by printf rules, or NULL when memory is short. */
char *text_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns: "qemu-system-x86 (process 4242), ..." in a new string, which is private.h's to show as
 * "a process" instead; or NULL when memory is short. With no holder: "a process". */
char *holders_text(const Group *g);
