/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

/* Starts `EXECUTABLE --worker ID [--root ROOT] --runtime-dir RUNTIME`, apart from the daemon: own
 * session, no descriptor but the standard three, stdin empty, signals as after login.
 * Returns: 0, the child and a pidfd of it (-1 if there was none left to have; the child runs all
 * the same); or -errno with no child. */
int worker_spawn(const char *executable, const char *root_path, const char *runtime_path,
                 unsigned id, pid_t *ret_pid, int *ret_pidfd);
