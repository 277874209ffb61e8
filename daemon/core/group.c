/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "private.h"

Group *group_new(unsigned id) {
        Group *g = calloc(1, sizeof(Group));

        if (!g)
                return NULL;
        g->n_ref = 1;
        g->id = id;
        return g;
}

Group *group_ref(Group *g) {
        g->n_ref++;
        return g;
}

Group *group_unref(Group *g) {
        if (!g || --g->n_ref > 0)
                return NULL;
        for (size_t i = 0; i < g->n_other_members; i++) {
                free(g->other_members[i].name);
                free(g->other_members[i].bus);
                free(g->other_members[i].driver.value);
        }
        for (size_t i = 0; i < g->n_holders; i++)
                free(g->holders[i].command);
        free(g->other_members);
        free(g->holders);
        free(g->name.value);
        free(g->type.value);
        free(g->node_access.value);
        free(g->direct_region);
        free(g);
        return NULL;
}

int group_add_other(Group *g, const char *name, const char *bus, const Text *driver) {
        OtherMember *grown =
                reallocarray(g->other_members, g->n_other_members + 1, sizeof(OtherMember));
        OtherMember m = { .name = strdup(name), .bus = bus ? strdup(bus) : NULL };

        if (grown)
                g->other_members = grown;
        if (!grown || !m.name || (bus && !m.bus) || text_copy(&m.driver, driver) < 0) {
                free(m.name);
                free(m.bus);
                return -ENOMEM;
        }
        g->other_members[g->n_other_members++] = m;
        return 0;
}

int group_add_holder(Group *g, pid_t pid, const char *command) {
        Holder *grown = reallocarray(g->holders, g->n_holders + 1, sizeof(Holder));
        Holder h = { .pid = pid, .command = strdup(command) };

        if (grown)
                g->holders = grown;
        if (!grown || !h.command) {
                free(h.command);
                return -ENOMEM;
        }
        private_clean(h.command);
        g->holders[g->n_holders++] = h;
        return 0;
}

/* Copies the members of src that are no plain values. Returns: 0 or -ENOMEM. */
static int copy_parts(Group *dst, const Group *src) {
        int r = text_copy(&dst->name, &src->name);

        r |= text_copy(&dst->type, &src->type);
        r |= text_copy(&dst->node_access, &src->node_access);
        if (src->direct_region) {
                dst->direct_region = strdup(src->direct_region);
                r |= dst->direct_region ? 0 : -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < src->n_other_members; i++)
                r = group_add_other(dst, src->other_members[i].name, src->other_members[i].bus,
                                    &src->other_members[i].driver);
        for (size_t i = 0; r >= 0 && i < src->n_holders; i++)
                r = group_add_holder(dst, src->holders[i].pid, src->holders[i].command);
        return r;
}

Group *group_copy(const Group *g) {
        Group *copy = group_new(g->id);

        if (!copy)
                return NULL;
        copy->vfio_node = g->vfio_node;
        copy->others_known = g->others_known;
        copy->reserved_known = g->reserved_known;
        copy->n_direct = g->n_direct;
        copy->in_use = g->in_use;
        return copy_parts(copy, g) < 0 ? group_unref(copy) : copy;
}
