/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

/* Every driver in the kernel's tree with driver_managed_dma set, and its bus. */
static const struct KnownDriver {
        const char *name;
        const char *bus;
        bool vfio;
} known_drivers[] = {
        { "pci-stub", "pci", false },          /* drivers/pci/pci-stub.c */
        { "pcieport", "pci", false },          /* drivers/pci/pcie/portdrv.c */
        { "fsl-pci", "platform", false },      /* arch/powerpc/sysdev/fsl_pci.c */
        { "vfio-pci", "pci", true },           /* drivers/vfio/pci/vfio_pci.c */
        { "mlx5_vfio_pci", "pci", true },      /* drivers/vfio/pci/mlx5 */
        { "hisi_acc_vfio_pci", "pci", true },  /* drivers/vfio/pci/hisilicon */
        { "pds_vfio_pci", "pci", true },       /* drivers/vfio/pci/pds */
        { "virtio_vfio_pci", "pci", true },    /* drivers/vfio/pci/virtio */
        { "nvgrace_gpu_vfio_pci", "pci", true },/* drivers/vfio/pci/nvgrace-gpu */
        { "qat_vfio_pci", "pci", true },       /* drivers/vfio/pci/qat */
        { "xe-vfio-pci", "pci", true },        /* drivers/vfio/pci/xe */
        { "ism_vfio_pci", "pci", true },       /* drivers/vfio/pci/ism */
        { "vfio-platform", "platform", true }, /* drivers/vfio/platform/vfio_platform.c */
        { "vfio-amba", "amba", true },         /* drivers/vfio/platform/vfio_amba.c */
        { "vfio-fsl-mc", "fsl-mc", true },     /* drivers/vfio/fsl-mc */
        { "vfio-cdx", "cdx", true },           /* drivers/vfio/cdx/main.c */
};

static const struct KnownDriver *known_driver(const char *name) {
        for (size_t i = 0; i < sizeof(known_drivers) / sizeof(known_drivers[0]); i++)
                if (strcmp(known_drivers[i].name, name) == 0)
                        return &known_drivers[i];
        return NULL;
}

const char *known_vfio_pci_driver(size_t i) {
        for (size_t k = 0; k < sizeof(known_drivers) / sizeof(known_drivers[0]); k++)
                if (known_drivers[k].vfio && strcmp(known_drivers[k].bus, "pci") == 0 && i-- == 0)
                        return known_drivers[k].name;
        return NULL;
}

bool is_vfio_driver(const char *driver, const Device *d) {
        const struct KnownDriver *known = known_driver(driver);

        return (known && known->vfio) || (d && d->vfio_device == FACT_PRESENT);
}

bool is_stub_driver(const char *driver) {
        return strcmp(driver, "pci-stub") == 0;
}

int kernel_version(const Text *release) {
        unsigned major, minor;

        if (release->fact != FACT_PRESENT || sscanf(release->value, "%3u.%3u", &major, &minor) != 2)
                return -1;
        return (int) (major * 1000 + minor);
}

ViabilityRule viability_rule(const Host *h) {
        int version;

        if (h->dma_ownership_symbol != FACT_UNKNOWN)
                return h->dma_ownership_symbol == FACT_PRESENT ? RULE_DMA_OWNERSHIP
                                                               : RULE_DRIVER_LIST;
        version = kernel_version(&h->kernel_release);
        if (version < 0)
                return RULE_UNKNOWN;
        return version >= 5019 ? RULE_DMA_OWNERSHIP : RULE_DRIVER_LIST;
}

/* Returns: true if a driver on that bus keeps its group from being viable. */
static bool driver_blocks(ViabilityRule rule, const char *driver, const char *bus, bool bridge,
                          bool registered) {
        const struct KnownDriver *known = known_driver(driver);

        if (registered)
                return false;
        if (rule == RULE_DRIVER_LIST)
                return !bridge && !is_stub_driver(driver) && !(known && known->vfio);
        return !known || (bus && strcmp(known->bus, bus) != 0);
}

/* What one member does to its group. */
typedef enum Effect { EFFECT_NONE, EFFECT_BLOCKS, EFFECT_UNKNOWN } Effect;

/* Joins the effects under both rules where it is not known which one holds. */
static Effect both(Effect a, Effect b) {
        return a == b ? a : EFFECT_UNKNOWN;
}

static Effect driver_effect(ViabilityRule rule, const Text *driver, const char *bus, Fact bridge,
                            bool registered) {
        if (driver->fact != FACT_PRESENT)
                return driver->fact == FACT_ABSENT ? EFFECT_NONE : EFFECT_UNKNOWN;
        if (rule == RULE_UNKNOWN)
                return both(driver_effect(RULE_DRIVER_LIST, driver, bus, bridge, registered),
                            driver_effect(RULE_DMA_OWNERSHIP, driver, bus, bridge, registered));
        /* Only the old rule looks at the header type. */
        if (rule == RULE_DRIVER_LIST && bridge == FACT_UNKNOWN)
                return driver_blocks(rule, driver->value, bus, false, registered) ? EFFECT_UNKNOWN
                                                                                  : EFFECT_NONE;
        return driver_blocks(rule, driver->value, bus, bridge == FACT_PRESENT, registered)
                       ? EFFECT_BLOCKS
                       : EFFECT_NONE;
}

/* Returns: true if the group's node is held by a process although no member is on VFIO any more:
 * the last unbind from VFIO waits for that process (drivers/vfio/vfio_main.c,
 * vfio_unregister_group_dev()). */
static bool node_outlives_members(const GroupReport *g) {
        if (g->group->vfio_node != FACT_PRESENT || g->group->in_use != FACT_PRESENT)
                return false;
        for (size_t i = 0; i < g->n_members; i++) {
                const Device *d = g->members[i]->device;

                if (d->driver.fact == FACT_UNKNOWN ||
                    (d->driver.fact == FACT_PRESENT && is_vfio_driver(d->driver.value, d)))
                        return false;
        }
        return true;
}

bool device_detaching(const Host *h, const GroupReport *g, const Device *d, bool *ret_blocks) {
        const char *from = host_find_unbinding(h, &d->address);

        *ret_blocks = false;
        if (d->driver.fact != FACT_ABSENT)
                return false;
        if (d->children_known == FACT_PRESENT && d->children != 0) {
                *ret_blocks = true;
                return true;
        }
        if (from) {
                *ret_blocks = !is_vfio_driver(from, NULL) && !is_stub_driver(from);
                return true;
        }
        /* 6.1 keeps vfio-dev/ until the holder goes; every kernel keeps the group's node. */
        return d->vfio_device == FACT_PRESENT ||
               (g && device_role(d) == ROLE_ENDPOINT && node_outlives_members(g));
}

/* Appends a blocker. Returns: 0 or -ENOMEM. */
static int add_blocker(GroupReport *g, const DeviceReport *report, const char *member,
                       const char *driver, BlockReason reason) {
        Blocker *grown = reallocarray(g->blockers, g->n_blockers + 1, sizeof(Blocker));
        Blocker new = { .member = strdup(member), .driver = strdup(driver), .reason = reason,
                        .report = report };

        if (grown)
                g->blockers = grown;
        if (!grown || !new.member || !new.driver) {
                free(new.member);
                free(new.driver);
                return -ENOMEM;
        }
        g->blockers[g->n_blockers++] = new;
        return 0;
}

static BlockReason reason_of(Role role) {
        switch (role) {
        case ROLE_BRIDGE:
                return BLOCK_BRIDGE_DRIVER;
        case ROLE_HOST_BRIDGE:
        case ROLE_PLATFORM:
                return BLOCK_PLATFORM_DRIVER;
        default:
                return BLOCK_HOST_DRIVER;
        }
}

/* Looks at one PCI member. Returns: 0 or -ENOMEM. */
static int weigh_member(const Host *h, ViabilityRule rule, GroupReport *g, const DeviceReport *m,
                        bool *unknown) {
        const Device *d = m->device;
        char text[ADDRESS_TEXT_MAX];
        bool blocks;

        if (device_detaching(h, g, d, &blocks)) {
                const char *from = host_find_unbinding(h, &d->address);

                return blocks ? add_blocker(g, m, address_format(&d->address, text), from ? from : "",
                                            BLOCK_DETACHING)
                              : 0;
        }
        switch (driver_effect(rule, &d->driver, "pci", d->bridge, d->vfio_device == FACT_PRESENT)) {
        case EFFECT_BLOCKS:
                return add_blocker(g, m, address_format(&d->address, text), d->driver.value,
                                   reason_of(m->role));
        case EFFECT_UNKNOWN:
                *unknown = true;
                return 0;
        default:
                return 0;
        }
}

int evaluate_viability(const Host *h, GroupReport *g) {
        ViabilityRule rule = viability_rule(h);
        bool unknown = g->group->others_known == FACT_UNKNOWN;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < g->n_members; i++)
                r = weigh_member(h, rule, g, g->members[i], &unknown);
        for (size_t i = 0; r >= 0 && i < g->group->n_other_members; i++) {
                const OtherMember *o = &g->group->other_members[i];
                Effect e = driver_effect(rule, &o->driver, o->bus, FACT_ABSENT, false);

                if (e == EFFECT_BLOCKS)
                        r = add_blocker(g, NULL, o->name, o->driver.value, BLOCK_PLATFORM_DRIVER);
                unknown |= e == EFFECT_UNKNOWN;
        }
        /* One member that blocks settles it, whatever is not known of the others. */
        g->verdict = g->n_blockers ? VERDICT_BLOCKED : unknown ? VERDICT_UNKNOWN : VERDICT_VIABLE;
        return r;
}
