/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rebind/record.h"

/* The books on who moved what, after a transaction has ended: on disk first, then in the host.
 * All return 0 or -errno. */

/* Takes over an ended transaction: a prepare that is done, or could not be rolled back, makes or
 * enlarges a set; a release that is done ends one, one that is not leaves it as it is. */
int commit_transaction(int runtime_fd, Host *h, const Transaction *t);

/* Takes over a transaction whose worker is gone without a word: what a prepare may have moved becomes
 * a set, so that it can be released to what it was. */
int commit_abandoned(int runtime_fd, Host *h, const Transaction *t);

/* Adds the plan's claim to its set, or drops it (a release). */
int commit_claim(int runtime_fd, Host *h, const Plan *plan);

/* Drops a set whose members are gone or home already. */
int commit_forget(int runtime_fd, Host *h, unsigned set);
