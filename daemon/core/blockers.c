/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

BlockerKind blocker_kind(const Blocker *b, const Device *for_device) {
        const DeviceReport *m = b->report;

        if (b->reason == BLOCK_DETACHING)
                return BLOCKER_DETACHING;
        if (!m)
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
                    bool with_driver, const char *separator, size_t max) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        size_t n = 0;

        if (!f)
                return NULL;
        for (size_t i = 0; i < g->n_blockers; i++) {
                const Blocker *b = &g->blockers[i];

                if (!(kinds & 1u << blocker_kind(b, for_device)))
                        continue;
                if (++n > max)
                        continue;
                fprintf(f, "%s%s", n == 1 ? "" : separator, b->member);
                if (with_driver && b->reason == BLOCK_DETACHING)
                        fprintf(f, " (its unbind has not ended)");
                else if (with_driver)
                        fprintf(f, " (%s)", b->driver);
        }
        if (n > max)
                fprintf(f, " and %zu more", n - max);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
