/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

const DeviceReport *blocker_member(const GroupReport *g, const Blocker *b) {
        Address a;

        if (address_parse(b->member, &a) < 0)
                return NULL;
        for (size_t i = 0; i < g->n_members; i++)
                if (address_compare(&g->members[i]->device->address, &a) == 0)
                        return g->members[i];
        return NULL;
}

BlockerKind blocker_kind(const GroupReport *g, const Blocker *b, const Device *for_device) {
        const DeviceReport *m = blocker_member(g, b);

        if (!m || b->reason == BLOCK_DETACHING)
                return BLOCKER_NEVER;
        if (m->role == ROLE_BRIDGE)
                return BLOCKER_CONSENT;
        if (m->role != ROLE_ENDPOINT)
                return BLOCKER_NEVER;
        if (address_compare(&m->device->address, &for_device->address) == 0 ||
            same_slot_functions(m->device, for_device))
                return BLOCKER_SLOT;
        return BLOCKER_CONSENT;
}

char *blockers_text(const GroupReport *g, const Device *for_device, unsigned kinds,
                    bool with_driver, const char *separator) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        bool first = true;

        if (!f)
                return NULL;
        for (size_t i = 0; i < g->n_blockers; i++) {
                const Blocker *b = &g->blockers[i];

                if (!(kinds & 1u << blocker_kind(g, b, for_device)))
                        continue;
                fprintf(f, "%s%s", first ? "" : separator, b->member);
                if (with_driver && b->reason == BLOCK_DETACHING)
                        fprintf(f, " (its unbind has not ended)");
                else if (with_driver)
                        fprintf(f, " (%s)", b->driver);
                first = false;
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
