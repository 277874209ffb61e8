/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/module-options.h"
#include "sources/root.h"

/*
 * Reads modprobe.d as kmod does (libkmod/libkmod-config.c): of files with one name that of the first
 * directory counts, all that count are read in the order of their names, whatever their directory.
 * What kmod does with the kernel command line comes after that, and is not read here.
 */

/* More than this is not read, and what is not read is not known. */
#define MODPROBE_CONF_FILE_MAX  65536
#define MODPROBE_CONF_FILES_MAX 512
#define MODPROBE_CONF_LINES_MAX 4096
/* The longest text of one line. */
#define MODPROBE_CONF_TEXT_MAX  3072

/* Appends what one file says. Lines that kmod does not take, and those that do not matter here
 * (alias, remove, weakdep), are left out. Returns: 1 if all was taken in, 0 if a line was too long or
 * there are too many, or -ENOMEM. */
int modprobe_conf_parse(const char *content, size_t size, const char *file, ModuleOption **list,
                        size_t *n);

/* Reads all files of all directories. Returns: 1 and the list, 0 and what could be read of it if
 * something could not be, or -ENOMEM. The list is for module_options_free(). */
int modprobe_conf_read(const Root *root, ModuleOption **ret, size_t *ret_n);

/* Called for each file that counts, in kmod's order. Returns: 0 to go on, or
 * -errno, which ends it. */
typedef int (*ModprobeConfFile)(const char *path, void *userdata);
/* Finds the files. Returns: 1 if all directories could be listed, 0 if not, or -errno. */
int modprobe_conf_files(const Root *root, ModprobeConfFile file, void *userdata);
