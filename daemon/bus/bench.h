/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/*
 * How long root's calls are inside the daemon: from the moment the message has been read to that
 * when the answer has left for the bus. Only in builds with -Dbench=true; elsewhere these do nothing.
 * On SIGUSR1 the figures since the last time are printed.
 */

/* Returns: 0 or -errno. */
int bench_start(sd_bus *connection);
void bench_stop(void);
void bench_received(const Account *a, sd_bus_message *m);
/* The call is answered later; bench_answered() says when. */
void bench_deferred(const sd_bus_message *m);
void bench_answered(const sd_bus_message *m);
