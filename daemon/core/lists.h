/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
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
bool address_list_has(const AddressList *l, const Address *a);
/* Take out the first, or one as often as it is there. Return: true if there was one. */
bool address_list_take(AddressList *l, Address *ret);
bool address_list_drop(AddressList *l, const Address *a);

int group_list_add(GroupList *l, unsigned id);
void group_list_sort(GroupList *l);
void group_list_clear(GroupList *l);

/* Makes room for one pointer at index i of a list of n pointers that only this function grows, in
 * powers of two: thousands of functions may come one by one.
 * Returns: the list, or NULL when memory is short, with the old one untouched. */
void *list_open_gap(void *list, size_t n, size_t i);
