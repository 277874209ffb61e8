/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel-log.h"
#include "core-fixture.h"
#include "finding-ids.h"

/*
 * The promise of "ready": for each way in which a group that looks viable fails when a VM starts,
 * the finding that says so beforehand. A row changes one thing on a host on which a device on
 * vfio-pci is ready; the finding must appear, and unless the VM starts all the same the device may
 * not be ready any more.
 *
 * What no program can read, and why:
 * - The address width of VT-d is too small for the guest's memory map (intel_iommu_map(), up to
 *   6.12): the width is in cap, but how large a guest will be is not known.
 * - The guest's memory meets a reserved window or the MSI doorbell
 *   (vfio_iommu_type1_attach_group(), vfio_iommu_resv_conflict()): the same.
 * - The device's lock is held at the moment of opening (pci_try_reset_function(): -EAGAIN): gone by
 *   the time somebody looks.
 * - The default domain was replaced by another owner (iommu_group_claim_dma_owner(): -EBUSY): no
 *   file tells the current domain; `type` is the default one.
 * - Domain types that members contradict each other in, and a bad ROM: the kernel says so and VFIO
 *   goes on.
 * - A shared INTx without DisINTx: only the guest chooses INTx, so it is told after it happened.
 * - IGD regions that cannot be set up (vfio_pci_igd_init()): they are in the device's own memory.
 */

static Device *first(Host *h) {
        return h->devices[0];
}

static KernelLog *log_of(const char *line) {
        KernelLog *l = kernel_log_new();

        CHECK(l && kernel_log_add(l, line, strlen(line), NULL, 0, NULL) == 0);
        kernel_log_end_backlog(l);
        return l;
}

static Setup *setup_of(Host *h) {
        if (!h->setup)
                h->setup = setup_new();
        CHECK(h->setup);
        return h->setup;
}

static void no_remapping(Host *h) {
        h->interrupt_remapping = FACT_ABSENT;
}
static void no_remapping_iommufd(Host *h) {
        no_remapping(h);
        h->type1 = FACT_ABSENT;
        h->iommufd = h->cdev = FACT_PRESENT;
        h->type1_unsafe_interrupts = FACT_PRESENT; /* the other back end's does not count */
}
static void rmrr_old(Host *h) {
        CHECK(text_set(&h->kernel_release, "6.1.0") == 0);
        h->groups[0]->n_direct = 1;
}
static void rmrr(Host *h) {
        h->groups[0]->n_direct = 1;
}
static void no_group(Host *h) {
        Device *d = device_copy(first(h));

        d->grouped = FACT_ABSENT;
        CHECK(host_put_device(h, d) == 0);
}
static void bridge(Host *h) {
        first(h)->bridge = FACT_PRESENT;
        first(h)->class_code = 0x060400;
}
static void not_coherent(Host *h) {
        h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
        h->n_iommu_names = 0;
        CHECK(names_add(&h->iommu_names, &h->n_iommu_names, "smmu3.0x09050000") == 0);
        text_unset(&first(h)->driver, FACT_ABSENT);
        first(h)->vfio_device = FACT_ABSENT;
}
static void denied(Host *h) {
        setup_of(h)->denylist_disabled = FACT_ABSENT;
        first(h)->device_id = 0x0435;
        text_unset(&first(h)->driver, FACT_ABSENT);
        first(h)->vfio_device = FACT_ABSENT;
}
static void virtual_functions(Host *h) {
        Device *vf = add_device(h, "01:10.0", 6, NULL);
        Device *copy = device_copy(vf);

        text_unset(&first(h)->driver, FACT_ABSENT);
        first(h)->vfio_device = FACT_ABSENT;
        copy->virtual_function = FACT_PRESENT;
        copy->physical_function = at("01:00.0");
        add_group(h, 6);
        CHECK(host_put_device(h, copy) == 0);
}
static void token(Host *h) {
        Device *copy;

        add_device(h, "01:10.0", 6, "vfio-pci");
        add_group(h, 6);
        copy = device_copy(first(h));
        copy->virtual_function = FACT_PRESENT;
        copy->physical_function = at("01:10.0");
        CHECK(host_put_device(h, copy) == 0);
}
static void bar_busy(Host *h) {
        Address a = at("01:00.0");

        CHECK(setup_add_frame_buffer(setup_of(h), &a, 1, "0xc0000000-0xc07e8fff", "efifb") == 0);
}
static void bar_was_busy(Host *h) {
        h->log = log_of("vfio-pci 0000:01:00.0: BAR 1: can't reserve [mem 0xc0000000-0xcfffffff "
                        "64bit pref]");
}
static void no_reset(Host *h) {
        text_unset(&first(h)->reset_methods, FACT_ABSENT);
        first(h)->reset = FACT_ABSENT;
}
static void dead(Host *h) {
        CHECK(text_set(&first(h)->power_state, "error") == 0);
}
static void without_power(Host *h) {
        CHECK(text_set(&first(h)->power_state, "D3cold") == 0);
}
static void memory_limit(Host *h) {
        setup_of(h)->limits_known = FACT_PRESENT;
        CHECK(text_set(&h->groups[0]->node_access, "0660 root kvm") == 0);
}
static void node_of_root(Host *h) {
        CHECK(text_set(&h->groups[0]->node_access, "0600 root root") == 0);
}
static void shared_interrupt(Host *h) {
        h->log = log_of("genirq: Flags mismatch irq 16. 00000000 (vfio-intx(0000:01:00.0)) vs. "
                        "00000080 (ehci_hcd:usb1)");
}
static void noiommu(Host *h) {
        CHECK(text_set(&h->groups[0]->name, "vfio-noiommu") == 0);
}
static void held(Host *h) {
        h->groups[0]->in_use = FACT_PRESENT;
        CHECK(group_add_holder(h->groups[0], 4242, "qemu-system-x86") == 0);
}
static void behind_vmd(Host *h) {
        add_device(h, "00:0e.0", 5, "vmd")->class_code = 0x010400;
}

static const struct Row {
        const char *what;
        void (*change)(Host *h);
        const char *finding;
        bool starts; /* the VM starts all the same, or does for root */
} rows[] = {
        { "1 no interrupt remapping, type1", no_remapping, FINDING_NO_INTERRUPT_REMAPPING, false },
        { "2 no interrupt remapping, iommufd", no_remapping_iommufd,
          FINDING_NO_INTERRUPT_REMAPPING, false },
        { "3 RMRR, VT-d before 6.6", rmrr_old, FINDING_FIRMWARE_MAPPING, false },
        { "4 RMRR or IVMD since 6.6", rmrr, FINDING_FIRMWARE_MAPPING, false },
        { "5 no group", no_group, FINDING_NO_IOMMU_GROUP, false },
        { "6 a bridge", bridge, FINDING_NOT_A_CANDIDATE, false },
        { "6 not cache coherent", not_coherent, FINDING_COHERENCY_UNKNOWN, false },
        { "6 on the denylist", denied, FINDING_DENYLIST, false },
        { "7 PF with VFs", virtual_functions, FINDING_PF_WITH_VFS, false },
        { "8 VF token", token, FINDING_VF_TOKEN_REQUIRED, false },
        { "9 BAR busy", bar_busy, FINDING_FRAMEBUFFER, true },
        { "9 BAR was busy", bar_was_busy, FINDING_BAR_BUSY, true },
        { "10 no reset", no_reset, FINDING_NO_RESET, true },
        { "11 dead", dead, FINDING_POWER_STATE, false },
        { "11 without power", without_power, FINDING_D3COLD, true },
        { "12 locked memory", memory_limit, FINDING_MEMLOCK, true },
        { "12 the node is root's", node_of_root, FINDING_NODE_PERMISSION, true },
        { "15 INTx shared, the second time", shared_interrupt, FINDING_INTX_SHARED, true },
        { "16 noiommu", noiommu, FINDING_NOIOMMU, false },
        { "17 owned already", held, FINDING_IN_USE, false },
        { "22 behind VMD", behind_vmd, FINDING_MEMBER_NEEDS_CONSENT, false },
};

static Readiness readiness_with(const struct Row *row, bool *ret_found) {
        Host *h = good_host();
        Address a = at("01:00.0");
        const DeviceReport *d;
        Readiness readiness;
        Report *r;

        add_group(h, 5);
        add_device(h, "01:00.0", 5, "vfio-pci");
        if (row)
                row->change(h);
        r = report_of(h);
        d = report_find_device(r, &a);
        readiness = d->readiness;
        *ret_found = row && findings_find(&d->findings, row->finding);
        report_free(r);
        kernel_log_free((KernelLog *) h->log);
        host_free(h);
        return readiness;
}

int main(void) {
        int failed = 0;
        bool found;

        CHECK(readiness_with(NULL, &found) == READINESS_READY);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                Readiness readiness = readiness_with(&rows[i], &found);

                if (found && (readiness == READINESS_READY) == rows[i].starts)
                        continue;
                fprintf(stderr, "%s: %s, %s\n", rows[i].what, found ? rows[i].finding : "not found",
                        readiness_text(readiness));
                failed = 1;
        }
        return failed;
}
