/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "parameters-table.h"

#define VFIO_PCI "drivers/vfio/pci/vfio_pci.c:module_param"

/* Names that may go on and stand for whatever is left of a module come after its own. */
static const ParameterKind kinds[] = {
        { "iommu", READ_EARLY, SPLIT_LIST, parameter_iommu_options,
          "arch/x86/kernel/pci-dma.c:iommu_setup", 0, false, false },
        { "iommu.passthrough", READ_EARLY, SPLIT_BOOL, parameter_passthrough_options,
          "drivers/iommu/iommu.c:iommu_set_def_domain_type", 0, false, false },
        { "iommu.strict", READ_EARLY, SPLIT_BOOL, parameter_strict_options,
          "drivers/iommu/iommu.c:iommu_dma_setup", 0, false, false },
        { "iommu.forcedac", READ_EARLY, SPLIT_BOOL, parameter_forcedac_options,
          "drivers/iommu/dma-iommu.c:iommu_dma_forcedac_setup", 0, false, false },
        { "iommu.", READ_NOBODY, SPLIT_WHOLE, parameter_iommu_dot_options,
          "drivers/iommu/iommu.c", 0, true, false },
        { "intremap", READ_EARLY, SPLIT_LIST, parameter_intremap_options,
          "drivers/iommu/irq_remapping.c:setup_irqremap", 0, false, false },
        { "nointremap", READ_EARLY, SPLIT_FLAG, parameter_nointremap_options,
          "drivers/iommu/irq_remapping.c:setup_nointremap", 0, false, false },
        { "noapic", READ_EARLY, SPLIT_FLAG, parameter_noapic_options,
          "arch/x86/kernel/apic/apic.c:enable_IR_x2apic", 0, false, false },
        { "nolapic", READ_EARLY, SPLIT_FLAG, parameter_nolapic_options,
          "arch/x86/kernel/apic/apic.c:setup_nolapic", 0, false, false },
        { "disableapic", READ_EARLY, SPLIT_FLAG, parameter_nolapic_options,
          "arch/x86/kernel/apic/apic.c:setup_disableapic", 0, false, false },
        { "nox2apic", READ_EARLY, SPLIT_FLAG, parameter_nox2apic_options,
          "arch/x86/kernel/apic/apic.c:setup_nox2apic", 0, false, false },
        { "acpi", READ_EARLY, SPLIT_WHOLE, parameter_acpi_options,
          "arch/x86/kernel/acpi/boot.c:parse_acpi", 0, false, true },
        { "pci", READ_EARLY, SPLIT_LIST, parameter_pci_options,
          "drivers/pci/pci.c:pci_setup", 0, false, false },
        { "swiotlb", READ_EARLY, SPLIT_SWIOTLB, parameter_swiotlb_options,
          "kernel/dma/swiotlb.c:setup_io_tlb_npages", 0, false, false },
        { "efi", READ_EARLY, SPLIT_LIST, parameter_efi_options,
          "drivers/firmware/efi/libstub/efi-stub-helper.c:efi_parse_options", 0, false, true },
        { "pcie_acs_override", READ_EARLY, SPLIT_LIST, parameter_acs_override_options,
          "out of tree: drivers/pci/quirks.c:pcie_acs_override_setup", 0, false, false },
        { "intel_iommu", READ_SETUP, SPLIT_LIST, parameter_intel_options,
          "drivers/iommu/intel/iommu.c:intel_iommu_setup", CPU_VENDOR_INTEL, false, false },
        { "amd_iommu", READ_SETUP, SPLIT_AMD, parameter_amd_options,
          "drivers/iommu/amd/init.c:parse_amd_iommu_options", CPU_VENDOR_AMD, false, false },
        { "amd_iommu_intr", READ_SETUP, SPLIT_ANYWHERE, parameter_amd_intr_options,
          "drivers/iommu/amd/init.c:parse_amd_iommu_intr", CPU_VENDOR_AMD, false, false },
        { "amd_iommu_dump", READ_SETUP, SPLIT_FLAG, parameter_amd_dump_options,
          "drivers/iommu/amd/init.c:parse_amd_iommu_dump", CPU_VENDOR_AMD, true, false },
        { "ivrs_ioapic", READ_SETUP, SPLIT_WHOLE, parameter_ivrs_options,
          "drivers/iommu/amd/init.c:parse_ivrs_ioapic", CPU_VENDOR_AMD, true, false },
        { "ivrs_hpet", READ_SETUP, SPLIT_WHOLE, parameter_ivrs_options,
          "drivers/iommu/amd/init.c:parse_ivrs_hpet", CPU_VENDOR_AMD, true, false },
        { "ivrs_acpihid", READ_SETUP, SPLIT_WHOLE, parameter_ivrs_options,
          "drivers/iommu/amd/init.c:parse_ivrs_acpihid", CPU_VENDOR_AMD, true, false },
        { "pcie_ports", READ_SETUP, SPLIT_WHOLE, parameter_ports_options,
          "drivers/pci/pcie/portdrv.c:pcie_port_setup", 0, false, false },
        { "pcie_port_pm", READ_SETUP, SPLIT_WHOLE, parameter_port_pm_options,
          "drivers/pci/pci.c:pcie_port_pm_setup", 0, false, false },
        { "pcie_aspm", READ_SETUP, SPLIT_WHOLE, parameter_aspm_options,
          "drivers/pci/pcie/aspm.c:pcie_aspm_disable", 0, false, false },
        { "video", READ_SETUP, SPLIT_WHOLE, parameter_video_options,
          "drivers/video/fbdev/core/fb_cmdline.c:fb_get_options", 0, false, true },
        { "initcall_blacklist", READ_SETUP, SPLIT_LIST, parameter_initcall_options,
          "init/main.c:initcall_blacklist", 0, false, true },
        { "module_blacklist", READ_CORE, SPLIT_LIST, parameter_module_options,
          "kernel/module/main.c:blacklisted", 0, false, true },
        { "modprobe.blacklist", READ_USER, SPLIT_LIST, parameter_modprobe_options,
          "kmod: libkmod-config.c:kcmdline_parse_result", 0, false, true },
        { "rd.driver.pre", READ_USER, SPLIT_LIST, parameter_dracut_options,
          "dracut: parse-kernel-modules", 0, false, true },
        { "vfio_iommu_type1.allow_unsafe_interrupts", READ_MODULE, SPLIT_BOOL,
          parameter_type1_unsafe_options,
          "drivers/vfio/vfio_iommu_type1.c:vfio_iommu_type1_attach_group", 0, false, false },
        { "vfio_iommu_type1.disable_hugepages", READ_MODULE, SPLIT_WHOLE,
          parameter_type1_other_options, "drivers/vfio/vfio_iommu_type1.c", 0, false, false },
        { "vfio_iommu_type1.dma_entry_limit", READ_MODULE, SPLIT_WHOLE,
          parameter_type1_other_options, "drivers/vfio/vfio_iommu_type1.c", 0, false, false },
        { "vfio_iommu_type1.", READ_MODULE, SPLIT_WHOLE, parameter_no_such_options,
          "drivers/vfio/vfio_iommu_type1.c", 0, true, false },
        { "iommufd.allow_unsafe_interrupts", READ_MODULE, SPLIT_BOOL,
          parameter_iommufd_unsafe_options, "drivers/iommu/iommufd/device.c:iommufd_device_bind",
          0, false, false },
        { "iommufd.", READ_MODULE, SPLIT_WHOLE, parameter_no_such_options,
          "drivers/iommu/iommufd/device.c", 0, true, false },
        { "vfio.enable_unsafe_noiommu_mode", READ_MODULE, SPLIT_BOOL, parameter_noiommu_options,
          "drivers/vfio/group.c:vfio_noiommu_group_alloc", 0, false, false },
        { "vfio.", READ_MODULE, SPLIT_WHOLE, parameter_no_such_options,
          "drivers/vfio/vfio_main.c", 0, true, false },
        { "vfio_pci.ids", READ_MODULE, SPLIT_IDS, parameter_ids_options,
          "drivers/vfio/pci/vfio_pci.c:vfio_pci_fill_ids", 0, false, false },
        { "vfio_pci.disable_idle_d3", READ_MODULE, SPLIT_BOOL, parameter_idle_d3_options, VFIO_PCI,
          0, false, false },
        { "vfio_pci.nointxmask", READ_MODULE, SPLIT_BOOL, parameter_nointxmask_options, VFIO_PCI,
          0, false, false },
        { "vfio_pci.disable_vga", READ_MODULE, SPLIT_BOOL, parameter_vga_options, VFIO_PCI,
          0, false, false },
        { "vfio_pci.enable_sriov", READ_MODULE, SPLIT_BOOL, parameter_sriov_options, VFIO_PCI,
          0, false, false },
        { "vfio_pci.disable_denylist", READ_MODULE, SPLIT_BOOL, parameter_denylist_options,
          VFIO_PCI, 0, false, false },
        { "vfio_pci.", READ_MODULE, SPLIT_WHOLE, parameter_no_such_options,
          "drivers/vfio/pci/vfio_pci.c", 0, true, false },
        { "pci_stub.ids", READ_MODULE, SPLIT_WHOLE, parameter_stub_ids_options,
          "drivers/pci/pci-stub.c:pci_stub_init", 0, false, false },
        { "kvm.ignore_msrs", READ_MODULE, SPLIT_WHOLE, parameter_kvm_options,
          "arch/x86/kvm/x86.c", 0, false, false },
        { "kvm_intel.enable_apicv", READ_MODULE, SPLIT_WHOLE, parameter_kvm_options,
          "arch/x86/kvm/vmx/vmx.c", CPU_VENDOR_INTEL, false, false },
        { "kvm_amd.avic", READ_MODULE, SPLIT_WHOLE, parameter_kvm_options,
          "arch/x86/kvm/svm/avic.c", CPU_VENDOR_AMD, false, false },
        { "vfiod.disable", READ_USER, SPLIT_BOOL, parameter_vfiod_options, "vfiod", 0, false,
          false },
};

size_t parameter_kinds_count(void) {
        return sizeof(kinds) / sizeof(kinds[0]);
}

size_t parameter_kind_number(const ParameterKind *k) {
        return (size_t) (k - kinds);
}

const ParameterKind *parameter_kind_find(const char *name) {
        for (size_t i = 0; i < parameter_kinds_count(); i++) {
                size_t n = strlen(kinds[i].name) + (kinds[i].prefix ? 0 : 1);

                if (parameter_name_begins(name, kinds[i].name, n))
                        return &kinds[i];
        }
        return NULL;
}
