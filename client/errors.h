/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "options.h"

/* What vfioctl exits with. */
enum {
        EXIT_YES = 0,     /* done, or the answer is yes */
        EXIT_NO = 1,      /* the answer is no */
        EXIT_USAGE = 2,   /* wrong command line, or a name the daemon cannot make sense of */
        EXIT_UNKNOWN = 3, /* it could not be told */
        EXIT_FAILED = 4   /* everything else */
};

/* What the client itself reports; the same form as the names of the bus. */
#define ERROR_TIMED_OUT   "org.vfiod1.Error.TimedOut"
#define ERROR_INTERRUPTED "org.vfiod1.Error.Interrupted"

/** Returns the exit code for the name of a D-Bus error; EXIT_FAILED for one that is not known. */
int error_exit_code(const char *name);

/** Returns the exit code for the host's readiness; EXIT_UNKNOWN for NULL and unknown words. */
int readiness_exit_code(const char *readiness);

/**
 * Returns what to do about an error, as one line, or NULL if there is nothing to say. `object` is
 * the device that was asked for, or NULL.
 */
char *error_next_step(const char *name, const Options *options, const char *object);

/**
 * Says on stderr (with --json: as an object on stdout) that something failed, with the next step.
 * `object` is what it was about and may be NULL; the message names it already more often than not,
 * and then it is not repeated. If `error` is not set, `r` (negative errno) is the cause. Returns
 * the exit code.
 */
int fail(const Options *options, const char *object, const sd_bus_error *error, int r);

/** fail() for a wrong command line: a message and where to find help. Returns EXIT_USAGE. */
int fail_usage(const Options *options, const char *format, ...) _printf_(2, 3);

/** Says something on stderr, wrapped, after "vfioctl: ". */
void say(const char *format, ...) _printf_(1, 2);
