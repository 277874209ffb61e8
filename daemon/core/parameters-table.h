/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parameters.h"

/* The parameters that matter to passthrough, as tables; not for anybody outside core. */

/* Who reads the parameter, and so when. */
typedef enum ParameterReader {
        READ_EARLY,  /* early_param(): before all others, wherever it stands in the line */
        READ_SETUP,  /* __setup() */
        READ_CORE,   /* core_param() and module_param() of what is built in */
        READ_MODULE, /* module_param(): by kmod if the module is loaded, which ignores "--" */
        READ_USER,   /* not by the kernel; "--" means nothing */
        READ_NOBODY, /* no kernel has it, or only a patched one */
} ParameterReader;

/* How the reader takes the value apart. */
typedef enum ParameterSplit {
        SPLIT_WHOLE,    /* not at all */
        SPLIT_FLAG,     /* the name does it, the value is ignored */
        SPLIT_BOOL,     /* kstrtobool() */
        SPLIT_LIST,     /* at commas */
        SPLIT_AMD,      /* at commas; up to 6.0 each option is found anywhere */
        SPLIT_ANYWHERE, /* the first option found anywhere counts */
        SPLIT_SWIOTLB,  /* up to two numbers, then one word */
        SPLIT_IDS,      /* vfio_pci_fill_ids() */
} ParameterSplit;

typedef enum ParameterMatch {
        MATCH_PREFIX, /* strncmp(): "offline" is "off" */
        MATCH_EXACT,
        MATCH_YES,    /* kstrtobool() */
        MATCH_NO,
        MATCH_DIGIT,  /* begins with one */
        MATCH_IVRS,   /* id@address or [id]=address */
        MATCH_ANY,
} ParameterMatch;

/* Instead of a release in since. */
#define SINCE_NEVER (-2) /* no kernel knows it */
#define SINCE_PATCH (-3) /* only patched kernels do */

/* One switch that an option sets. */
typedef struct ParameterSet {
        Asked what;
        Fact fact;
        bool implied; /* a side effect, which contradicts nothing */
} ParameterSet;

/* One option of a parameter; the first row that fits counts, an effect of NULL ends a table. */
typedef struct ParameterOption {
        const char *value;
        ParameterMatch match;
        ParameterMeaning meaning;
        const char *effect;
        ParameterSet sets[2];
        int since, until; /* first and last release that knows it; 0: no bound */
        CpuVendor vendor; /* the only one on which it has this effect */
        const char *source; /* NULL: that of the parameter */
} ParameterOption;

typedef struct ParameterKind {
        const char *name;
        ParameterReader reader;
        ParameterSplit split;
        const ParameterOption *options;
        const char *source;
        CpuVendor vendor;
        bool prefix; /* the name may go on: __setup() without '=' */
        bool open;   /* values that are not in the table have nothing to do with passthrough */
} ParameterKind;

/* Returns: the parameter of that name, or NULL if it does not matter here. */
const ParameterKind *parameter_kind_find(const char *name);
/* Returns: its number, for sorting words by parameter; below parameter_kinds_count(). */
size_t parameter_kind_number(const ParameterKind *k);
size_t parameter_kinds_count(void);

/* Returns: what lib/kstrtox.c:kstrtobool() makes of it, FACT_UNKNOWN if it is malformed. */
Fact parameter_bool(const char *value);
/* Returns: true if the value is one that this row is about, whatever the release. */
bool parameter_option_fits(const ParameterOption *o, const char *value);
/* Returns: whether a kernel knows that row; FACT_UNKNOWN if that takes an unknown release. */
Fact parameter_option_known(const ParameterOption *o, int kernel);

extern const ParameterOption parameter_intel_options[], parameter_amd_options[],
        parameter_amd_intr_options[], parameter_amd_dump_options[], parameter_ivrs_options[],
        parameter_iommu_options[], parameter_passthrough_options[], parameter_strict_options[],
        parameter_forcedac_options[], parameter_iommu_dot_options[];
extern const ParameterOption parameter_intremap_options[], parameter_nointremap_options[],
        parameter_noapic_options[], parameter_nolapic_options[], parameter_nox2apic_options[],
        parameter_acpi_options[], parameter_swiotlb_options[], parameter_efi_options[];
extern const ParameterOption parameter_type1_unsafe_options[], parameter_iommufd_unsafe_options[],
        parameter_noiommu_options[], parameter_ids_options[], parameter_stub_ids_options[],
        parameter_idle_d3_options[], parameter_nointxmask_options[], parameter_vga_options[],
        parameter_sriov_options[], parameter_denylist_options[], parameter_no_such_options[],
        parameter_vfiod_options[], parameter_kvm_options[], parameter_type1_other_options[];
extern const ParameterOption parameter_pci_options[], parameter_acs_override_options[],
        parameter_ports_options[], parameter_port_pm_options[], parameter_aspm_options[],
        parameter_video_options[], parameter_initcall_options[], parameter_module_options[],
        parameter_modprobe_options[], parameter_dracut_options[];
