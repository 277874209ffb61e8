/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/backend.h"

/*
 * A directory that looks like /sys/bus/pci and the groups, and a back end that writes to it as the
 * kernel would: binding moves links. Reads are the real back end's. All state is in the directory,
 * so that another process can go on with it.
 */

typedef enum FakeWrite {
        FAKE_OVERRIDE, FAKE_UNBIND, FAKE_BIND, FAKE_PROBE, FAKE_MODULE,
} FakeWrite;

typedef struct FakeSysfs {
        char *path;
        Root *root;
        Backend real;
        unsigned n_writes; /* so far */
        unsigned fail_at;  /* this write fails, counted from one; 0: none does */
        int fail_error;    /* negative */
        bool fail_after;   /* and so does every write after it */
        /* What the host uses a device for, found by the worker's last look; USE_NOT_LOOKED: whether
         * its network runs over it could not be looked at. NULL: nothing. */
        const char *use_detail;
        UseKind use;
        Address used;
        /* Asked before every write; a negative result is the write's. May be NULL. */
        int (*before)(struct FakeSysfs *f, FakeWrite write, const Address *a, const char *value);
} FakeSysfs;

/* Each aborts the test when it cannot do what it says. */
FakeSysfs *fake_new(void);
/* On a directory that another process made. */
FakeSysfs *fake_open(const char *path);
/* Deletes the directory if remove is set. Returns: NULL. */
FakeSysfs *fake_free(FakeSysfs *f, bool remove);

void fake_add_driver(FakeSysfs *f, const char *name);
/* A module that registers a PCI driver of that name when it is loaded. */
void fake_add_module(FakeSysfs *f, const char *name);
/* matching: the driver that has the device in its table; bound: its driver now; any may be NULL. */
void fake_add_device(FakeSysfs *f, const char *address, unsigned group, const char *matching,
                     const char *bound, const char *override);
void fake_remove_device(FakeSysfs *f, const char *address);
/* Writes an attribute of a device as it is. */
void fake_write(FakeSysfs *f, const char *address, const char *attribute, const char *value);
void fake_set_group(FakeSysfs *f, const char *address, unsigned group);
void fake_set_driver(FakeSysfs *f, const char *address, const char *driver);

/* A process that has the group's node open. */
void fake_add_holder(FakeSysfs *f, unsigned group, unsigned pid, const char *command);

/* f stays the caller's. */
Backend fake_backend(FakeSysfs *f);
/* Driver, override and group of every device, one per line; the caller frees it. */
char *fake_state(FakeSysfs *f);
