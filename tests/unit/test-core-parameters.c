/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "core/parameters.h"

#define INTEL CPU_VENDOR_INTEL
#define AMD CPU_VENDOR_AMD
#define ANY CPU_VENDOR_UNKNOWN
#define ON FACT_PRESENT
#define OFF FACT_ABSENT
#define UNSET FACT_UNKNOWN

static Parameters *read_line(const char *line, int kernel, CpuVendor vendor) {
        Parameters *p;

        CHECK(parameters_evaluate(line, kernel, vendor, &p) == 0);
        return p;
}

/* What a line sets, and the word that set it; NULL if nothing is set. */
static const struct {
        const char *line;
        int kernel;
        CpuVendor vendor;
        Asked what;
        Fact fact;
        const char *word;
} fields[] = {
        { "", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "quiet intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        { "intel_iommu=on", 6001, AMD, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        { "intel-iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel-iommu=on" },
        { "INTEL_IOMMU=on", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "intel_iommu=ON", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "intel_iommu", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "intel_iommux=on", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "intel_iommu=offline", 6001, INTEL, ASKED_INTEL_IOMMU, OFF, "intel_iommu=offline" },
        { "intel_iommu=only", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=only" },
        { "intel_iommu=xon", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "intel_iommu=off intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        { "intel_iommu=off intel_iommu=on", 6001, INTEL, ASKED_PLATFORM_OPT_IN, OFF,
          "intel_iommu=off" },
        { "intel_iommu=on intel_iommu=off", 6001, INTEL, ASKED_INTEL_IOMMU, OFF,
          "intel_iommu=off" },
        { "intel_iommu=,,sm_on,,igfx_off", 6001, INTEL, ASKED_IGFX, OFF,
          "intel_iommu=,,sm_on,,igfx_off" },
        { "intel_iommu=sm_on", 6001, INTEL, ASKED_SCALABLE_MODE, ON, "intel_iommu=sm_on" },
        { "intel_iommu=sm_off", 5010, INTEL, ASKED_SCALABLE_MODE, UNSET, NULL },
        { "intel_iommu=sm_off", 5015, INTEL, ASKED_SCALABLE_MODE, OFF, "intel_iommu=sm_off" },
        { "intel_iommu=intgpu_off,on", 6012, INTEL, ASKED_INTGPU, ON, "intel_iommu=intgpu_off,on" },
        { "intel_iommu=on,intgpu_off", 6012, INTEL, ASKED_INTGPU, OFF,
          "intel_iommu=on,intgpu_off" },
        { "amd_iommu=off amd_iommu=on", 6001, AMD, ASKED_AMD_IOMMU, OFF, "amd_iommu=off" },
        { "amd_iommu=on", 6001, AMD, ASKED_AMD_IOMMU, UNSET, NULL },
        { "amd_iommu=xoff", 6001, AMD, ASKED_AMD_IOMMU, UNSET, NULL },
        { "amd_iommu=xoff", 5015, AMD, ASKED_AMD_IOMMU, OFF, "amd_iommu=xoff" },
        { "amd_iommu=force_enable", 5010, AMD, ASKED_FORCE_ENABLE, UNSET, NULL },
        { "amd_iommu=force_enable", 5015, AMD, ASKED_FORCE_ENABLE, ON, "amd_iommu=force_enable" },
        { "amd_iommu=force_enable", -1, AMD, ASKED_FORCE_ENABLE, ON, "amd_iommu=force_enable" },
        { "amd_iommu_intr=legacy", 6001, AMD, ASKED_AMD_VAPIC, OFF, "amd_iommu_intr=legacy" },
        { "amd_iommu_intr=xx,vapiclegacy", 6001, AMD, ASKED_AMD_VAPIC, ON,
          "amd_iommu_intr=xx,vapiclegacy" },
        { "amd_iommu_intr=legacy amd_iommu_intr=vapic", 6001, AMD, ASKED_AMD_VAPIC, ON,
          "amd_iommu_intr=vapic" },
        { "amd_iommu_intr=other", 6001, AMD, ASKED_AMD_VAPIC, UNSET, NULL },
        { "iommu=off iommu=on iommu=force", 6001, AMD, ASKED_IOMMU, OFF, "iommu=off" },
        { "iommu=on", 6001, INTEL, ASKED_IOMMU, UNSET, NULL },
        { "iommu=noff", 6001, INTEL, ASKED_IOMMU, UNSET, NULL },
        { "iommu=soft,pt", 6001, INTEL, ASKED_PASSTHROUGH, ON, "iommu=soft,pt" },
        { "iommu=usedac,pt", 6001, INTEL, ASKED_PASSTHROUGH, UNSET, NULL },
        { "iommu=usedac iommu=pt", 6001, INTEL, ASKED_PASSTHROUGH, ON, "iommu=pt" },
        { "iommu=pt iommu=nopt", 6001, INTEL, ASKED_PASSTHROUGH, OFF, "iommu=nopt" },
        { "iommu=nopt iommu.passthrough=1", 6001, INTEL, ASKED_PASSTHROUGH, ON,
          "iommu.passthrough=1" },
        { "iommu.passthrough=1 iommu=nopt", 6001, INTEL, ASKED_PASSTHROUGH, OFF, "iommu=nopt" },
        { "iommu.passthrough=maybe", 6001, INTEL, ASKED_PASSTHROUGH, UNSET, NULL },
        { "iommu.passthrough", 6001, INTEL, ASKED_PASSTHROUGH, UNSET, NULL },
        { "iommu.passthrough=on", 5003, INTEL, ASKED_PASSTHROUGH, UNSET, NULL },
        { "iommu.passthrough=Yes", 6001, INTEL, ASKED_PASSTHROUGH, ON, "iommu.passthrough=Yes" },
        { "iommu.passthrough=true", 6001, INTEL, ASKED_PASSTHROUGH, ON, "iommu.passthrough=true" },
        { "iommu.passthrough=oFf", 6001, INTEL, ASKED_PASSTHROUGH, OFF, "iommu.passthrough=oFf" },
        { "iommu.passthrough=o", 6001, INTEL, ASKED_PASSTHROUGH, UNSET, NULL },
        { "intel_iommu=strict iommu.strict=0", 6001, INTEL, ASKED_STRICT, ON,
          "intel_iommu=strict" }, /* __setup() runs after what is early */
        { "amd_iommu=fullflush iommu.strict=n", 6001, INTEL, ASKED_STRICT, ON,
          "amd_iommu=fullflush" }, /* of the other vendor, and yet it acts */
        { "iommu.strict=0", 6001, INTEL, ASKED_STRICT, OFF, "iommu.strict=0" },
        { "iommu.forcedac=1", 6001, INTEL, ASKED_FORCEDAC, ON, "iommu.forcedac=1" },
        { "intremap=off intremap=on", 6001, INTEL, ASKED_REMAPPING, ON, "intremap=on" },
        { "nointremap intremap=on", 6001, INTEL, ASKED_REMAPPING, ON, "intremap=on" },
        { "intremap=on nointremap=0", 6001, INTEL, ASKED_REMAPPING, OFF, "nointremap=0" },
        { "intremap=nosid intremap=on", 6001, INTEL, ASKED_SOURCE_ID, OFF, "intremap=nosid" },
        { "intremap=nopost,on", 6001, INTEL, ASKED_POSTED, ON, "intremap=nopost,on" },
        { "intremap=on,nopost", 6001, INTEL, ASKED_POSTED, OFF, "intremap=on,nopost" },
        { "intremap=off", 6001, INTEL, ASKED_POSTED, OFF, "intremap=off" },
        { "intremap=no_x2apic_optout", 6001, INTEL, ASKED_X2APIC_OPT_OUT, OFF,
          "intremap=no_x2apic_optout" },
        { "intremap=posted_msi", 6001, INTEL, ASKED_POSTED_MSI, UNSET, NULL },
        { "intremap=posted_msi", 6012, INTEL, ASKED_POSTED_MSI, ON, "intremap=posted_msi" },
        { "swiotlb=65536,4,force", 6001, INTEL, ASKED_SWIOTLB, ON, "swiotlb=65536,4,force" },
        { "swiotlb=force,1", 6001, INTEL, ASKED_SWIOTLB, UNSET, NULL },
        { "swiotlb=noforce", 6001, INTEL, ASKED_SWIOTLB, OFF, "swiotlb=noforce" },
        { "vfio-iommu-type1.allow-unsafe-interrupts=1", 6001, ANY, ASKED_TYPE1_UNSAFE, ON,
          "vfio-iommu-type1.allow-unsafe-interrupts=1" },
        { "vfio_iommu_type1.allow_unsafe_interrupts", 6001, ANY, ASKED_TYPE1_UNSAFE, ON,
          "vfio_iommu_type1.allow_unsafe_interrupts" },
        { "iommufd.allow_unsafe_interrupts=Y", 6001, ANY, ASKED_IOMMUFD_UNSAFE, UNSET, NULL },
        { "iommufd.allow_unsafe_interrupts=Y", 6002, ANY, ASKED_IOMMUFD_UNSAFE, ON,
          "iommufd.allow_unsafe_interrupts=Y" },
        { "vfio.enable_unsafe_noiommu_mode=1", 6001, ANY, ASKED_NOIOMMU, ON,
          "vfio.enable_unsafe_noiommu_mode=1" },
        { "vfio_pci.disable_idle_d3=1", 6001, ANY, ASKED_DISABLE_IDLE_D3, ON,
          "vfio_pci.disable_idle_d3=1" },
        { "vfio-pci.nointxmask=y", 6001, ANY, ASKED_NOINTXMASK, ON, "vfio-pci.nointxmask=y" },
        { "vfio-pci.disable_vga=0", 6001, ANY, ASKED_DISABLE_VGA, OFF, "vfio-pci.disable_vga=0" },
        { "vfio-pci.enable_sriov=1", 5004, ANY, ASKED_ENABLE_SRIOV, UNSET, NULL },
        { "vfio-pci.disable_denylist=1", 6001, ANY, ASKED_DISABLE_DENYLIST, ON,
          "vfio-pci.disable_denylist=1" },
        { "pcie_acs_override=downstream,multifunction", 6001, ANY, ASKED_ACS_OVERRIDE, ON,
          "pcie_acs_override=downstream,multifunction" },
        { "pci=nomsi", 6001, ANY, ASKED_MSI, OFF, "pci=nomsi" },
        { "pci=nomsix", 6001, ANY, ASKED_MSI, UNSET, NULL }, /* strcmp(), not strncmp() */
        { "pci=noats2", 6001, ANY, ASKED_ATS, OFF, "pci=noats2" },
        { "pci=config_acs=10x@pci:0:0", 6001, ANY, ASKED_ACS_REDIRECT, UNSET, NULL },
        { "pcie_ports=compat", 6001, ANY, ASKED_PORT_DRIVER, OFF, "pcie_ports=compat" },
        { "pcie_port_pm=off", 6001, ANY, ASKED_PORT_PM, OFF, "pcie_port_pm=off" },
        { "video=HDMI-1:d video=efifb:off", 6001, ANY, ASKED_EFIFB, OFF, "video=efifb:off" },
        { "initcall_blacklist=a,sysfb_init", 6001, ANY, ASKED_SYSFB, OFF,
          "initcall_blacklist=a,sysfb_init" },
        { "module_blacklist=nouveau,vfio_pci", 6001, ANY, ASKED_VFIO_MODULES, OFF,
          "module_blacklist=nouveau,vfio_pci" },
        { "module_blacklist=vfio-pci", 6001, ANY, ASKED_VFIO_MODULES, UNSET, NULL },
        { "vfiod.disable", 6001, ANY, ASKED_VFIOD_DISABLE, ON, "vfiod.disable" },
        { "vfiod.disable=no", 6001, ANY, ASKED_VFIOD_DISABLE, OFF, "vfiod.disable=no" },
        /* what stands behind -- is not the kernel's, but kmod and vfiod read it */
        { "-- intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "--x intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        { "\"--\" iommu=off", 6001, INTEL, ASKED_IOMMU, UNSET, NULL },
        { "--=1 iommu=off", 6001, INTEL, ASKED_IOMMU, OFF, "iommu=off" },
        { "-- vfio-pci.disable_vga=1", 6001, INTEL, ASKED_DISABLE_VGA, ON,
          "vfio-pci.disable_vga=1" },
        { "-- vfiod.disable", 6001, INTEL, ASKED_VFIOD_DISABLE, ON, "vfiod.disable" },
        /* quotes and white space */
        { "intel_iommu=\"on\"", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=\"on\"" },
        { "\"intel_iommu=on\"", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "\"intel_iommu=on\"" },
        { "x=\"a intel_iommu=on b\"", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "x=\"a intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "x=a\" \"b intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        { "=intel_iommu=on", 6001, INTEL, ASKED_INTEL_IOMMU, UNSET, NULL },
        { "\tquiet\n\vintel_iommu=on\f", 6001, INTEL, ASKED_INTEL_IOMMU, ON, "intel_iommu=on" },
        /* a no-break space in UTF-8: its second byte is white space to the kernel */
        { "quiet\xc2\xa0" "intel_iommu=on\xc2\xa0x", 6001, INTEL, ASKED_INTEL_IOMMU, ON,
          "intel_iommu=on?" },
};

static void test_fields(void) {
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
                Parameters *p = read_line(fields[i].line, fields[i].kernel, fields[i].vendor);
                const char *word = parameters_asked_by(p, fields[i].what);

                if (parameters_asked(p, fields[i].what) != fields[i].fact ||
                    !word != !fields[i].word || (word && strcmp(word, fields[i].word) != 0)) {
                        fprintf(stderr, "%s: %d by %s\n", fields[i].line,
                                (int) parameters_asked(p, fields[i].what), word ? word : "nothing");
                        exit(1);
                }
                parameters_free(p);
        }
}

/* The first note of a line. */
static const struct {
        const char *line;
        int kernel;
        CpuVendor vendor;
        const char *option;
        Fact known;
        ParameterMeaning meaning;
        const char *effect; /* a part of it */
} notes[] = {
        { "quiet amd_iommu=on", 6001, AMD, "on", OFF, PARAMETER_BOGUS, "not an option" },
        { "amd_iommu=on", 5010, AMD, "on", OFF, PARAMETER_BOGUS, "not an option" },
        { "amd_iommu=nonsense", 6001, AMD, "nonsense", OFF, PARAMETER_BOGUS, "Unknown option" },
        { "amd_iommu=nohugepages", 6001, AMD, "nohugepages", OFF, PARAMETER_BOGUS, "release" },
        { "amd_iommu=pgtbl_v2", -1, AMD, "pgtbl_v2", UNSET, PARAMETER_NEUTRAL, "version 2" },
        { "amd_iommu=irtcachedis", 6001, AMD, "irtcachedis", ON, PARAMETER_NEUTRAL, "erratum" },
        { "amd_iommu=off", 6001, INTEL, "off", ON, PARAMETER_BOGUS, "other vendor" },
        { "amd_iommu_dump=0", 6001, AMD, "0", ON, PARAMETER_NEUTRAL, "IVRS" },
        { "ivrs_ioapic=32@00:14.0", 6001, AMD, "=32@00:14.0", ON, PARAMETER_HELPS, "Corrects" },
        { "ivrs_ioapic[32]=00:14.0", 6001, AMD, "[32]=00:14.0", ON, PARAMETER_HELPS, "Corrects" },
        { "ivrs_hpet[0]=0000:00:14.0", 6001, AMD, "[0]=0000:00:14.0", ON, PARAMETER_HELPS, "" },
        { "ivrs_acpihid[00:14.5]=AMD0020:0", 6001, AMD, "[00:14.5]=AMD0020:0", ON,
          PARAMETER_HELPS, "" },
        { "ivrs_acpihid=AMD0020:0@00:14.5", 6001, AMD, "=AMD0020:0@00:14.5", ON,
          PARAMETER_HELPS, "" },
        { "ivrs_ioapic=nonsense", 6001, AMD, "=nonsense", OFF, PARAMETER_BOGUS, "Invalid" },
        { "intel_iommu=on", 6001, INTEL, "on", ON, PARAMETER_NEEDED, "VT-d" },
        { "intel_iommu=on", 6001, AMD, "on", ON, PARAMETER_NEUTRAL, "misleading" },
        { "intel_iommu=tboot_noforce", 6001, INTEL, "tboot_noforce", ON, PARAMETER_NEUTRAL, "" },
        { "intel_iommu=sp_off", 6001, AMD, "sp_off", ON, PARAMETER_BOGUS, "other vendor" },
        { "intel_iommu=nobounce", 6001, INTEL, "nobounce", OFF, PARAMETER_BOGUS, "release" },
        { "intel_iommu=intgpu_off", 6012, INTEL, "intgpu_off", UNSET, PARAMETER_NEUTRAL, "Debian" },
        { "intel_iommu=nonsense", 6001, INTEL, "nonsense", OFF, PARAMETER_BOGUS, "no option" },
        { "intel_iommu", 6001, INTEL, "", OFF, PARAMETER_BOGUS, "hands it to init" },
        { "iommu", 6001, INTEL, "", OFF, PARAMETER_BOGUS, "Malformed" },
        { "iommu=pt", 6001, AMD, "pt", ON, PARAMETER_NEUTRAL, "VFIO replaces" },
        { "iommu=on", 6001, AMD, "on", OFF, PARAMETER_BOGUS, "turns nothing on" },
        { "iommu=1", 6001, AMD, "1", ON, PARAMETER_BOGUS, "GART" },
        { "iommu=forcesac", 6001, AMD, "forcesac", ON, PARAMETER_BOGUS, "ignores" },
        { "iommu=nobypass", 6001, AMD, "nobypass", OFF, PARAMETER_BOGUS, "PowerPC" },
        { "iommu=biomerge", 6001, AMD, "biomerge", ON, PARAMETER_NEUTRAL, "GART" },
        { "iommu.strict=maybe", 6001, AMD, "maybe", OFF, PARAMETER_BOGUS, "Malformed" },
        { "iommu.passthru=1", 6001, AMD, "1", OFF, PARAMETER_BOGUS, "no such parameter" },
        { "intremap=nosid", 6001, INTEL, "nosid", ON, PARAMETER_HARMFUL, "who sends" },
        { "intremap=nosid", 6001, AMD, "nosid", ON, PARAMETER_BOGUS, "other vendor" },
        { "intremap=nonsense", 6001, INTEL, "nonsense", OFF, PARAMETER_BOGUS, "says nothing" },
        { "noapic", 6001, INTEL, "", ON, PARAMETER_HARMFUL, "EPERM" },
        { "nox2apic", 6001, INTEL, "", ON, PARAMETER_NEUTRAL, "stays on" },
        { "acpi=force acpi=off", 6001, INTEL, "off", ON, PARAMETER_HARMFUL, "ACPI" },
        { "efi=debug,disable_early_pci_dma", 6001, INTEL, "disable_early_pci_dma", ON,
          PARAMETER_NEUTRAL, "no IOMMU" },
        { "vfio_pci.disable_vga=maybe", 6001, INTEL, "maybe", OFF, PARAMETER_BOGUS, "refuses" },
        { "vfio_pci.disable_d3=1", 6001, INTEL, "1", OFF, PARAMETER_BOGUS, "no parameter" },
        { "vfio-pci.ids", 6001, INTEL, "", OFF, PARAMETER_BOGUS, "refuses to load" },
        { "kvm_amd.avic=1", 6001, AMD, "1", ON, PARAMETER_NEUTRAL, "guests" },
        { "pcie_acs_override=downstream", 6001, ANY, "downstream", UNSET, PARAMETER_HARMFUL, "" },
        { "pci=bios,noaer", 6001, ANY, "bios", ON, PARAMETER_NEUTRAL, "nothing to do" },
        { "pci=nonsense", 6001, ANY, "nonsense", OFF, PARAMETER_BOGUS, "PCI: Unknown option" },
        { "pcie_aspm=off", 6001, ANY, "off", ON, PARAMETER_NEUTRAL, "links" },
        { "-- iommu=pt", 6001, ANY, "pt", OFF, PARAMETER_BOGUS, "for init" },
        { "rd.driver.pre=vfio-pci", 6001, ANY, "vfio-pci", ON, PARAMETER_HELPS, "initramfs" },
};

static void test_notes(void) {
        for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
                Parameters *p = read_line(notes[i].line, notes[i].kernel, notes[i].vendor);
                const ParameterNote *n = p->notes;

                if (!n || strcmp(n->option, notes[i].option) != 0 || n->known != notes[i].known ||
                    n->meaning != notes[i].meaning || !strstr(n->effect, notes[i].effect) ||
                    !n->source[0]) {
                        fprintf(stderr, "%s: '%s' known %d, %s: %s\n", notes[i].line,
                                n ? n->option : "no note", n ? (int) n->known : -1,
                                n ? parameter_meaning_text(n->meaning) : "", n ? n->effect : "");
                        exit(1);
                }
                parameters_free(p);
        }
}

int main(void) {
        test_fields();
        test_notes();
        return 0;
}
