/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "finding-ids.h"

/*
 * The checks of check-*.c: for each finding a host in which the answer is yes, no, and unknown. None
 * of them may keep a device from being ready but the denylist, since VFIO starts without what they
 * ask for.
 */

#define NONE ((Severity) -1)

static Setup *setup_of(Host *h) {
        if (!h->setup)
                h->setup = setup_new();
        CHECK(h->setup);
        return h->setup;
}

/* Every list was read, and there is nothing in any of them. */
static void nothing_set_up(Host *h) {
        Setup *s = setup_of(h);

        s->idle_d3_disabled = s->denylist_disabled = s->noiommu_mode = FACT_ABSENT;
        s->frame_buffers_known = s->variants_known = s->owners_known = s->limits_known =
                FACT_PRESENT;
        s->screens.fact = FACT_ABSENT;
}

static Device *first(Host *h) {
        return h->devices[0];
}

static void reset_none(Host *h) {
        text_unset(&first(h)->reset_methods, FACT_ABSENT);
        first(h)->reset = FACT_ABSENT;
}
static void reset_emptied(Host *h) {
        text_unset(&first(h)->reset_methods, FACT_ABSENT);
}
static void reset_old_kernel(Host *h) {
        reset_emptied(h);
        CHECK(text_set(&h->kernel_release, "5.10.0-30-amd64") == 0);
}
static void reset_unknown(Host *h) {
        text_unset(&first(h)->reset_methods, FACT_UNKNOWN);
        first(h)->reset = FACT_UNKNOWN;
}
static void reset_old_unknown(Host *h) {
        reset_old_kernel(h);
        first(h)->reset = FACT_UNKNOWN;
}
static void reset_with_sibling(Host *h) {
        reset_none(h);
        add_device(h, "01:00.1", 5, "vfio-pci");
}
static void reset_with_moving_sibling(Host *h) {
        reset_none(h);
        add_device(h, "01:00.1", 5, "snd_hda_intel");
}
static void reset_with_stranger(Host *h) {
        reset_none(h);
        add_group(h, 6);
        add_device(h, "01:01.0", 6, "nvme");
}
static void reset_on_root_bus(Host *h) {
        reset_with_sibling(h);
        first(h)->below_bridge = FACT_ABSENT;
}

static void d3cold(Host *h) {
        CHECK(text_set(&first(h)->power_state, "D3cold") == 0);
        first(h)->d3cold_allowed = FACT_PRESENT;
}
static void d3hot(Host *h) {
        CHECK(text_set(&first(h)->power_state, "D3hot") == 0);
}

static void vga(Host *h) {
        first(h)->class_code = 0x030000;
        first(h)->boot_vga = FACT_PRESENT;
}
static void framebuffer(Host *h) {
        Address a = at("01:00.0");

        vga(h);
        CHECK(setup_add_frame_buffer(setup_of(h), &a, 1, "0xc0000000-0xc07e8fff", "BOOTFB") == 0);
}
static void framebuffer_old(Host *h) {
        framebuffer(h);
        CHECK(text_set(&h->kernel_release, "5.19.0") == 0);
}
static void framebuffer_3d(Host *h) {
        framebuffer(h);
        first(h)->class_code = 0x030200;
}
static void framebuffer_elsewhere(Host *h) {
        Address a = at("00:02.0");

        vga(h);
        CHECK(setup_add_frame_buffer(setup_of(h), &a, 2, "0xc0000000-0xc07e8fff", "efifb") == 0);
}
static void framebuffer_unknown(Host *h) {
        vga(h);
        CHECK(text_set(&h->kernel_release, "5.15.0") == 0);
        setup_of(h)->frame_buffers_known = FACT_UNKNOWN;
        CHECK(text_set(&setup_of(h)->screens, "fb0 (EFI VGA)") == 0);
}
static void framebuffer_hidden_but_none(Host *h) {
        framebuffer_unknown(h);
        text_unset(&setup_of(h)->screens, FACT_ABSENT);
}

static void variant(Host *h) {
        CHECK(setup_add_variant(setup_of(h), "vfio_pci:v*d*sv*sd*bc*sc*i*", "vfio_pci") == 0);
        CHECK(setup_add_variant(setup_of(h), "vfio_pci:v00008086d00001000sv*sd*bc*sc*i*",
                                "mlx5_vfio_pci") == 0);
}
static void variant_for_others(Host *h) {
        CHECK(setup_add_variant(setup_of(h), "vfio_pci:v00008086d00001001sv*sd*bc*sc*i*",
                                "mlx5_vfio_pci") == 0);
        CHECK(setup_add_variant(setup_of(h), "vfio_pci:v*d*sv*sd*bc*sc*i*", "vfio_pci") == 0);
}
static void variants_unknown(Host *h) {
        setup_of(h)->variants_known = FACT_UNKNOWN;
}

static void node(Host *h, const char *access) {
        CHECK(text_set(&h->groups[0]->node_access, access) == 0);
}
static void node_root(Host *h) {
        node(h, "0600 root root");
}
static void node_everybody(Host *h) {
        node(h, "0666 root root");
}
static void node_read_only(Host *h) {
        node(h, "0644 root kvm");
}
static void node_group(Host *h) {
        node(h, "0660 root kvm");
}
static void node_nonsense(Host *h) {
        node(h, "rw-rw----");
}
static void limit(Host *h, const char *domain, uint64_t bytes) {
        CHECK(setup_add_limit(setup_of(h), domain, bytes, "/etc/security/limits.d/vm.conf", 3) == 0);
}
static void node_group_unlimited(Host *h) {
        node_group(h);
        limit(h, "@kvm", UINT64_MAX);
        limit(h, "*", 1 << 20); /* less specific, though later */
}
static void node_group_large(Host *h) {
        node_group(h);
        limit(h, "", 1 << 20);
        limit(h, "@kvm", UINT64_C(16) << 30);
}
static void node_group_other(Host *h) {
        node_group(h);
        limit(h, "@video", UINT64_MAX);
        limit(h, "kvm", UINT64_MAX); /* the user of that name, not the group */
}
static void node_owner_unlimited(Host *h) {
        node(h, "0600 alice root");
        limit(h, "alice", UINT64_MAX);
}
static void node_limits_unknown(Host *h) {
        node_group(h);
        setup_of(h)->limits_known = FACT_UNKNOWN;
}
static void node_cdev(Host *h) {
        node_group_unlimited(h);
        h->type1 = FACT_ABSENT;
        h->iommufd = h->cdev = FACT_PRESENT;
        h->iommufd_unsafe_interrupts = FACT_ABSENT;
        CHECK(text_set(&first(h)->node_access, "0600 root root") == 0);
}

static void driverctl(Host *h) {
        Address a = at("01:00.0");

        CHECK(setup_add_owner(setup_of(h), OWNER_DRIVERCTL, &a, "vfio-pci",
                              "/etc/driverctl.d/pci-0000:01:00.0", 1) == 0);
}
static void driverctl_set(Host *h) {
        driverctl(h);
        CHECK(text_set(&first(h)->driver_override, "vfio-pci") == 0);
}
static void driverctl_other_override(Host *h) {
        driverctl(h);
        CHECK(text_set(&first(h)->driver_override, "pci-stub") == 0);
}
static void ids(Host *h) {
        CHECK(setup_add_owner(setup_of(h), OWNER_IDS, NULL, "10de:1c02,8086:1000",
                              "/etc/modprobe.d/vfio.conf", 2) == 0);
        CHECK(setup_add_owner(setup_of(h), OWNER_SOFTDEP, NULL, "e1000e",
                              "/etc/modprobe.d/vfio.conf", 3) == 0);
}
static void ids_of_others(Host *h) {
        CHECK(setup_add_owner(setup_of(h), OWNER_IDS, NULL, "10de:1c02",
                              "/etc/modprobe.d/vfio.conf", 2) == 0);
        CHECK(text_set(&first(h)->driver_override, "vfio-pci") == 0);
}
static void ids_on_command_line(Host *h) {
        CHECK(text_set(&h->command_line, "quiet vfio-pci.ids=8086:1000") == 0);
}
static void override(Host *h) {
        CHECK(text_set(&first(h)->driver_override, "vfio-pci") == 0);
}
static void override_unknown(Host *h) {
        text_unset(&first(h)->driver_override, FACT_UNKNOWN);
}

static void denied(Host *h) {
        first(h)->device_id = 0x37c8;
        override(h);
}
static void denied_overruled(Host *h) {
        denied(h);
        setup_of(h)->denylist_disabled = FACT_PRESENT;
}
static void denied_overruled_later(Host *h) {
        denied(h);
        CHECK(text_set(&h->command_line, "vfio-pci.disable_denylist=1") == 0);
}
static void denied_unknown(Host *h) {
        denied(h);
        setup_of(h)->denylist_disabled = FACT_UNKNOWN;
}
static void denied_old(Host *h) {
        denied(h);
        CHECK(text_set(&h->kernel_release, "5.4.0") == 0);
}
static void denied_by_backport(Host *h) {
        first(h)->device_id = 0x0b25;
        override(h);
        CHECK(text_set(&h->kernel_release, "6.1.0") == 0);
}

static const struct Row {
        const char *what;
        void (*change)(Host *h);
        const char *id;
        Severity bound, host; /* on vfio-pci, and on a host driver; NONE: not found */
        const char *evidence; /* of the finding on vfio-pci, else on the host driver; may be NULL */
} rows[] = {
        { "resets", nothing_set_up, FINDING_NO_RESET, NONE, NONE, NULL },
        { "cannot reset", reset_none, FINDING_NO_RESET, SEVERITY_WARNING, SEVERITY_WARNING,
          "/sys/bus/pci/devices/0000:01:00.0/reset is not there" },
        { "methods taken away", reset_emptied, FINDING_NO_RESET, SEVERITY_WARNING,
          SEVERITY_WARNING, "/sys/bus/pci/devices/0000:01:00.0/reset_method is empty" },
        { "no reset_method before 5.15", reset_old_kernel, FINDING_NO_RESET, NONE, NONE, NULL },
        { "reset unknown", reset_unknown, FINDING_NO_RESET, NONE, NONE, NULL },
        { "reset unknown before 5.15", reset_old_unknown, FINDING_NO_RESET, NONE, NONE, NULL },
        { "bus shared, all on VFIO", reset_with_sibling, FINDING_NO_RESET, SEVERITY_INFO,
          SEVERITY_INFO, NULL },
        /* It moves with a device that moves, and not with one that has moved. */
        { "bus shared with what moves", reset_with_moving_sibling, FINDING_NO_RESET,
          SEVERITY_WARNING, SEVERITY_INFO, NULL },
        { "bus shared with a stranger", reset_with_stranger, FINDING_NO_RESET, SEVERITY_WARNING,
          SEVERITY_WARNING, NULL },
        { "root bus", reset_on_root_bus, FINDING_NO_RESET, SEVERITY_WARNING, SEVERITY_WARNING,
          NULL },
        { "awake", nothing_set_up, FINDING_D3COLD, NONE, NONE, NULL },
        { "idle", d3hot, FINDING_D3COLD, NONE, NONE, NULL },
        { "without power", d3cold, FINDING_D3COLD, SEVERITY_WARNING, SEVERITY_INFO,
          "d3cold_allowed: 1" },
        { "no screen", vga, FINDING_FRAMEBUFFER, NONE, NONE, NULL },
        { "screen in a BAR", framebuffer, FINDING_FRAMEBUFFER, SEVERITY_WARNING, SEVERITY_INFO,
          "/proc/iomem: 0xc0000000-0xc07e8fff : BOOTFB" },
        { "screen, 5.19", framebuffer_old, FINDING_FRAMEBUFFER, SEVERITY_WARNING, SEVERITY_WARNING,
          NULL },
        { "screen in a 3D controller", framebuffer_3d, FINDING_FRAMEBUFFER, SEVERITY_WARNING,
          SEVERITY_WARNING, NULL },
        { "screen of another", framebuffer_elsewhere, FINDING_FRAMEBUFFER, NONE, NONE, NULL },
        { "iomem hidden", framebuffer_unknown, FINDING_FRAMEBUFFER, SEVERITY_INFO, SEVERITY_INFO,
          "screens of the firmware: fb0 (EFI VGA)" },
        { "iomem hidden, no screen", framebuffer_hidden_but_none, FINDING_FRAMEBUFFER, NONE, NONE,
          NULL },
        { "a variant", variant, FINDING_VFIO_VARIANT_DRIVER, SEVERITY_INFO, SEVERITY_INFO, NULL },
        { "variants for others", variant_for_others, FINDING_VFIO_VARIANT_DRIVER, NONE, NONE,
          NULL },
        { "variants unknown", variants_unknown, FINDING_VFIO_VARIANT_DRIVER, NONE, NONE, NULL },
        { "node of root", node_root, FINDING_NODE_PERMISSION, SEVERITY_INFO, NONE,
          "/dev/vfio/5: 0600 root root" },
        { "node of root: no limit asked", node_root, FINDING_MEMLOCK, NONE, NONE, NULL },
        { "node of everybody", node_everybody, FINDING_NODE_PERMISSION, SEVERITY_WARNING, NONE,
          NULL },
        { "node for reading", node_read_only, FINDING_NODE_PERMISSION, SEVERITY_INFO, NONE, NULL },
        { "node unknown", nothing_set_up, FINDING_NODE_PERMISSION, NONE, NONE, NULL },
        { "node not understood", node_nonsense, FINDING_NODE_PERMISSION, NONE, NONE, NULL },
        { "node of a group", node_group, FINDING_NODE_PERMISSION, NONE, NONE, NULL },
        { "group, default limit", node_group, FINDING_MEMLOCK, SEVERITY_WARNING, NONE, NULL },
        { "group, no limit", node_group_unlimited, FINDING_MEMLOCK, NONE, NONE, NULL },
        { "group, 16 GiB", node_group_large, FINDING_MEMLOCK, SEVERITY_INFO, NONE,
          "/etc/security/limits.d/vm.conf:3: @kvm memlock 16777216" },
        { "limits of others", node_group_other, FINDING_MEMLOCK, SEVERITY_WARNING, NONE, NULL },
        { "owner, no limit", node_owner_unlimited, FINDING_MEMLOCK, NONE, NONE, NULL },
        { "limits unknown", node_limits_unknown, FINDING_MEMLOCK, SEVERITY_INFO, NONE, NULL },
        { "iommufd: its own node counts", node_cdev, FINDING_NODE_PERMISSION, SEVERITY_INFO, NONE,
          NULL },
        { "driverctl", driverctl_set, FINDING_FOREIGN_OWNER, SEVERITY_INFO, SEVERITY_INFO,
          "/etc/driverctl.d/pci-0000:01:00.0:1: vfio-pci" },
        { "driverctl: its override", driverctl_set, FINDING_FOREIGN_OVERRIDE, NONE, NONE, NULL },
        { "driverctl: another override", driverctl_other_override, FINDING_FOREIGN_OVERRIDE,
          SEVERITY_INFO, SEVERITY_INFO, NULL },
        { "ids of modprobe.d", ids, FINDING_FOREIGN_OWNER, SEVERITY_INFO, SEVERITY_INFO,
          "/etc/modprobe.d/vfio.conf:2: options vfio-pci ids=10de:1c02,8086:1000" },
        { "soft dependency", ids, FINDING_FOREIGN_OWNER, SEVERITY_INFO, SEVERITY_INFO,
          "/etc/modprobe.d/vfio.conf:3: softdep e1000e pre: vfio-pci" },
        { "ids of the command line", ids_on_command_line, FINDING_FOREIGN_OWNER, SEVERITY_INFO,
          SEVERITY_INFO, "/proc/cmdline: vfio-pci.ids=8086:1000" },
        { "ids of others", ids_of_others, FINDING_FOREIGN_OWNER, NONE, NONE, NULL },
        { "an override", override, FINDING_FOREIGN_OWNER, NONE, NONE, NULL },
        { "an override of nobody known", override, FINDING_FOREIGN_OVERRIDE, SEVERITY_INFO,
          SEVERITY_INFO, NULL },
        { "override unknown", override_unknown, FINDING_FOREIGN_OWNER, NONE, NONE, NULL },
        { "bound by nobody known", nothing_set_up, FINDING_FOREIGN_OWNER, SEVERITY_INFO, NONE,
          NULL },
        { "denied", denied, FINDING_DENYLIST, NONE, SEVERITY_BLOCKER, NULL },
        { "denied, overruled", denied_overruled, FINDING_DENYLIST, NONE, NONE, NULL },
        { "denied, overruled when it is loaded", denied_overruled_later, FINDING_DENYLIST, NONE,
          NONE, NULL },
        { "denied, parameter unknown", denied_unknown, FINDING_DENYLIST, NONE, SEVERITY_UNKNOWN,
          NULL },
        { "denied, before there was a list", denied_old, FINDING_DENYLIST, NONE, NONE, NULL },
        { "denied in stable kernels", denied_by_backport, FINDING_DENYLIST, NONE, SEVERITY_UNKNOWN,
          NULL },
};

static bool has_evidence(const Finding *f, const char *text) {
        for (size_t i = 0; i < f->n_evidence; i++)
                if (strcmp(f->evidence[i], text) == 0)
                        return true;
        return false;
}

static Readiness expected_readiness(const struct Row *row, const char *driver) {
        if (strcmp(row->id, FINDING_DENYLIST) == 0 && row->host != NONE &&
            strcmp(driver, "vfio-pci") != 0)
                return row->host == SEVERITY_BLOCKER ? READINESS_BLOCKED : READINESS_UNKNOWN;
        return strcmp(driver, "vfio-pci") == 0 ? READINESS_READY : READINESS_PREPARABLE;
}

static void check_row(const struct Row *row, const char *driver, Severity expected) {
        Host *h = good_host();
        Address a = at("01:00.0");
        const DeviceReport *d;
        const Finding *f;
        Report *r;

        add_group(h, 5);
        add_device(h, "01:00.0", 5, driver);
        nothing_set_up(h);
        row->change(h);
        r = report_of(h);
        d = report_find_device(r, &a);
        f = findings_find(&d->findings, row->id);
        if ((f ? f->severity : NONE) != expected)
                fprintf(stderr, "%s (%s): %s\n", row->what, driver,
                        f ? severity_text(f->severity) : "no finding");
        CHECK((f ? f->severity : NONE) == expected);
        if (f && row->evidence && !has_evidence(f, row->evidence))
                fprintf(stderr, "%s: '%s', not '%s'\n", row->what,
                        f->n_evidence ? f->evidence[0] : "", row->evidence);
        CHECK(!f || !row->evidence || has_evidence(f, row->evidence));
        /* A sibling on a host driver makes the group not viable, which is not what is looked at. */
        if (report_find_group(r, 5)->n_blockers <= (strcmp(driver, "vfio-pci") != 0))
                CHECK(d->readiness == expected_readiness(row, driver));
        report_free(r);
        host_free(h);
}

static Manager manager_of(void (*change)(Host *h), const char *driver) {
        Host *h = good_host();
        Manager m;
        Report *r;

        add_group(h, 5);
        add_device(h, "01:00.0", 5, driver);
        change(h);
        r = report_of(h);
        m = r->devices[0]->managed_by;
        report_free(r);
        host_free(h);
        return m;
}

static void test_manager(void) {
        CHECK(manager_of(driverctl_set, "vfio-pci") == MANAGER_DRIVERCTL);
        CHECK(manager_of(driverctl_set, "e1000e") == MANAGER_DRIVERCTL);
        CHECK(manager_of(driverctl, "e1000e") == MANAGER_NONE); /* not in force yet */
        CHECK(manager_of(driverctl_other_override, "vfio-pci") == MANAGER_OTHER);
        CHECK(manager_of(ids, "vfio-pci") == MANAGER_KERNEL_IDS);
        CHECK(manager_of(ids, "e1000e") == MANAGER_NONE);
        CHECK(manager_of(ids_on_command_line, "vfio-pci") == MANAGER_KERNEL_IDS);
        CHECK(manager_of(ids_of_others, "vfio-pci") == MANAGER_OTHER);
        CHECK(manager_of(nothing_set_up, "vfio-pci") == MANAGER_OTHER);
        CHECK(manager_of(nothing_set_up, "e1000e") == MANAGER_NONE);
}

/* A device that the configuration of nobody else but libvirt's override names is told apart. */
static void test_messages(void) {
        Host *h = good_host();
        Report *r;
        const Finding *f;

        add_group(h, 5);
        add_device(h, "01:00.0", 5, "vfio-pci");
        nothing_set_up(h);
        node_group(h);
        reset_with_stranger(h);
        r = report_of(h);
        f = findings_find(&r->devices[0]->findings, FINDING_MEMLOCK);
        CHECK_STRING(f->message, "The group kvm may open the node and lock 8 MiB of memory, the "
                                 "default: a VM with more does not start with the device.");
        f = findings_find(&r->devices[0]->findings, FINDING_NO_RESET);
        CHECK(strstr(f->message, "0000:01:01.0 is not with VFIO"));
        report_free(r);
        host_free(h);
}

/* The host's own: noiommu mode, and ids of a file that take two devices. */
static void test_host(void) {
        Host *h = good_host();
        const Finding *f;
        Report *r;

        nothing_set_up(h);
        add_group(h, 5);
        add_device(h, "01:00.0", 5, NULL);
        add_device(h, "02:00.0", 5, NULL);
        r = report_of(h);
        CHECK(!findings_find(&r->host->findings, FINDING_NOIOMMU_MODE));
        CHECK(!findings_find(&r->host->findings, FINDING_DEVICE_IDS_CATCH_MANY));
        report_free(r);
        h->setup->noiommu_mode = FACT_PRESENT;
        ids(h);
        r = report_of(h);
        f = findings_find(&r->host->findings, FINDING_NOIOMMU_MODE);
        CHECK(f && f->severity == SEVERITY_WARNING && r->host->readiness == READINESS_READY);
        f = findings_find(&r->host->findings, FINDING_DEVICE_IDS_CATCH_MANY);
        CHECK(f && has_evidence(f, "/etc/modprobe.d/vfio.conf:2") &&
              has_evidence(f, "0000:02:00.0"));
        report_free(r);
        h->setup->noiommu_mode = FACT_UNKNOWN;
        r = report_of(h);
        CHECK(!findings_find(&r->host->findings, FINDING_NOIOMMU_MODE));
        report_free(r);
        host_free(h);
}

/* iommufd without type1: what it needs, and what is not known. */
static void test_iommufd(void) {
        static const struct {
                Fact type1, iommufd, cdev, container;
                Readiness expected;
        } cases[] = {
                { FACT_ABSENT, FACT_PRESENT, FACT_PRESENT, FACT_ABSENT, READINESS_READY },
                { FACT_ABSENT, FACT_PRESENT, FACT_ABSENT, FACT_PRESENT, READINESS_READY },
                { FACT_ABSENT, FACT_PRESENT, FACT_ABSENT, FACT_ABSENT, READINESS_BLOCKED },
                { FACT_ABSENT, FACT_PRESENT, FACT_UNKNOWN, FACT_ABSENT, READINESS_UNKNOWN },
                { FACT_ABSENT, FACT_UNKNOWN, FACT_UNKNOWN, FACT_UNKNOWN, READINESS_UNKNOWN },
                { FACT_ABSENT, FACT_ABSENT, FACT_ABSENT, FACT_ABSENT, READINESS_BLOCKED },
                { FACT_UNKNOWN, FACT_PRESENT, FACT_PRESENT, FACT_ABSENT, READINESS_READY },
                { FACT_PRESENT, FACT_UNKNOWN, FACT_UNKNOWN, FACT_UNKNOWN, READINESS_READY },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Report *r;

                add_group(h, 5);
                add_device(h, "01:00.0", 5, "vfio-pci");
                nothing_set_up(h);
                h->type1 = cases[i].type1;
                h->iommufd = cases[i].iommufd;
                h->cdev = cases[i].cdev;
                h->setup->compatible_container = cases[i].container;
                r = report_of(h);
                if (r->devices[0]->readiness != cases[i].expected)
                        fprintf(stderr, "iommufd case %zu: %s\n", i,
                                readiness_text(r->devices[0]->readiness));
                CHECK(r->devices[0]->readiness == cases[i].expected);
                CHECK((findings_find(&r->host->findings, FINDING_NO_BACKEND) != NULL) ==
                      (cases[i].expected == READINESS_BLOCKED));
                report_free(r);
                host_free(h);
        }
}

int main(void) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                check_row(&rows[i], "vfio-pci", rows[i].bound);
                check_row(&rows[i], "e1000e", rows[i].host);
        }
        test_manager();
        test_messages();
        test_host();
        test_iommufd();
        return 0;
}
