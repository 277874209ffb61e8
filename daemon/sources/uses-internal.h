/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "sources/uses-blocks.h"
#include "sources/uses-processes.h"
#include "sources/uses.h"

/* What the parts of a look share. */
typedef struct Look {
        const Root *root;
        const Address *devices; /* sorted */
        size_t n_devices;
        Uses *uses;  /* one for each device */
        Blocks blocks;
        Processes processes;
        struct {
                char source[128];
                const char *by;
        } missing[8]; /* what tables name and no disk has */
        size_t n_missing;
        int error;   /* -ENOMEM once memory was short */
} Look;

/* Notes a use of a device; of one that nobody asked for nothing is noted. */
void look_found(Look *l, const Address *device, UseKind kind, const char *object,
                const char *detail, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same of what a process does, or is in its name space: only root and the authorized are told. */
void look_found_process(Look *l, const Address *device, UseKind kind, const char *object,
                        const char *detail, const char *format, ...)
        __attribute__((format(printf, 6, 7)));
/* Notes that a category could not be looked at for a device, and why. */
void look_missed(Look *l, const Address *device, UseCategory category, const char *format, ...)
        __attribute__((format(printf, 4, 5)));
/* Notes that nobody has looked yet. */
void look_skipped(Look *l, const Address *device, UseCategory category);
/* Returns: true if somebody asks for the device. */
bool look_wants(const Look *l, const Address *device);

/* Finds the PCI function that a path of sysfs leads through last. Returns: true if there is one. */
bool look_address_in(const char *path, Address *ret);
/* The same for what the link of a class leads to: "/sys/class/CLASS/NAME". */
bool look_function(const Look *l, const char *link, Address *ret);
#define NODE_NAME_MAX 256
/* Finds what an open character device belongs to, by its number or, in a recording, by its name; it
 * must be of one of the classes (the last is NULL). Returns: true, the function and its name. */
bool look_node(const Look *l, const OpenFile *f, const char *const *classes, Address *ret,
               char name[static NODE_NAME_MAX]);
/* Returns: true if the class of the device begins with these digits: "0x03". */
bool look_is_class(const Look *l, const Address *device, const char *digits);
/* Calls entry for each name in a directory. Returns: 0 (also if there is none), or why it could not
 * be listed. */
int look_list(Look *l, const char *directory, void (*entry)(Look *l, const char *directory,
                                                            const char *name));

/* The parts. What they cannot look at they say by look_missed(). */
void look_storage(Look *l);
void look_mounts(Look *l);
void look_needed(Look *l);
void look_data(Look *l);
void look_network(Look *l);
void look_display(Look *l);
void look_console(Look *l);
void look_input(Look *l);
void look_sound(Look *l);
void look_system(Look *l);

/* Note a use of a block device for every PCI function that it stands on. what: "%s" of the
 * evidence, to which the stack is appended. */
void look_found_block(Look *l, const Block *b, UseKind kind, const char *detail, const char *what);
void look_found_block_process(Look *l, const Block *b, UseKind kind, const char *detail,
                              const char *what);
/* What could not be looked at matters to those that have disks: notes it for each. */
void look_missed_disks(Look *l, const char *why);
