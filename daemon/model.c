/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluate.h"
#include "model.h"
#include "model-doubt.h"
#include "model-log.h"
#include "model-probe.h"
#include "sources/mounts.h"
#include "sources/nodes.h"
#include "sources/scan.h"
#include "sources/udev.h"

/* After lost events the host is read anew, but not more often than this. */
#define RESCAN_INTERVAL_USEC UINT64_C(1000000)

struct Model {
        sd_event *event;
        const Root *root;
        PciNames *names;
        UdevSource *udev;
        NodeSource *nodes;
        MountSource *mounts;
        sd_event_source *rescan_timer;
        Host *host;
        Report *report;
        ProbeQueue *probes;
        LogWatch *log;
        Doubt *doubt;
        const ModelHandlers *handlers;
        void *userdata;
        bool settled;

        /* What hints named since the last time they were acted on. */
        AddressList dirty_devices;
        AddressList bound; /* those of which an event said that a driver has taken them */
        GroupList dirty_groups;
        bool dirty_drivers, dirty_host, lost;
};

/* Hands on what differs. */
static void announce(Model *m, Changes *changes) {
        if (m->settled && changes->n_items > 0)
                m->handlers->changed(changes, m->userdata);
        changes_clear(changes);
}

static int evaluate_all(Model *m) {
        Changes changes = { 0 };
        int r = report_update_all(&m->report, m->host, &changes);

        announce(m, &changes);
        return r;
}

static int evaluate_some(Model *m, const AddressList *devices, const GroupList *groups) {
        Changes changes = { 0 };
        int r = report_update(m->report, m->host, devices->items, devices->n, groups->items,
                              groups->n, &changes);

        announce(m, &changes);
        return r;
}

/* Moves what is not read from the host over to a new snapshot of it. */
static void keep_own_facts(Host *to, Host *from) {
        to->log = from->log;
        to->sets = from->sets;
        to->n_sets = from->n_sets;
        to->unbindings = from->unbindings;
        to->n_unbindings = from->n_unbindings;
        from->sets = NULL;
        from->n_sets = 0;
        from->unbindings = NULL;
        from->n_unbindings = 0;
        to->wishes_known = from->wishes_known;
        to->wishes = from->wishes;
        to->n_wishes = from->n_wishes;
        to->configured = from->configured;
        to->n_configured = from->n_configured;
        to->boot_verdict = from->boot_verdict;
        to->wish_results = from->wish_results;
        to->n_wish_results = from->n_wish_results;
        from->wish_results = NULL;
        from->n_wish_results = 0;
        to->groups_before_known = from->groups_before_known;
        to->groups_before = from->groups_before;
        to->n_groups_before = from->n_groups_before;
        from->wishes = NULL;
        from->n_wishes = 0;
        from->groups_before = NULL;
        from->n_groups_before = 0;
}

static bool is_bound(const Model *m, const Address *a) {
        for (size_t i = 0; i < m->bound.n; i++)
                if (address_compare(&m->bound.items[i], a) == 0)
                        return true;
        return false;
}

/* A driver that nobody has told of may be gone again in a moment: see model-doubt.h. */
static void doubt_driver(Model *m, const Device *old, const Device *new) {
        if (m->doubt && new->driver.fact == FACT_PRESENT &&
            (!old || !text_equal(&old->driver, &new->driver)) && !is_bound(m, &new->address))
                (void) doubt_add(m->doubt, &new->address);
}

/* The same for a whole scan after events were lost. What the first scan finds is taken as it is. */
static void doubt_drivers(Model *m, const Host *new) {
        for (size_t i = 0; m->host && i < new->n_devices; i++)
                doubt_driver(m, host_find_device(m->host, &new->devices[i]->address),
                             new->devices[i]);
}

int model_rescan(Model *m) {
        Host *new;
        int r = scan_host(m->root, m->names, m->host, &new);

        if (r < 0)
                return r;
        doubt_drivers(m, new);
        pci_names_trim(m->names);
        if (m->host)
                keep_own_facts(new, m->host);
        else
                r = m->handlers->scanned(new, m->userdata);
        if (r < 0) {
                host_free(new);
                return r;
        }
        host_free(m->host);
        m->host = new;
        address_list_clear(&m->dirty_devices);
        group_list_clear(&m->dirty_groups);
        m->dirty_drivers = m->dirty_host = m->lost = false;
        r = evaluate_all(m);
        if (r >= 0)
                r = probe_queue_add_all(m->probes, m->host);
        return r;
}

/* Reads one group again. Returns: 0 or -errno. */
static int reread_group(Model *m, unsigned id) {
        Group *new;
        int r = scan_group(m->root, id, host_find_group(m->host, id), &new);

        if (r < 0)
                return r;
        if (r == 0) {
                host_remove_group(m->host, id);
                return 0;
        }
        r = host_put_group(m->host, new);
        if (r < 0)
                group_unref(new);
        return r;
}

/* Reads one device again, and notes which groups that touches. Returns: 0 or -errno. */
static int reread_device(Model *m, const Address *a, GroupList *groups) {
        Device *old = host_find_device(m->host, a), *new;
        int r = 0;

        if (old && old->grouped == FACT_PRESENT)
                r = group_list_add(groups, old->group);
        if (r >= 0)
                r = scan_device(m->root, m->names, a, old, &new);
        if (r < 0)
                return r;
        if (r == 0) {
                host_remove_device(m->host, a);
                if (m->log)
                        log_watch_forget(m->log, a);
                return 0;
        }
        doubt_driver(m, old, new);
        if (new->grouped == FACT_PRESENT)
                r = group_list_add(groups, new->group);
        if (r >= 0)
                r = host_put_device(m->host, new);
        if (r < 0)
                device_unref(new);
        return r;
}

/* Reads devices and groups again and evaluates what hangs on them. */
static int read_again(Model *m, const AddressList *devices, GroupList *groups) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                r = reread_device(m, &devices->items[i], groups);
        group_list_sort(groups);
        for (size_t i = 0; r >= 0 && i < groups->n; i++)
                r = reread_group(m, groups->items[i]);
        pci_names_trim(m->names);
        return r < 0 ? r : evaluate_some(m, devices, groups);
}

/* The same, and has the rest probed. */
static int reread(Model *m, const AddressList *devices, GroupList *groups) {
        int r = read_again(m, devices, groups);

        return r < 0 ? r : probe_queue_add(m->probes, devices, groups);
}

int model_reread(Model *m, const Address *devices, size_t n) {
        AddressList list = { .items = (Address *) devices, .n = n };
        GroupList groups = { 0 };
        int r = reread(m, &list, &groups);

        group_list_clear(&groups);
        return r;
}

int model_touch(Model *m, const Address *devices, size_t n) {
        AddressList list = { .items = (Address *) devices, .n = n };
        GroupList none = { 0 };

        return evaluate_some(m, &list, &none);
}

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

/* Something failed on the way: what is known is not certain any more, and is read anew. */
static void distrust(Model *m) {
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
        r = devices.n + groups.n > 0 ? reread(m, &devices, &groups) : 0;
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

bool model_moves(const Model *m, uint64_t now_usec) {
        return probe_queue_moves(m->probes, now_usec);
}

static void on_hint(const UdevHint *hint, void *userdata) {
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
                distrust(m);
}

/* Somebody opened or closed a node of /dev/vfio: who, is the probe's to say. */
static void on_node(unsigned group, void *userdata) {
        Model *m = userdata;

        if (group == UINT_MAX)
                probe_queue_add_holders(m->probes);
        else
                probe_queue_add_group(m->probes, group);
}

/* Something was mounted or unmounted: on which disk, the probe sees. */
static void on_mount(void *userdata) {
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
                r = host ? evaluate_all(m) : evaluate_some(m, &meant, &none);
        address_list_clear(&meant);
        if (r < 0)
                distrust(m);
}

static void on_log_fault(const Address *a, const char *message, void *userdata) {
        Model *m = userdata;
        Device *const *requesters;
        size_t n = host_requesters(m->host, a, &requesters);

        for (size_t i = 0; m->settled && i < n; i++)
                m->handlers->fault(&requesters[i]->address, message, m->userdata);
}

static const LogWatchHandlers log_handlers = { .changed = on_log_changed, .fault = on_log_fault };

/* Merges a probe's answer and evaluates what it was about. */
static void on_probed(const ProbeResult *result, const AddressList *devices,
                      const GroupList *groups, bool all, void *userdata) {
        Model *m = userdata;
        int r = probe_merge(m->host, result);

        if (r >= 0)
                r = all ? evaluate_all(m) : evaluate_some(m, devices, groups);
        if (r < 0)
                distrust(m);
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
                r = read_again(m, &devices, &groups);
        }
        address_list_clear(&devices);
        group_list_clear(&groups);
        return r;
}

int model_probe(Model *m, const Address *device, bool closely, ModelProbed callback,
                void *userdata) {
        const Device *d = host_find_device(m->host, device);
        int r = d ? read_members(m, d) : -ENODEV;

        if (r < 0)
                return r;
        d = host_find_device(m->host, device);
        if (!d)
                return -ENODEV;
        return probe_queue_ask(m->probes, m->host, d, closely, callback, userdata);
}

void model_forget(Model *m, void *userdata) {
        probe_queue_forget(m->probes, userdata);
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
                distrust(m);
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
        r = udev_source_new(m->event, receive_buffer, on_hint, m, &m->udev);
        if (r >= 0)
                r = node_source_new(m->event, on_node, m, &m->nodes);
        return r < 0 ? r : mount_source_new(m->event, m->root, on_mount, m, &m->mounts);
}

static int start(Model *m, size_t receive_buffer) {
        int r = pci_names_new(&m->names);

        if (r >= 0)
                r = sd_event_add_time_relative(m->event, &m->rescan_timer, CLOCK_MONOTONIC, 0, 0,
                                               rescan_later, m);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->rescan_timer, SD_EVENT_OFF);
        if (r >= 0)
                r = probe_queue_new(m->event, m->root, &m->host, on_probed, m, &m->probes);
        if (r >= 0)
                r = listen(m, receive_buffer);
        if (r >= 0) {
                m->report = calloc(1, sizeof(Report));
                r = m->report ? model_rescan(m) : -ENOMEM;
        }
        if (r >= 0)
                r = log_watch_new(m->event, m->root, &log_handlers, m, &m->log);
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
