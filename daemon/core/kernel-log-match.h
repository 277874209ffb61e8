/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "kernel-log.h"

/*
 * The patterns that lines are held against; not for anybody outside core.
 *
 * A pattern is held against the whole body of a record, white space at its end left out. Bytes
 * stand for themselves, and % with a letter for a field:
 *   %*  any bytes, as few as will do         %s  the same, and they are the subject
 *   %w  a word (no space, no :,;()[]"), and it is the subject
 *   %_  white space, at least one            %(text%)  the text, or nothing
 *   %d  decimal digits                       %x  hex digits, 0x before them or not
 *   %n  a decimal number: number             %e  a decimal number: error
 *   %g  a decimal number: group              %h  a hex number: fault_address
 *   %m  a hex number: mask                   %l  a hex number: bus_limit
 *   %f  a hex number: the flags of an AMD event: access
 *   %a  an address, taken if none is known   %A  an address that overrules what is known
 *   %c  nothing or "(set via kernel command line)", white space before it: by_parameter
 * Since no field can match in two ways but % * and %s, trying the last of these again is enough:
 * the time is the product of both lengths at most.
 */
typedef struct LogPattern {
        LogKind kind;
        const char *pattern;
        LogAccess access; /* what the fixed words of the pattern say about it */
} LogPattern;

typedef struct LogPatterns {
        const LogPattern *items;
        size_t n;
} LogPatterns;

/* What the fields of a pattern took. */
typedef struct LogFields {
        LogEvent event; /* without its subject */
        const char *subject;
        size_t n_subject;
} LogFields;

#define LOG_PATTERNS(array) { (array), sizeof(array) / sizeof((array)[0]) }

/* For records without a device before them, and for the text behind "DRIVER ADDRESS: ". */
extern const LogPatterns log_plain_common, log_plain_intel, log_plain_amd, log_plain_vfio;
extern const LogPatterns log_device_common, log_device_intel, log_device_amd, log_device_vfio;

/* Holds a pattern against text. Returns: true if it matches; otherwise *f is undefined. */
bool log_match(const char *pattern, const char *text, size_t n, LogFields *f);

/* Reads an address at *p, canonical or short, "0x" before its parts taken too (VT-d, 5.14), and
 * moves *p behind it; *ret_short tells if it had no domain. Returns: true if there was one. */
bool log_read_address(const char **p, const char *end, Address *ret, bool *ret_short);
