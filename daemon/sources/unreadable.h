/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The paths of a recorded host that could not be read where it was recorded (see root.h).
 */
typedef struct Unreadable Unreadable;

/* Reads a list from fd and closes it. root: the root's descriptor, borrowed. An unknown errno name
 * counts as EIO. Returns: 0 and the list (NULL if it is empty), or -errno. */
int unreadable_load(int fd, int root, Unreadable **ret);
Unreadable *unreadable_free(Unreadable *u);

/* Returns: the -errno that path, or a directory above it, is listed with, or 0. */
int unreadable_find(const Unreadable *u, const char *path);
/* The same for a name in an open directory, by that directory's true path below the root. */
int unreadable_find_at(const Unreadable *u, int directory, const char *name);
