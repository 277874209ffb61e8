/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "sources/root.h"

/*
 * The kernel's log of this boot in a recording, redacted: journal export text, of which each field
 * is a line "k NAME=VALUE" and "k" alone ends an entry. Of a log that is too long the middle is
 * left out, since a boot's first words say what was set up and the last ones what went wrong. An
 * entry of journald's "Missed kernel messages" stands where something is missing.
 */
typedef struct RecordLog RecordLog;

/* Bytes of export text that are kept of the beginning, and of the end. */
#define RECORD_LOG_PART_MAX ((size_t) 1 << 20)

/* Reads the log: of a recorded root its own, of a live one the journal in directory (NULL: the
 * system's own). One that cannot be read is an empty one. Takes a minute at most; what was not read
 * then is missing. Returns: 0 and the log, or -errno. */
int record_log_new(const Root *root, const char *directory, RecordLog **ret);
/* NULL is taken. Returns: NULL. */
RecordLog *record_log_free(RecordLog *l);
/* Returns: whether all of it was there to be read; unknown if there was none. */
Fact record_log_complete(const RecordLog *l);
/* Returns: how many messages were left out because it is too long. */
uint64_t record_log_left_out(const RecordLog *l);
/* Writes its lines. host_name may be NULL. Returns: 0 or -ENOMEM; an error of to stays with it. */
int record_log_write(const RecordLog *l, const char *host_name, FILE *to);
