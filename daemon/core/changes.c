/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "evaluate.h"
#include "lists.h"

void changes_clear(Changes *c) {
        free(c->items);
        *c = (Changes){ 0 };
}

/* Returns: the index of the first device report not below a. */
static size_t device_index(const Report *r, const Address *a) {
        size_t low = 0, high = r->n_devices;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (address_compare(&r->devices[middle]->device->address, a) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static size_t group_index(const Report *r, unsigned id) {
        size_t low = 0, high = r->n_groups;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (r->groups[middle]->group->id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Puts a reference to new in the place of the report of the same address, or takes that out (new is
 * NULL), and notes what differs. Returns: 0 or -ENOMEM. */
static int replace_device(Report *r, const Address *a, DeviceReport *new, Changes *changes) {
        size_t i = device_index(r, a);
        DeviceReport *old = report_find_device(r, a);
        int result = diff_device(old, new, changes);

        if (result < 0 || old == new)
                return result;
        if (old && new) {
                r->devices[i] = device_report_ref(new);
        } else if (old) {
                r->n_devices--;
                memmove(r->devices + i, r->devices + i + 1,
                        (r->n_devices - i) * sizeof(DeviceReport *));
        } else {
                DeviceReport **grown = list_open_gap(r->devices, r->n_devices, i);

                if (!grown)
                        return -ENOMEM;
                r->devices = grown;
                grown[i] = device_report_ref(new);
                r->n_devices++;
        }
        device_report_unref(old);
        return 0;
}

/* The same for a group; takes over the reference to new. */
static int replace_group(Report *r, unsigned id, GroupReport *new, Changes *changes) {
        size_t i = group_index(r, id);
        GroupReport *old = report_find_group(r, id);
        int result = diff_group(old, new, changes);

        if (result < 0) {
                group_report_unref(new);
                return result;
        }
        if (old && new) {
                r->groups[i] = new;
        } else if (old) {
                r->n_groups--;
                memmove(r->groups + i, r->groups + i + 1,
                        (r->n_groups - i) * sizeof(GroupReport *));
        } else if (new) {
                GroupReport **grown = list_open_gap(r->groups, r->n_groups, i);

                if (!grown) {
                        group_report_unref(new);
                        return -ENOMEM;
                }
                r->groups = grown;
                grown[i] = new;
                r->n_groups++;
        }
        group_report_unref(old);
        return 0;
}

/* Evaluates one group again and takes over what came of it. Returns: 0 or -ENOMEM. */
static int update_group(Report *report, const Host *h, unsigned id, Changes *changes) {
        GroupReport *new;
        int r = evaluate_group(h, report->host, id, &new);

        for (size_t i = 0; r > 0 && i < new->n_members; i++) {
                DeviceReport *d = new->members[i];

                if (replace_device(report, &d->device->address, d, changes) < 0)
                        r = -ENOMEM;
        }
        if (r < 0) {
                group_report_unref(new);
                return r;
        }
        return replace_group(report, id, new, changes);
}

/* Takes over one device that is in no group, or is gone. Returns: 0 or -ENOMEM. */
static int update_ungrouped(Report *report, const Host *h, const Address *a, Changes *changes) {
        Device *d = host_find_device(h, a);
        DeviceReport *new = NULL;
        int r = 0;

        if (d && d->grouped == FACT_PRESENT && host_find_group(h, d->group))
                return 0; /* its group's business */
        if (d)
                r = evaluate_ungrouped(h, report->host, d, &new);
        if (r >= 0)
                r = replace_device(report, a, new, changes);
        device_report_unref(new);
        return r;
}

/* Adds what a device's change can touch besides itself: its physical function, whose list it is on,
 * and its virtual functions if its driver changed (their VF token hangs on it), before and after.
 * Returns: 0 or -ENOMEM. */
static int add_relatives(AddressList *list, const Report *report, const Host *h, const Address *a) {
        const DeviceReport *report_was = report_find_device(report, a);
        const Device *was = report_was ? report_was->device : NULL;
        const Device *is = host_find_device(h, a);
        Device *const *functions;
        size_t n;
        int r = address_list_add(list, a);

        if (r >= 0 && was && was->virtual_function == FACT_PRESENT)
                r = address_list_add(list, &was->physical_function);
        if (r >= 0 && is && is->virtual_function == FACT_PRESENT)
                r = address_list_add(list, &is->physical_function);
        if (was && is && text_equal(&was->driver, &is->driver) &&
            was->vfio_device == is->vfio_device)
                return r;
        n = host_virtual_functions(h, a, &functions);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = address_list_add(list, &functions[i]->address);
        return r;
}

/* Adds the group a device was in and the one it is in. Returns: 0 or -ENOMEM. */
static int add_groups_of(GroupList *ids, const Report *report, const Host *h, const Address *a) {
        const DeviceReport *was = report_find_device(report, a);
        const Device *is = host_find_device(h, a);
        int r = 0;

        if (was && was->device->grouped == FACT_PRESENT)
                r = group_list_add(ids, was->device->group);
        if (r >= 0 && is && is->grouped == FACT_PRESENT)
                r = group_list_add(ids, is->group);
        return r;
}

static int update_touched(Report *report, const Host *h, GroupList *ids, Changes *changes) {
        int r = 0;

        group_list_sort(ids);
        for (size_t i = 0; r >= 0 && i < ids->n; i++)
                r = update_group(report, h, ids->items[i], changes);
        return r;
}

/* Returns: true if a device came or went. */
static bool came_or_went(const Report *report, const Host *h, const Address *devices, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!report_find_device(report, &devices[i]) != !host_find_device(h, &devices[i]))
                        return true;
        return false;
}

/* Evaluates what is said of the host. Costs nothing that grows with it but wishes. */
static int update_host(Report *report, const Host *h, Changes *changes) {
        HostReport *new;
        int r = evaluate_host(h, &new);

        if (r < 0)
                return r;
        r = diff_host(report->host, new, changes);
        host_report_free(report->host);
        report->host = new;
        return r;
}

int report_update(Report *report, const Host *h, const Address *devices, size_t n_devices,
                  const unsigned *groups, size_t n_groups, Changes *changes) {
        AddressList touched = { 0 };
        GroupList ids = { 0 };
        int r = 0;

        /* A wished device may be missing now, or there again. */
        if (host_wish(h, 0) && came_or_went(report, h, devices, n_devices))
                r = update_host(report, h, changes);
        for (size_t i = 0; r >= 0 && i < n_groups; i++)
                r = group_list_add(&ids, groups[i]);
        for (size_t i = 0; r >= 0 && i < n_devices; i++)
                r = add_relatives(&touched, report, h, &devices[i]);
        address_list_sort(&touched);
        for (size_t i = 0; r >= 0 && i < touched.n; i++)
                r = add_groups_of(&ids, report, h, &touched.items[i]);
        for (size_t i = 0; r >= 0 && i < touched.n; i++)
                r = update_ungrouped(report, h, &touched.items[i], changes);
        if (r >= 0)
                r = update_touched(report, h, &ids, changes);
        address_list_clear(&touched);
        group_list_clear(&ids);
        changes_sort(changes);
        return r;
}

/* Evaluates everything into an empty report. Returns: 0 or -ENOMEM. */
static int fill_report(Report *report, const Host *h) {
        Changes none = { 0 };
        int r = evaluate_host(h, &report->host);

        for (size_t i = 0; r >= 0 && i < h->n_groups; i++)
                r = update_group(report, h, h->groups[i]->id, &none);
        for (size_t i = 0; r >= 0 && i < h->n_devices; i++)
                r = update_ungrouped(report, h, &h->devices[i]->address, &none);
        changes_clear(&none);
        return r < 0 ? r : 0;
}

/* Notes all that differs between two whole reports. Returns: 0 or -ENOMEM. */
static int diff_reports(const Report *old, const Report *new, Changes *changes) {
        int r = diff_host(old->host, new->host, changes);

        for (size_t i = 0; r >= 0 && i < old->n_devices; i++) {
                const Address *a = &old->devices[i]->device->address;

                r = diff_device(old->devices[i], report_find_device(new, a), changes);
        }
        for (size_t i = 0; r >= 0 && i < new->n_devices; i++)
                if (!report_find_device(old, &new->devices[i]->device->address))
                        r = diff_device(NULL, new->devices[i], changes);
        for (size_t i = 0; r >= 0 && i < old->n_groups; i++)
                r = diff_group(old->groups[i], report_find_group(new, old->groups[i]->group->id),
                               changes);
        for (size_t i = 0; r >= 0 && i < new->n_groups; i++)
                if (!report_find_group(old, new->groups[i]->group->id))
                        r = diff_group(NULL, new->groups[i], changes);
        changes_sort(changes);
        return r;
}

int report_update_all(Report **report, const Host *h, Changes *changes) {
        Report *new = calloc(1, sizeof(Report));
        int r = -ENOMEM;

        if (new)
                r = fill_report(new, h);
        if (r >= 0)
                r = diff_reports(*report, new, changes);
        if (r < 0) {
                report_free(new);
                return r;
        }
        report_free(*report);
        *report = new;
        return 0;
}
