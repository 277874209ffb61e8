/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "hold.h"
#include "owners.h"
#include "rules.h"

/* The driver that stands for the host's use of a device: what is bound now and is neither VFIO nor
 * the stub, or what a managed set recorded. Returns: 0 or -ENOMEM. */
static int set_host_driver(const Host *h, DeviceReport *d) {
        const Managed *managed = host_find_managed(h, &d->device->address);
        const Text *driver = &d->device->driver;

        if (managed)
                return text_copy(&d->host_driver, &managed->driver);
        if (driver->fact == FACT_PRESENT &&
            (is_vfio_driver(driver->value, d->device) || is_stub_driver(driver->value)))
                return 0; /* somebody else moved it: what it had is not known */
        return text_copy(&d->host_driver, driver);
}

static Manager managed_by(const Host *h, const HostReport *host, const Device *d) {
        DeviceOwner owner;

        if (host_find_managed(h, &d->address))
                return MANAGER_VFIOD;
        if (owner_holds(h, host, d, &owner))
                return owner.kind == OWNER_DRIVERCTL ? MANAGER_DRIVERCTL : MANAGER_KERNEL_IDS;
        if (d->driver.fact == FACT_PRESENT &&
            (is_vfio_driver(d->driver.value, d) || is_stub_driver(d->driver.value)))
                return MANAGER_OTHER;
        if (device_is_held(d))
                return MANAGER_VFIOD;
        return d->driver_override.fact == FACT_PRESENT ? MANAGER_OTHER : MANAGER_NONE;
}

static State device_state(const Host *h, const GroupReport *g, const Device *d) {
        bool blocks;

        if (device_detaching(h, g, d, &blocks))
                return STATE_DETACHING;
        if (d->driver.fact == FACT_UNKNOWN)
                return STATE_UNKNOWN;
        if (d->driver.fact == FACT_ABSENT)
                return STATE_UNBOUND;
        if (is_vfio_driver(d->driver.value, d))
                return g && g->group->in_use == FACT_PRESENT ? STATE_BUSY : STATE_VFIO;
        return is_stub_driver(d->driver.value) ? STATE_STUB : STATE_HOST;
}

/* Lists the virtual functions of d: those whose physfn link names it. Returns: 0 or -ENOMEM. */
static int set_virtual_functions(const Host *h, DeviceReport *d) {
        Device *const *functions;
        size_t n = host_virtual_functions(h, &d->device->address, &functions);

        if (n == 0)
                return 0;
        d->virtual_functions = calloc(n, sizeof(Address));
        if (!d->virtual_functions)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                d->virtual_functions[i] = functions[i]->address;
        d->n_virtual_functions = n;
        return 0;
}

static int set_holders(const GroupReport *g, DeviceReport *d) {
        d->in_use = g ? g->group->in_use : FACT_ABSENT;
        if (d->state != STATE_BUSY && d->state != STATE_DETACHING)
                return 0;
        for (size_t i = 0; g && i < g->group->n_holders; i++) {
                Holder *grown = reallocarray(d->holders, d->n_holders + 1, sizeof(Holder));

                if (!grown)
                        return -ENOMEM;
                d->holders = grown;
                grown[d->n_holders] = (Holder){ .pid = g->group->holders[i].pid,
                                                .command = strdup(g->group->holders[i].command) };
                if (!grown[d->n_holders].command)
                        return -ENOMEM;
                d->n_holders++;
        }
        return 0;
}

/* Makes a report with what needs no look at the rest of the group. */
static DeviceReport *device_report_new(Device *d) {
        DeviceReport *new = calloc(1, sizeof(DeviceReport));

        if (!new)
                return NULL;
        new->n_ref = 1;
        new->device = device_ref(d);
        new->role = device_role(d);
        return new;
}

/* Fills the rest of a device's report. Returns: 0 or -ENOMEM. */
static int finish_device(const Host *h, const HostReport *host, const GroupReport *g,
                         DeviceReport *d) {
        int r;

        d->state = device_state(h, g, d->device);
        d->managed_by = managed_by(h, host, d->device);
        d->persisted = host_find_wish(h, &d->device->address);
        d->cdev = host->cdev;
        r = set_host_driver(h, d);
        if (r >= 0)
                r = set_virtual_functions(h, d);
        if (r >= 0)
                r = set_holders(g, d);
        return r < 0 ? r : evaluate_readiness(h, host, g, d);
}

int evaluate_ungrouped(const Host *h, const HostReport *host, Device *d, DeviceReport **ret) {
        DeviceReport *new = device_report_new(d);

        if (!new || finish_device(h, host, NULL, new) < 0) {
                device_report_unref(new);
                return -ENOMEM;
        }
        *ret = new;
        return 0;
}

/* Collects the members of a group. Returns: 0 or -ENOMEM. */
static int add_members(const Host *h, GroupReport *g) {
        Device *const *members;
        size_t n = host_group_members(h, g->group->id, &members);

        if (n == 0)
                return 0;
        g->members = calloc(n, sizeof(DeviceReport *));
        if (!g->members)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                g->members[i] = device_report_new(members[i]);
                if (!g->members[i])
                        return -ENOMEM;
                g->n_members++;
        }
        return 0;
}

/* A group outlives its last member for a moment, until the kernel has dropped it
 * (drivers/iommu/iommu.c, iommu_group_release()), and no event tells of that: without members it is
 * none. */
static bool is_empty(const Host *h, const Group *g) {
        Device *const *members;

        return host_group_members(h, g->id, &members) == 0 && g->n_other_members == 0 &&
               g->others_known == FACT_PRESENT;
}

int evaluate_group(const Host *h, const HostReport *host, unsigned id, GroupReport **ret) {
        Group *group = host_find_group(h, id);
        GroupReport *new;
        int r;

        *ret = NULL;
        if (!group || is_empty(h, group))
                return 0;
        new = calloc(1, sizeof(GroupReport));
        if (!new)
                return -ENOMEM;
        new->n_ref = 1;
        new->group = group_ref(group);
        new->type1 = host->type1;
        r = add_members(h, new);
        if (r >= 0)
                r = evaluate_viability(h, new);
        if (r >= 0)
                r = find_group(new);
        if (r >= 0)
                r = find_group_change(h, new);
        for (size_t i = 0; r >= 0 && i < new->n_members; i++)
                r = finish_device(h, host, new, new->members[i]);
        if (r < 0) {
                group_report_unref(new);
                return r;
        }
        *ret = new;
        return 1;
}

int evaluate(const Host *h, Report **ret) {
        Report *report = calloc(1, sizeof(Report));
        Changes none = { 0 };
        int r;

        if (!report)
                return -ENOMEM;
        r = report_update_all(&report, h, &none);
        changes_clear(&none);
        if (r < 0)
                report_free(report);
        else
                *ret = report;
        return r;
}
