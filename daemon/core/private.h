/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What only root and the authorized are shown: processes of other users, mount points in their
 * namespaces. A message or a line of evidence says it like this:
 *
 *         findings_evidence(f, PRIVATE("held by process %d", "held by a process"), pid);
 *
 * and whoever shows the text shows one of the two. All arguments belong to the first; text that
 * comes from outside must have passed through private_clean() where it can be put into such a place.
 */
#define PRIVATE_BEGIN "\x0e"
#define PRIVATE_ELSE  "\x1f"
#define PRIVATE_END   "\x0f"
#define PRIVATE(shown, instead) PRIVATE_BEGIN shown PRIVATE_ELSE instead PRIVATE_END

/* Replaces characters that could end a private part early: names of processes are anything.
 * Returns: text. */
char *private_clean(char *text);

/* Returns: the text as who may see private parts sees it (or who may not), to be freed; or NULL when
 * memory is short. A part without an end is private to the end. */
char *private_show(const char *text, int sees);
