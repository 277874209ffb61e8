/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether wishes are met in this boot. A boot is counted when it begins and forgotten when it has
 * come to its end (multi-user.target); after BOOTS_INCOMPLETE_MAX that have not, nothing is taken
 * from the host. The verdict is written once a boot, where the daemon finds it.
 */

#define BOOT_VERDICT_DIRECTORY "/run/vfiod-boot"
#define BOOT_VERDICT_FILE      BOOT_VERDICT_DIRECTORY "/verdict"
#define BOOTS_INCOMPLETE_MAX   2u

typedef enum BootVerdict {
        BOOT_UNDECIDED,  /* nobody has counted yet, or nobody counts here */
        BOOT_OPEN,       /* wishes are met */
        BOOT_INCOMPLETE, /* too many boots did not come to their end */
        BOOT_UNCOUNTED,  /* the count could not be read or written */
        BOOT_DISABLED,   /* the kernel command line says so */
} BootVerdict;

/* Returns: a word, never NULL. */
const char *boot_verdict_text(BootVerdict v);
/* Returns: the verdict of that word; BOOT_UNDECIDED for any other. A newline may follow it. */
BootVerdict boot_verdict_parse(const char *text);

/* Reads how many boots in a row did not come to their end: digits and a newline. Returns: 0 or
 * -EBADMSG. */
int boots_parse(const char *text, size_t size, unsigned *ret);

/* Returns: true if "vfiod.disable" stands on the command line (also as vfiod.disable=1, yes, true or
 * on; the last one counts). NULL: false. */
bool boot_is_disabled(const char *command_line);
