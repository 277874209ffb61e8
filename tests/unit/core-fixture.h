/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/evaluate.h"
#include "core/plan.h"

/* Unlike assert() these stay in builds without assertions. */
#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

#define CHECK_STRING(got, expected)                                                                \
        do {                                                                                       \
                const char *_got = (got);                                                          \
                if (!_got || strcmp(_got, (expected)) != 0) {                                      \
                        fprintf(stderr, "%s:%d: '%s', not '%s'\n", __FILE__, __LINE__,             \
                                _got ? _got : "(null)", (expected));                               \
                        exit(1);                                                                   \
                }                                                                                  \
        } while (0)

/* Returns: the address the text stands for. */
static inline Address at(const char *text) {
        Address a;

        CHECK(address_parse(text, &a) == 0);
        return a;
}

/* Returns: a host with VT-d, interrupt remapping and type1, on a kernel with DMA ownership. */
static inline Host *good_host(void) {
        Host *h = host_new();

        CHECK(h);
        CHECK(text_set(&h->kernel_release, "6.12.1") == 0);
        CHECK(text_set(&h->command_line, "quiet") == 0);
        h->dma_ownership_symbol = FACT_PRESENT;
        h->iommu = FACT_PRESENT;
        CHECK(names_add(&h->iommu_names, &h->n_iommu_names, "dmar0") == 0);
        h->interrupt_remapping = FACT_PRESENT;
        h->type1 = FACT_PRESENT;
        h->type1_unsafe_interrupts = FACT_ABSENT;
        h->iommufd = h->iommufd_unsafe_interrupts = h->cdev = FACT_ABSENT;
        h->acpi_dmar = FACT_PRESENT;
        h->acpi_ivrs = FACT_ABSENT;
        h->wishes_known = h->groups_before_known = FACT_ABSENT;
        h->drivers_known = FACT_PRESENT;
        CHECK(names_add(&h->drivers, &h->n_drivers, "vfio-pci") == 0);
        return h;
}

/* Adds a group with everything known and nothing special. Returns: it, borrowed. */
static inline Group *add_group(Host *h, unsigned id) {
        Group *g = group_new(id);

        CHECK(g);
        g->vfio_node = FACT_ABSENT;
        g->others_known = FACT_PRESENT;
        text_unset(&g->name, FACT_ABSENT);
        CHECK(text_set(&g->type, "DMA-FQ") == 0);
        g->reserved_known = FACT_PRESENT;
        g->in_use = FACT_ABSENT;
        CHECK(host_put_group(h, g) == 0);
        return g;
}

/* Adds an endpoint (class 0x020000); group < 0: none. driver NULL: none. Returns: it, borrowed. */
static inline Device *add_device(Host *h, const char *address, int group, const char *driver) {
        Address a = at(address);
        Device *d = device_new(&a);

        CHECK(d);
        d->ids = FACT_PRESENT;
        d->vendor_id = 0x8086;
        d->device_id = 0x1000;
        d->class_code = 0x020000;
        d->bridge = FACT_ABSENT;
        d->children_known = FACT_PRESENT;
        d->virtual_function = FACT_ABSENT;
        d->boot_vga = FACT_ABSENT;
        d->grouped = fact_of(group >= 0);
        d->group = group >= 0 ? (unsigned) group : 0;
        d->vfio_device = fact_of(driver && strcmp(driver, "vfio-pci") == 0);
        text_unset(&d->driver, FACT_ABSENT);
        text_unset(&d->driver_override, FACT_ABSENT);
        CHECK(text_set(&d->power_state, "D0") == 0);
        CHECK(text_set(&d->reset_methods, "flr") == 0);
        d->reset = d->below_bridge = FACT_PRESENT;
        for (int c = 0; c < USES_MAX_; c++)
                d->uses.looked[c] = FACT_PRESENT;
        if (driver)
                CHECK(text_set(&d->driver, driver) == 0);
        CHECK(host_put_device(h, d) == 0);
        return d;
}

/* Evaluates. Returns: the report, the caller's. */
static inline Report *report_of(const Host *h) {
        Report *r;

        CHECK(evaluate(h, &r) == 0);
        return r;
}
