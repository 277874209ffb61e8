/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "sources/probe-child.h"

/* Forks the process that does the task: it holds no descriptor but the task's root and the writing
 * end of a pipe, and blocks no signal. event reaps it whenever it ends, and needs no SIGCHLD for
 * that. Returns: the reading end of the pipe, which does not block, or -errno. */
int probe_process_start(sd_event *event, ProbeTask *task);
