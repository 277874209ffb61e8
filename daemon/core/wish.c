/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wish.h"

/* Reads four hex digits and what ends them, and moves *p behind that. Returns: 0 or -EINVAL. */
static int read_id(const char **p, char end, uint16_t *ret) {
        char digits[5] = "";
        size_t n = strspn(*p, "0123456789abcdefABCDEF");

        if (n != 4 || (*p)[4] != end)
                return -EINVAL;
        memcpy(digits, *p, 4);
        *ret = (uint16_t) strtoul(digits, NULL, 16);
        *p += end ? 5 : 4;
        return 0;
}

int wish_ids_parse(const char *text, WishIds *ret) {
        WishIds ids = { .given = true };
        const char *p = text;

        if (read_id(&p, ':', &ids.vendor_id) < 0)
                return -EINVAL;
        if (read_id(&p, '\0', &ids.device_id) >= 0) {
                *ret = ids;
                return 0;
        }
        ids.with_subsystem = true;
        if (read_id(&p, ':', &ids.device_id) < 0 ||
            read_id(&p, ':', &ids.subsystem_vendor_id) < 0 ||
            read_id(&p, '\0', &ids.subsystem_device_id) < 0)
                return -EINVAL;
        *ret = ids;
        return 0;
}

/* Reads an address without its function. Returns: 0 or -EINVAL. */
static int parse_slot(const char *text, Address *ret) {
        char whole[ADDRESS_TEXT_MAX];
        int n = snprintf(whole, sizeof(whole), "%s.0", text);

        if (n < 0 || (size_t) n >= sizeof(whole))
                return -EINVAL;
        return address_parse(whole, ret);
}

int wish_set_match(Wish *w, const char *text) {
        Address a;
        WishIds ids;

        if (address_parse(text, &a) == 0)
                w->match = WISH_ADDRESS;
        else if (parse_slot(text, &a) == 0)
                w->match = WISH_SLOT;
        else if (wish_ids_parse(text, &ids) == 0) {
                w->match = WISH_MODEL;
                w->model = ids;
                return 0;
        } else
                return -EINVAL;
        w->address = a;
        return 0;
}

const char *wish_lacks(const Wish *w) {
        if (w->match == WISH_NOTHING)
                return "Match= is missing: an address, a slot or VENDOR:DEVICE";
        if (w->match == WISH_ADDRESS && !w->identity.given)
                return "Match= names an address, and addresses move when hardware is added or "
                       "taken out: Identity=VENDOR:DEVICE must say what stands there";
        return NULL;
}

static bool ids_match(const WishIds *ids, const Device *d) {
        if (!ids->given)
                return true;
        if (ids->vendor_id != d->vendor_id || ids->device_id != d->device_id)
                return false;
        return !ids->with_subsystem || (ids->subsystem_vendor_id == d->subsystem_vendor_id &&
                                        ids->subsystem_device_id == d->subsystem_device_id);
}

Fact wish_matches(const Wish *w, const Device *d) {
        bool needs_ids = w->match == WISH_MODEL || w->identity.given;

        if (w->match == WISH_NOTHING)
                return FACT_ABSENT;
        if (w->match == WISH_ADDRESS && address_compare(&w->address, &d->address) != 0)
                return FACT_ABSENT;
        if (w->match == WISH_SLOT && !address_same_slot(&w->address, &d->address))
                return FACT_ABSENT;
        if (needs_ids && d->ids != FACT_PRESENT)
                return FACT_UNKNOWN;
        if (w->match == WISH_MODEL && !ids_match(&w->model, d))
                return FACT_ABSENT;
        return ids_match(&w->identity, d) ? FACT_PRESENT : FACT_ABSENT;
}

void wish_clear(Wish *w) {
        free(w->name);
        free(w->driver);
        free(w->file);
        address_list_clear(&w->with);
        names_free(w->accept, w->n_accept);
        *w = (Wish){ 0 };
}
