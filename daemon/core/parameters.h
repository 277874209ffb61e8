/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "fact.h"
#include "parameters-words.h"

/*
 * What the running kernel has made of its command line: parsed in the kernel's own order and by
 * its own rules. It says what was asked, not what came of it; that is measured elsewhere.
 */

/* The release as major * 1000 + minor: 6001 is 6.1. */
#define PARAMETERS_KERNEL_UNKNOWN (-1)

typedef enum CpuVendor { CPU_VENDOR_UNKNOWN, CPU_VENDOR_INTEL, CPU_VENDOR_AMD } CpuVendor;

/* The switches that a command line can set. FACT_UNKNOWN: the line does not say. */
typedef enum Asked {
        ASKED_NONE,
        ASKED_INTEL_IOMMU,     /* intel_iommu=on, off */
        ASKED_PLATFORM_OPT_IN, /* absent: the firmware may not turn VT-d on; stays so */
        ASKED_AMD_IOMMU,       /* absent: amd_iommu=off; stays so */
        ASKED_AMD_ON,          /* present: amd_iommu=on was written; it means nothing */
        ASKED_IOMMU,           /* absent: iommu=off; stays so */
        ASKED_IOMMU_ON,        /* present: iommu=on or iommu=force; neither undoes off */
        ASKED_ACPI,            /* absent: acpi=off */
        ASKED_PCI,             /* absent: pci=off */
        ASKED_PASSTHROUGH,     /* iommu=pt, nopt, iommu.passthrough */
        ASKED_STRICT,          /* iommu.strict and its old spellings */
        ASKED_FORCEDAC,        /* iommu.forcedac and its old spelling */
        ASKED_IGFX,            /* absent: intel_iommu=igfx_off */
        ASKED_INTGPU,          /* absent: intel_iommu=intgpu_off (Debian) */
        ASKED_SCALABLE_MODE,   /* intel_iommu=sm_on, sm_off */
        ASKED_FORCE_ENABLE,    /* amd_iommu=force_enable */
        ASKED_REMAPPING,       /* intremap=on, off, nointremap */
        ASKED_SOURCE_ID,       /* absent: intremap=nosid; stays so */
        ASKED_X2APIC_OPT_OUT,  /* absent: intremap=no_x2apic_optout; stays so */
        ASKED_POSTED,          /* absent: intremap=nopost or off */
        ASKED_POSTED_MSI,      /* intremap=posted_msi */
        ASKED_AMD_VAPIC,       /* amd_iommu_intr=vapic, legacy */
        ASKED_IO_APIC,         /* absent: noapic */
        ASKED_LOCAL_APIC,      /* absent: nolapic, disableapic */
        ASKED_SWIOTLB,         /* present: forced; absent: none */
        ASKED_TYPE1_UNSAFE,    /* vfio_iommu_type1.allow_unsafe_interrupts */
        ASKED_IOMMUFD_UNSAFE,  /* iommufd.allow_unsafe_interrupts */
        ASKED_NOIOMMU,         /* vfio.enable_unsafe_noiommu_mode */
        ASKED_DISABLE_IDLE_D3, /* vfio_pci.* */
        ASKED_NOINTXMASK,
        ASKED_DISABLE_VGA,
        ASKED_ENABLE_SRIOV,
        ASKED_DISABLE_DENYLIST,
        ASKED_ACS_OVERRIDE,    /* pcie_acs_override (a patched kernel) */
        ASKED_ACS_REDIRECT,    /* absent: pci=disable_acs_redir= or config_acs= may merge groups */
        ASKED_MSI,             /* absent: pci=nomsi */
        ASKED_ATS,             /* absent: pci=noats */
        ASKED_PORT_DRIVER,     /* absent: pcie_ports=compat */
        ASKED_PORT_PM,         /* pcie_port_pm= */
        ASKED_EFIFB,           /* absent: video=efifb:off */
        ASKED_SYSFB,           /* absent: initcall_blacklist=sysfb_init */
        ASKED_VFIO_MODULES,    /* absent: module_blacklist= names a module of VFIO */
        ASKED_VFIOD_DISABLE,   /* vfiod.disable */
        ASKED_N,
} Asked;

/* How one switch was set. The words are borrowed from the Parameters. */
typedef struct AskedFor {
        Fact fact;
        const char *word;      /* the word that decided, as written; NULL if none */
        const char *overruled; /* a word that said the opposite and lost; NULL if none */
        bool implied;          /* a side effect of that word */
} AskedFor;

typedef enum ParameterMeaning {
        PARAMETER_NEUTRAL, /* passthrough is the same with and without it */
        PARAMETER_HELPS,   /* works around something, or makes it safer */
        PARAMETER_NEEDED,  /* on some machines nothing goes without it */
        PARAMETER_HARMFUL, /* keeps devices from being passed through, or makes it less safe */
        PARAMETER_BOGUS,   /* does nothing here */
} ParameterMeaning;

/* What one word, or one option of its list, does. All strings are static or borrowed. */
typedef struct ParameterNote {
        const char *word;   /* as written */
        const char *option; /* the option of the list, or the whole value; "" if there is none */
        Fact known;         /* does this kernel, or whoever reads it, know it */
        bool unknown_name;  /* no value of it is known: the kernel may list it as unknown */
        bool cut_short;     /* behind iommu=usedac, which ends the list */
        ParameterMeaning meaning;
        const char *effect; /* one sentence */
        const char *source; /* file:function of the kernel */
        size_t position;    /* in the line */
} ParameterNote;

typedef enum ParameterConflictKind {
        CONFLICT_OFF_WITH_IDS,           /* devices wait for vfio-pci, the IOMMU is off */
        CONFLICT_PASSTHROUGH_WITHOUT_IOMMU,
        CONFLICT_NO_REMAPPING,           /* interrupt remapping is off: VFIO answers EPERM */
        CONFLICT_STICKY_OFF,             /* a later "on" does not undo "off" */
        CONFLICT_CONTRADICTION,          /* two words say the opposite */
        CONFLICT_OVERWRITTEN,            /* only the last vfio-pci.ids counts */
        CONFLICT_WRONG_VENDOR,
        CONFLICT_DUPLICATE_ID,           /* two entries of ids name the same devices */
        CONFLICT_UNKNOWN_PARAMETER,
        CONFLICT_LIST_CUT_SHORT,         /* options after iommu=usedac */
} ParameterConflictKind;

typedef struct ParameterConflict {
        ParameterConflictKind kind;
        const char *words[2]; /* borrowed; the second may be NULL */
        char *text;
} ParameterConflict;

/* One entry of vfio-pci.ids. Of what the line leaves out, subsystem ids are PARAMETER_ID_ANY. */
#define PARAMETER_ID_ANY UINT32_MAX
typedef struct ParameterId {
        const char *text;    /* borrowed */
        const char *problem; /* NULL if there is none */
        bool refused;        /* the driver does not take it at all; the numbers are not set */
        uint32_t vendor, device, subvendor, subdevice, class_code, class_mask;
} ParameterId;

#define PARAMETER_NOTES_MAX 256
#define PARAMETER_CONFLICTS_MAX 32

typedef struct Parameters {
        int kernel;
        CpuVendor vendor;
        AskedFor asked[ASKED_N];
        ParameterId *ids; /* of the vfio-pci.ids that counts */
        size_t n_ids;
        char *ids_text; /* what they borrow from */
        const char *ids_word;             /* NULL if none */
        const char *ids_overwritten;      /* an earlier one, which no longer counts */
        ParameterNote *notes;             /* in the order of the line */
        size_t n_notes, n_notes_left_out; /* beyond PARAMETER_NOTES_MAX */
        ParameterConflict *conflicts;
        size_t n_conflicts;
        ParameterWords words; /* owns what is borrowed above */
        char *options;        /* the same */
} Parameters;

/* Evaluates a command line.
 * Returns: 0, -ENOMEM, or -E2BIG beyond PARAMETER_LINE_MAX; *ret is for parameters_free(). */
int parameters_evaluate(const char *line, int kernel, CpuVendor vendor, Parameters **ret);
/* Frees p, which may be NULL. Returns: NULL. */
Parameters *parameters_free(Parameters *p);

/* Returns: how that switch was set. */
Fact parameters_asked(const Parameters *p, Asked what);
/* Returns: the word that set it, or NULL. */
const char *parameters_asked_by(const Parameters *p, Asked what);

/* What turns the IOMMU of this vendor off; without a vendor any word that may.
 * Returns: the word, or NULL if no word does. */
const char *parameters_iommu_off(const Parameters *p);
/* What turns interrupt remapping off. On AMD it goes with the IOMMU, on Intel it does not.
 * Returns: the word, or NULL if no word does. */
const char *parameters_remapping_off(const Parameters *p);
/* What turns posted interrupts off. Returns: the word, or NULL if no word does. */
const char *parameters_posted_off(const Parameters *p);

/* Returns: true if that entry makes vfio-pci take a device with these ids. */
bool parameter_id_matches(const ParameterId *id, uint16_t vendor, uint16_t device,
                          uint16_t subvendor, uint16_t subdevice, uint32_t class_code);

/* The words of the interface; never NULL. */
const char *parameter_meaning_text(ParameterMeaning v);
const char *parameter_conflict_text(ParameterConflictKind v);

typedef enum ParameterChange {
        PARAMETER_ADDED, /* configured but not running yet */
        PARAMETER_REMOVED,
        PARAMETER_CHANGED,
} ParameterChange;

/* A word that differs between the running line and the one of the next boot. */
typedef struct ParameterDifference {
        ParameterChange change;
        char *running;    /* NULL if added */
        char *configured; /* NULL if removed */
} ParameterDifference;

/* Compares the words that matter to passthrough. The order of words of the same name counts,
 * that of words of different names does not.
 * Returns: 0, -ENOMEM or -E2BIG. *ret is for parameter_differences_free(). */
int parameters_compare(const char *running, const char *configured, ParameterDifference **ret,
                       size_t *ret_n);
/* Frees the list. Returns: NULL. */
ParameterDifference *parameter_differences_free(ParameterDifference *d, size_t n);
