/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

static bool is_named(const Claim *c, const char *name) {
        return strcmp(c->name, name) == 0;
}

bool claim_find(const ManagedSet *s, const Address *device, const char *name) {
        for (size_t i = 0; i < s->n_claims; i++)
                if (is_named(&s->claims[i], name) &&
                    address_compare(&s->claims[i].device, device) == 0)
                        return true;
        return false;
}

static bool slot_has_claim(const ManagedSet *s, const Address *device, const char *name) {
        for (size_t i = 0; i < s->n_claims; i++)
                if (is_named(&s->claims[i], name) &&
                    address_same_slot(&s->claims[i].device, device))
                        return true;
        return false;
}

bool claim_is_dropped(const ManagedSet *s, size_t i, const Address *device, const char *name) {
        const Claim *c = &s->claims[i];

        if (!is_named(c, name))
                return false;
        if (claim_find(s, device, name))
                return address_compare(&c->device, device) == 0;
        return !slot_has_claim(s, device, name) || address_same_slot(&c->device, device);
}

size_t claims_dropped(const ManagedSet *s, const Address *device, const char *name) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_claims; i++)
                n += claim_is_dropped(s, i, device, name);
        return n;
}

/* Returns: true if the device that the claim was made for surely is gone. */
static bool is_orphan(const Host *h, const ManagedSet *s, const Claim *c) {
        if (!host_find_device(h, &c->device))
                return true;
        for (size_t i = 0; i < s->n_members; i++)
                if (address_compare(&s->members[i].address, &c->device) == 0)
                        return !managed_is_same(h, &s->members[i]);
        return false;
}

size_t claims_left(const Host *h, const ManagedSet *s, const Address *device, const char *name) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_claims; i++)
                n += !claim_is_dropped(s, i, device, name) && !is_orphan(h, s, &s->claims[i]);
        return n;
}

int claim_add(ManagedSet *s, const Address *device, const char *name) {
        Claim *grown = reallocarray(s->claims, s->n_claims + 1, sizeof(Claim));
        char *copy = strdup(name);

        if (grown)
                s->claims = grown;
        if (!grown || !copy) {
                free(copy);
                return -ENOMEM;
        }
        grown[s->n_claims++] = (Claim){ .device = *device, .name = copy };
        return 0;
}

void claims_drop(ManagedSet *s, const Address *device, const char *name) {
        bool *dropped = calloc(s->n_claims + 1, sizeof(bool));
        size_t kept = 0;

        for (size_t i = 0; dropped && i < s->n_claims; i++)
                dropped[i] = claim_is_dropped(s, i, device, name);
        for (size_t i = 0; dropped && i < s->n_claims; i++)
                if (dropped[i])
                        free(s->claims[i].name);
                else
                        s->claims[kept++] = s->claims[i];
        if (dropped)
                s->n_claims = kept;
        free(dropped);
}
