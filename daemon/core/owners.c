/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-parameters.h"
#include "owners.h"
#include "parameters-rules.h"
#include "rules.h"

/* One list of ids. parameters_read_ids() fills one of these. */
typedef struct IdRule {
        Parameters read; /* only ids and what they borrow from */
        char *value, *file;
        unsigned line;
} IdRule;

struct IdRules {
        IdRule *items;
        size_t n_items;
};

struct IdRules *id_rules_free(struct IdRules *r) {
        if (!r)
                return NULL;
        for (size_t i = 0; i < r->n_items; i++) {
                free(r->items[i].read.ids);
                free(r->items[i].read.ids_text);
                free(r->items[i].value);
                free(r->items[i].file);
        }
        free(r->items);
        free(r);
        return NULL;
}

static int add_rule(struct IdRules *r, const char *value, const char *file, unsigned line) {
        IdRule *grown = reallocarray(r->items, r->n_items + 1, sizeof(IdRule));
        IdRule *new;

        if (!grown)
                return -ENOMEM;
        r->items = grown;
        new = &grown[r->n_items++];
        *new = (IdRule){ .value = strdup(value), .file = strdup(file), .line = line };
        if (!new->value || !new->file)
                return -ENOMEM;
        return parameters_read_ids(&new->read, value);
}

int id_rules_new(const Host *h, const Parameters *p, struct IdRules **ret) {
        const Setup *setup = host_setup(h);
        struct IdRules *new = calloc(1, sizeof(struct IdRules));
        int r = new ? 0 : -ENOMEM;

        /* The word is "vfio-pci.ids=LIST". */
        if (r >= 0 && p && p->ids_word && strchr(p->ids_word, '='))
                r = add_rule(new, strchr(p->ids_word, '=') + 1, "/proc/cmdline", 0);
        for (size_t i = 0; r >= 0 && i < setup->n_owners; i++)
                if (setup->owners[i].kind == OWNER_IDS)
                        r = add_rule(new, setup->owners[i].value, setup->owners[i].file,
                                     setup->owners[i].line);
        if (r < 0) {
                id_rules_free(new);
                return r;
        }
        *ret = new;
        return 0;
}

int id_rules_find_caught(const struct IdRules *rules, const Host *h, Findings *findings) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < rules->n_items; i++) {
                const IdRule *rule = &rules->items[i];

                for (size_t k = 0; r >= 0 && rule->line > 0 && k < rule->read.n_ids; k++) {
                        size_t before = findings->n_items;

                        r = find_caught(h, &rule->read.ids[k], findings);
                        if (r >= 0 && findings->n_items > before)
                                r = findings_evidence(findings, "%s:%u", rule->file, rule->line);
                }
        }
        return r;
}

static bool rule_matches(const IdRule *r, const Device *d) {
        for (size_t i = 0; i < r->read.n_ids; i++)
                if (parameter_id_matches(&r->read.ids[i], d->vendor_id, d->device_id,
                                         d->subsystem_vendor_id, d->subsystem_device_id,
                                         d->class_code))
                        return true;
        return false;
}

static bool find_driverctl(const Host *h, const Device *d, DeviceOwner *ret) {
        const Setup *setup = host_setup(h);

        for (size_t i = 0; i < setup->n_owners; i++) {
                const Owner *o = &setup->owners[i];

                if (o->kind != OWNER_DRIVERCTL || address_compare(&o->address, &d->address) != 0)
                        continue;
                *ret = (DeviceOwner){ OWNER_DRIVERCTL, o->value, o->file, o->line };
                return true;
        }
        return false;
}

static bool find_ids(const HostReport *host, const Device *d, DeviceOwner *ret) {
        for (size_t i = 0; host->id_rules && d->ids == FACT_PRESENT && i < host->id_rules->n_items;
             i++) {
                const IdRule *r = &host->id_rules->items[i];

                if (!rule_matches(r, d))
                        continue;
                *ret = (DeviceOwner){ OWNER_IDS, r->value, r->file, r->line };
                return true;
        }
        return false;
}

bool owner_find(const Host *h, const HostReport *host, const Device *d, DeviceOwner *ret) {
        return find_driverctl(h, d, ret) || find_ids(host, d, ret);
}

bool owner_holds(const Host *h, const HostReport *host, const Device *d, DeviceOwner *ret) {
        DeviceOwner owner;

        if (find_driverctl(h, d, &owner) && text_is(&d->driver_override, owner.value)) {
                *ret = owner;
                return true;
        }
        /* An override has the last word, whatever ids a driver has (drivers/pci/pci-driver.c,
         * pci_match_device()). */
        if (d->driver_override.fact == FACT_PRESENT || !text_is(&d->driver, "vfio-pci") ||
            !find_ids(host, d, &owner))
                return false;
        *ret = owner;
        return true;
}
