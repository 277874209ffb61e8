/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* What polkit is told of a request, for rules and people to look at: all that says what would move.
 * Every name is always there, so that a rule that asks for "none" or "no" is never fooled by one
 * that is missing. The names stand in org.vfiod1(5) and conf/org.vfiod1.policy. */
#define DETAILS_PAIRS 10

typedef struct Details {
        const char *pairs[2 * DETAILS_PAIRS + 1]; /* ended by NULL; of here and of the request */
        char address[ADDRESS_TEXT_MAX], ids[IDENTITY_TEXT_MAX];
        char *with, *accept;
} Details;

/* driver: which the device is on, "" or NULL: none. question: what a person is asked. Not to be
 * moved in memory afterwards. Returns: 0, or -ENOMEM with nothing to be freed. */
int details_fill(Details *d, const BusRequest *r, const char *driver, const char *question);
void details_clear(Details *d);
