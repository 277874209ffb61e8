/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "finding-ids.h"
#include "text.h"

/* Who may open a node for reading and writing. Empty: nobody but root. */
typedef struct Access {
        char owner[64], group[64];
        bool everybody;
} Access;

static bool is_root(const char *name) {
        return strcmp(name, "root") == 0 || strcmp(name, "0") == 0;
}

/* Reads "0660 root kvm". Returns: true if it is one. */
static bool read_access(const Text *t, Access *ret) {
        unsigned mode;

        *ret = (Access){ 0 };
        if (t->fact != FACT_PRESENT ||
            sscanf(t->value, "%o %63s %63s", &mode, ret->owner, ret->group) != 3)
                return false;
        if ((mode & 0600) != 0600 || is_root(ret->owner))
                ret->owner[0] = 0;
        if ((mode & 0060) != 0060 || is_root(ret->group))
                ret->group[0] = 0;
        ret->everybody = (mode & 0006) == 0006;
        return true;
}

static int cite_nodes(const Check *c) {
        const Text *group = &c->g->group->node_access, *device = &c->d->device->node_access;
        int r = 0;

        if (group->fact == FACT_PRESENT)
                r = findings_evidence(&c->d->findings, "/dev/vfio/%u: %s", c->g->group->id,
                                      group->value);
        if (r >= 0 && device->fact == FACT_PRESENT)
                r = findings_evidence(&c->d->findings, "/dev/vfio/devices/%s: %s",
                                      text_or_empty(&c->d->device->vfio_device_name),
                                      device->value);
        return r;
}

static int find_permission(const Check *c, const Access *a) {
        const Address *address = &c->d->device->address;
        int r;

        if (a->everybody)
                r = findings_addf(&c->d->findings, FINDING_NODE_PERMISSION, SEVERITY_WARNING,
                                  address, "Take the right from others in the udev rule that gives "
                                  "it.", "Every user may open the node of the device, and owns the "
                                  "device then.");
        else
                r = findings_addf(&c->d->findings, FINDING_NODE_PERMISSION, SEVERITY_INFO, address,
                                  "For QEMU without root give the node to a group, by a udev rule: "
                                  "vfioctl explain node-permission",
                                  "Only root may open the node of the device (libvirt changes that "
                                  "by itself when a VM starts).");
        return r < 0 ? r : cite_nodes(c);
}

/* pam_limits takes the entry of the user, else of the group, else of everybody; of several the last
 * (limits.conf(5)). Returns: what holds for who has the node, or NULL. */
static const MemoryLimit *limit_for(const Setup *s, const Access *a) {
        const MemoryLimit *best = NULL;
        int best_rank = 0;

        for (size_t i = 0; i < s->n_limits; i++) {
                const MemoryLimit *l = &s->limits[i];
                int rank = l->domain[0] == '\0'              ? 1
                           : strcmp(l->domain, "*") == 0     ? 2
                           : l->domain[0] == '@' && a->group[0] &&
                                       strcmp(l->domain + 1, a->group) == 0
                                   ? 3
                           : a->owner[0] && strcmp(l->domain, a->owner) == 0 ? 4
                                                                             : 0;

                if (rank > 0 && rank >= best_rank) {
                        best = l;
                        best_rank = rank;
                }
        }
        return best;
}

/* systemd's DefaultLimitMEMLOCK=, and what the kernel gives the first process since 5.16. */
#define DEFAULT_LIMIT (UINT64_C(8) << 20)
/* Guests below that are rare. */
#define SMALL_LIMIT (UINT64_C(512) << 20)

static int find_limit(const Check *c, const Access *a, const MemoryLimit *l) {
        const char *who = a->group[0] ? a->group : a->owner;
        uint64_t bytes = l ? l->bytes : DEFAULT_LIMIT;
        int r;

        if (bytes == UINT64_MAX)
                return 0;
        r = findings_addf(&c->d->findings, FINDING_MEMLOCK,
                          bytes < SMALL_LIMIT ? SEVERITY_WARNING : SEVERITY_INFO,
                          &c->d->device->address,
                          "Allow the memory of the guest and some more in "
                          "/etc/security/limits.d, then log in again: vfioctl explain memlock",
                          "%s%s may open the node and lock %llu MiB of memory%s: a VM with more "
                          "does not start with the device.", a->group[0] ? "The group " : "", who,
                          (unsigned long long) (bytes >> 20), l ? "" : ", the default");
        if (r >= 0 && l)
                r = findings_evidence(&c->d->findings, "%s:%u: %s memlock %llu", l->file, l->line,
                                      l->domain[0] ? l->domain : "services and sessions:",
                                      (unsigned long long) (bytes >> 10));
        return r < 0 ? r : cite_nodes(c);
}

static int find_memlock(const Check *c, const Access *a) {
        const Setup *s = host_setup(c->h);

        if (s->limits_known == FACT_PRESENT)
                return find_limit(c, a, limit_for(s, a));
        return findings_addf(&c->d->findings, FINDING_MEMLOCK, SEVERITY_INFO,
                             &c->d->device->address, "ulimit -l of who starts the VM tells it.",
                             "How much memory %s may lock, who may open the node, could not be "
                             "read.", a->group[0] ? a->group : a->owner);
}

/* The group's node is what QEMU opens with type1, the device's own with iommufd
 * (drivers/vfio/group.c, vfio_devnode(); device_cdev.c). Root needs neither right nor limit. */
int check_node(const Check *c) {
        Access access;

        if (c->d->state != STATE_VFIO || !c->g ||
            !read_access(c->host->type1 ? &c->g->group->node_access : &c->d->device->node_access,
                         &access))
                return 0;
        if (access.everybody || (!access.owner[0] && !access.group[0]))
                return find_permission(c, &access);
        return find_memlock(c, &access);
}
