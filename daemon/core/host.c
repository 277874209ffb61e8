/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lists.h"
#include "plan.h"

Host *host_new(void) {
        return calloc(1, sizeof(Host));
}

static void clear_iommus(Host *h) {
        for (size_t i = 0; i < h->n_iommus; i++) {
                free(h->iommus[i].name);
                free(h->iommus[i].features.value);
        }
        free(h->iommus);
        h->iommus = NULL;
        h->n_iommus = 0;
}

static void clear_debug_values(Host *h) {
        for (size_t i = 0; i < h->n_debug_values; i++) {
                free(h->debug_values[i].file);
                free(h->debug_values[i].value);
        }
        free(h->debug_values);
        h->debug_values = NULL;
        h->n_debug_values = 0;
}

Host *host_free(Host *h) {
        if (!h)
                return NULL;
        for (size_t i = 0; i < h->n_devices; i++)
                device_unref(h->devices[i]);
        for (size_t i = 0; i < h->n_groups; i++)
                group_unref(h->groups[i]);
        for (size_t i = 0; i < h->n_sets; i++)
                managed_set_clear(&h->sets[i]);
        names_free(h->iommu_names, h->n_iommu_names);
        names_free(h->drivers, h->n_drivers);
        module_options_free(h->module_options, h->n_module_options);
        boot_words_free(h->boot_words, h->n_boot_words);
        clear_iommus(h);
        clear_debug_values(h);
        setup_unref(h->setup);
        free(h->kernel_release.value);
        free(h->command_line.value);
        free(h->devices);
        free(h->by_group);
        free(h->by_physical_function);
        free(h->groups);
        free(h->sets);
        host_clear_unbindings(h);
        wishes_free(h->wishes, h->n_wishes);
        wish_results_free(h->wish_results, h->n_wish_results);
        groups_before_free(h->groups_before, h->n_groups_before);
        free(h);
        return NULL;
}

int host_add_iommu(Host *h, const char *name, const Text *features) {
        Iommu *grown = reallocarray(h->iommus, h->n_iommus + 1, sizeof(Iommu));
        Iommu new = { .name = strdup(name) };

        if (grown)
                h->iommus = grown;
        if (!grown || !new.name || text_copy(&new.features, features) < 0) {
                free(new.name);
                return -ENOMEM;
        }
        grown[h->n_iommus++] = new;
        return 0;
}

int host_add_debug_value(Host *h, const char *file, const char *value) {
        DebugValue *grown = reallocarray(h->debug_values, h->n_debug_values + 1,
                                         sizeof(DebugValue));
        DebugValue new = { strdup(file), strdup(value) };

        if (grown)
                h->debug_values = grown;
        if (!grown || !new.file || !new.value) {
                free(new.file);
                free(new.value);
                return -ENOMEM;
        }
        grown[h->n_debug_values++] = new;
        return 0;
}

int host_copy_probed(Host *h, const Host *from) {
        ModuleOption *copy;
        BootWords *words;

        if (module_options_copy(from->module_options, from->n_module_options, &copy) < 0)
                return -ENOMEM;
        if (boot_words_copy(from->boot_words, from->n_boot_words, &words) < 0) {
                module_options_free(copy, from->n_module_options);
                return -ENOMEM;
        }
        boot_words_free(h->boot_words, h->n_boot_words);
        h->boot_words = words;
        h->n_boot_words = from->n_boot_words;
        module_options_free(h->module_options, h->n_module_options);
        h->module_options = copy;
        h->n_module_options = from->n_module_options;
        h->module_options_known = from->module_options_known;
        clear_iommus(h);
        for (size_t i = 0; i < from->n_iommus; i++)
                if (host_add_iommu(h, from->iommus[i].name, &from->iommus[i].features) < 0)
                        return -ENOMEM;
        clear_debug_values(h);
        for (size_t i = 0; i < from->n_debug_values; i++)
                if (host_add_debug_value(h, from->debug_values[i].file,
                                         from->debug_values[i].value) < 0)
                        return -ENOMEM;
        return 0;
}

const Setup *host_setup(const Host *h) {
        static const Setup nothing_known;

        return h->setup ? h->setup : &nothing_known;
}

/* How a list of devices is sorted. Returns: <0, 0, >0 as d is below, at or above key. */
typedef int (*DeviceOrder)(const Device *d, const Device *key);

static int order_address(const Device *d, const Device *key) {
        return address_compare(&d->address, &key->address);
}

static int order_group(const Device *d, const Device *key) {
        if (d->group != key->group)
                return d->group < key->group ? -1 : 1;
        return order_address(d, key);
}

static int order_physical_function(const Device *d, const Device *key) {
        int r = address_compare(&d->physical_function, &key->physical_function);

        return r != 0 ? r : order_address(d, key);
}

/* Returns: the index of the first device not below key. */
static size_t lower_bound(Device *const *list, size_t n, const Device *key, DeviceOrder order) {
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (order(list[middle], key) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Returns: the index of the first group not below id. */
static size_t group_index(const Host *h, unsigned id) {
        size_t low = 0, high = h->n_groups;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (h->groups[middle]->id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

Device *host_find_device(const Host *h, const Address *a) {
        const Device key = { .address = *a };
        size_t i = lower_bound(h->devices, h->n_devices, &key, order_address);

        return i < h->n_devices && order_address(h->devices[i], &key) == 0 ? h->devices[i] : NULL;
}

/* The lowest and highest address, to bound a run in a list. */
static const Address lowest = { 0 };
static const Address highest = { UINT32_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX };

/* Finds the run between two keys. Returns: its length. */
static size_t find_run(Device *const *list, size_t n, Device first, Device last, DeviceOrder order,
                       Device *const **ret) {
        size_t begin, end;

        first.address = lowest;
        last.address = highest;
        begin = lower_bound(list, n, &first, order);
        end = lower_bound(list, n, &last, order);
        *ret = list + begin;
        return end - begin;
}

size_t host_group_members(const Host *h, unsigned id, Device *const **ret) {
        const Device key = { .group = id };

        return find_run(h->by_group, h->n_by_group, key, key, order_group, ret);
}

size_t host_bus_devices(const Host *h, const Address *a, Device *const **ret) {
        const Device first = { .address = { .domain = a->domain, .bus = a->bus } };
        const Device last = { .address = { .domain = a->domain, .bus = a->bus, .slot = UINT8_MAX } };
        size_t begin = lower_bound(h->devices, h->n_devices, &first, order_address);

        *ret = h->devices + begin;
        return lower_bound(h->devices, h->n_devices, &last, order_address) - begin;
}

size_t host_requesters(const Host *h, const Address *a, Device *const **ret) {
        const Device key = { .address = *a };

        *ret = h->devices + lower_bound(h->devices, h->n_devices, &key, order_address);
        if (host_find_device(h, a))
                return 1;
        return a->slot != 0 || a->function != 0 ? 0 : host_bus_devices(h, a, ret);
}

size_t host_virtual_functions(const Host *h, const Address *physical, Device *const **ret) {
        const Device key = { .physical_function = *physical };

        return find_run(h->by_physical_function, h->n_by_physical_function, key, key,
                        order_physical_function, ret);
}

Group *host_find_group(const Host *h, unsigned id) {
        size_t i = group_index(h, id);

        return i < h->n_groups && h->groups[i]->id == id ? h->groups[i] : NULL;
}

/* Inserts d into a sorted list that does not hold it. Returns: 0 or -ENOMEM. */
static int list_insert(Device ***list, size_t *n, Device *d, DeviceOrder order) {
        size_t i = lower_bound(*list, *n, d, order);
        Device **grown = list_open_gap(*list, *n, i);

        if (!grown)
                return -ENOMEM;
        *list = grown;
        grown[i] = d;
        (*n)++;
        return 0;
}

/* Takes d out of a sorted list, if it is in it. */
static void list_remove(Device **list, size_t *n, const Device *d, DeviceOrder order) {
        size_t i = lower_bound(list, *n, d, order);

        if (i >= *n || list[i] != d)
                return;
        (*n)--;
        memmove(list + i, list + i + 1, (*n - i) * sizeof(Device *));
}

static void unlist_device(Host *h, const Device *d) {
        list_remove(h->by_group, &h->n_by_group, d, order_group);
        list_remove(h->by_physical_function, &h->n_by_physical_function, d,
                    order_physical_function);
        list_remove(h->devices, &h->n_devices, d, order_address);
}

int host_put_device(Host *h, Device *d) {
        int r;

        host_remove_device(h, &d->address);
        r = list_insert(&h->devices, &h->n_devices, d, order_address);
        if (r >= 0 && d->grouped == FACT_PRESENT)
                r = list_insert(&h->by_group, &h->n_by_group, d, order_group);
        if (r >= 0 && d->virtual_function == FACT_PRESENT)
                r = list_insert(&h->by_physical_function, &h->n_by_physical_function, d,
                                order_physical_function);
        if (r < 0)
                unlist_device(h, d);
        return r;
}

int host_put_group(Host *h, Group *g) {
        size_t i = group_index(h, g->id);
        Group **grown;

        if (i < h->n_groups && h->groups[i]->id == g->id) {
                group_unref(h->groups[i]);
                h->groups[i] = g;
                return 0;
        }
        grown = list_open_gap(h->groups, h->n_groups, i);
        if (!grown)
                return -ENOMEM;
        h->groups = grown;
        grown[i] = g;
        h->n_groups++;
        return 0;
}

bool host_remove_device(Host *h, const Address *a) {
        Device *d = host_find_device(h, a);

        if (!d)
                return false;
        unlist_device(h, d);
        device_unref(d);
        return true;
}

bool host_remove_group(Host *h, unsigned id) {
        size_t i = group_index(h, id);

        if (i >= h->n_groups || h->groups[i]->id != id)
                return false;
        group_unref(h->groups[i]);
        h->n_groups--;
        memmove(h->groups + i, h->groups + i + 1, (h->n_groups - i) * sizeof(Group *));
        return true;
}

bool managed_same_identity(const Managed *a, const Managed *b) {
        return a->vendor_id == b->vendor_id && a->device_id == b->device_id &&
               a->subsystem_vendor_id == b->subsystem_vendor_id &&
               a->subsystem_device_id == b->subsystem_device_id && a->class_code == b->class_code;
}

bool managed_is_same(const Host *h, const Managed *m) {
        const Device *d = host_find_device(h, &m->address);
        const Device was = { .ids = FACT_PRESENT, .vendor_id = m->vendor_id,
                             .device_id = m->device_id,
                             .subsystem_vendor_id = m->subsystem_vendor_id,
                             .subsystem_device_id = m->subsystem_device_id,
                             .class_code = m->class_code };

        return !d || d->ids != FACT_PRESENT || device_same_identity(d, &was);
}

/* Returns: the device's entry in the set, or NULL. */
static const Managed *find_member(const Host *h, const ManagedSet *s, const Address *a) {
        for (size_t i = 0; i < s->n_members; i++)
                if (address_compare(&s->members[i].address, a) == 0)
                        return managed_is_same(h, &s->members[i]) ? &s->members[i] : NULL;
        return NULL;
}

const Managed *host_find_managed(const Host *h, const Address *a) {
        const Managed *m = NULL;

        for (size_t i = 0; !m && i < h->n_sets; i++)
                m = find_member(h, &h->sets[i], a);
        return m;
}

const ManagedSet *host_find_set(const Host *h, const Address *a) {
        for (size_t i = 0; i < h->n_sets; i++)
                if (find_member(h, &h->sets[i], a))
                        return &h->sets[i];
        for (size_t i = 0; i < h->n_sets; i++)
                for (size_t j = 0; j < h->sets[i].n_asked; j++)
                        if (address_compare(&h->sets[i].asked[j], a) == 0)
                                return &h->sets[i];
        return NULL;
}

const ManagedSet *host_find_group_set(const Host *h, unsigned group) {
        for (size_t i = 0; i < h->n_sets; i++)
                for (size_t j = 0; j < h->sets[i].n_members; j++) {
                        const Managed *m = &h->sets[i].members[j];
                        const Device *d = host_find_device(h, &m->address);

                        if (d && d->grouped == FACT_PRESENT && d->group == group &&
                            managed_is_same(h, m))
                                return &h->sets[i];
                }
        return NULL;
}

const char *host_find_unbinding(const Host *h, const Address *a) {
        for (size_t i = 0; i < h->n_unbindings; i++)
                if (address_compare(&h->unbindings[i].address, a) == 0)
                        return h->unbindings[i].driver;
        return NULL;
}

int host_add_unbinding(Host *h, const Address *a, const char *driver) {
        Unbinding *grown = reallocarray(h->unbindings, h->n_unbindings + 1, sizeof(Unbinding));
        char *copy = strdup(driver);

        if (grown)
                h->unbindings = grown;
        if (!grown || !copy) {
                free(copy);
                return -ENOMEM;
        }
        grown[h->n_unbindings++] = (Unbinding){ .address = *a, .driver = copy };
        return 0;
}

void host_clear_unbindings(Host *h) {
        for (size_t i = 0; i < h->n_unbindings; i++)
                free(h->unbindings[i].driver);
        free(h->unbindings);
        h->unbindings = NULL;
        h->n_unbindings = 0;
}
