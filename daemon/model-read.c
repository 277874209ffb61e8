/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/evaluate.h"
#include "model-internal.h"

/* Hands on what differs. */
static void announce(Model *m, Changes *changes) {
        if (m->settled && changes->n_items > 0)
                m->handlers->changed(changes, m->userdata);
        changes_clear(changes);
}

int model_evaluate_all(Model *m) {
        Changes changes = { 0 };
        int r = report_update_all(&m->report, m->host, &changes);

        announce(m, &changes);
        return r;
}

int model_evaluate(Model *m, const AddressList *devices, const GroupList *groups) {
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

/* A driver that nobody has told of may be gone again in a moment: see model-doubt.h. */
static void doubt_driver(Model *m, const Device *old, const Device *new) {
        if (m->doubt && new->driver.fact == FACT_PRESENT &&
            (!old || !text_equal(&old->driver, &new->driver)) &&
            !address_list_has(&m->bound, &new->address))
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
        r = model_evaluate_all(m);
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

int model_read_again(Model *m, const AddressList *devices, GroupList *groups) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                r = reread_device(m, &devices->items[i], groups);
        group_list_sort(groups);
        for (size_t i = 0; r >= 0 && i < groups->n; i++)
                r = reread_group(m, groups->items[i]);
        pci_names_trim(m->names);
        return r < 0 ? r : model_evaluate(m, devices, groups);
}

int model_read_and_probe(Model *m, const AddressList *devices, GroupList *groups) {
        int r = model_read_again(m, devices, groups);

        return r < 0 ? r : probe_queue_add(m->probes, devices, groups);
}

int model_reread(Model *m, const Address *devices, size_t n) {
        AddressList list = { .items = (Address *) devices, .n = n };
        GroupList groups = { 0 };
        int r = model_read_and_probe(m, &list, &groups);

        group_list_clear(&groups);
        return r;
}

int model_touch(Model *m, const Address *devices, size_t n) {
        AddressList list = { .items = (Address *) devices, .n = n };
        GroupList none = { 0 };

        return model_evaluate(m, &list, &none);
}
