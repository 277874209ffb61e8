/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parameters-table.h"

#define ON(what) { what, FACT_PRESENT, false }
#define OFF(what) { what, FACT_ABSENT, false }
#define ALSO(what, fact) { what, fact, true }

const ParameterOption parameter_intremap_options[] = {
        { "on", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Interrupt remapping and posting as far as there are any: the default; undoes an "
          "earlier off or nopost.",
          { ON(ASKED_REMAPPING), ALSO(ASKED_POSTED, FACT_PRESENT) }, 0, 0, 0, NULL },
        { "off", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Turns interrupt remapping off: VFIO refuses every device with EPERM.",
          { OFF(ASKED_REMAPPING), ALSO(ASKED_POSTED, FACT_ABSENT) }, 0, 0, 0, NULL },
        { "nosid", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Interrupts are remapped without checking who sends them: VFIO works, less safely.",
          { OFF(ASKED_SOURCE_ID) }, 0, 0, CPU_VENDOR_INTEL, NULL },
        { "no_x2apic_optout", MATCH_PREFIX, PARAMETER_HELPS,
          "Uses x2APIC although the firmware asks not to; interrupt remapping is on either way.",
          { OFF(ASKED_X2APIC_OPT_OUT) }, 0, 0, CPU_VENDOR_INTEL, NULL },
        { "nopost", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Interrupts of devices are not posted into guests: slower, nothing else.",
          { OFF(ASKED_POSTED) }, 0, 0, 0, NULL },
        { "posted_msi", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Posted interrupts for the host itself (needs CONFIG_X86_POSTED_MSI).",
          { ON(ASKED_POSTED_MSI) }, 6012, 0, CPU_VENDOR_INTEL, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no option of intremap; the kernel says nothing.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_nointremap_options[] = {
        { NULL, MATCH_ANY, PARAMETER_HARMFUL,
          "Old spelling of intremap=off, whatever its value: VFIO refuses every device with EPERM.",
          { OFF(ASKED_REMAPPING) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_noapic_options[] = {
        { NULL, MATCH_ANY, PARAMETER_HARMFUL,
          "No IO-APIC, and so no interrupt remapping: VFIO refuses every device with EPERM.",
          { OFF(ASKED_IO_APIC) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_nolapic_options[] = {
        { NULL, MATCH_ANY, PARAMETER_HARMFUL,
          "No local APIC, and so no interrupt remapping: VFIO refuses every device with EPERM.",
          { OFF(ASKED_LOCAL_APIC) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_nox2apic_options[] = {
        { NULL, MATCH_ANY, PARAMETER_NEUTRAL, "Interrupt remapping stays on, in xAPIC mode.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_acpi_options[] = {
        { "off", MATCH_EXACT, PARAMETER_HARMFUL,
          "Without ACPI the kernel finds no IOMMU and no interrupt remapping.",
          { OFF(ASKED_ACPI) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_swiotlb_options[] = {
        { NULL, MATCH_DIGIT, PARAMETER_NEUTRAL,
          "Size (or number of areas) of the host's bounce buffers.", { { 0 } }, 0, 0, 0, NULL },
        { "force", MATCH_EXACT, PARAMETER_NEUTRAL,
          "All DMA of the host that no IOMMU translates is bounced: slow.",
          { ON(ASKED_SWIOTLB) }, 0, 0, 0, NULL },
        { "noforce", MATCH_EXACT, PARAMETER_NEUTRAL,
          "No bounce buffers: where no IOMMU translates, devices of the host that reach only "
          "4 GiB fail.",
          { OFF(ASKED_SWIOTLB) }, 0, 0, 0, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no option of swiotlb; the kernel says nothing.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_efi_options[] = {
        { "disable_early_pci_dma", MATCH_EXACT, PARAMETER_NEUTRAL,
          "The boot stub stops DMA below every bridge until drivers start it again; it switches "
          "no IOMMU and may hang devices.",
          { { 0 } }, 5006, 0, 0, NULL },
        { "no_disable_early_pci_dma", MATCH_EXACT, PARAMETER_NEUTRAL,
          "Undoes efi=disable_early_pci_dma.", { { 0 } }, 5006, 0, 0, NULL },
        { 0 },
};
