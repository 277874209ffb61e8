/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "owners.h"
#include "report.h"

DeviceReport *device_report_ref(DeviceReport *d) {
        d->n_ref++;
        return d;
}

DeviceReport *device_report_unref(DeviceReport *d) {
        if (!d || --d->n_ref > 0)
                return NULL;
        for (size_t i = 0; i < d->n_holders; i++)
                free(d->holders[i].command);
        free(d->holders);
        free(d->virtual_functions);
        free(d->host_driver.value);
        findings_clear(&d->findings);
        device_unref(d->device);
        free(d);
        return NULL;
}

GroupReport *group_report_unref(GroupReport *g) {
        if (!g || --g->n_ref > 0)
                return NULL;
        for (size_t i = 0; i < g->n_blockers; i++) {
                free(g->blockers[i].member);
                free(g->blockers[i].driver);
        }
        for (size_t i = 0; i < g->n_members; i++)
                device_report_unref(g->members[i]);
        free(g->blockers);
        free(g->members);
        findings_clear(&g->findings);
        group_unref(g->group);
        free(g);
        return NULL;
}

HostReport *host_report_free(HostReport *h) {
        if (!h)
                return NULL;
        free(h->kernel_release.value);
        free(h->command_line.value);
        free(h->default_domain);
        findings_clear(&h->findings);
        id_rules_free(h->id_rules);
        free(h);
        return NULL;
}

Report *report_free(Report *r) {
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_groups; i++)
                group_report_unref(r->groups[i]);
        for (size_t i = 0; i < r->n_devices; i++)
                device_report_unref(r->devices[i]);
        free(r->groups);
        free(r->devices);
        host_report_free(r->host);
        free(r);
        return NULL;
}

DeviceReport *report_find_device(const Report *r, const Address *a) {
        size_t low = 0, high = r->n_devices;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int c = address_compare(&r->devices[middle]->device->address, a);

                if (c == 0)
                        return r->devices[middle];
                if (c < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}

GroupReport *report_find_group(const Report *r, unsigned id) {
        size_t low = 0, high = r->n_groups;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (r->groups[middle]->group->id == id)
                        return r->groups[middle];
                if (r->groups[middle]->group->id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return NULL;
}
