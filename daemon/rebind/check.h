/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/step.h"

/* What is held against the record before the host is changed, and after. Causes as in step.h. */

/* Whether the plan can be executed by what it says alone: every step is about a member, in the one
 * way that fits its record. Returns: 0 or -EBADMSG. */
int check_plan(const Transaction *t, char **ret_cause);

/* Whether a member is the device that is recorded, in the group that is recorded. Returns: 0;
 * -ENODEV if it is gone or another device has its address; another -errno. */
int check_identity(const Backend *b, const Transaction *t, const Managed *m, char **ret_cause);

/* How far a prepare has come. */
typedef enum Progress {
        PROGRESS_NONE,
        PROGRESS_LOADED, /* the module is there, and may have taken what pointed at it already */
        PROGRESS_BEGUN,  /* overrides are ours */
} Progress;

/* Whether everything still is as planned in a prepare: identities, groups, drivers; before it has
 * begun also overrides. Returns: 0 or -errno. */
int check_unchanged(const Backend *b, const Transaction *t, Progress progress, char **ret_cause);
/* check-group.c: whether any device but the members has come into the group since `before` was
 * listed, or has got another driver. Returns: 0, -ESTALE or another -errno. */
int check_group(const Backend *b, const Transaction *t, const GroupDevice *before, size_t n_before,
                char **ret_cause);
/* Whether no process holds the group. Returns: 0, -EBUSY if one does or that cannot be told. */
int check_use(const Backend *b, const Transaction *t, char **ret_cause);
/* check-functions.c: whether no member that is bound, and is to be unbound, has virtual functions:
 * they would go with it, whoever uses them. Returns: 0, -EBUSY if one has or that cannot be told. */
int check_functions(const Backend *b, const Transaction *t, char **ret_cause);
/* check_use() and check_functions(). Returns: 0, or -EBUSY with the error's name and the cause. */
int check_free(const Backend *b, const Transaction *t, const char **ret_error, char **ret_cause);
/* check-hazards.c: whether the host loses nothing by the unbinds of a prepare but what was accepted.
 * Returns: 0, -EBUSY if it does, or another -errno. */
int check_hazards(const Backend *b, const Transaction *t, uint64_t timeout_usec, char **ret_cause);
/* Whether the drivers that a plan binds to are there. Returns: 0, -ENOENT or another -errno. */
int check_drivers(const Backend *b, const Transaction *t, char **ret_cause);

/* Returns: true if `now` is the driver that the member had, or, where that is not known, any but the
 * one it was moved to. */
bool driver_is_back(const Managed *m, const Text *now);
/* Reads back every member that is still the recorded device. Returns: 0 and in words what is not as
 * recorded, NULL if all is, and whether a recorded device is gone; or -ENOMEM. */
int check_restored(const Backend *b, const Transaction *t, char **ret_left, bool *ret_gone);
