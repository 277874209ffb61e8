/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "finding-ids.h"

/*
 * A host on which everything is right, one thing made wrong at a time: the finding that must say
 * so, and what becomes of the readiness.
 */
static void no_interrupts(Host *h) {
        h->interrupt_remapping = FACT_ABSENT;
}
static void interrupts_unknown(Host *h) {
        h->interrupt_remapping = FACT_UNKNOWN;
}
static void unsafe(Host *h) {
        h->interrupt_remapping = FACT_ABSENT;
        h->type1_unsafe_interrupts = FACT_PRESENT;
}
static void iommufd_unsafe_only(Host *h) {
        h->interrupt_remapping = FACT_ABSENT;
        h->iommufd_unsafe_interrupts = FACT_PRESENT;
}
static void iommufd_without_type1(Host *h) {
        h->type1 = FACT_ABSENT;
        h->iommufd = h->cdev = FACT_PRESENT;
        iommufd_unsafe_only(h);
}
static void direct_new(Host *h) {
        h->groups[0]->n_direct = 1;
}
static void direct_old_intel(Host *h) {
        direct_new(h);
        CHECK(text_set(&h->kernel_release, "6.1.0-9-amd64") == 0);
}
static void direct_old_amd(Host *h) {
        direct_old_intel(h);
        h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
        h->n_iommu_names = 0;
        CHECK(names_add(&h->iommu_names, &h->n_iommu_names, "ivhd0") == 0);
}
static void reserved_unknown(Host *h) {
        h->groups[0]->reserved_known = FACT_UNKNOWN;
}
static void in_use(Host *h) {
        h->groups[0]->in_use = FACT_PRESENT;
        CHECK(group_add_holder(h->groups[0], 4242, "qemu-system-x86") == 0);
}
static void use_unknown(Host *h) {
        h->groups[0]->in_use = FACT_UNKNOWN;
}
static void noiommu(Host *h) {
        CHECK(text_set(&h->groups[0]->name, "vfio-noiommu") == 0);
}
static void smmu(Host *h) {
        h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
        h->n_iommu_names = 0;
        CHECK(names_add(&h->iommu_names, &h->n_iommu_names, "smmu3.0x09050000") == 0);
        h->devices[0]->vfio_device = FACT_ABSENT;
}
static void platform_driver(Host *h) {
        add_device(h, "00:1f.0", 5, "lpc_ich")->class_code = 0x060100;
}
static void same_slot(Host *h) {
        add_device(h, "01:00.1", 5, "snd_hda_intel");
}
static void other_slot(Host *h) {
        add_device(h, "02:00.0", 5, "nvme");
}
static void other_slot_on_bridge(Host *h) {
        add_device(h, "00:01.0", 5, "shpchp")->bridge = FACT_PRESENT;
}
static void vf_of_vfio(Host *h) {
        Device *pf = add_device(h, "03:00.0", 6, "vfio-pci"), *vf;

        add_group(h, 6);
        (void) pf;
        vf = device_copy(host_find_device(h, &h->devices[0]->address));
        vf->virtual_function = FACT_PRESENT;
        vf->physical_function = at("03:00.0");
        CHECK(host_put_device(h, vf) == 0);
}
static void pf_with_vfs(Host *h) {
        Device *vf = device_copy(host_find_device(h, &h->devices[0]->address));

        vf->address = at("01:10.0");
        vf->virtual_function = FACT_PRESENT;
        vf->physical_function = at("01:00.0");
        vf->group = 6;
        add_group(h, 6);
        CHECK(host_put_device(h, vf) == 0);
}
static void no_backend(Host *h) {
        h->type1 = h->iommufd = FACT_ABSENT;
}
static void backend_unknown(Host *h) {
        h->type1 = h->iommufd = FACT_UNKNOWN;
}
static void power_error(Host *h) {
        CHECK(text_set(&h->devices[0]->power_state, "error") == 0);
}
static void power_unknown(Host *h) {
        CHECK(text_set(&h->devices[0]->power_state, "unknown") == 0);
}
static void unsafe_unknown(Host *h) {
        h->interrupt_remapping = FACT_ABSENT;
        h->type1_unsafe_interrupts = FACT_UNKNOWN;
}
static void physfn_unknown(Host *h) {
        h->devices[0]->virtual_function = FACT_UNKNOWN;
}
static void nothing(Host *h) {
        (void) h;
}

static const struct Row {
        const char *what;
        void (*spoil)(Host *h);
        const char *finding; /* NULL: none wanted */
        Readiness bound, unbound; /* of the device on vfio-pci, and without a driver */
        Readiness host;
} rows[] = {
        { "all right", nothing, NULL, READINESS_READY, READINESS_PREPARABLE, READINESS_READY },
        { "no IR", no_interrupts, FINDING_NO_INTERRUPT_REMAPPING, READINESS_BLOCKED,
          READINESS_BLOCKED, READINESS_BLOCKED },
        { "IR unknown", interrupts_unknown, FINDING_INTERRUPT_REMAPPING_UNKNOWN, READINESS_UNKNOWN,
          READINESS_UNKNOWN, READINESS_UNKNOWN },
        { "unsafe interrupts", unsafe, NULL, READINESS_READY, READINESS_PREPARABLE,
          READINESS_DEGRADED },
        { "iommufd's override does not help type1", iommufd_unsafe_only,
          FINDING_NO_INTERRUPT_REMAPPING, READINESS_BLOCKED, READINESS_BLOCKED, READINESS_BLOCKED },
        { "iommufd alone obeys its own", iommufd_without_type1, NULL, READINESS_READY,
          READINESS_PREPARABLE, READINESS_DEGRADED },
        { "1:1 mapping, 6.12", direct_new, FINDING_FIRMWARE_MAPPING, READINESS_BLOCKED,
          READINESS_BLOCKED, READINESS_READY },
        { "1:1 mapping, 6.1 VT-d", direct_old_intel, FINDING_FIRMWARE_MAPPING, READINESS_BLOCKED,
          READINESS_BLOCKED, READINESS_READY },
        { "1:1 mapping, 6.1 AMD-Vi", direct_old_amd, NULL, READINESS_READY, READINESS_PREPARABLE,
          READINESS_READY },
        { "regions unknown", reserved_unknown, FINDING_FIRMWARE_MAPPING_UNKNOWN, READINESS_UNKNOWN,
          READINESS_UNKNOWN, READINESS_READY },
        { "in use", in_use, FINDING_IN_USE, READINESS_BLOCKED, READINESS_BLOCKED,
          READINESS_READY },
        { "use unknown", use_unknown, FINDING_USE_UNKNOWN, READINESS_UNKNOWN, READINESS_UNKNOWN,
          READINESS_READY },
        { "noiommu", noiommu, FINDING_NOIOMMU, READINESS_BLOCKED, READINESS_BLOCKED,
          READINESS_READY },
        { "SMMU before registration", smmu, FINDING_COHERENCY_UNKNOWN, READINESS_UNKNOWN,
          READINESS_UNKNOWN, READINESS_READY },
        { "platform member", platform_driver, FINDING_BLOCKED_BY_PLATFORM, READINESS_BLOCKED,
          READINESS_BLOCKED, READINESS_READY },
        { "function of the slot", same_slot, NULL, READINESS_PREPARABLE, READINESS_PREPARABLE,
          READINESS_READY },
        { "member elsewhere", other_slot, FINDING_MEMBER_NEEDS_CONSENT, READINESS_NEEDS_CONSENT,
          READINESS_NEEDS_CONSENT, READINESS_READY },
        { "bridge on shpchp", other_slot_on_bridge, FINDING_MEMBER_NEEDS_CONSENT,
          READINESS_NEEDS_CONSENT, READINESS_NEEDS_CONSENT, READINESS_READY },
        { "VF, PF on VFIO", vf_of_vfio, FINDING_VF_TOKEN_REQUIRED, READINESS_BLOCKED,
          READINESS_BLOCKED, READINESS_READY },
        { "no back end", no_backend, "no-backend", READINESS_BLOCKED, READINESS_BLOCKED,
          READINESS_BLOCKED },
        { "back end unknown", backend_unknown, "no-backend", READINESS_UNKNOWN, READINESS_UNKNOWN,
          READINESS_READY },
        { "power state is an error", power_error, NULL, READINESS_BLOCKED, READINESS_PREPARABLE,
          READINESS_READY },
        { "power state unknown", power_unknown, NULL, READINESS_UNKNOWN, READINESS_PREPARABLE,
          READINESS_READY },
        { "override unknown", unsafe_unknown, FINDING_INTERRUPT_REMAPPING_UNKNOWN,
          READINESS_UNKNOWN, READINESS_UNKNOWN, READINESS_UNKNOWN },
        { "VF or not, unknown", physfn_unknown, FINDING_DEVICE_FACTS_UNKNOWN, READINESS_UNKNOWN,
          READINESS_UNKNOWN, READINESS_READY },
        { "PF with VFs, no driver", pf_with_vfs, NULL, READINESS_BLOCKED, READINESS_BLOCKED,
          READINESS_READY },
};

static void check_row(const struct Row *row, const char *driver, Readiness expected) {
        Host *h = good_host();
        Address a = at("01:00.0");
        const DeviceReport *d;
        Report *r;

        add_group(h, 5);
        add_device(h, "01:00.0", 5, driver);
        row->spoil(h);
        r = report_of(h);
        d = report_find_device(r, &a);
        if (d->readiness != expected || r->host->readiness != row->host)
                fprintf(stderr, "%s (%s): device %s, host %s\n", row->what, driver ? driver : "-",
                        readiness_text(d->readiness), readiness_text(r->host->readiness));
        CHECK(d->readiness == expected);
        CHECK(r->host->readiness == row->host);
        if (row->finding)
                CHECK(findings_find(&d->findings, row->finding));
        report_free(r);
        host_free(h);
}

/* A value nobody filled in promises nothing. */
static void test_nothing_known(void) {
        Host *h = host_new();
        Address a = at("01:00.0");
        Device *d = device_new(&a);
        Report *r;

        CHECK(h && d && host_put_device(h, d) == 0);
        r = report_of(h);
        CHECK(r->host->readiness == READINESS_UNKNOWN);
        CHECK(r->host->iommu_state == IOMMU_UNKNOWN);
        CHECK(r->devices[0]->readiness == READINESS_UNKNOWN);
        report_free(r);
        host_free(h);
}

static void test_iommu_off(void) {
        static const struct {
                const char *command_line;
                Fact dmar, ivrs;
                IommuState expected;
        } cases[] = {
                { "quiet iommu=off", FACT_PRESENT, FACT_ABSENT, IOMMU_DISABLED_BY_COMMAND_LINE },
                { "intel_iommu=off", FACT_PRESENT, FACT_ABSENT, IOMMU_DISABLED_BY_COMMAND_LINE },
                { "amd_iommu=off intel_iommu=on", FACT_ABSENT, FACT_PRESENT,
                  IOMMU_DISABLED_BY_COMMAND_LINE },
                { "amd_iommu=off", FACT_PRESENT, FACT_ABSENT, IOMMU_DISABLED_BY_DEFAULT },
                { "quiet", FACT_PRESENT, FACT_ABSENT, IOMMU_DISABLED_BY_DEFAULT },
                { "intel_iommu=on iommu=pt", FACT_ABSENT, FACT_ABSENT, IOMMU_UNSUPPORTED },
                { "intel_iommu=on", FACT_PRESENT, FACT_ABSENT, IOMMU_FAILED },
                { "quiet", FACT_ABSENT, FACT_PRESENT, IOMMU_FAILED },
                { "quiet", FACT_UNKNOWN, FACT_UNKNOWN, IOMMU_UNKNOWN },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Report *r;

                h->iommu = FACT_ABSENT;
                h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
                h->n_iommu_names = 0;
                h->acpi_dmar = cases[i].dmar;
                h->acpi_ivrs = cases[i].ivrs;
                CHECK(text_set(&h->command_line, cases[i].command_line) == 0);
                r = report_of(h);
                if (r->host->iommu_state != cases[i].expected)
                        fprintf(stderr, "case %zu: %s\n", i,
                                iommu_state_text(r->host->iommu_state));
                CHECK(r->host->iommu_state == cases[i].expected);
                CHECK(r->host->readiness == READINESS_BLOCKED);
                CHECK(r->host->iommu_kind == IOMMU_KIND_NONE);
                report_free(r);
                host_free(h);
        }
}

static void test_kinds(void) {
        static const struct {
                const char *name;
                IommuKind expected;
        } cases[] = {
                { "dmar0", IOMMU_KIND_INTEL },
                { "ivhd1", IOMMU_KIND_AMD },
                { "smmu3.0x09050000", IOMMU_KIND_SMMU },
                { "0000:00:1d.0", IOMMU_KIND_VIRTIO },
                { "a003e00.virtio_mmio", IOMMU_KIND_VIRTIO },
                { "virtio", IOMMU_KIND_VIRTIO },
                { "382f00000.iommu", IOMMU_KIND_OTHER },
                { "s390-iommu.00000001", IOMMU_KIND_OTHER },
                { "riscv-iommu@0000:00:01.0", IOMMU_KIND_OTHER },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Report *r;

                h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
                h->n_iommu_names = 0;
                CHECK(names_add(&h->iommu_names, &h->n_iommu_names, cases[i].name) == 0);
                r = report_of(h);
                CHECK(r->host->iommu_kind == cases[i].expected);
                report_free(r);
                host_free(h);
        }
}

static void test_roles(void) {
        static const struct {
                uint32_t class_code;
                Fact bridge;
                Role expected;
        } cases[] = {
                { 0x030000, FACT_ABSENT, ROLE_ENDPOINT },    { 0x060400, FACT_PRESENT, ROLE_BRIDGE },
                { 0x060700, FACT_PRESENT, ROLE_BRIDGE },     { 0x060000, FACT_ABSENT, ROLE_HOST_BRIDGE },
                { 0x060100, FACT_ABSENT, ROLE_PLATFORM },    { 0x068000, FACT_ABSENT, ROLE_PLATFORM },
                { 0x0c0500, FACT_ABSENT, ROLE_PLATFORM },    { 0x0c8000, FACT_ABSENT, ROLE_PLATFORM },
                { 0x080600, FACT_ABSENT, ROLE_PLATFORM },    { 0x130000, FACT_ABSENT, ROLE_ENDPOINT },
                { 0x060400, FACT_UNKNOWN, ROLE_BRIDGE },     { 0x0c0330, FACT_ABSENT, ROLE_ENDPOINT },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Device *d;
                Report *r;

                add_group(h, 1);
                d = add_device(h, "01:00.0", 1, NULL);
                d->class_code = cases[i].class_code;
                d->bridge = cases[i].bridge;
                r = report_of(h);
                CHECK(r->devices[0]->role == cases[i].expected);
                CHECK((r->devices[0]->readiness == READINESS_BLOCKED) ==
                      (cases[i].expected != ROLE_ENDPOINT));
                report_free(r);
                host_free(h);
        }
}

int main(void) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                check_row(&rows[i], "vfio-pci", rows[i].bound);
                check_row(&rows[i], NULL, rows[i].unbound);
        }
        test_nothing_known();
        test_iommu_off();
        test_kinds();
        test_roles();
        return 0;
}
