/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

/*
 * Asks polkit, without waiting for it: one question, one answer. The subject is always the caller's
 * unique name on the bus: a process can change who it is between the question and the answer, the
 * owner of a name cannot.
 */

typedef enum PolkitResult {
        POLKIT_NO,        /* polkit says no, or the person it asked did */
        POLKIT_YES,
        POLKIT_CHALLENGE, /* it would have to ask a person, which the caller did not allow */
        POLKIT_ABSENT,    /* nobody answers to its name */
        POLKIT_LATE,      /* no answer in time */
        POLKIT_FAILED,    /* any other error, or an answer that is none */
} PolkitResult;

typedef struct PolkitQuery PolkitQuery;

/* why: polkit's own words for POLKIT_FAILED, else "". The query is gone when this is called. */
typedef void (*PolkitAnswer)(PolkitResult result, const char *why, void *userdata);

/* Asks whether the bus name `subject` may do `action`. details: pairs of key and value, ended by
 * NULL. interactive: it may ask a person. Calls back once, unless polkit_cancel() comes first.
 * Returns: 0 and the query, or -errno with no call. */
int polkit_ask(sd_bus *bus, const char *subject, const char *action, const char *const details[],
               bool interactive, uint64_t timeout_usec, PolkitAnswer answer, void *userdata,
               PolkitQuery **ret);

/* Takes the question back, also from the person who is being asked. NULL is taken.
 * Returns: NULL. */
PolkitQuery *polkit_cancel(PolkitQuery *q);
