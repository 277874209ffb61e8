/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/job.h"

/*
 * One worker's life, from its start or from when a daemon finds it to its end. It is a unit of its
 * own where systemd runs, a child of the daemon where not, and nobody's child after a restart.
 */
typedef struct Life Life;

/* Called once when there is no such worker any more. why: it could not even be started; else NULL. */
typedef void (*LifeEnded)(const char *why, void *userdata);

/* Starts the worker that executes the record; before it n_workers have begun to. Returns: 0; or
 * -errno, with *ret set if there is a worker whose end nobody will see. */
int life_start(const JobContext *context, const Transaction *t, LifeEnded ended, void *userdata,
               Life **ret);
/* Finds the worker that holds the record. Returns: 0, -ESRCH if there is none, or -errno. */
int life_find(sd_event *event, int runtime_fd, const Transaction *t, LifeEnded ended,
              void *userdata, Life **ret);
/* The record has grown: it may say now who the worker is. */
void life_update(Life *l, const Transaction *t);
/* Stops following; the worker is left alone. NULL is taken. Returns: NULL. */
Life *life_free(Life *l);
