/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lists.h"

/* Returns: the list with room for one more than n, or NULL with it untouched. */
static void *grow(void *items, size_t n, size_t size) {
        if ((n & (n - 1)) != 0)
                return items;
        return reallocarray(items, n ? n * 2 : 1, size);
}

int address_list_add(AddressList *l, const Address *a) {
        Address *grown = grow(l->items, l->n, sizeof(Address));

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        grown[l->n++] = *a;
        return 0;
}

static int compare_addresses(const void *a, const void *b) {
        return address_compare(a, b);
}

void address_list_sort(AddressList *l) {
        size_t kept = 0;

        if (l->n > 1)
                qsort(l->items, l->n, sizeof(Address), compare_addresses);
        for (size_t i = 0; i < l->n; i++)
                if (i == 0 || address_compare(&l->items[i], &l->items[i - 1]) != 0)
                        l->items[kept++] = l->items[i];
        l->n = kept;
}

void address_list_clear(AddressList *l) {
        free(l->items);
        *l = (AddressList){ 0 };
}

bool address_list_has(const AddressList *l, const Address *a) {
        for (size_t i = 0; i < l->n; i++)
                if (address_compare(&l->items[i], a) == 0)
                        return true;
        return false;
}

bool address_list_take(AddressList *l, Address *ret) {
        if (l->n == 0)
                return false;
        *ret = l->items[0];
        l->n--;
        memmove(l->items, l->items + 1, l->n * sizeof(Address));
        return true;
}

bool address_list_drop(AddressList *l, const Address *a) {
        size_t before = l->n;

        l->n = 0;
        for (size_t i = 0; i < before; i++)
                if (address_compare(&l->items[i], a) != 0)
                        l->items[l->n++] = l->items[i];
        return l->n < before;
}

int group_list_add(GroupList *l, unsigned id) {
        unsigned *grown = grow(l->items, l->n, sizeof(unsigned));

        if (!grown)
                return -ENOMEM;
        l->items = grown;
        grown[l->n++] = id;
        return 0;
}

static int compare_ids(const void *a, const void *b) {
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;

        return (x > y) - (x < y);
}

void group_list_sort(GroupList *l) {
        size_t kept = 0;

        if (l->n > 1)
                qsort(l->items, l->n, sizeof(unsigned), compare_ids);
        for (size_t i = 0; i < l->n; i++)
                if (i == 0 || l->items[i] != l->items[i - 1])
                        l->items[kept++] = l->items[i];
        l->n = kept;
}

void group_list_clear(GroupList *l) {
        free(l->items);
        *l = (GroupList){ 0 };
}

void *list_open_gap(void *list, size_t n, size_t i) {
        void **items = grow(list, n, sizeof(void *));

        if (items)
                memmove(items + i + 1, items + i, (n - i) * sizeof(void *));
        return items;
}
