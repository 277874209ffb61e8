/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "model-internal.h"

/* Merges a probe's answer and evaluates what it was about. */
static void on_probed(const ProbeResult *result, const AddressList *devices,
                      const GroupList *groups, bool all, void *userdata) {
        Model *m = userdata;
        int r = probe_merge(m->host, result);

        if (r >= 0)
                r = all ? model_evaluate_all(m) : model_evaluate(m, devices, groups);
        if (r < 0)
                model_distrust(m);
        if (!m->settled) {
                m->settled = true;
                m->handlers->settled(m->userdata);
        }
}

/* Reads d and the members of its group again: that an unbind has begun, no event tells. */
static int read_members(Model *m, const Device *d) {
        AddressList devices = { 0 };
        GroupList groups = { 0 };
        Device *const *members = NULL;
        size_t n = d->grouped == FACT_PRESENT ? host_group_members(m->host, d->group, &members) : 0;
        int r = address_list_add(&devices, &d->address);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = address_list_add(&devices, &members[i]->address);
        if (r >= 0) {
                address_list_sort(&devices);
                r = model_read_again(m, &devices, &groups);
        }
        address_list_clear(&devices);
        group_list_clear(&groups);
        return r;
}

int model_probe(Model *m, const Address *device, ModelDepth depth, ModelProbed callback,
                void *userdata) {
        static const unsigned looks[] = { [MODEL_STATE] = 0, [MODEL_USES] = PROBE_LOOK,
                                          [MODEL_DISKS] = PROBE_LOOK | PROBE_CLOSELY };
        const Device *d = host_find_device(m->host, device);
        int r = d ? read_members(m, d) : -ENODEV;

        if (r < 0)
                return r;
        d = host_find_device(m->host, device);
        if (!d)
                return -ENODEV;
        return probe_queue_ask(m->probes, m->host, d, looks[depth], callback, userdata);
}

void model_hold(Model *m, const Address *a) {
        probe_queue_hold(m->probes, a);
}

void model_let_go(Model *m, const Address *a) {
        probe_queue_let_go(m->probes, a);
}

void model_forget(Model *m, void *userdata) {
        probe_queue_forget(m->probes, userdata);
}

bool model_moves(const Model *m, uint64_t now_usec) {
        return probe_queue_moves(m->probes, now_usec);
}

const Report *model_report(const Model *m) {
        return m->report;
}

Host *model_host(Model *m) {
        return m->host;
}

/* Looks at a device in doubt again. Returns: true if its driver is as it was. */
static bool check_driver(const Address *a, void *userdata) {
        Model *m = userdata;
        const Device *old = host_find_device(m->host, a);
        Device *now = NULL;
        bool same;

        if (!old || scan_device(m->root, m->names, a, old, &now) < 0)
                return false;
        same = now && text_equal(&old->driver, &now->driver);
        device_unref(now);
        if (!same && model_reread(m, a, 1) < 0)
                model_distrust(m);
        return same;
}

/* Listens first, so that nothing that happens during the scan is missed. */
static int listen(Model *m, size_t receive_buffer) {
        int r;

        if (root_is_recorded(m->root))
                return 0;
        r = doubt_new(m->event, check_driver, m, &m->doubt);
        if (r < 0)
                return r;
        r = udev_source_new(m->event, receive_buffer, model_on_hint, m, &m->udev);
        if (r >= 0)
                r = node_source_new(m->event, model_on_node, m, &m->nodes);
        return r < 0 ? r : mount_source_new(m->event, m->root, model_on_mount, m, &m->mounts);
}

static int start(Model *m, size_t receive_buffer) {
        int r = pci_names_new(&m->names);

        if (r >= 0)
                r = model_prepare_rescans(m);
        if (r >= 0)
                r = probe_queue_new(m->event, m->root, &m->host, on_probed, m, &m->probes);
        if (r >= 0)
                r = listen(m, receive_buffer);
        if (r >= 0) {
                m->report = calloc(1, sizeof(Report));
                r = m->report ? model_rescan(m) : -ENOMEM;
        }
        if (r >= 0)
                r = log_watch_new(m->event, m->root, &model_log_handlers, m, &m->log);
        if (r >= 0)
                m->host->log = log_watch_log(m->log);
        return r;
}

int model_new(sd_event *event, const Root *root, size_t receive_buffer,
              const ModelHandlers *handlers, void *userdata, Model **ret) {
        Model *m = calloc(1, sizeof(Model));
        int r;

        if (!m)
                return -ENOMEM;
        m->event = sd_event_ref(event);
        m->root = root;
        m->handlers = handlers;
        m->userdata = userdata;
        r = start(m, receive_buffer);
        if (r < 0) {
                model_free(m);
                return r;
        }
        *ret = m;
        return 0;
}

Model *model_free(Model *m) {
        if (!m)
                return NULL;
        udev_source_free(m->udev);
        node_source_free(m->nodes);
        mount_source_free(m->mounts);
        probe_queue_free(m->probes);
        log_watch_free(m->log);
        doubt_free(m->doubt);
        address_list_clear(&m->bound);
        sd_event_source_disable_unref(m->rescan_timer);
        report_free(m->report);
        host_free(m->host);
        pci_names_free(m->names);
        address_list_clear(&m->dirty_devices);
        group_list_clear(&m->dirty_groups);
        sd_event_unref(m->event);
        free(m);
        return NULL;
}
