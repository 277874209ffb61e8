/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe-child.h"
#include "sources/probe-setup-take.h"

static int put_text(Text *t, const ProbeLine *l) {
        if (l->fact == FACT_PRESENT)
                return text_set(t, l->value);
        text_unset(t, l->fact);
        return 0;
}

static int take_device(Host *facts, const ProbeLine *l) {
        Device *d = host_find_device(facts, &l->address);

        if (!d) {
                d = device_new(&l->address);
                if (!d)
                        return -ENOMEM;
                if (host_put_device(facts, d) < 0) {
                        device_unref(d);
                        return -ENOMEM;
                }
        }
        switch (l->key) {
        case PROBE_KEY_USE:
                return probe_take_use(&d->uses, l);
        case PROBE_KEY_LOOKED:
                return probe_take_looked(&d->uses, l);
        case PROBE_KEY_OVERRIDE:
                return put_text(&d->driver_override, l);
        case PROBE_KEY_POWER:
                return put_text(&d->power_state, l);
        case PROBE_KEY_RESET:
                return put_text(&d->reset_methods, l);
        case PROBE_KEY_DEVICE_NODE:
                return put_text(&d->node_access, l);
        case PROBE_KEY_BELOW_BRIDGE:
                d->below_bridge = l->fact;
                return 0;
        default:
                d->d3cold_allowed = l->fact;
                return 0;
        }
}

static int take_reserved(Group *g, const ProbeLine *l) {
        char *first = NULL;

        if (l->fact == FACT_PRESENT && l->number > 0) {
                first = strdup(l->value);
                if (!first)
                        return -ENOMEM;
        }
        free(g->direct_region);
        g->direct_region = first;
        g->n_direct = l->fact == FACT_PRESENT ? l->number : 0;
        g->reserved_known = l->fact;
        return 0;
}

static int take_group(Host *facts, const ProbeLine *l) {
        Group *g = host_find_group(facts, l->group);

        if (!g) {
                g = group_new(l->group);
                if (!g)
                        return -ENOMEM;
                if (host_put_group(facts, g) < 0) {
                        group_unref(g);
                        return -ENOMEM;
                }
        }
        switch (l->key) {
        case PROBE_KEY_NAME:
                return put_text(&g->name, l);
        case PROBE_KEY_TYPE:
                return put_text(&g->type, l);
        case PROBE_KEY_GROUP_NODE:
                return put_text(&g->node_access, l);
        case PROBE_KEY_RESERVED:
                return take_reserved(g, l);
        case PROBE_KEY_HOLDER:
                /* Even if the child comes no further. */
                g->in_use = FACT_PRESENT;
                return group_add_holder(g, (pid_t) l->number, l->value);
        default:
                g->in_use = l->fact;
                return 0;
        }
}

/* Reads what say_option() of probe-modules.c has written. */
static int take_module_option(Host *facts, const ProbeLine *l) {
        char *copy = strdup(l->value), *rest = copy, *word, *module, *file;
        ModuleOption o = {.line = l->number};
        int error = -EINVAL;

        if (!copy)
                return -ENOMEM;
        word = strsep(&rest, "\n");
        module = strsep(&rest, "\n");
        file = strsep(&rest, "\n");
        for (; rest && o.kind < MODULE_OPTION_KINDS_; o.kind++)
                if (strcmp(module_option_word(o.kind), word) == 0) {
                        o.module = module;
                        o.file = file;
                        o.text = rest;
                        error = module_options_add(&facts->module_options,
                                                   &facts->n_module_options, &o);
                        break;
                }
        free(copy);
        return error;
}

static int take_debug_value(Host *facts, const ProbeLine *l) {
        const char *newline = strchr(l->value, '\n');
        char *file;
        int error;

        if (!newline)
                return -EINVAL;
        file = strndup(l->value, (size_t) (newline - l->value));
        error = file ? host_add_debug_value(facts, file, newline + 1) : -ENOMEM;
        free(file);
        return error;
}

/* Reads what say_words() of probe-boot.c has written. */
static int take_boot_words(Host *facts, const ProbeLine *l) {
        char *copy = strdup(l->value), *rest = copy, *fields[5];
        BootWords w = {.line = l->number};
        int error = -EINVAL;

        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
                fields[i] = strsep(&rest, "\n");
        for (; rest && w.source < BOOT_SOURCES_; w.source++)
                if (strcmp(boot_source_word(w.source), fields[0]) == 0) {
                        w.entry = (unsigned) strtoul(fields[1], NULL, 10);
                        w.partial = fields[2][0] == '1';
                        w.newer = fields[3][0] == '1';
                        w.file = fields[4];
                        w.text = rest;
                        error = boot_words_add(&facts->boot_words, &facts->n_boot_words, &w);
                        break;
                }
        free(copy);
        return error;
}

static int take_iommu(Host *facts, const ProbeLine *l) {
        const char *newline = strchr(l->value, '\n');
        Text features = {.fact = l->fact};
        char *name, *value;
        int error;

        if (!newline)
                return -EINVAL;
        name = strndup(l->value, (size_t) (newline - l->value));
        value = strdup(newline + 1);
        if (l->fact == FACT_PRESENT)
                features.value = value;
        error = name && value ? host_add_iommu(facts, name, &features) : -ENOMEM;
        free(name);
        free(value);
        return error;
}

/* Takes in a fact about the host itself. Returns: true if it was one. */
static bool take_host_fact(Host *h, ProbeKey key, Fact fact) {
        switch (key) {
        case PROBE_KEY_SYMBOL:
                h->dma_ownership_symbol = fact;
                return true;
        case PROBE_KEY_REMAPPING:
                h->interrupt_remapping = fact;
                return true;
        case PROBE_KEY_TYPE1:
                h->type1 = fact;
                return true;
        case PROBE_KEY_TYPE1_UNSAFE:
                h->type1_unsafe_interrupts = fact;
                return true;
        case PROBE_KEY_IOMMUFD_UNSAFE:
                h->iommufd_unsafe_interrupts = fact;
                return true;
        case PROBE_KEY_TYPE1_LOADED:
                h->type1_loaded = fact;
                return true;
        case PROBE_KEY_IOMMUFD_LOADED:
                h->iommufd_loaded = fact;
                return true;
        case PROBE_KEY_IOMMUFD:
                h->iommufd = fact;
                return true;
        case PROBE_KEY_CDEV:
                h->cdev = fact;
                return true;
        case PROBE_KEY_MODULE_OPTIONS:
                h->module_options_known = fact;
                return true;
        default:
                return false;
        }
}

/* Takes in a line about how the host is set up. Returns: as probe_take_setup(). */
static int take_setup(Host *h, ProbeLine *l) {
        if (!h->setup)
                h->setup = setup_new();
        return h->setup ? probe_take_setup(h->setup, l) : -ENOMEM;
}

int probe_take(Host *facts, ProbeLine *l) {
        int r;

        if (take_host_fact(facts, l->key, l->fact))
                return 0;
        r = take_setup(facts, l);
        if (r != 0)
                return r < 0 ? r : 0;
        switch (l->key) {
        case PROBE_KEY_IOMMU:
                return take_iommu(facts, l);
        case PROBE_KEY_MODULE_OPTION:
                return take_module_option(facts, l);
        case PROBE_KEY_DEBUG_VALUE:
                return take_debug_value(facts, l);
        case PROBE_KEY_BOOT_WORDS:
                return take_boot_words(facts, l);
        case PROBE_KEY_OVERRIDE:
        case PROBE_KEY_POWER:
        case PROBE_KEY_RESET:
        case PROBE_KEY_BELOW_BRIDGE:
        case PROBE_KEY_D3COLD:
        case PROBE_KEY_DEVICE_NODE:
        case PROBE_KEY_USE:
        case PROBE_KEY_LOOKED:
                return take_device(facts, l);
        default:
                return take_group(facts, l);
        }
}
