/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "address.h"

/* Sets of addresses and of group ids that hints gather in. Sorting also takes out what stands in a
 * list twice. The add functions return 0 or -ENOMEM. */
typedef struct AddressList {
        Address *items;
        size_t n;
} AddressList;

typedef struct GroupList {
        unsigned *items;
        size_t n;
} GroupList;

int address_list_add(AddressList *l, const Address *a);
void address_list_sort(AddressList *l);
void address_list_clear(AddressList *l);

int group_list_add(GroupList *l, unsigned id);
void group_list_sort(GroupList *l);
void group_list_clear(GroupList *l);
