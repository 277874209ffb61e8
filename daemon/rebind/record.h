/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/plan.h"

/*
 * What is written down about changes to the host, below the runtime directory (a tmpfs: it lives
 * as long as the bindings do, until the next boot):
 *
 *   txn/ID   one transaction: the plan, what every member was before, and each step as it begins
 *            and ends. Append-only, one record per line, each line closed by its CRC-32. Written by
 *            the daemon before the worker starts, then by the worker alone, which holds a lock on
 *            it while it lives.
 *   sets/ID  one managed set: members as they were before, and claims. Written whole, renamed into
 *            place.
 *
 * Both are read back after a restart; what does not parse is reported, never guessed.
 */

typedef enum StepState { STEP_STATE_PENDING, STEP_STATE_RUNNING, STEP_STATE_DONE,
                         STEP_STATE_FAILED, STEP_STATE_UNDONE } StepState;
typedef enum Outcome {
        OUTCOME_NONE, /* not ended */
        OUTCOME_DONE, /* every step done and read back */
        OUTCOME_FAILED, /* nothing was changed */
        OUTCOME_ROLLED_BACK, /* a step failed, everything is as it was */
        OUTCOME_ROLLBACK_FAILED, /* a step failed and not everything could be restored */
} Outcome;

/* Room for a boot id as the kernel writes it, and its NUL */
#define BOOT_ID_MAX 37

typedef struct Transaction {
        unsigned id;
        char boot_id[BOOT_ID_MAX]; /* the boot it was written in: bindings do not outlive it */
        pid_t worker;              /* the process that executes it; 0 before it has started */
        unsigned n_workers;        /* how many have begun: the second and on recover */
        PlanKind kind;
        Address address;
        unsigned group;
        unsigned set;
        char *claim;
        uint64_t deadline_usec; /* CLOCK_BOOTTIME; no forward step of a prepare starts after it */
        PlanMember *members;
        size_t n_members;
        Step *steps;
        StepState *states; /* as many as steps */
        size_t n_steps;
        char **accept; /* hazards that were accepted */
        size_t n_accept;
        bool undoing; /* a rollback has begun */
        Step undo;    /* the step of it that runs; its value is NULL where none does */
        Outcome outcome;
        char *error;   /* a name of names.h, or NULL */
        char *message; /* cause in words, or NULL */
} Transaction;

Transaction *transaction_free(Transaction *t);

/* Reads a transaction from its text. A torn last line (no newline or a wrong CRC) is what a crash
 * leaves and is passed over; any other bad line is -EBADMSG. Returns: 0, -EBADMSG or -ENOMEM. */
int transaction_parse(const char *text, size_t size, Transaction **ret);

/* Returns: true if the record was written since the kernel started; what an older one says of the
 * host is not true any more. False as well if the boot id cannot be read. */
bool transaction_is_current(const Transaction *t);

/* Opens (creating it and its subdirectories, mode 0700) the runtime directory. Returns: a directory
 * descriptor or -errno. */
int runtime_open(const char *path);

/* Writes the head of txn/ID: plan and members. The id is the smallest above `above` and above every
 * one in use, so that a daemon that passes its last one never gives an id twice.
 * Returns: 0 and the id, or -errno with no file left. */
int transaction_create(int runtime_fd, const Plan *plan, uint64_t deadline_usec, unsigned above,
                       unsigned *ret_id);
int transaction_read(int runtime_fd, unsigned id, Transaction **ret);
/* Returns: 0 or -errno. */
int transaction_remove(int runtime_fd, unsigned id);
/* The ids of all records, ascending; the caller frees the array. Returns: 0 or -errno. */
int transaction_list(int runtime_fd, unsigned **ret_ids, size_t *ret_n);
/* Whether a worker holds the record's lock, that is, lives. Returns: 1, 0 or -errno. */
int transaction_is_locked(int runtime_fd, unsigned id);

/* Stores or removes a set; loads all of them into h->sets, by ascending id (a file that does not
 * parse or is of another boot is left where it is and counted in *ret_bad). Return: 0 or -errno. */
int set_store(int runtime_fd, const ManagedSet *set);
int set_remove(int runtime_fd, unsigned id);
int sets_load(int runtime_fd, Host *h, size_t *ret_bad);
