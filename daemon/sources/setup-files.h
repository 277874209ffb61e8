/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/root.h"

/*
 * Which configuration files a host has, in the order in which those who read them do. For the
 * probe's child and the recorder: files lie on disks, and disks can hang.
 */
typedef enum SetupFiles {
        SETUP_LIMITS,   /* limits.conf(5) */
        SETUP_SYSTEMD,  /* systemd-system.conf(5) */
        SETUP_DRIVERCTL, /* driverctl(8): /etc/driverctl.d/pci-ADDRESS */
} SetupFiles;

/* Called for each. Returns: 0 to go on, or -errno. */
typedef int (*SetupFile)(const Root *root, const char *path, void *userdata);

/* Calls file for each of them. Returns: 0, what file returned, or -errno of a directory that is
 * there and could not be listed. */
int setup_files_each(const Root *root, SetupFiles which, SetupFile file, void *userdata);

/* Called for each line: with continued lines ("\" at the end) joined, without its newline, and the
 * number of its first. Returns: as above. */
typedef int (*SetupLine)(char *line, unsigned number, const char *path, void *userdata);

/* Reads a file line by line. One that is not there has none. Returns: 0, -errno of the file, or
 * what line returned. */
int setup_file_lines(const Root *root, const char *path, SetupLine line, void *userdata);

/* Who may open a node of /dev: "0600 root root", with numbers where an id has no name in passwd or
 * group. A recorded host says it in its file .nodes, since a recording has no nodes. Returns: 0,
 * -ENOENT, or another -errno. */
int setup_node_access(const Root *root, const char *path, char *buffer, size_t size);
