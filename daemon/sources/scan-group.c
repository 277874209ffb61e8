/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/scan-internal.h"

typedef struct Members {
        const Root *root;
        Group *group;
} Members;

/* Adds a member that is no PCI function, unless it turns out to be one: where two devices of one
 * name meet in a group the second is called NAME.1 (drivers/iommu/iommu.c,
 * iommu_group_alloc_device()), and a PCI function has its own iommu_group link anyway. */
static int add_member(const char *name, unsigned char type, void *userdata) {
        Members *m = userdata;
        char path[sizeof(IOMMU_GROUPS) + NAME_MAX + 64], bus[NAME_MAX + 1];
        Text driver = {0};
        Address a;
        ssize_t n;
        int fd, error = 0;

        if (scan_address(name, &a))
                return 0;
        snprintf(path, sizeof(path), IOMMU_GROUPS "/%u/devices/%s", m->group->id, name);
        fd = root_open(m->root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return group_add_other(m->group, name, NULL, &driver);
        n = root_read_link_name_at(m->root, fd, ATTR_SUBSYSTEM, bus, sizeof(bus));
        if (n < 0 || strcmp(bus, "pci") != 0) {
                error = scan_link(m->root, fd, ATTR_DRIVER, &driver);
                if (error == 0)
                        error = group_add_other(m->group, name, n < 0 ? NULL : bus, &driver);
        }
        close(fd);
        text_unset(&driver, FACT_ABSENT);
        return error;
}

static int compare_others(const void *a, const void *b) {
        const OtherMember *x = a, *y = b;

        return strcmp(x->name, y->name);
}

/* Reads who is in the group besides PCI functions. Returns: 1, 0 if the group is gone, -ENOMEM. */
static int read_members(const Root *root, int groups, Group *g) {
        Members m = {root, g};
        char path[32];
        int fd, error;

        snprintf(path, sizeof(path), "%u/devices", g->id);
        fd = root_open_directory_at(root, groups, path);
        if (fd < 0)
                return fact_of_error(fd) == FACT_ABSENT ? 0 : 1;
        error = root_list(fd, add_member, &m);
        close(fd);
        if (error == -ENOMEM)
                return error;
        if (g->n_other_members > 1)
                qsort(g->other_members, g->n_other_members, sizeof(*g->other_members),
                      compare_others);
        g->others_known = error == 0 ? FACT_PRESENT : FACT_UNKNOWN;
        return 1;
}

/* The class device of a group is there as long as one of its members is with VFIO
 * (drivers/vfio/group.c, vfio_create_group()). */
static Fact read_node(const Root *root, int vfio, unsigned id) {
        char name[32];
        Fact plain, noiommu;

        if (vfio < 0)
                return fact_of_error(vfio);
        snprintf(name, sizeof(name), "%u", id);
        plain = root_exists_at(root, vfio, name);
        if (plain == FACT_PRESENT)
                return plain;
        snprintf(name, sizeof(name), "noiommu-%u", id);
        noiommu = root_exists_at(root, vfio, name);
        return noiommu == FACT_ABSENT ? plain : noiommu;
}

static bool same_members(const Group *a, const Group *b) {
        if (a->n_other_members != b->n_other_members)
                return false;
        for (size_t i = 0; i < a->n_other_members; i++)
                if (strcmp(a->other_members[i].name, b->other_members[i].name) != 0)
                        return false;
        return true;
}

/* Takes over what only the probe reads. Who holds the group is not carried over a node that came
 * or went: nobody can hold what has no node, and a new node is new. */
static int carry_over(const Group *old, Group *g) {
        if (!old || !same_members(old, g))
                return 0;
        if (text_copy(&g->name, &old->name) < 0 || text_copy(&g->type, &old->type) < 0)
                return -ENOMEM;
        if (old->direct_region) {
                g->direct_region = strdup(old->direct_region);
                if (!g->direct_region)
                        return -ENOMEM;
        }
        g->reserved_known = old->reserved_known;
        g->n_direct = old->n_direct;
        if (old->vfio_node != g->vfio_node)
                return 0;
        if (text_copy(&g->node_access, &old->node_access) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < old->n_holders; i++)
                if (group_add_holder(g, old->holders[i].pid, old->holders[i].command) < 0)
                        return -ENOMEM;
        g->in_use = old->in_use;
        return 0;
}

int scan_group_at(const Root *root, int groups, int vfio, unsigned id, const Group *old,
                  Group **ret) {
        Group *g = group_new(id);
        int r;

        if (!g)
                return -ENOMEM;
        r = read_members(root, groups, g);
        if (r > 0) {
                g->vfio_node = read_node(root, vfio, id);
                if (carry_over(old, g) < 0)
                        r = -ENOMEM;
        }
        if (r <= 0)
                g = group_unref(g);
        if (r >= 0)
                *ret = g;
        return r;
}

int scan_group(const Root *root, unsigned id, const Group *old, Group **ret) {
        int groups = root_open(root, IOMMU_GROUPS, O_RDONLY | O_DIRECTORY);
        int vfio = root_open(root, VFIO_CLASS, O_RDONLY | O_DIRECTORY);
        int r;

        if (groups >= 0) {
                r = scan_group_at(root, groups, vfio, id, old, ret);
        } else {
                /* Unknown is not gone: what was known stays as it was. */
                Group *g = fact_of_error(groups) == FACT_ABSENT ? NULL :
                           old ? group_copy(old) : group_new(id);

                r = g ? 1 : fact_of_error(groups) == FACT_ABSENT ? 0 : -ENOMEM;
                if (r >= 0)
                        *ret = g;
        }
        if (groups >= 0)
                close(groups);
        if (vfio >= 0)
                close(vfio);
        return r;
}
