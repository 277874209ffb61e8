/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "rebind/record.h"

/* Files below the runtime directory, each named by a number. */

#define RECORD_TRANSACTIONS "txn"
#define RECORD_SETS         "sets"

/* No record is larger; what is, is not ours. */
#define RECORD_SIZE_MAX (16u << 20)

/* Opens (creating it, mode 0700) the directory that all else is below; never through a link. Returns:
 * a directory descriptor or -errno. */
int store_open_root(const char *path);
/* Makes a directory below it, mode 0700, unless it is there. Returns: 0 or -errno. */
int store_make_directory(int at, const char *path);
/* Opens DIRECTORY/ID; never through a link. Returns: a descriptor or -errno. */
int store_open(int runtime_fd, const char *directory, unsigned id, int flags);
/* Reads a file from its start. Returns: 0 and the text, which the caller frees; -EFBIG; -errno. */
int store_read(int fd, char **ret, size_t *ret_size);
/* Writes all of it. Returns: 0 or -errno; then part of it may be written. */
int store_write(int fd, const char *text, size_t size);
/* Puts DIRECTORY/ID there whole or not at all. replace: an older one may be there, else -EEXIST. */
int store_put(int runtime_fd, const char *directory, unsigned id, bool replace, const char *text,
               size_t size);
int store_remove(int runtime_fd, const char *directory, unsigned id);
/* The numbers among the names in DIRECTORY, ascending; the caller frees them. */
int store_list(int runtime_fd, const char *directory, unsigned **ret, size_t *ret_n);

/* The id of the running kernel's boot. Returns: 0 or -errno. */
int boot_id_read(char ret[static BOOT_ID_MAX]);
