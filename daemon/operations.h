/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "bus/bus.h"
#include "model.h"

/*
 * What callers ask to be done: each operation probes the device's group, plans on fresh facts, and,
 * if it is to change something, runs the plan as a job and answers when that is over. One job at a
 * time per group.
 */
typedef struct Operations Operations;

/* jobs.runtime_path is NULL for a recorded host: nothing can be changed. state_fd: where wishes are
 * kept, borrowed; negative if that could not be opened. The bus is set later, when
 * it is there. Returns: 0 or -errno. */
int operations_new(Model *model, const JobContext *jobs, int state_fd, Operations **ret);
Operations *operations_free(Operations *o);
void operations_set_bus(Operations *o, Bus *bus);
/* How long a job may take that nobody called for. */
void operations_set_timeout(Operations *o, uint64_t usec);
/* NULL: workers are children. Borrowed. */
void operations_set_units(Operations *o, struct Units *units);

/* Takes over what an earlier daemon began: keeps the books on transactions that ended meanwhile,
 * follows those whose workers still live, and has new ones finish or undo the rest. Called once,
 * with the bus set. Returns: how many transactions nobody could take over, or -errno. */
int operations_adopt(Operations *o);

/* Returns: 0 if what is asked for can be done on this host at all, else -errno with *error set. */
int operations_check_change(const Operations *o, const Address *a, sd_bus_error *error);
/* Each takes one call and answers it later. Return: 0, or -errno with *error set or not. */
int operations_refresh(Operations *o, sd_bus_message *m, const Address *a, sd_bus_error *error);
int operations_plan(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);
int operations_prepare(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);
int operations_release(Operations *o, sd_bus_message *m, const BusRequest *r, sd_bus_error *error);

/* Notes in the runtime directory whether there is any wish; for who asks at every device that comes. */
void operations_mark_wishes(const Operations *o);
/* Prepares what is wished for, one after the other: once in a boot every device, else those that are
 * held (core/hold.h). Nobody waits for it; what came of it is in the host and in the journal. */
void operations_meet_wishes(Operations *o);
/* The same for what has just come or changed. */
void operations_meet_changes(Operations *o, const Changes *changes);

/* Returns: false if an operation should have been answered long ago (CLOCK_MONOTONIC), or a job's
 * deadline has passed unnoticed. A worker that hangs does not count. */
bool operations_move(const Operations *o, uint64_t now_usec);

/* Something has changed in the model: who waits for a group to be free looks again. */
void operations_look(Operations *o);

/* Jobs that exist now; borrowed. */
Job *const *operations_jobs(Operations *o, size_t *ret_n);
