/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/fact.h"

/*
 * The directory a host is read from: "/" for the live one, any other for a recorded one. Every path
 * is relative to it (with or without a leading "/"). In a recording it is resolved with
 * openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), so that no link leads out. The live root has
 * nothing outside itself and is resolved with RESOLVE_NO_MAGICLINKS only: a scoped look-up fails
 * with EAGAIN at every ".." while anything is renamed anywhere (fs/namei.c, handle_dots()).
 *
 * A recorded host may hold facts that could not be read where it was recorded: the file
 * ".unreadable" in its top directory lists one "PATH ERRNO-NAME" per line, and reading such a path,
 * or what is below it, fails with that errno. PATH is the one that is asked for or the one that it
 * resolves to.
 */
typedef struct Root Root;

/* Opens a root. Returns: 0 and the root, or -errno. */
int root_new(const char *path, Root **ret);
/* NULL is taken. Returns: NULL. */
Root *root_free(Root *r);
/* Returns: true if the root is a recording, not the live host. */
bool root_is_recorded(const Root *r);
/* Returns: true if some paths of this recording could not be read where it was made; what a
 * directory does not list may then be unreadable rather than absent. */
bool root_has_unreadable(const Root *r);
/* Returns: a descriptor of the directory, borrowed. */
int root_fd(const Root *r);
/* Has what needs rights read by the helpers whose sockets are in that directory (see
 * probe-helper.h). NULL: by whoever asks. Returns: 0 or -ENOMEM. */
int root_set_helpers(Root *r, const char *directory);
/* Returns: the directory, borrowed, or NULL. */
const char *root_helpers(const Root *r);

/* Reads a file of at most size - 1 bytes into buffer, adds a NUL, takes one trailing newline off.
 * Returns: the length; -E2BIG if the file is longer (buffer then holds its beginning); -errno. */
ssize_t root_read(const Root *r, const char *path, char *buffer, size_t size);
/* Reads a link's whole target, as it stands. Returns: its length or -errno (-E2BIG as above, but
 * with nothing in the buffer). */
ssize_t root_read_link(const Root *r, const char *path, char *buffer, size_t size);
/* Reads the last component of a link's target. Returns: as root_read_link(). */
ssize_t root_read_link_name(const Root *r, const char *path, char *buffer, size_t size);
/* Returns: FACT_PRESENT, FACT_ABSENT (ENOENT, ENOTDIR), or FACT_UNKNOWN. Links are not followed. */
Fact root_exists(const Root *r, const char *path);
/* Opens for reading (O_CLOEXEC is added to flags) / as a directory. Returns: a descriptor / 0 and
 * the stream, or -errno. */
int root_open(const Root *r, const char *path, int flags);
int root_opendir(const Root *r, const char *path, DIR **ret);

/*
 * The same for one name in a directory that is open already: several attributes of one device cost
 * few system calls this way. name is a single component, and a link is never followed.
 */

/* Reads an attribute with a single read(): sysfs gives a whole attribute at once (fs/seq_file.c).
 * Returns: as root_read(). */
ssize_t root_read_at(const Root *r, int directory, const char *name, char *buffer, size_t size);
/* Returns: as root_read_link_name(). */
ssize_t root_read_link_name_at(const Root *r, int directory, const char *name, char *buffer,
                               size_t size);
Fact root_exists_at(const Root *r, int directory, const char *name);
/* Opens a directory; path may have several components, none of them a link or "..". Returns: a
 * descriptor, or -errno. */
int root_open_directory_at(const Root *r, int directory, const char *path);

/* Called for each entry but "." and "..": type is a DT_ constant (DT_UNKNOWN is possible). Returns:
 * 0 to go on, anything else ends the list. */
typedef int (*RootEntry)(const char *name, unsigned char type, void *userdata);
/* Lists an open directory, once: its offset is used up. Returns: 0, -errno, or what entry
 * returned. */
int root_list(int directory, RootEntry entry, void *userdata);

/* Returns: what a failed look-up says: FACT_ABSENT for -ENOENT and -ENOTDIR, else FACT_UNKNOWN. */
Fact fact_of_error(int error);
