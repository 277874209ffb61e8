/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "notify-problems.h"

/*
 * Which problems are shown, and when. Knows no bus and no clock: the time is a parameter, and what
 * is to be done is handed out.
 *
 * One problem is one notification, which later news replace. Many at a time are one notification
 * together, and the number of times that anything is shown is limited, so that a machine on which a
 * thousand things change says so a few times and not a thousand.
 */

/* So many at once are still shown one by one. */
#define QUEUE_SINGLE_MAX 2
/* How often something may be shown in a row, and when once more. */
#define QUEUE_TOKENS 4
#define QUEUE_TOKEN_USEC (120 * USEC_PER_SEC)
/* A fault that is followed by another within this time is not a new one. */
#define QUEUE_FAULT_USEC (600 * USEC_PER_SEC)

/* A notification of the server's. */
typedef struct Bubble {
        char *key; /* of its problem; NULL: the one that stands for many */
        char *summary, *body;
        bool critical;
        uint32_t id; /* what it is replaced or closed by; 0: not on the screen */
} Bubble;

typedef struct Queue Queue;

/** Returns: an empty queue, or NULL if there is no memory. */
Queue *queue_new(void);

/** Frees it. NULL is taken. Returns: NULL. */
Queue *queue_free(Queue *q);

/**
 * Takes over what is wrong now. What is no more is not shown, or taken off the screen if it is. The
 * list is emptied. Returns: 0 or -ENOMEM.
 */
int queue_set(Queue *q, ProblemList *problems);

/** Takes over something that has happened. It is emptied. Returns: 0 or -ENOMEM. */
int queue_add_event(Queue *q, Problem *problem, uint64_t now);

/**
 * Returns: when queue_next() will have something, in the time of `now`, or UINT64_MAX for not
 * unless something changes.
 */
uint64_t queue_due(const Queue *q, uint64_t now);

/**
 * Hands out what is to be shown now; until queue_shown() or queue_failed() is called for it nothing
 * else is. Returns: a bubble that belongs to the queue, or NULL.
 */
const Bubble *queue_next(Queue *q, uint64_t now);

/** It was shown, under that id. */
void queue_shown(Queue *q, uint32_t id);

/** It could not be shown: that counts as not tried. */
void queue_failed(Queue *q);

/** Returns: the id of a notification that is to be taken off the screen, or 0. Each once. */
uint32_t queue_next_closed(Queue *q);

/** A person or the server took that one off the screen: what comes next does not replace it. */
void queue_gone(Queue *q, uint32_t id);

/** There is another server, which knows none of the ids. What was not shown still is to be. */
void queue_forget_ids(Queue *q);
