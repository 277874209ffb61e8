/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commit.h"
#include "core/claims.h"

static ManagedSet *find_set(Host *h, unsigned id) {
        for (size_t i = 0; i < h->n_sets; i++)
                if (h->sets[i].id == id)
                        return &h->sets[i];
        return NULL;
}

/* Appends an empty set. Returns: it, or NULL when memory is short. */
static ManagedSet *add_set(Host *h, unsigned id) {
        ManagedSet *grown = reallocarray(h->sets, h->n_sets + 1, sizeof(ManagedSet));

        if (!grown)
                return NULL;
        h->sets = grown;
        grown[h->n_sets] = (ManagedSet){ .id = id };
        return &grown[h->n_sets++];
}

static void remove_set(Host *h, unsigned id) {
        ManagedSet *s = find_set(h, id);

        if (!s)
                return;
        managed_set_clear(s);
        h->n_sets--;
        memmove(s, s + 1, (size_t) (h->sets + h->n_sets - s) * sizeof(ManagedSet));
}

static int add_claim(ManagedSet *s, const Address *device, const char *name) {
        return claim_find(s, device, name) ? 0 : claim_add(s, device, name);
}

/* Adds a member unless the set has it: then the older record says what it originally was. Of
 * another device at the address nothing was recorded yet. */
static int add_member(ManagedSet *s, const Managed *m) {
        Managed *grown, copy;

        if (managed_copy(&copy, m) < 0)
                return -ENOMEM;
        copy.set = s->id;
        for (size_t i = 0; i < s->n_members; i++) {
                if (address_compare(&s->members[i].address, &m->address) != 0)
                        continue;
                if (managed_same_identity(&s->members[i], m)) {
                        managed_clear(&copy);
                } else {
                        managed_clear(&s->members[i]);
                        s->members[i] = copy;
                }
                return 0;
        }
        grown = reallocarray(s->members, s->n_members + 1, sizeof(Managed));
        if (!grown) {
                managed_clear(&copy);
                return -ENOMEM;
        }
        s->members = grown;
        grown[s->n_members++] = copy;
        return 0;
}

/* Notes that the set was made for a device that is no member of it. */
static int add_asked(ManagedSet *s, const Address *a) {
        Address *grown;

        for (size_t i = 0; i < s->n_members; i++)
                if (address_compare(&s->members[i].address, a) == 0)
                        return 0;
        for (size_t i = 0; i < s->n_asked; i++)
                if (address_compare(&s->asked[i], a) == 0)
                        return 0;
        grown = reallocarray(s->asked, s->n_asked + 1, sizeof(Address));
        if (!grown)
                return -ENOMEM;
        s->asked = grown;
        grown[s->n_asked++] = *a;
        return 0;
}

static int commit_prepare(int runtime_fd, Host *h, const Transaction *t) {
        ManagedSet *s = t->set > 0 ? find_set(h, t->set) : NULL;
        int r = 0;

        if (!s)
                s = add_set(h, t->set > 0 ? t->set : t->id);
        if (!s)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < t->n_members; i++)
                r = add_member(s, &t->members[i]);
        if (r >= 0)
                r = add_asked(s, &t->address);
        if (r >= 0)
                r = add_claim(s, &t->address, t->claim);
        return r < 0 ? r : set_store(runtime_fd, s);
}

int commit_forget(int runtime_fd, Host *h, unsigned set) {
        int r = set_remove(runtime_fd, set);

        if (r >= 0 || r == -ENOENT)
                remove_set(h, set);
        return r == -ENOENT ? 0 : r;
}

int commit_abandoned(int runtime_fd, Host *h, const Transaction *t) {
        bool begun = t->n_workers > 0;
        int r = t->kind == PLAN_PREPARE && begun ? commit_prepare(runtime_fd, h, t) : 0;

        return r < 0 ? r : transaction_remove(runtime_fd, t->id);
}

int commit_transaction(int runtime_fd, Host *h, const Transaction *t) {
        int r = 0;

        if (t->outcome == OUTCOME_ROLLBACK_FAILED || t->outcome == OUTCOME_NONE)
                return commit_abandoned(runtime_fd, h, t);
        if (t->outcome == OUTCOME_DONE)
                r = t->kind == PLAN_PREPARE ? commit_prepare(runtime_fd, h, t)
                                            : commit_forget(runtime_fd, h, t->set);
        return r < 0 ? r : transaction_remove(runtime_fd, t->id);
}

/* Returns: 0, or -errno with the set as it was. */
static int drop_claims(int runtime_fd, ManagedSet *s, const Address *device, const char *name) {
        ManagedSet left = *s;
        int r;

        left.claims = calloc(s->n_claims + 1, sizeof(Claim));
        left.n_claims = 0;
        if (!left.claims)
                return -ENOMEM;
        for (size_t i = 0; i < s->n_claims; i++)
                if (!claim_is_dropped(s, i, device, name))
                        left.claims[left.n_claims++] = s->claims[i];
        r = set_store(runtime_fd, &left);
        free(left.claims); /* the names are the other's still */
        if (r >= 0)
                claims_drop(s, device, name);
        return r;
}

/* The books in memory follow those on disk: what could not be written is not so. */
int commit_claim(int runtime_fd, Host *h, const Plan *plan) {
        ManagedSet *s = find_set(h, plan->set);
        int r;

        if (!s)
                return -ENOENT;
        if (plan->kind == PLAN_PREPARE) {
                r = add_claim(s, &plan->address, plan->claim);
                if (r >= 0)
                        r = set_store(runtime_fd, s);
                if (r < 0 && claim_find(s, &plan->address, plan->claim))
                        claims_drop(s, &plan->address, plan->claim);
                return r;
        }
        return drop_claims(runtime_fd, s, &plan->address, plan->claim);
}
