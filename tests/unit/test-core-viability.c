/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"

/*
 * One row per kind of member: what the two rules of the kernel say of a group that holds it beside
 * a function on vfio-pci. Expected from drivers/vfio/vfio.c, vfio_dev_viable() (5.15) and
 * drivers/iommu/iommu.c, iommu_device_use_default_domain() with the drivers that set
 * driver_managed_dma (6.12).
 */
static const struct Row {
        const char *what;
        const char *driver; /* NULL: none */
        uint32_t class_code;
        bool bridge;
        Verdict old_rule, new_rule;
        BlockReason reason;
} rows[] = {
        { "endpoint, host driver", "nvme", 0x010802, false, VERDICT_BLOCKED, VERDICT_BLOCKED,
          BLOCK_HOST_DRIVER },
        { "endpoint, no driver", NULL, 0x010802, false, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "endpoint, vfio-pci", "vfio-pci", 0x010802, false, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "endpoint, pci-stub", "pci-stub", 0x010802, false, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "endpoint, mlx5_vfio_pci", "mlx5_vfio_pci", 0x020000, false, VERDICT_VIABLE,
          VERDICT_VIABLE, 0 },
        { "endpoint, pci-pf-stub", "pci-pf-stub", 0x020000, false, VERDICT_BLOCKED, VERDICT_BLOCKED,
          BLOCK_HOST_DRIVER },
        { "endpoint, uio_pci_generic", "uio_pci_generic", 0x020000, false, VERDICT_BLOCKED,
          VERDICT_BLOCKED, BLOCK_HOST_DRIVER },
        { "bridge, pcieport", "pcieport", 0x060400, true, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "bridge, no driver", NULL, 0x060400, true, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "bridge, shpchp", "shpchp", 0x060400, true, VERDICT_VIABLE, VERDICT_BLOCKED,
          BLOCK_BRIDGE_DRIVER },
        { "CardBus bridge, yenta", "yenta_cardbus", 0x060700, true, VERDICT_VIABLE, VERDICT_BLOCKED,
          BLOCK_BRIDGE_DRIVER },
        { "host bridge, k10temp", "k10temp", 0x060000, false, VERDICT_BLOCKED, VERDICT_BLOCKED,
          BLOCK_PLATFORM_DRIVER },
        { "host bridge, no driver", NULL, 0x060000, false, VERDICT_VIABLE, VERDICT_VIABLE, 0 },
        { "SMBus, piix4", "piix4_smbus", 0x0c0500, false, VERDICT_BLOCKED, VERDICT_BLOCKED,
          BLOCK_PLATFORM_DRIVER },
        { "VMD", "vmd", 0x010400, false, VERDICT_BLOCKED, VERDICT_BLOCKED, BLOCK_HOST_DRIVER },
};

static void check_row(const struct Row *row, Fact symbol, Verdict expected) {
        Host *h = good_host();
        Device *d;
        Report *r;
        const GroupReport *g;

        h->dma_ownership_symbol = symbol;
        add_group(h, 7);
        add_device(h, "0000:01:00.0", 7, "vfio-pci");
        d = add_device(h, "0000:01:00.1", 7, row->driver);
        d->class_code = row->class_code;
        d->bridge = fact_of(row->bridge);
        r = report_of(h);
        g = report_find_group(r, 7);
        if (g->verdict != expected)
                fprintf(stderr, "%s, rule %d: %s\n", row->what, symbol, verdict_text(g->verdict));
        CHECK(g->verdict == expected);
        CHECK(g->n_blockers == (expected == VERDICT_BLOCKED));
        if (expected == VERDICT_BLOCKED) {
                CHECK_STRING(g->blockers[0].member, "0000:01:00.1");
                CHECK_STRING(g->blockers[0].driver, row->driver);
                CHECK(g->blockers[0].reason == row->reason);
        }
        report_free(r);
        host_free(h);
}

/* Which rule holds is measured; the release counts only where it could not be. */
static void test_rule_choice(void) {
        static const struct {
                Fact symbol;
                const char *release;
                Verdict expected; /* of a group with a bridge on shpchp */
        } cases[] = {
                { FACT_PRESENT, "5.14.0-503.el9", VERDICT_BLOCKED }, /* a backport */
                { FACT_ABSENT, "6.1.0", VERDICT_VIABLE },
                { FACT_UNKNOWN, "5.18.19", VERDICT_VIABLE },
                { FACT_UNKNOWN, "5.19.0", VERDICT_BLOCKED },
                { FACT_UNKNOWN, "6.12.107", VERDICT_BLOCKED },
                { FACT_UNKNOWN, "10.0", VERDICT_BLOCKED },
                { FACT_UNKNOWN, "next", VERDICT_UNKNOWN },
                { FACT_UNKNOWN, NULL, VERDICT_UNKNOWN },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Device *d;
                Report *r;

                h->dma_ownership_symbol = cases[i].symbol;
                text_unset(&h->kernel_release, FACT_UNKNOWN);
                if (cases[i].release)
                        CHECK(text_set(&h->kernel_release, cases[i].release) == 0);
                add_group(h, 1);
                add_device(h, "01:00.0", 1, "vfio-pci");
                d = add_device(h, "00:01.0", 1, "shpchp");
                d->bridge = FACT_PRESENT;
                r = report_of(h);
                if (r->groups[0]->verdict != cases[i].expected)
                        fprintf(stderr, "case %zu: %s\n", i, verdict_text(r->groups[0]->verdict));
                CHECK(r->groups[0]->verdict == cases[i].expected);
                report_free(r);
                host_free(h);
        }
}

/* Unknown is not no: an unreadable driver leaves the verdict open, unless another member settles
 * it. */
static void test_unknown_driver(void) {
        Host *h = good_host();
        Device *d;
        Report *r;

        add_group(h, 1);
        d = add_device(h, "01:00.0", 1, NULL);
        text_unset(&d->driver, FACT_UNKNOWN);
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_UNKNOWN);
        CHECK(r->devices[0]->readiness == READINESS_UNKNOWN);
        CHECK_STRING(state_text(r->devices[0]->state), "");
        report_free(r);
        add_device(h, "01:00.1", 1, "snd_hda_intel");
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_BLOCKED);
        CHECK(r->groups[0]->n_blockers == 1);
        report_free(r);
        host_free(h);
}

/* A driver link that is gone while class children are left: the old driver is still at work. */
static void test_detaching(void) {
        Host *h = good_host();
        Device *d;
        Address a = at("01:00.0");
        Report *r;

        add_group(h, 1);
        d = add_device(h, "01:00.0", 1, NULL);
        d->children = DEVICE_CHILD_NVME;
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_BLOCKED);
        CHECK(r->groups[0]->blockers[0].reason == BLOCK_DETACHING);
        CHECK(r->devices[0]->state == STATE_DETACHING);
        CHECK(r->devices[0]->readiness == READINESS_BLOCKED);
        report_free(r);

        /* Our own worker's unbind from a host driver blocks, one from VFIO does not. */
        d->children = 0;
        CHECK(host_add_unbinding(h, &a, "xhci_hcd") == 0);
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_BLOCKED);
        CHECK_STRING(r->groups[0]->blockers[0].driver, "xhci_hcd");
        report_free(r);
        host_clear_unbindings(h);
        CHECK(host_add_unbinding(h, &a, "vfio-pci") == 0);
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_VIABLE);
        CHECK(r->devices[0]->state == STATE_DETACHING);
        report_free(r);

        /* Left VFIO, but the node is held: not free, and not blocking. */
        host_clear_unbindings(h);
        h->groups[0]->vfio_node = FACT_PRESENT;
        h->groups[0]->in_use = FACT_PRESENT;
        r = report_of(h);
        CHECK(r->devices[0]->state == STATE_DETACHING);
        CHECK(r->groups[0]->verdict == VERDICT_VIABLE);
        report_free(r);
        host_free(h);
}

static void test_other_members(void) {
        Host *h = good_host();
        Text driver = { .fact = FACT_PRESENT, .value = (char *) "fsl-pci" };
        Group *g = add_group(h, 1);
        Report *r;

        add_device(h, "01:00.0", 1, "vfio-pci");
        CHECK(group_add_other(g, "ffe08000.pcie", "platform", &driver) == 0);
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_VIABLE); /* that driver manages its DMA itself */
        report_free(r);
        driver.value = (char *) "sdhci-arasan";
        CHECK(group_add_other(g, "fe310000.mmc", "platform", &driver) == 0);
        r = report_of(h);
        CHECK(r->groups[0]->verdict == VERDICT_BLOCKED);
        CHECK_STRING(r->groups[0]->blockers[0].member, "fe310000.mmc");
        CHECK(findings_find(&r->devices[0]->findings, "blocked-by-platform"));
        report_free(r);
        host_free(h);
}

int main(void) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                check_row(&rows[i], FACT_ABSENT, rows[i].old_rule);
                check_row(&rows[i], FACT_PRESENT, rows[i].new_rule);
        }
        test_rule_choice();
        test_unknown_driver();
        test_detaching();
        test_other_members();
        return 0;
}
