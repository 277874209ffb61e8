/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/scan.h"
#include "test-sources-tree.h"

static Device *device_at(const Host *h, const char *address) {
        Address a;

        CHECK(address_parse(address, &a) == 0);
        return host_find_device(h, &a);
}

static void make_devices(const Tree *t) {
        tree_device(t, "0000:00:00.0", "0x060000\n"); /* no group, no driver */
        tree_device(t, "0000:00:01.0", "0x060400\n");
        tree_file(t, PCI_ROOT "0000:00:01.0/secondary_bus_number", "1\n");
        tree_driver(t, "0000:00:01.0", "pcieport");
        tree_group(t, "0000:00:01.0", 3);
        tree_device(t, "10000:e1:00.0", "0x010802\n"); /* behind VMD */
        tree_driver(t, "10000:e1:00.0", "nvme");
        tree_directory(t, PCI_ROOT "10000:e1:00.0/nvme");
        tree_device(t, "0000:03:10.0", "0x020000\n");
        tree_link(t, PCI_ROOT "0000:03:10.0/physfn", "../0000:00:01.0");
        tree_driver(t, "0000:03:10.0", "vfio-pci");
        tree_group(t, "0000:03:10.0", 15);
        tree_directory(t, PCI_ROOT "0000:03:10.0/vfio-dev/vfio2");
        tree_device(t, "0000:04:00.0", "0x0c0330\n"); /* unbinding: no driver, children left */
        tree_directory(t, PCI_ROOT "0000:04:00.0/usb3");
        tree_directory(t, PCI_ROOT "0000:04:00.0/net");
        tree_file(t, PCI_ROOT "0000:04:00.0/drm", "no directory\n");
        tree_device(t, "0000:05:00.0", "0x030000\n"); /* driver not to be read */
        tree_file(t, PCI_ROOT "0000:05:00.0/boot_vga", "1\n");
        tree_directory(t, "sys/bus/pci/devices/not-an-address");
        tree_directory(t, "sys/bus/pci/devices/06:00.0");
        tree_file(t, ".unreadable", PCI_ROOT "0000:05:00.0/driver EACCES\n"
                                    "sys/firmware/acpi/tables/IVRS EACCES\n");
}

/* Groups: a member that is no PCI function, one whose name is not plain, and empty ones. */
static void make_groups(const Tree *t) {
        tree_directory(t, "sys/devices/platform/AMDI0020:00");
        tree_link(t, "sys/devices/platform/AMDI0020:00/subsystem", "../../../bus/platform");
        tree_link(t, "sys/devices/platform/AMDI0020:00/driver",
                  "../../../bus/platform/drivers/dw-apb-uart");
        tree_link(t, "sys/kernel/iommu_groups/15/devices/AMDI0020:00",
                  "../../../../devices/platform/AMDI0020:00");
        tree_link(t, "sys/kernel/iommu_groups/15/devices/0000:04:00.0.1",
                  "../../../../devices/pci0000:00/0000:04:00.0");
        tree_link(t, "sys/kernel/iommu_groups/15/devices/gone", "../../../../devices/gone");
        tree_directory(t, "sys/kernel/iommu_groups/7/devices");
        tree_directory(t, "sys/kernel/iommu_groups/not-a-number");
        tree_directory(t, "sys/class/vfio/15");
        tree_directory(t, "sys/class/vfio/noiommu-7");
}

static void make_host(const Tree *t) {
        make_devices(t);
        make_groups(t);
        tree_file(t, "proc/cmdline", "root=/dev/sda1 intel_iommu=on\n");
        tree_file(t, "proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        tree_directory(t, "sys/class/iommu/dmar1");
        tree_directory(t, "sys/class/iommu/dmar0");
        tree_file(t, "sys/firmware/acpi/tables/DMAR", "");
        tree_directory(t, "sys/bus/pci/drivers/pci-stub");
        tree_directory(t, "sys/module/vfio_iommu_type1");
        tree_directory(t, "sys/class/vfio-dev/vfio2");
}

static void check_devices(const Host *h) {
        const Device *d = device_at(h, "0000:00:00.0");

        CHECK(h->n_devices == 6);
        CHECK(d->ids == FACT_PRESENT && d->vendor_id == 0x8086 && d->device_id == 0x10d3);
        CHECK(d->subsystem_device_id == 0xa01f && d->class_code == 0x060000);
        CHECK(d->grouped == FACT_ABSENT && d->driver.fact == FACT_ABSENT);
        CHECK(d->bridge == FACT_ABSENT && d->virtual_function == FACT_ABSENT);
        CHECK(d->numa_node == 1 && d->driver_override.fact == FACT_UNKNOWN);
        d = device_at(h, "0000:00:01.0");
        CHECK(d->bridge == FACT_PRESENT && text_is(&d->driver, "pcieport"));
        CHECK(d->grouped == FACT_PRESENT && d->group == 3);
        d = device_at(h, "10000:e1:00.0");
        CHECK(d->address.domain == 0x10000 && d->children == DEVICE_CHILD_NVME);
        d = device_at(h, "0000:03:10.0");
        CHECK(d->virtual_function == FACT_PRESENT && d->physical_function.slot == 1);
        CHECK(d->vfio_device == FACT_PRESENT && text_is(&d->vfio_device_name, "vfio2"));
        d = device_at(h, "0000:04:00.0");
        CHECK(d->driver.fact == FACT_ABSENT && d->children_known == FACT_PRESENT);
        CHECK(d->children == (DEVICE_CHILD_USB | DEVICE_CHILD_NET));
        d = device_at(h, "0000:05:00.0");
        CHECK(d->driver.fact == FACT_UNKNOWN && d->boot_vga == FACT_PRESENT);
}

static void check_groups(const Host *h) {
        const Group *g = host_find_group(h, 15);

        CHECK(h->n_groups == 3 && h->groups[0]->id == 3 && h->groups[2]->id == 15);
        CHECK(g->others_known == FACT_PRESENT && g->n_other_members == 2);
        CHECK(strcmp(g->other_members[0].name, "AMDI0020:00") == 0);
        CHECK(strcmp(g->other_members[0].bus, "platform") == 0);
        CHECK(text_is(&g->other_members[0].driver, "dw-apb-uart"));
        CHECK(strcmp(g->other_members[1].name, "gone") == 0 && !g->other_members[1].bus);
        CHECK(g->other_members[1].driver.fact == FACT_UNKNOWN);
        CHECK(g->vfio_node == FACT_PRESENT && g->in_use == FACT_UNKNOWN);
        CHECK(host_find_group(h, 7)->vfio_node == FACT_PRESENT);
        CHECK(host_find_group(h, 3)->vfio_node == FACT_ABSENT);
}

static void check_facts(const Host *h) {
        CHECK(text_is(&h->command_line, "root=/dev/sda1 intel_iommu=on"));
        CHECK(text_is(&h->kernel_release, "6.1.0-18-amd64"));
        CHECK(h->iommu == FACT_PRESENT && h->n_iommu_names == 2);
        CHECK(strcmp(h->iommu_names[0], "dmar0") == 0);
        CHECK(h->acpi_dmar == FACT_PRESENT && h->acpi_ivrs == FACT_UNKNOWN);
        CHECK(h->drivers_known == FACT_PRESENT && h->n_drivers == 2);
        CHECK(strcmp(h->drivers[0], "pci-stub") == 0 && strcmp(h->drivers[1], "vfio-pci") == 0);
        /* What is not loaded may be on disk: the probe's to say. */
        CHECK(h->type1 == FACT_PRESENT && h->iommufd == FACT_UNKNOWN);
        CHECK(h->cdev == FACT_ABSENT);
        CHECK(h->interrupt_remapping == FACT_UNKNOWN && h->dma_ownership_symbol == FACT_UNKNOWN);
}

/* What only the probe reads stays with a device that is the same, and goes with one that is not. */
static void test_carry_over(const Tree *t, const Root *r, Host *h) {
        Address a = {.bus = 4}, absent = {.bus = 0x77};
        Device *old = host_find_device(h, &a), *d = NULL;
        Group *g = host_find_group(h, 15), *new_group = NULL;
        char path[TREE_PATH];

        CHECK(text_set(&old->driver_override, "vfio-pci") == 0);
        CHECK(text_set(&old->node_access, "0600 root root") == 0);
        old->below_bridge = FACT_PRESENT;
        old->d3cold_allowed = FACT_ABSENT;
        CHECK(scan_device(r, NULL, &a, old, &d) == 1);
        CHECK(text_is(&d->driver_override, "vfio-pci"));
        CHECK(text_is(&d->node_access, "0600 root root"));
        CHECK(d->below_bridge == FACT_PRESENT && d->d3cold_allowed == FACT_ABSENT);
        CHECK(d->reset == FACT_ABSENT);
        device_unref(d);
        tree_file(t, PCI_ROOT "0000:04:00.0/device", "0x10d4\n");
        CHECK(scan_device(r, NULL, &a, old, &d) == 1);
        CHECK(d->driver_override.fact == FACT_UNKNOWN && d->node_access.fact == FACT_UNKNOWN);
        CHECK(d->below_bridge == FACT_UNKNOWN && d->d3cold_allowed == FACT_UNKNOWN);
        device_unref(d);
        tree_file(t, PCI_ROOT "0000:04:00.0/reset", "");
        CHECK(scan_device(r, NULL, &a, old, &d) == 1 && d->reset == FACT_PRESENT);
        device_unref(d);
        CHECK(scan_device(r, NULL, &absent, NULL, &d) == 0 && !d);
        CHECK(text_set(&g->type, "DMA") == 0 && group_add_holder(g, 1, "qemu") == 0);
        g->in_use = FACT_PRESENT;
        CHECK(scan_group(r, 15, g, &new_group) == 1 && text_is(&new_group->type, "DMA"));
        CHECK(new_group->in_use == FACT_PRESENT && new_group->n_holders == 1);
        group_unref(new_group);
        CHECK(rmdir(tree_path(t, "sys/class/vfio/15", path)) == 0);
        CHECK(scan_group(r, 15, g, &new_group) == 1 && new_group->vfio_node == FACT_ABSENT);
        CHECK(new_group->in_use == FACT_UNKNOWN && new_group->n_holders == 0);
        group_unref(new_group);
        CHECK(scan_group(r, 99, NULL, &new_group) == 0 && !new_group);
}

static void test_empty(void) {
        Tree t = tree_new();
        Host *h;
        Root *r;

        CHECK(root_new(t.path, &r) == 0 && scan_host(r, NULL, NULL, &h) == 0);
        CHECK(h->n_devices == 0 && h->n_groups == 0 && h->iommu == FACT_ABSENT);
        CHECK(h->kernel_release.fact == FACT_ABSENT && h->type1 == FACT_UNKNOWN);
        host_free(h);
        root_free(r);
        tree_free(&t);
}

static void test_names(void) {
        const char *vendor;
        PciNames *n;

        CHECK(pci_names_new(&n) == 0);
        vendor = pci_names_vendor(n, 0x8086);
        CHECK(!pci_names_vendor(n, 0xfff0) && !pci_names_device(n, 0xfff0, 1));
        pci_names_trim(n);
        CHECK(pci_names_vendor(n, 0x8086) == vendor);
        /* Without a pci.ids all are unknown. */
        CHECK(!vendor || strstr(vendor, "Intel"));
        CHECK(!vendor || strcmp(pci_names_class(n, 0x020000), "Ethernet controller") == 0);
        CHECK(!pci_names_free(n));
}

int main(void) {
        Tree t = tree_new();
        Host *h, *again;
        Root *r;

        make_host(&t);
        CHECK(root_new(t.path, &r) == 0);
        CHECK(scan_host(r, NULL, NULL, &h) == 0);
        check_devices(h);
        check_groups(h);
        check_facts(h);
        h->dma_ownership_symbol = FACT_PRESENT;
        CHECK(scan_host(r, NULL, h, &again) == 0);
        CHECK(again->dma_ownership_symbol == FACT_PRESENT);
        check_devices(again);
        host_free(again);
        test_carry_over(&t, r, h);
        host_free(h);
        root_free(r);
        tree_free(&t);
        test_empty();
        test_names();
        return 0;
}
