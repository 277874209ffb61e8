/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model.h"

/* Something that a person at the desktop should know. */
typedef struct Problem {
        char *key;     /* the same for the same thing, whatever is said about it */
        char *summary; /* one line, plain text */
        char *body;    /* plain text */
        bool critical; /* it stays on the screen until somebody takes it away */
        bool keep;     /* a job is changing it now: what was said stands until it has ended */
} Problem;

typedef struct ProblemList {
        Problem *items;
        size_t n;
} ProblemList;

/**
 * Finds what is wrong now: groups that were prepared and are no longer viable, wishes that are not
 * met, devices that are stuck. Everything else is no problem of a desktop's.
 * Returns: 0, or -ENOMEM.
 */
int problems_find(const Model *model, const Host *host, ProblemList *ret);

/**
 * Makes a problem of a DMA fault, if it is one of a device that was prepared.
 * Returns: 1, 0 if nobody prepared the device, or -ENOMEM.
 */
int problem_of_fault(const Model *model, const char *address, const char *message, Problem *ret);

/** Frees what the problem owns. */
void problem_done(Problem *problem);

/** Frees what the list owns; for _cleanup_. */
void problems_done(ProblemList *problems);
