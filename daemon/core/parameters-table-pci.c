/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parameters-table.h"

#define ON(what) { what, FACT_PRESENT, false }
#define OFF(what) { what, FACT_ABSENT, false }
#define X86 "arch/x86/pci/common.c:pcibios_setup"
/* A word that the kernel knows and that changes nothing here. */
#define OTHER(word, match, source)                                                                 \
        { word, match, PARAMETER_NEUTRAL, "Has nothing to do with passthrough.", { { 0 } },        \
          0, 0, 0, source }

const ParameterOption parameter_pci_options[] = {
        { "off", MATCH_EXACT, PARAMETER_HARMFUL, "The kernel looks for no PCI device at all.",
          { OFF(ASKED_PCI) }, 0, 0, 0, X86 },
        { "nomsi", MATCH_EXACT, PARAMETER_HARMFUL,
          "No message signalled interrupts: slow, and devices that share a line cannot be given "
          "away.",
          { OFF(ASKED_MSI) }, 0, 0, 0, NULL },
        { "noats", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Devices do not cache translations (ATS): slower, and safer with untrusted ones.",
          { OFF(ASKED_ATS) }, 0, 0, 0, NULL },
        { "disable_acs_redir=", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Lets the named devices talk to each other past the IOMMU: their groups may merge.",
          { OFF(ASKED_ACS_REDIRECT) }, 4019, 0, 0, NULL },
        { "config_acs=", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Sets the isolation (ACS) of the named devices by hand: groups may merge or split.",
          { OFF(ASKED_ACS_REDIRECT) }, 6012, 0, 0, NULL },
        { "noaer", MATCH_EXACT, PARAMETER_NEUTRAL, "No reports of PCIe errors.",
          { { 0 } }, 0, 0, 0, NULL },
        { "noari", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "No function numbers above 7: fewer virtual functions.", { { 0 } }, 0, 0, 0, NULL },
        { "realloc", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "Assigns bridge windows anew: helps where BARs of virtual functions found no room.",
          { { 0 } }, 0, 0, 0, NULL },
        { "big_root_window", MATCH_EXACT, PARAMETER_NEUTRAL,
          "A large window for BARs above 4 GiB on some AMD machines.", { { 0 } }, 4016, 0, 0, X86 },
        { "nommconf", MATCH_EXACT, PARAMETER_HARMFUL,
          "No extended configuration space: the kernel sees no ACS, so groups merge.",
          { OFF(ASKED_ACS_REDIRECT) }, 0, 0, 0, X86 },
        { "noacpi", MATCH_EXACT, PARAMETER_NEUTRAL, "No ACPI for the routing of interrupt lines.",
          { { 0 } }, 0, 0, 0, X86 },
        { "pcie_bus_peer2peer", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "The smallest payload everywhere, so that any two devices can talk.",
          { { 0 } }, 0, 0, 0, NULL },
        OTHER("earlydump", MATCH_EXACT, NULL), OTHER("nodomains", MATCH_EXACT, NULL),
        OTHER("cbiosize=", MATCH_PREFIX, NULL), OTHER("cbmemsize=", MATCH_PREFIX, NULL),
        OTHER("resource_alignment=", MATCH_PREFIX, NULL), OTHER("ecrc=", MATCH_PREFIX, NULL),
        OTHER("hpiosize=", MATCH_PREFIX, NULL), OTHER("hpmmiosize=", MATCH_PREFIX, NULL),
        OTHER("hpmmioprefsize=", MATCH_PREFIX, NULL), OTHER("hpmemsize=", MATCH_PREFIX, NULL),
        OTHER("hpbussize=", MATCH_PREFIX, NULL), OTHER("pcie_bus_tune_off", MATCH_PREFIX, NULL),
        OTHER("pcie_bus_safe", MATCH_PREFIX, NULL), OTHER("pcie_bus_perf", MATCH_PREFIX, NULL),
        OTHER("pcie_scan_all", MATCH_PREFIX, NULL), OTHER("bfsort", MATCH_EXACT, X86),
        OTHER("nobfsort", MATCH_EXACT, X86), OTHER("bios", MATCH_EXACT, X86),
        OTHER("nobios", MATCH_EXACT, X86), OTHER("biosirq", MATCH_EXACT, X86),
        OTHER("pirqaddr=", MATCH_PREFIX, X86), OTHER("conf1", MATCH_EXACT, X86),
        OTHER("conf2", MATCH_EXACT, X86), OTHER("check_enable_amd_mmconf", MATCH_EXACT, X86),
        OTHER("noearly", MATCH_EXACT, X86), OTHER("usepirqmask", MATCH_EXACT, X86),
        OTHER("irqmask=", MATCH_PREFIX, X86), OTHER("lastbus=", MATCH_PREFIX, X86),
        OTHER("rom", MATCH_EXACT, X86), OTHER("norom", MATCH_EXACT, X86),
        OTHER("nobar", MATCH_EXACT, X86), OTHER("assign-busses", MATCH_EXACT, X86),
        OTHER("use_crs", MATCH_EXACT, X86), OTHER("nocrs", MATCH_EXACT, X86),
        OTHER("use_e820", MATCH_EXACT, X86), OTHER("no_e820", MATCH_EXACT, X86),
        OTHER("routeirq", MATCH_EXACT, X86), OTHER("skip_isa_align", MATCH_EXACT, X86),
        OTHER("noioapicquirk", MATCH_EXACT, X86), OTHER("ioapicreroute", MATCH_EXACT, X86),
        OTHER("noioapicreroute", MATCH_EXACT, X86),
        { NULL, MATCH_ANY, PARAMETER_BOGUS,
          "Is no option of pci that vfiod knows; the kernel logs \"PCI: Unknown option\".",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_acs_override_options[] = {
        { "downstream", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Pretends that ports isolate their devices: groups are smaller than the hardware's.",
          { ON(ASKED_ACS_OVERRIDE) }, SINCE_PATCH, 0, 0, NULL },
        { "multifunction", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Pretends that functions of a device are isolated: groups are smaller than the "
          "hardware's.",
          { ON(ASKED_ACS_OVERRIDE) }, SINCE_PATCH, 0, 0, NULL },
        { "id:", MATCH_PREFIX, PARAMETER_HARMFUL,
          "Pretends that the named devices are isolated: groups are smaller than the hardware's.",
          { ON(ASKED_ACS_OVERRIDE) }, SINCE_PATCH, 0, 0, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no option of the ACS override patch.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_ports_options[] = {
        { "compat", MATCH_PREFIX, PARAMETER_NEUTRAL,
          "No driver for PCIe ports: they are unbound, which leaves groups viable.",
          { OFF(ASKED_PORT_DRIVER) }, 0, 0, 0, NULL },
        { "native", MATCH_PREFIX, PARAMETER_NEUTRAL, "Uses all services of PCIe ports.",
          { ON(ASKED_PORT_DRIVER) }, 0, 0, 0, NULL },
        { "dpc-native", MATCH_PREFIX, PARAMETER_NEUTRAL, "Uses error containment of PCIe ports.",
          { { 0 } }, 5005, 0, 0, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no value of pcie_ports; the kernel says nothing.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_port_pm_options[] = {
        { "off", MATCH_EXACT, PARAMETER_HELPS,
          "Ports do not sleep: for devices that do not come back from D3cold.",
          { OFF(ASKED_PORT_PM) }, 0, 0, 0, NULL },
        { "force", MATCH_EXACT, PARAMETER_NEUTRAL, "Ports may always sleep.",
          { ON(ASKED_PORT_PM) }, 0, 0, 0, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no value of pcie_port_pm; the kernel says nothing.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_aspm_options[] = {
        { "off", MATCH_EXACT, PARAMETER_NEUTRAL, "The kernel leaves the power of links alone.",
          { { 0 } }, 0, 0, 0, NULL },
        { "force", MATCH_EXACT, PARAMETER_NEUTRAL, "Links may sleep even if they say they cannot.",
          { { 0 } }, 0, 0, 0, NULL },
        { NULL, MATCH_ANY, PARAMETER_BOGUS, "Is no value of pcie_aspm; the kernel says nothing.",
          { { 0 } }, SINCE_NEVER, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_video_options[] = {
        { "efifb:off", MATCH_PREFIX, PARAMETER_HELPS,
          "efifb leaves the boot GPU's BAR alone; simpledrm does not obey, and from 6.1 on "
          "vfio-pci evicts both from a VGA device by itself.",
          { OFF(ASKED_EFIFB) }, 0, 0, 0, NULL },
        { "vesafb:off", MATCH_PREFIX, PARAMETER_HELPS, "vesafb leaves the boot GPU's BAR alone.",
          { { 0 } }, 0, 0, 0, NULL },
        { 0 },
};

const ParameterOption parameter_initcall_options[] = {
        { "sysfb_init", MATCH_EXACT, PARAMETER_HELPS,
          "No frame buffer of the firmware: nothing owns the boot GPU's BAR, and the console is "
          "dark until a driver starts.",
          { OFF(ASKED_SYSFB) }, 0, 0, 0, NULL },
        { "vfio", MATCH_PREFIX, PARAMETER_HARMFUL, "A part of VFIO is never started.",
          { OFF(ASKED_VFIO_MODULES) }, 0, 0, 0, NULL },
        { 0 },
};
