/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/backend.h"
#include "rebind/record.h"

/* One step of a plan, done and read back. No record is written here. */

typedef struct StepRun {
        const Backend *backend;
        const Transaction *transaction;
        bool giving_back; /* towards what is recorded: a release or a rollback */
        bool attempted;   /* a write was begun */
        bool written;     /* a write succeeded */
} StepRun;

/* Does steps[index]; the steps before it say what an override should be by now. Returns: 0, or
 * -errno and the cause in words, without a full stop, which the caller frees (NULL when memory is
 * short). */
int step_run(StepRun *run, const Step *steps, size_t index, char **ret_cause);

/* What a step does, as in "unbinding 0000:01:00.0 from nvme"; the caller frees it, NULL when memory
 * is short. */
char *step_phrase(const Step *step);

/* Returns: the member of that address, borrowed, or NULL. */
const Managed *transaction_member(const Transaction *t, const Address *a);

/* Sets *ret_cause and returns error. */
int cause_set(char **ret_cause, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Room for error_words() */
#define ERROR_WORDS_MAX 128
/* Writes "EINVAL: Invalid argument". Returns: buffer. */
const char *error_words(int error, char buffer[static ERROR_WORDS_MAX]);

/* Returns: "no driver" or the name. */
const char *driver_words(const Text *driver);
