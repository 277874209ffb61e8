/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "objects.h"
#include "utf8.h"

/* The node that type1 opens. It is named by what the group is, so it is known before the node is
 * there. */
static int append_vfio_node(sd_bus_message *reply, const GroupReport *g, const HostReport *h) {
        bool noiommu = text_is(&g->group->name, "vfio-noiommu");
        char path[BUS_PATH_MAX] = "";

        if (h->type1)
                snprintf(path, sizeof(path), "/dev/vfio/%s%u", noiommu ? "noiommu-" : "",
                         g->group->id);
        return bus_append_text(reply, path);
}

static int append_members(sd_bus_message *reply, const GroupReport *g) {
        int e = sd_bus_message_open_container(reply, 'a', "o");

        for (size_t i = 0; e >= 0 && i < g->n_members; i++) {
                char *path;

                e = bus_device_path(&g->members[i]->device->address, &path);
                if (e < 0)
                        return e;
                e = sd_bus_message_append_basic(reply, 'o', path);
                free(path);
        }
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

static int append_others(sd_bus_message *reply, const Group *g) {
        int e = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; e >= 0 && i < g->n_other_members; i++)
                e = bus_append_text(reply, g->other_members[i].name);
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

static int append_blocker(sd_bus_message *reply, const Blocker *k) {
        int e = sd_bus_message_open_container(reply, 'r', "sss");

        if (e >= 0)
                e = bus_append_text(reply, k->member);
        if (e >= 0)
                e = bus_append_text(reply, k->driver);
        if (e >= 0)
                e = bus_append_text(reply, block_reason_text(k->reason));
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

static int append_blockers(sd_bus_message *reply, const GroupReport *g) {
        int e = sd_bus_message_open_container(reply, 'a', "(sss)");

        for (size_t i = 0; e >= 0 && i < g->n_blockers; i++)
                e = append_blocker(reply, &g->blockers[i]);
        return e < 0 ? e : sd_bus_message_close_container(reply);
}

BUS_GETTER(get_id, GroupReport, sd_bus_message_append(reply, "u", o->group->id))
BUS_GETTER(get_type, GroupReport, bus_append_text(reply, text_or_empty(&o->group->type)))
BUS_GETTER(get_vfio_node, GroupReport,
           append_vfio_node(reply, o, bus_report(bus_of(connection))->host))
BUS_GETTER(get_members, GroupReport, append_members(reply, o))
BUS_GETTER(get_other_members, GroupReport, append_others(reply, o->group))
BUS_GETTER(get_verdict, GroupReport, bus_append_text(reply, verdict_text(o->verdict)))
BUS_GETTER(get_viable, GroupReport,
           sd_bus_message_append(reply, "b", o->verdict == VERDICT_VIABLE))
BUS_GETTER(get_blockers, GroupReport, append_blockers(reply, o))
BUS_GETTER(get_in_use, GroupReport, bus_append_text(reply, fact_text(o->group->in_use)))
BUS_GETTER(get_findings, GroupReport,
           bus_append_findings(reply, &o->findings, bus_sees(connection, reply)))

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata,
                void **ret_found, sd_bus_error *error) {
        GroupReport *g;
        unsigned id;

        if (!bus_path_number(path, VFIOD_PATH_GROUPS, &id))
                return 0;
        g = report_find_group(bus_report(userdata), id);
        if (!g)
                return 0;
        *ret_found = g;
        return 1;
}

static int enumerate(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *error) {
        const Report *r = bus_report(userdata);
        char **paths = calloc(r->n_groups + 1, sizeof(*paths));

        if (!paths)
                return -ENOMEM;
        for (size_t i = 0; i < r->n_groups; i++) {
                char path[BUS_PATH_MAX];

                paths[i] = strdup(bus_group_path(r->groups[i]->group->id, path));
                if (!paths[i]) {
                        names_free(paths, i);
                        return -ENOMEM;
                }
        }
        *ret_nodes = paths;
        return 0;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define QUIET 0 /* read on hints; no signal tells of it */

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "u", get_id, 0, CONST),
        SD_BUS_PROPERTY("Type", "s", get_type, 0, EMITS),
        SD_BUS_PROPERTY("VfioNode", "s", get_vfio_node, 0, EMITS),
        SD_BUS_PROPERTY("Members", "ao", get_members, 0, EMITS),
        SD_BUS_PROPERTY("OtherMembers", "as", get_other_members, 0, EMITS),
        SD_BUS_PROPERTY("Verdict", "s", get_verdict, 0, EMITS),
        SD_BUS_PROPERTY("Viable", "b", get_viable, 0, EMITS),
        SD_BUS_PROPERTY("Blockers", "a(sss)", get_blockers, 0, EMITS),
        SD_BUS_PROPERTY("InUse", "s", get_in_use, 0, QUIET),
        SD_BUS_PROPERTY("Findings", "a" VFIOD_SIGNATURE_FINDING, get_findings, 0, EMITS),
        SD_BUS_VTABLE_END
};

const BusObject bus_object_group = {
        .path = VFIOD_PATH_GROUPS,
        .interface = VFIOD_INTERFACE_GROUP,
        .vtable = vtable,
        .find = find,
        .enumerate = enumerate,
};
