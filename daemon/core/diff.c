/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

/* Appends an empty change. Returns: it, or NULL when memory is short. */
static Change *add_change(Changes *c, ChangeKind kind) {
        Change *grown = reallocarray(c->items, c->n_items + 1, sizeof(Change));

        if (!grown)
                return NULL;
        c->items = grown;
        grown[c->n_items] = (Change){ .kind = kind };
        return &grown[c->n_items++];
}

/* Notes the property if it differs. */
static void note(Change *c, const char *property, bool differs) {
        size_t n = 0;

        if (!differs)
                return;
        while (c->properties[n])
                n++;
        if (n < CHANGE_PROPERTIES_MAX - 1)
                c->properties[n] = property;
}

/* Appends c if it says anything. Returns: 0 or -ENOMEM. */
static int keep_change(Changes *changes, const Change *c) {
        Change *new;

        if (!c->properties[0] && !c->verdict_changed)
                return 0;
        new = add_change(changes, c->kind);
        if (!new)
                return -ENOMEM;
        *new = *c;
        return 0;
}

static int add_device_change(Changes *changes, ChangeKind kind, const DeviceReport *d) {
        Change *c = add_change(changes, kind);

        if (!c)
                return -ENOMEM;
        c->address = d->device->address;
        return 0;
}

static bool same_addresses(const Address *a, size_t n_a, const Address *b, size_t n_b) {
        if (n_a != n_b)
                return false;
        for (size_t i = 0; i < n_a; i++)
                if (address_compare(&a[i], &b[i]) != 0)
                        return false;
        return true;
}

/* The properties that come from the device as it was read. */
static void note_facts(Change *c, const Device *a, const Device *b) {
        bool ids = a->ids != b->ids;

        note(c, "VendorId", ids);
        note(c, "DeviceId", ids);
        note(c, "SubsystemVendorId", ids);
        note(c, "SubsystemDeviceId", ids);
        note(c, "Class", ids);
        note(c, "VendorName", a->vendor_name != b->vendor_name);
        note(c, "DeviceName", a->device_name != b->device_name);
        note(c, "ClassName", a->class_name != b->class_name);
        note(c, "Driver", !text_equal(&a->driver, &b->driver));
        note(c, "Group", a->grouped != b->grouped || a->group != b->group);
        note(c, "BootVga", a->boot_vga != b->boot_vga);
        note(c, "NumaNode", a->numa_node != b->numa_node);
        note(c, "PhysicalFunction",
             a->virtual_function != b->virtual_function ||
                     address_compare(&a->physical_function, &b->physical_function) != 0);
}

int diff_device(const DeviceReport *old, const DeviceReport *new, Changes *changes) {
        Change c = { .kind = CHANGE_DEVICE };
        int r = 0;

        if (old == new)
                return 0;
        /* Another device at the same address went and came, whatever the kernel said of it. */
        if (!old || !new ||
            (old->device->ids == FACT_PRESENT && new->device->ids == FACT_PRESENT &&
             !device_same_identity(old->device, new->device))) {
                if (old)
                        r = add_device_change(changes, CHANGE_DEVICE_REMOVED, old);
                if (r >= 0 && new)
                        r = add_device_change(changes, CHANGE_DEVICE_ADDED, new);
                return r;
        }
        c.address = new->device->address;
        note_facts(&c, old->device, new->device);
        note(&c, "VfioDevice", old->cdev != new->cdev ||
                                       !text_equal(&old->device->vfio_device_name,
                                                   &new->device->vfio_device_name));
        note(&c, "HostDriver", !text_equal(&old->host_driver, &new->host_driver));
        note(&c, "Role", old->role != new->role);
        note(&c, "State", old->state != new->state);
        note(&c, "Readiness", old->readiness != new->readiness);
        note(&c, "ManagedBy", old->managed_by != new->managed_by);
        note(&c, "Persisted", old->persisted != new->persisted);
        note(&c, "Findings", !findings_equal(&old->findings, &new->findings));
        note(&c, "VirtualFunctions",
             !same_addresses(old->virtual_functions, old->n_virtual_functions,
                             new->virtual_functions, new->n_virtual_functions));
        return keep_change(changes, &c);
}

static bool same_blockers(const GroupReport *a, const GroupReport *b) {
        if (a->n_blockers != b->n_blockers)
                return false;
        for (size_t i = 0; i < a->n_blockers; i++)
                if (strcmp(a->blockers[i].member, b->blockers[i].member) != 0 ||
                    strcmp(a->blockers[i].driver, b->blockers[i].driver) != 0 ||
                    a->blockers[i].reason != b->blockers[i].reason)
                        return false;
        return true;
}

static bool same_members(const GroupReport *a, const GroupReport *b) {
        if (a->n_members != b->n_members)
                return false;
        for (size_t i = 0; i < a->n_members; i++)
                if (address_compare(&a->members[i]->device->address,
                                    &b->members[i]->device->address) != 0)
                        return false;
        return true;
}

static bool same_others(const Group *a, const Group *b) {
        if (a->n_other_members != b->n_other_members)
                return false;
        for (size_t i = 0; i < a->n_other_members; i++)
                if (strcmp(a->other_members[i].name, b->other_members[i].name) != 0)
                        return false;
        return true;
}

int diff_group(const GroupReport *old, const GroupReport *new, Changes *changes) {
        Change c = { .kind = CHANGE_GROUP };

        if (old == new)
                return 0;
        if (!old || !new) {
                c.group = new ? new->group->id : old->group->id;
                c.kind = old ? CHANGE_GROUP_REMOVED : CHANGE_GROUP_ADDED;
                c.verdict_changed = true;
                return keep_change(changes, &c);
        }
        c.group = new->group->id;
        note(&c, "Type", !text_equal(&old->group->type, &new->group->type));
        note(&c, "VfioNode", old->type1 != new->type1 ||
                                     !text_equal(&old->group->name, &new->group->name));
        note(&c, "Members", !same_members(old, new));
        note(&c, "OtherMembers", !same_others(old->group, new->group));
        note(&c, "Verdict", old->verdict != new->verdict);
        note(&c, "Viable", (old->verdict == VERDICT_VIABLE) != (new->verdict == VERDICT_VIABLE));
        note(&c, "Blockers", !same_blockers(old, new));
        note(&c, "Findings", !findings_equal(&old->findings, &new->findings));
        c.verdict_changed = old->verdict != new->verdict || !same_blockers(old, new);
        return keep_change(changes, &c);
}

int diff_host(const HostReport *old, const HostReport *new, Changes *changes) {
        Change c = { .kind = CHANGE_HOST };

        if (!old || old == new)
                return 0;
        note(&c, "Readiness", old->readiness != new->readiness);
        note(&c, "IommuState", old->iommu_state != new->iommu_state);
        note(&c, "IommuKind", old->iommu_kind != new->iommu_kind);
        note(&c, "InterruptRemapping", old->interrupt_remapping != new->interrupt_remapping);
        note(&c, "PostedInterrupts", old->posted_interrupts != new->posted_interrupts);
        note(&c, "UnsafeInterrupts", old->unsafe_interrupts != new->unsafe_interrupts);
        note(&c, "DefaultDomain", strcmp(old->default_domain, new->default_domain) != 0);
        note(&c, "Backends", old->type1 != new->type1 || old->iommufd != new->iommufd ||
                                     old->cdev != new->cdev);
        note(&c, "Findings", !findings_equal(&old->findings, &new->findings));
        return keep_change(changes, &c);
}

static int compare_changes(const void *a, const void *b) {
        const Change *x = a, *y = b;

        if (x->kind != y->kind)
                return x->kind < y->kind ? -1 : 1;
        if (x->group != y->group)
                return x->group < y->group ? -1 : 1;
        return address_compare(&x->address, &y->address);
}

void changes_sort(Changes *changes) {
        if (changes->n_items > 1)
                qsort(changes->items, changes->n_items, sizeof(Change), compare_changes);
}
