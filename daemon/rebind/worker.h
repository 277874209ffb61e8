/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/record.h"
#include "sources/root.h"

/*
 * Executes one transaction, in a process of its own: `vfiod --worker ID`. The only code that
 * changes the host. A write may hang in the kernel for as long as somebody holds the device: the
 * process then waits, nobody kills it, and what it does afterwards is in the record.
 *
 * One that was begun by a worker that is gone is taken over: a release is completed; a prepare is
 * finished if all of it was done, and undone if not. To do that again changes nothing.
 */

/* Runs txn/ID to its end: every step written down before and after; on failure, or when a prepare
 * is past its deadline, all members are restored and that is verified. Returns: 0 when the outcome
 * is written, or -errno if not even that could be done. */
int worker_run(const Root *root, int runtime_fd, unsigned id);
