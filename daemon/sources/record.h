/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "sources/record-log.h"
#include "sources/root.h"

/*
 * Records a host: one text file with everything that the scan and the probe read, in the format of
 * tests/hosts/NAME.host. Lines are sorted by path, and paths are the true ones (devices below
 * /sys/devices, with the links to them), without the leading "/":
 *
 *     d PATH                a directory
 *     l PATH -> TARGET      a link
 *     f PATH = CONTENT      a file; \n, \t, \\ and \xNN stand for what cannot be seen
 *     u PATH = ERRNO        could not be read
 *
 * and after them the kernel's log (record-log.h).
 *
 * The list of paths is fixed. Of processes only those are in it that hold something of VFIO's or
 * cannot be looked at. Of /proc/interrupts only labels and chips are kept, of /proc/kallsyms,
 * /proc/iomem, configuration files and the files of depmod only the lines that are asked for, of the
 * boot configuration and modprobe.d what is made of them. Who may open which node of VFIO's stands
 * in ".nodes" (setup-files.h). Serial numbers, MAC addresses, UUIDs,
 * machine ids and the host's name are taken out. It may hang where reading an attribute does.
 */

/* What a recording does not hold of the kernel's log. */
typedef struct RecordedLog {
        Fact complete;       /* unknown: there was none to be read */
        uint64_t n_left_out; /* messages that were too many */
} RecordedLog;

/* Writes the recording to fd. Returns: 0, or -errno of what is not the host's (memory, writing). */
int record_host(const Root *root, int fd, RecordedLog *ret_log);

/* Takes out what identifies a machine from any text; from a kernel command line also the values of
 * parameters that name addresses and serial numbers. host_name may be NULL. Pure. Returns: a new
 * string, or NULL when memory is short. */
char *redact(const char *text, const char *host_name);
char *redact_command_line(const char *text, const char *host_name);
/* The same for a message of the kernel's, of n bytes: also serial numbers of USB devices, names of
 * disks, and addresses that a firewall has logged. */
char *redact_message(const char *text, size_t n, const char *host_name, size_t *ret_length);

/* The lines of a recording while it is made. */
typedef struct RecordLine {
        char *path;
        char kind;   /* d, f, l, u */
        char *value; /* NULL for d */
} RecordLine;

typedef struct Recording {
        const Root *root;
        char host_name[256];
        RecordLine *lines;
        size_t n_lines, size;
} Recording;

/* Add a line; value is copied. Return: 0 or -ENOMEM. */
int record_line(Recording *r, char kind, const char *path, const char *value);
/* Record what is at path, if it is there: what cannot be read becomes a "u" line.
 * Return: 1 if it was there, 0, or -ENOMEM. */
int record_file(Recording *r, const char *path);
int record_link(Recording *r, const char *path);
int record_directory(Recording *r, const char *path);
/* Calls entry for each name in a directory. Returns: 0, or what entry returned below 0. */
int record_list(Recording *r, const char *path, int (*entry)(Recording *r, const char *directory,
                                                             const char *name));
/* Records the lines of a file that a filter writes, if it is there. Returns: 0 or -ENOMEM. */
int record_filtered(Recording *r, const char *path, void (*filter)(const char *line, FILE *out));
/* Writes the path that a link of sysfs leads to, which is always relative and ends below /sys.
 * Returns: true if there is such a link. */
bool record_target(Recording *r, const char *path, char *buffer, size_t size);

/* The parts of a recording. Return: 0 or -ENOMEM. */
int record_pci(Recording *r);
int record_system(Recording *r);
int record_holders(Recording *r);
int record_config(Recording *r);
int record_setup(Recording *r);

/* Writes the lines, sorted, and the log. Returns: 0 or -errno. */
int record_write(Recording *r, const RecordLog *log, int fd);
/* Writes text in printable ASCII; word: without spaces in it, else without one at either end. */
void record_escape(FILE *f, const char *text, size_t n, bool word);
