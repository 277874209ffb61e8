/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "finding-ids.h"
#include "rules.h"
#include "text.h"
#include "wish.h"

/* What is known from earlier boots: wishes, and which devices made a group. */

Wish *wishes_free(Wish *wishes, size_t n) {
        for (size_t i = 0; wishes && i < n; i++)
                wish_clear(&wishes[i]);
        free(wishes);
        return NULL;
}

WishResult *wish_results_free(WishResult *results, size_t n) {
        for (size_t i = 0; results && i < n; i++)
                free(results[i].message);
        free(results);
        return NULL;
}

GroupBefore *groups_before_free(GroupBefore *groups, size_t n) {
        for (size_t i = 0; groups && i < n; i++)
                free(groups[i].members);
        free(groups);
        return NULL;
}

const Wish *host_find_wish(const Host *h, const Address *a) {
        const Device *d = host_find_device(h, a);
        const Wish *w;

        for (size_t i = 0; d && (w = host_wish(h, i)); i++)
                if (wish_matches(w, d) == FACT_PRESENT)
                        return w;
        return NULL;
}

const Wish *host_find_address_wish(const Host *h, const Address *a) {
        for (size_t i = 0; i < h->n_wishes; i++)
                if (h->wishes[i].match == WISH_ADDRESS &&
                    address_compare(&h->wishes[i].address, a) == 0)
                        return &h->wishes[i];
        return NULL;
}

const Wish *host_find_configured(const Host *h, const Address *a) {
        const Device *d = host_find_device(h, a);

        for (size_t i = 0; d && i < h->n_configured; i++)
                if (wish_matches(&h->configured[i], d) == FACT_PRESENT)
                        return &h->configured[i];
        return NULL;
}

const Wish *host_wish(const Host *h, size_t i) {
        if (i < h->n_wishes)
                return &h->wishes[i];
        i -= h->n_wishes;
        return i < h->n_configured ? &h->configured[i] : NULL;
}

static WishResult *find_result(const Host *h, const Address *a) {
        for (size_t i = 0; i < h->n_wish_results; i++)
                if (address_compare(&h->wish_results[i].address, a) == 0)
                        return &h->wish_results[i];
        return NULL;
}

const WishResult *host_find_wish_result(const Host *h, const Address *a) {
        return find_result(h, a);
}

int host_set_wish_result(Host *h, const Address *a, bool late, const char *message) {
        WishResult *result = find_result(h, a);
        char *copy = message ? strdup(message) : NULL;

        if (message && !copy)
                return -ENOMEM;
        if (!result) {
                WishResult *grown = reallocarray(h->wish_results, h->n_wish_results + 1,
                                                 sizeof(*grown));

                if (!grown) {
                        free(copy);
                        return -ENOMEM;
                }
                h->wish_results = grown;
                result = &grown[h->n_wish_results++];
                *result = (WishResult){ .address = *a };
        }
        free(result->message);
        result->message = copy;
        result->late = late;
        return 0;
}

bool host_drop_wish_result(Host *h, const Address *a) {
        WishResult *result = find_result(h, a);

        if (!result)
                return false;
        free(result->message);
        h->n_wish_results--;
        memmove(result, result + 1,
                (size_t) (h->wish_results + h->n_wish_results - result) * sizeof(*result));
        return true;
}

static bool was_in(const GroupBefore *before, const Address *a) {
        for (size_t i = 0; i < before->n_members; i++)
                if (address_compare(&before->members[i], a) == 0)
                        return true;
        return false;
}

static bool is_in(const GroupReport *g, const Address *a) {
        for (size_t i = 0; i < g->n_members; i++)
                if (address_compare(&g->members[i]->device->address, a) == 0)
                        return true;
        return false;
}

static bool shares_member(const GroupBefore *before, const GroupReport *g) {
        for (size_t i = 0; i < before->n_members; i++)
                if (is_in(g, &before->members[i]))
                        return true;
        return false;
}

/* Says which of those that made a group before are not in this one. Returns: 0 or -ENOMEM. */
static int add_lost(const Host *h, const GroupBefore *before, const GroupReport *g, Findings *f) {
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < before->n_members; i++) {
                const Device *d = host_find_device(h, &before->members[i]);

                if (is_in(g, &before->members[i]))
                        continue;
                address_format(&before->members[i], text);
                if (!d)
                        r = findings_evidence(f, "%s is not there any more", text);
                else if (d->grouped == FACT_PRESENT)
                        r = findings_evidence(f, "%s is in group %u now", text, d->group);
                else
                        r = findings_evidence(f, "%s is in no group now", text);
        }
        return r;
}

/* Says which members nobody had seen before, or had seen apart from the others. */
static int add_new(const Host *h, const GroupReport *g, const GroupBefore *first, Findings *f) {
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < g->n_members; i++) {
                const Address *a = &g->members[i]->device->address;
                bool elsewhere = false;

                if (was_in(first, a))
                        continue;
                for (size_t j = 0; j < h->n_groups_before; j++)
                        elsewhere |= was_in(&h->groups_before[j], a);
                r = findings_evidence(f, "%s %s", address_format(a, text),
                                      elsewhere ? "was in another group" : "was not there");
        }
        return r;
}

/* A group of which nothing was there before is a new one, and has not changed. */
int find_group_change(const Host *h, GroupReport *g) {
        const GroupBefore *first = NULL;
        Findings lines = { 0 };
        int r = 0;

        if (h->groups_before_known == FACT_UNKNOWN)
                return findings_addf(&g->findings, FINDING_GROUP_CHANGED, SEVERITY_UNKNOWN, NULL,
                                     "See journalctl -u vfiod for what could not be read.",
                                     "Whether group %u has changed since the last boot could not "
                                     "be told.", g->group->id);
        r = findings_addf(&lines, FINDING_GROUP_CHANGED, SEVERITY_WARNING, NULL,
                          "Look at what would move along now: vfioctl plan ADDRESS.",
                          "Group %u has other members than when this kernel was last booted.",
                          g->group->id);
        for (size_t i = 0; r >= 0 && i < h->n_groups_before; i++) {
                if (!shares_member(&h->groups_before[i], g))
                        continue;
                if (!first)
                        first = &h->groups_before[i];
                r = add_lost(h, &h->groups_before[i], g, &lines);
        }
        if (r >= 0 && first)
                r = add_new(h, g, first, &lines);
        if (r >= 0 && lines.items[0].n_evidence > 0)
                r = findings_append(&g->findings, &lines);
        findings_clear(&lines);
        return r;
}
