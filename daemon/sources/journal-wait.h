/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * How a child that reads the journal waits. A pipe whose reader is gone ends every wait, so that
 * no child outlives what it reads for.
 */

/* Waits until one of n descriptors (-1: none) can be read or the time is over.
 * timeout_msec: -1 for ever. Returns: 0, -EPIPE if the pipe's reader is gone, or -errno. */
int journal_wait(int pipe, const int *fds, unsigned n, int timeout_msec);

/* Watches for the journal's directories (directory, or where NULL is given the system's) to appear:
 * those that are not there, by the nearest one above that is. Returns: an inotify descriptor, or
 * -errno. */
int journal_watch_directories(const char *directory);

/* Returns: how many directories of the journal there are. */
unsigned journal_count_directories(const char *directory);

/* Returns: true if the inotify descriptor of an sd_journal has a watch for each of them. Where the
 * system has no more watches left, sd_journal says nothing (systemd issue 4479), and would wait for
 * ever. */
bool journal_is_watched(int fd, const char *directory);
