/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/wish.h"

/*
 * What outlives a boot, in the state directory:
 *
 *   wishes                 devices that are to be prepared at every boot
 *   groups/RELEASE         which devices made a group when that kernel was last booted, and in
 *   groups/RELEASE.before  which boot; and the same of the boot before that one
 *
 * Each is written whole, synced and renamed into place: what is there is the old or the new, never
 * half of one. Lines are closed by their CRC-32 (record-text.h); what does not parse is unknown.
 */

/* Opens (creating it and what is in it, mode 0700) the state directory. Returns: a directory
 * descriptor or -errno. */
int state_open(const char *path);

/* Puts a file there whole or not at all, on disk when it returns. Returns: 0 or -errno. */
int state_put(int state_fd, const char *name, const char *text, size_t size);
/* Returns: 0 and the text, which the caller frees; -ENOENT; -errno. */
int state_get(int state_fd, const char *name, char **ret, size_t *ret_size);

/* Reads the wishes into the host: present, or unknown where they could not be read. Returns: 0, or
 * -errno for which they are unknown. */
int wishes_load(int state_fd, Host *h);
/* Add one, replacing that for its address, or take out that for an address: on disk, then in the
 * host. Return: 1 if something changed, 0, or -errno with everything as it was (-E2BIG: too many;
 * -ENODATA: the wishes that are there could not be read, and would be lost). */
int wish_add(int state_fd, Host *h, const Wish *w);
int wish_remove(int state_fd, Host *h, const Address *a);
/* wishes-text.c. Return: 0, -EBADMSG or -ENOMEM. */
int wishes_format(const Wish *wishes, size_t n, char **ret, size_t *ret_size);
int wishes_parse(const char *text, size_t size, Wish **ret, size_t *ret_n);

/* wish-results.c: what came of the wishes in this boot, for a daemon that starts anew. In the runtime
 * directory. Return: 0 (also if there is nothing), -EBADMSG or -errno with the host as it was. */
int wish_results_load(int runtime_fd, Host *h);
int wish_results_store(int runtime_fd, const Host *h);
/* Return: 0, -EBADMSG or -ENOMEM. */
int wish_results_format(const WishResult *results, size_t n, char **ret, size_t *ret_size);
int wish_results_parse(const char *text, size_t size, WishResult **ret, size_t *ret_n);

/* groups.c: reads how the groups were in the boot before this one into the host; the first time in a
 * boot that becomes what is before, and the groups of the host are written down. Returns: 0, or
 * -errno for which they are unknown, or were not written. */
int groups_remember(int state_fd, Host *h);
int groups_parse(const char *text, size_t size, GroupBefore **ret, size_t *ret_n,
                 char boot_id[static 37]);
