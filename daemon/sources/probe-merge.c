/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe.h"

static const Text unknown_text;

static int replace_text(Text *t, const Text *by) {
        Text copy;

        if (text_copy(&copy, by) < 0)
                return -ENOMEM;
        text_unset(t, FACT_UNKNOWN);
        *t = copy;
        return 0;
}

/* What the probe said. Where it hangs, what it has not said yet is what is remembered: of the device
 * it hangs on until it ends, of those behind until they are asked for again, which is at once. */
static const Text *heard(const ProbeResult *r, const Text *said, const Text *before) {
        return r->stuck && (!said || said->fact == FACT_UNKNOWN) ? before
                                                                 : said ? said : &unknown_text;
}

static Fact heard_fact(const ProbeResult *r, Fact said, Fact before) {
        return r->stuck && said == FACT_UNKNOWN ? before : said;
}

/* Devices and groups of a host are not changed, but replaced by a changed copy. */
static int merge_device(Host *h, const Device *d, const Device *f, const ProbeResult *r) {
        const Text *override = heard(r, f ? &f->driver_override : NULL, &d->driver_override);
        const Text *power = heard(r, f ? &f->power_state : NULL, &d->power_state);
        const Text *reset = heard(r, f ? &f->reset_methods : NULL, &d->reset_methods);
        const Text *node = heard(r, f ? &f->node_access : NULL, &d->node_access);
        Fact below_bridge = heard_fact(r, f ? f->below_bridge : FACT_UNKNOWN, d->below_bridge);
        Fact d3cold = heard_fact(r, f ? f->d3cold_allowed : FACT_UNKNOWN, d->d3cold_allowed);
        bool remembered = r->stuck && address_compare(&r->stuck_at, &d->address) == 0;
        Device *copy;

        if (text_equal(&d->driver_override, override) && text_equal(&d->power_state, power) &&
            text_equal(&d->reset_methods, reset) && text_equal(&d->node_access, node) &&
            d->below_bridge == below_bridge && d->d3cold_allowed == d3cold &&
            d->remembered == remembered)
                return 0;
        copy = device_copy(d);
        if (!copy)
                return -ENOMEM;
        copy->below_bridge = below_bridge;
        copy->d3cold_allowed = d3cold;
        copy->remembered = remembered;
        if (replace_text(&copy->driver_override, override) < 0 ||
            replace_text(&copy->power_state, power) < 0 ||
            replace_text(&copy->reset_methods, reset) < 0 ||
            replace_text(&copy->node_access, node) < 0 || host_put_device(h, copy) < 0) {
                device_unref(copy);
                return -ENOMEM;
        }
        return 0;
}

static bool same_string(const char *a, const char *b) {
        return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_holders(const Group *a, const Group *b) {
        if (a->in_use != b->in_use || a->n_holders != b->n_holders)
                return false;
        for (size_t i = 0; i < a->n_holders; i++)
                if (a->holders[i].pid != b->holders[i].pid ||
                    !same_string(a->holders[i].command, b->holders[i].command))
                        return false;
        return true;
}

static bool same_attributes(const Group *a, const Group *b) {
        return text_equal(&a->name, &b->name) && text_equal(&a->type, &b->type) &&
               text_equal(&a->node_access, &b->node_access) &&
               a->reserved_known == b->reserved_known && a->n_direct == b->n_direct &&
               same_string(a->direct_region, b->direct_region);
}

static int replace_attributes(Group *g, const Group *by) {
        char *region = by->direct_region ? strdup(by->direct_region) : NULL;

        if (by->direct_region && !region)
                return -ENOMEM;
        free(g->direct_region);
        g->direct_region = region;
        g->reserved_known = by->reserved_known;
        g->n_direct = by->n_direct;
        return replace_text(&g->name, &by->name) < 0 || replace_text(&g->type, &by->type) < 0 ||
               replace_text(&g->node_access, &by->node_access) < 0 ? -ENOMEM : 0;
}

static int replace_holders(Group *g, const Group *by) {
        for (size_t i = 0; i < g->n_holders; i++)
                free(g->holders[i].command);
        g->n_holders = 0;
        for (size_t i = 0; i < by->n_holders; i++)
                if (group_add_holder(g, by->holders[i].pid, by->holders[i].command) < 0)
                        return -ENOMEM;
        g->in_use = by->in_use;
        return 0;
}

static int merge_group(Host *h, const Group *g, const Group *f, unsigned what) {
        static const Group unknown_group;
        const Group *by = f ? f : &unknown_group;
        bool attributes = (what & PROBE_GROUPS) && !same_attributes(g, by);
        bool holders = (what & PROBE_HOLDERS) && !same_holders(g, by);
        Group *copy;

        if (!attributes && !holders)
                return 0;
        copy = group_copy(g);
        if (!copy)
                return -ENOMEM;
        if ((attributes && replace_attributes(copy, by) < 0) ||
            (holders && replace_holders(copy, by) < 0) || host_put_group(h, copy) < 0) {
                group_unref(copy);
                return -ENOMEM;
        }
        return 0;
}

static int merge_host(Host *h, const Host *f) {
        h->dma_ownership_symbol = f->dma_ownership_symbol;
        h->interrupt_remapping = f->interrupt_remapping;
        h->type1_unsafe_interrupts = f->type1_unsafe_interrupts;
        h->iommufd_unsafe_interrupts = f->iommufd_unsafe_interrupts;
        h->type1_loaded = f->type1_loaded;
        h->iommufd_loaded = f->iommufd_loaded;
        /* The scan may have seen the module itself. */
        if (f->type1 != FACT_UNKNOWN || h->type1 != FACT_PRESENT)
                h->type1 = f->type1;
        if (f->iommufd != FACT_UNKNOWN || h->iommufd != FACT_PRESENT)
                h->iommufd = f->iommufd;
        /* What a registered device has is better than what the kernel was built with. */
        if (h->cdev == FACT_UNKNOWN)
                h->cdev = f->cdev;
        setup_unref(h->setup);
        h->setup = setup_ref(f->setup);
        return host_copy_probed(h, f);
}

/* What the child did not say of a device it was asked about is not known; what it was not asked
 * stays as it was. */
static int look_of(const Device *f, unsigned what, Uses *ret) {
        static const Uses unknown_uses;

        if (uses_copy(ret, f ? &f->uses : &unknown_uses) < 0)
                return -ENOMEM;
        for (int c = 0; c < USES_MAX_; c++)
                if (!(what & (c == USES_NETWORK ? PROBE_NETWORK : PROBE_USES)))
                        ret->looked[c] = FACT_ABSENT;
        return 0;
}

static int merge_uses(Host *h, const Address *a, const Device *f, unsigned what) {
        const Device *d = host_find_device(h, a);
        Device *copy;
        Uses look;
        int r;

        if (!(what & (PROBE_USES | PROBE_NETWORK)))
                return 0;
        if (look_of(f, what, &look) < 0)
                return -ENOMEM;
        copy = device_copy(d);
        r = copy ? uses_update(&copy->uses, &look) : -ENOMEM;
        uses_clear(&look);
        if (r >= 0 && !uses_equal(&copy->uses, &d->uses)) {
                r = host_put_device(h, copy);
                if (r >= 0)
                        return 0;
        }
        device_unref(copy);
        return r;
}

static int merge_devices(Host *h, const ProbeResult *r) {
        size_t n = r->n_devices > 0 ? r->n_devices : h->n_devices;
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++) {
                const Device *d = r->n_devices > 0 ? host_find_device(h, &r->devices[i]) :
                                  h->devices[i];

                Address a;
                const Device *f;

                if (!d)
                        continue;
                a = d->address;
                f = host_find_device(r->facts, &a);
                if (r->what & PROBE_DEVICES)
                        error = merge_device(h, d, f, r);
                if (error == 0) /* d may just have been replaced */
                        error = merge_uses(h, &a, f, r->what);
        }
        return error;
}

static int merge_groups(Host *h, const ProbeResult *r) {
        size_t n = r->n_groups > 0 ? r->n_groups : h->n_groups;
        int error = 0;

        for (size_t i = 0; i < n && error == 0; i++) {
                const Group *g = r->n_groups > 0 ? host_find_group(h, r->groups[i]) : h->groups[i];

                if (g)
                        error = merge_group(h, g, host_find_group(r->facts, g->id), r->what);
        }
        return error;
}

int probe_merge(Host *h, const ProbeResult *result) {
        if ((result->what & PROBE_HOST) && merge_host(h, result->facts) < 0)
                return -ENOMEM;
        if ((result->what & (PROBE_DEVICES | PROBE_USES | PROBE_NETWORK)) &&
            merge_devices(h, result) < 0)
                return -ENOMEM;
        if ((result->what & (PROBE_GROUPS | PROBE_HOLDERS)) && merge_groups(h, result) < 0)
                return -ENOMEM;
        return 0;
}
