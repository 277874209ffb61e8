/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "sources/root.h"

/* What processes have open that matters here, and the name spaces they live in: one walk through
 * /proc for all that ask. */

#define COMMAND_MAX 64

typedef struct OpenFile {
        pid_t pid;
        char command[COMMAND_MAX];
        char *target;  /* as the link in /proc says: "/dev/snd/pcmC0D0p", "socket:[123]" */
        char kind;     /* 'b' or 'c' with the number below; 0: not known, as in a recording */
        unsigned major, minor;
} OpenFile;

typedef struct Namespace {
        char *name; /* as the link says: "mnt:[4026531840]" */
        pid_t pid;  /* a process that lives in it */
        char command[COMMAND_MAX];
} Namespace;

typedef struct Namespaces {
        Namespace *items;
        size_t n_items;
        bool complete;
} Namespaces;

typedef struct Processes {
        OpenFile *files;
        size_t n_files;
        bool files_complete;  /* false: what some process has open could not be looked at */
        char missed[128];     /* the first of those, for people */
        Namespaces mounts, networks; /* all but the host's and our own */
} Processes;

/* Returns: 0 or -ENOMEM. */
int processes_load(const Root *root, Processes *ret);
void processes_clear(Processes *p);
/* Finds another process in the same name space of that kind ("mnt", "net") and puts it into n.
 * Returns: true if there is one. */
bool processes_find_other(const Root *root, const char *kind, Namespace *n);
