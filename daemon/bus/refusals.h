/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "peers.h"

/*
 * The answers to calls that are too many. They leave slowly: whoever calls again as soon as it is
 * refused is slowed down to their pace, and with it the bus, on which all others wait, too.
 */

typedef struct Refusals Refusals;

/* Returns: 0 or -errno. */
int refusals_new(sd_bus *connection, const Peers *peers, Refusals **ret);
/* NULL is taken. Returns: NULL. */
Refusals *refusals_free(Refusals *r);

/* Answers LimitsExceeded now; not at all, where nobody takes the answers. */
void refusals_now(Refusals *r, sd_bus_message *m, const char *what);
/* Answers when the time has come: that this user calls too often. At once where too much waits for
 * that already, or it is too large to wait. */
void refusals_later(Refusals *r, Account *a, sd_bus_message *m);
