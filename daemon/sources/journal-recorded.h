/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/journal.h"

/* The kernel's log of a recorded host. */
#define JOURNAL_RECORDED_FILE "kernel-log.export"
/* Bytes of it, beyond which it is not read. */
#define JOURNAL_RECORDED_MAX  (64u << 20)

/* Reads the recording's log, if it has one.
 * Returns: 0, the text and its length, to be freed with free(); or -errno. */
int journal_recorded_read(const Root *root, char **ret, size_t *ret_length);

/* Delivers the records of the boot that the last record is of as backlog, and where some are
 * missing, then its end: unknown if text is NULL, or is no export text up to its end. */
void journal_recorded_deliver(const char *text, size_t n, const JournalHandlers *handlers,
                              void *userdata);
