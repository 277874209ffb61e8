/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "details.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE "none"

static const char *yes_no(bool value) {
        return value ? "yes" : "no";
}

static const char *or_none(const char *text) {
        return text && *text ? text : NONE;
}

/* Returns: the addresses with a comma between, to be freed, or NULL when memory is short. */
static char *list_addresses(const Address *addresses, size_t n) {
        char *list = calloc(n + 1, ADDRESS_TEXT_MAX + 1), *end = list;

        for (size_t i = 0; list && i < n; i++) {
                char text[ADDRESS_TEXT_MAX];

                if (i > 0)
                        *end++ = ',';
                end = stpcpy(end, address_format(&addresses[i], text));
        }
        return list;
}

/* Returns: as list_addresses(). */
static char *list_names(char *const *names, size_t n) {
        size_t size = 1;
        char *list, *end;

        for (size_t i = 0; i < n; i++)
                size += strlen(names[i]) + 1;
        list = end = calloc(size, 1);
        for (size_t i = 0; list && i < n; i++) {
                if (i > 0)
                        *end++ = ',';
                end = stpcpy(end, names[i]);
        }
        return list;
}

int details_fill(Details *d, const BusRequest *r, const char *driver, const char *question) {
        char *with = list_addresses(r->with, r->n_with);
        char *accept = list_names(r->accept, r->n_accept);

        if (!with || !accept) {
                free(with);
                free(accept);
                return -ENOMEM;
        }
        *d = (Details) { .with = with, .accept = accept };
        {
                const char *const pairs[2 * DETAILS_PAIRS] = {
                        "address", address_format(&r->address, d->address),
                        "ids", bus_identity_text(&r->identity, d->ids),
                        "driver", or_none(driver),
                        "with", or_none(with),
                        "group", yes_no(r->group),
                        "foreign", yes_no(r->foreign),
                        "persist", yes_no(r->persist),
                        "accept", or_none(accept),
                        "polkit.message", question,
                        "polkit.gettext_domain", "vfiod",
                };

                memcpy(d->pairs, pairs, sizeof(pairs));
        }
        return 0;
}

void details_clear(Details *d) {
        free(d->with);
        free(d->accept);
        *d = (Details) { 0 };
}
