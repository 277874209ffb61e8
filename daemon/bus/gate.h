/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>

#include "account.h"

/*
 * Through which every call comes before an object sees it. It is read at once, so that what root
 * sends does not wait in the socket behind what others sent; root's is let through at once, what
 * others sent takes turns, user by user, and what is more than a user may send is refused.
 */

typedef struct Gate Gate;

/* What calls cost depends on how much there is to tell: returns the number of devices. */
typedef size_t (*GateSize)(void *userdata);

/* Returns: 0 or -errno. */
int gate_new(sd_bus *connection, GateSize size, void *userdata, Gate **ret);
/* What waits is dropped. NULL is taken. Returns: NULL. */
Gate *gate_free(Gate *g);

/* Returns: whose a call is that has been let through, or NULL. The account lives as long as n_asking
 * or n_working of it says so. */
Account *gate_account(const Gate *g, sd_bus_message *m);

/* Notes that an answer to the call is being worked on, until gate_work_end(): of such work a user
 * may have only so much. Returns: 0 or -errno. */
int gate_work_begin(Gate *g, sd_bus_message *m);
/* A call that was not noted is no error. */
void gate_work_end(Gate *g, const sd_bus_message *m);

/* Has the sender of the call see what root sees for some minutes. */
void gate_trust(Gate *g, sd_bus_message *m);
/* Returns: whether the sender of the call may see what is private to processes of other users: root,
 * the user we run as, and who is trusted. */
bool gate_sees(const Gate *g, sd_bus_message *m);
