/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parameters-table.h"

#define ON(what) { what, FACT_PRESENT, false }
#define OFF(what) { what, FACT_ABSENT, false }

const ParameterOption parameter_type1_unsafe_options[] = {
        { NULL, MATCH_YES, PARAMETER_HARMFUL,
          "VFIO (type1) takes devices without interrupt remapping: a VM can send any interrupt to "
          "the host.",
          { ON(ASKED_TYPE1_UNSAFE) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default: VFIO wants interrupt remapping.",
          { OFF(ASKED_TYPE1_UNSAFE) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_type1_other_options[] = {
        { NULL, MATCH_ANY, PARAMETER_NEUTRAL, "Tunes mappings; decides nothing.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_iommufd_unsafe_options[] = {
        { NULL, MATCH_YES, PARAMETER_HARMFUL,
          "iommufd takes devices without interrupt remapping: a VM can send any interrupt to the "
          "host. It does not hold for type1.",
          { ON(ASKED_IOMMUFD_UNSAFE) }, 6002, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default: iommufd wants interrupt remapping.",
          { OFF(ASKED_IOMMUFD_UNSAFE) }, 6002, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_noiommu_options[] = {
        { NULL, MATCH_YES, PARAMETER_HARMFUL,
          "VFIO makes groups without an IOMMU: no protection, and no use to a VM.",
          { ON(ASKED_NOIOMMU) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_NOIOMMU) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_ids_options[] = {
        { NULL, MATCH_ANY, PARAMETER_HELPS,
          "vfio-pci takes every device with these ids if it is loaded before their drivers.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_stub_ids_options[] = {
        { NULL, MATCH_ANY, PARAMETER_NEUTRAL,
          "pci-stub keeps every device with these ids from its driver; a VM cannot use it there.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_idle_d3_options[] = {
        { NULL, MATCH_YES, PARAMETER_HELPS,
          "Idle devices on vfio-pci are not put to sleep: for those that do not wake up again.",
          { ON(ASKED_DISABLE_IDLE_D3) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_DISABLE_IDLE_D3) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_nointxmask_options[] = {
        { NULL, MATCH_YES, PARAMETER_NEUTRAL,
          "vfio-pci does not mask INTx in the device: an interrupt line cannot be shared.",
          { ON(ASKED_NOINTXMASK) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_NOINTXMASK) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_vga_options[] = {
        { NULL, MATCH_YES, PARAMETER_NEUTRAL,
          "vfio-pci takes its devices out of VGA arbitration and offers no VGA ranges.",
          { ON(ASKED_DISABLE_VGA) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_DISABLE_VGA) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_sriov_options[] = {
        { NULL, MATCH_YES, PARAMETER_NEUTRAL,
          "Functions on vfio-pci may make virtual functions, which then need a token.",
          { ON(ASKED_ENABLE_SRIOV) }, 5007, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_ENABLE_SRIOV) }, 5007, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_denylist_options[] = {
        { NULL, MATCH_YES, PARAMETER_HARMFUL,
          "vfio-pci takes devices that its own list refuses as dangerous.",
          { ON(ASKED_DISABLE_DENYLIST) }, 5009, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_DISABLE_DENYLIST) }, 5009, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_no_such_options[] = {
        { NULL, MATCH_ANY, PARAMETER_BOGUS,
          "Is no parameter of that module that vfiod knows; the module ignores unknown ones.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_kvm_options[] = {
        { NULL, MATCH_ANY, PARAMETER_NEUTRAL,
          "Is about guests, not about whether VFIO takes a device.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_vfiod_options[] = {
        { NULL, MATCH_YES, PARAMETER_NEUTRAL, "vfiod binds nothing by itself at this boot.",
          { ON(ASKED_VFIOD_DISABLE) }, 0, 0, 0, NULL },
        { NULL, MATCH_NO, PARAMETER_NEUTRAL, "The default.",
          { OFF(ASKED_VFIOD_DISABLE) }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_module_options[] = {
        { "vfio", MATCH_EXACT, PARAMETER_HARMFUL, "This module of VFIO cannot be loaded.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "vfio_pci", MATCH_EXACT, PARAMETER_HARMFUL, "This module of VFIO cannot be loaded.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "vfio_pci_core", MATCH_EXACT, PARAMETER_HARMFUL, "This module of VFIO cannot be loaded.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "vfio_iommu_type1", MATCH_EXACT, PARAMETER_HARMFUL,
          "This back end of VFIO cannot be loaded.", { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "iommufd", MATCH_EXACT, PARAMETER_HARMFUL, "This back end of VFIO cannot be loaded.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "irqbypass", MATCH_EXACT, PARAMETER_HARMFUL,
          "vfio-pci needs this module, which cannot be loaded.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { "vfio-", MATCH_PREFIX, PARAMETER_BOGUS,
          "Is no name of a module: here they are written with underscores.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_modprobe_options[] = {
        { "vfio", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Is not loaded for the devices it is made for; loading it by name still works.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_dracut_options[] = {
        { "vfio", MATCH_PREFIX, PARAMETER_HELPS,
          "An initramfs made by dracut loads it before the drivers of the host.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};
