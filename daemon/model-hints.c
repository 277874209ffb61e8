/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <string.h>

#include "model-internal.h"

/* After lost events the host is read anew, but not more often than this. */
#define RESCAN_INTERVAL_USEC UINT64_C(1000000)

static int request_rescan(Model *m);

static int rescan_later(sd_event_source *s, uint64_t usec, void *userdata) {
        Model *m = userdata;

        (void) s;
        (void) usec;
        if (m->lost || m->dirty_host)
                (void) request_rescan(m);
        return 0;
}

/* Rescans now, or when the last one is long enough ago. */
static int request_rescan(Model *m) {
        int enabled, r;

        if (sd_event_source_get_enabled(m->rescan_timer, &enabled) >= 0 &&
            enabled != SD_EVENT_OFF)
                return 0;
        sd_event_source_set_time_relative(m->rescan_timer, RESCAN_INTERVAL_USEC);
        sd_event_source_set_enabled(m->rescan_timer, SD_EVENT_ONESHOT);
        r = model_rescan(m);
        if (r < 0)
                m->lost = true; /* the timer tries again */
        return r;
}

int model_prepare_rescans(Model *m) {
        int r = sd_event_add_time_relative(m->event, &m->rescan_timer, CLOCK_MONOTONIC, 0, 0,
                                           rescan_later, m);

        return r < 0 ? r : sd_event_source_set_enabled(m->rescan_timer, SD_EVENT_OFF);
}

void model_distrust(Model *m) {
        m->lost = true;
        (void) request_rescan(m);
}

/* Acts on all hints since the last time. */
static int act(Model *m) {
        AddressList devices = m->dirty_devices;
        GroupList groups = m->dirty_groups;
        int r;

        if (m->lost || m->dirty_host) {
                r = request_rescan(m);
                address_list_clear(&m->bound);
                return r;
        }
        if (m->dirty_drivers) {
                m->dirty_drivers = false;
                r = scan_drivers(m->root, m->host);
                if (r >= 0)
                        r = probe_queue_add_host(m->probes);
                if (r < 0)
                        return r;
        }
        m->dirty_devices = (AddressList){ 0 };
        m->dirty_groups = (GroupList){ 0 };
        address_list_sort(&devices);
        r = devices.n + groups.n > 0 ? model_read_and_probe(m, &devices, &groups) : 0;
        address_list_clear(&m->bound);
        address_list_clear(&devices);
        group_list_clear(&groups);
        return r;
}

/* A removed virtual function changes its physical function's list, and no event says so. */
static int note_device(Model *m, const Address *a) {
        const Device *d = host_find_device(m->host, a);
        int r = address_list_add(&m->dirty_devices, a);

        probe_queue_unstick(m->probes, a);
        if (r >= 0 && d && d->virtual_function == FACT_PRESENT)
                r = address_list_add(&m->dirty_devices, &d->physical_function);
        return r;
}

/* A device that is no PCI function matters only where it stands in a group. */
static int note_other(Model *m, const char *name) {
        for (size_t i = 0; i < m->host->n_groups; i++) {
                const Group *g = m->host->groups[i];

                for (size_t j = 0; j < g->n_other_members; j++)
                        if (strcmp(g->other_members[j].name, name) == 0)
                                return group_list_add(&m->dirty_groups, g->id);
        }
        return 0;
}

void model_on_hint(const UdevHint *hint, void *userdata) {
        Model *m = userdata;
        int r = 0;

        switch (hint->kind) {
        case UDEV_HINT_DEVICE:
                r = note_device(m, &hint->address);
                if (r >= 0 && hint->bound) {
                        doubt_clear(m->doubt, &hint->address);
                        r = address_list_add(&m->bound, &hint->address);
                }
                break;
        case UDEV_HINT_GROUP:
                r = group_list_add(&m->dirty_groups, hint->group);
                break;
        case UDEV_HINT_OTHER:
                r = note_other(m, hint->name);
                break;
        case UDEV_HINT_DRIVERS:
                m->dirty_drivers = true;
                break;
        case UDEV_HINT_IOMMU:
                m->dirty_host = true;
                break;
        case UDEV_HINT_LOST:
                m->lost = true;
                break;
        case UDEV_HINT_END:
                r = act(m);
                break;
        }
        if (r < 0)
                model_distrust(m);
}

/* Somebody opened or closed a node of /dev/vfio: who, is the probe's to say. */
void model_on_node(unsigned group, void *userdata) {
        Model *m = userdata;

        if (group == UINT_MAX)
                probe_queue_add_holders(m->probes);
        else
                probe_queue_add_group(m->probes, group);
}

/* Something was mounted or unmounted: on which disk, the probe sees. */
void model_on_mount(void *userdata) {
        Model *m = userdata;

        (void) probe_queue_add_uses(m->probes, m->host);
}

static void on_log_changed(const AddressList *devices, bool host, void *userdata) {
        Model *m = userdata;
        AddressList meant = { 0 };
        GroupList none = { 0 };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++) {
                Device *const *requesters;
                size_t n = host_requesters(m->host, &devices->items[i], &requesters);

                for (size_t j = 0; r >= 0 && j < n; j++)
                        r = address_list_add(&meant, &requesters[j]->address);
        }
        if (r >= 0)
                r = host ? model_evaluate_all(m) : model_evaluate(m, &meant, &none);
        address_list_clear(&meant);
        if (r < 0)
                model_distrust(m);
}

static void on_log_fault(const Address *a, const char *message, void *userdata) {
        Model *m = userdata;
        Device *const *requesters;
        size_t n = host_requesters(m->host, a, &requesters);

        for (size_t i = 0; m->settled && i < n; i++)
                m->handlers->fault(&requesters[i]->address, message, m->userdata);
}

const LogWatchHandlers model_log_handlers = { .changed = on_log_changed, .fault = on_log_fault };
