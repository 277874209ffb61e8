/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "variants.h"

/* Returns: true if both are the same but for - and _, which modules do not tell apart. */
static bool same_module(const char *a, const char *b) {
        for (; *a && *b; a++, b++)
                if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
                        return false;
        return *a == *b;
}

const char *variant_name(const Host *h, const char *name) {
        const char *known;

        for (size_t i = 0; i < h->n_drivers; i++)
                if (same_module(h->drivers[i], name))
                        return h->drivers[i];
        for (size_t i = 0; (known = known_vfio_pci_driver(i)); i++)
                if (same_module(known, name))
                        return known;
        return name;
}

/* fnmatch(3) with nothing but '*', which is all that scripts/mod/file2alias.c writes for PCI. After
 * a mismatch only the last star can take more. */
static bool matches(const char *pattern, const char *text) {
        const char *star = NULL, *behind = NULL;

        while (*text) {
                if (*pattern == '*') {
                        star = pattern++;
                        behind = text;
                } else if (*pattern == *text) {
                        pattern++;
                        text++;
                } else if (star) {
                        pattern = star + 1;
                        text = ++behind;
                } else {
                        return false;
                }
        }
        return pattern[strspn(pattern, "*")] == '\0';
}

#define ALIAS_MAX 96

/* What a device's modalias would be with the prefix of VFIO's aliases. */
static bool alias_of(const Device *d, char buffer[static ALIAS_MAX]) {
        if (d->ids != FACT_PRESENT)
                return false;
        snprintf(buffer, ALIAS_MAX, "vfio_pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
                 (unsigned) d->vendor_id, (unsigned) d->device_id,
                 (unsigned) d->subsystem_vendor_id, (unsigned) d->subsystem_device_id,
                 (unsigned) (d->class_code >> 16 & 0xff), (unsigned) (d->class_code >> 8 & 0xff),
                 (unsigned) (d->class_code & 0xff));
        return true;
}

static size_t wildcards(const char *pattern) {
        size_t n = 0;

        for (; *pattern; pattern++)
                n += *pattern == '*';
        return n;
}

const char *variant_best(const Host *h, const Device *d) {
        const Setup *setup = host_setup(h);
        const Variant *best = NULL;
        char alias[ALIAS_MAX];

        if (!alias_of(d, alias))
                return "vfio-pci";
        for (size_t i = 0; i < setup->n_variants; i++) {
                const Variant *v = &setup->variants[i];

                if (matches(v->pattern, alias) &&
                    (!best || wildcards(v->pattern) < wildcards(best->pattern)))
                        best = v;
        }
        return best && !same_module(best->module, "vfio-pci") ? variant_name(h, best->module)
                                                              : "vfio-pci";
}

Fact variant_fits(const Host *h, const Device *d, const char *driver) {
        const Setup *setup = host_setup(h);
        char alias[ALIAS_MAX];

        if (setup->variants_known != FACT_PRESENT || !alias_of(d, alias))
                return FACT_UNKNOWN;
        for (size_t i = 0; i < setup->n_variants; i++)
                if (same_module(setup->variants[i].module, driver) &&
                    matches(setup->variants[i].pattern, alias))
                        return FACT_PRESENT;
        return FACT_ABSENT;
}
