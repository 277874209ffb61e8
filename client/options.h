/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "util.h"

#define TIMEOUT_NOT_GIVEN UINT64_MAX

/* Options that only some verbs take; the others go with every verb. */
typedef enum OptionMask {
        OPTION_CLASS = 1 << 0,
        OPTION_ALL = 1 << 1,
        OPTION_WITH = 1 << 2,
        OPTION_GROUP = 1 << 3,
        OPTION_DRIVER = 1 << 4,
        OPTION_FOR = 1 << 5,
        OPTION_TIMEOUT = 1 << 6,
        OPTION_NO_BLOCK = 1 << 7,
        OPTION_METRICS = 1 << 8,
        OPTION_ACCEPT = 1 << 9,
        OPTION_PERSIST = 1 << 10,
        OPTION_WAIT = 1 << 11,
        OPTION_FOREIGN = 1 << 12
} OptionMask;

/* The command line, read. Strings point into argv unless they are arrays. */
typedef struct Options {
        const char *host, *machine, *bus_address;
        bool json, no_pager, no_ask_password, help, version;

        const char *class;
        bool all;
        char **with;
        bool group;
        char **accept;
        const char *driver;
        const char *for_what;  /* a condition (wait) or a claim (prepare, release) */
        uint64_t timeout_usec; /* TIMEOUT_NOT_GIVEN unless given */
        bool no_block, metrics, persist, wait, foreign;

        unsigned given; /* which of OptionMask were on the command line */
} Options;

/**
 * Reads the options out of argv (and moves them to its front, as getopt does). Reports what is
 * wrong itself. Returns the index of the first argument that is no option, or -EINVAL or -ENOMEM.
 */
int options_parse(Options *options, int argc, char **argv);

/** Frees the arrays of the options; for _cleanup_. */
void options_done(Options *options);

/** Returns the long name of the first option that was given and is not in `allowed`, or NULL. */
const char *options_unwanted(const Options *options, unsigned allowed);

/** Prints one line of help for every option. */
void options_help(FILE *out);

/**
 * Reads a time such as "5", "5s", "500ms", "2min" or "1h"; without a unit it is seconds. The result
 * is in microseconds. Returns 0, -EINVAL (no such form) or -ERANGE (too long).
 */
int timeout_parse(const char *text, uint64_t *ret_usec);
