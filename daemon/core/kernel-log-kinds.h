/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Every kind of line that is told apart. What each is good for and who prints it stands in the
 * table of kernel-log-rules.c; the texts stand in the pattern tables beside it. */
typedef enum LogKind {
        LOG_NONE,  /* none that we know */
        LOG_NOISE, /* known to be harmless */
        LOG_BOOT,  /* the kernel's banner */

        /* Common code of the kernel */
        LOG_DEFAULT_DOMAIN,        /* subject: Translated or Passthrough */
        LOG_INVALIDATION_POLICY,   /* subject: lazy or strict */
        LOG_STRICT_IN_GUEST,
        LOG_ENCRYPTION,            /* memory encryption rules a passthrough domain out */
        LOG_GROUP_ADD,
        LOG_GROUP_ADD_VFIO,        /* by a VFIO driver: may be a noiommu group */
        LOG_GROUP_REMOVE,
        LOG_GROUP_FAILED,
        LOG_SWIOTLB,
        LOG_SWIOTLB_MAPPED,        /* number: MiB; subject: where */
        LOG_ACS_OVERRIDE,
        LOG_ACS_OVERRIDE_IGNORED,  /* the parameter was given, the kernel has no such patch */
        LOG_UNKNOWN_PARAMETERS,    /* subject: the parameters */
        LOG_MALFORMED_PARAMETER,   /* subject: the parameter */
        LOG_NO_IOAPIC_SETUP,       /* noapic */
        LOG_NO_X2APIC_REMAPPING,

        /* Intel: DMAR and interrupt remapping */
        LOG_DMAR_PARAMETER_ON,
        LOG_DMAR_PARAMETER_OFF,
        LOG_DMAR_ENABLED,
        LOG_DMAR_TABLE,
        LOG_DMAR_NO_REGIONS,
        LOG_DMAR_INVALIDATION,     /* subject: Queued or Register based */
        LOG_DMAR_OPT_IN,
        LOG_DMAR_FORCED,           /* by tboot */
        LOG_DMAR_FAILED,
        LOG_DMAR_TABLE_FAILED,
        LOG_DMAR_NO_DEVICES,
        LOG_DMAR_NO_GRAPHICS,
        LOG_DMAR_UNKNOWN_OPTION,   /* subject: the option */
        LOG_DMAR_TABLE_BROKEN,     /* the firmware's table is of no use as a whole */
        LOG_DMAR_FIRMWARE_BUG,     /* subject: what is wrong */
        LOG_DMAR_FAULT_STATUS,
        LOG_DMAR_FAULT,            /* subject: the reason */
        LOG_DMAR_INTERRUPT_FAULT,  /* subject: the reason */
        LOG_DMAR_WIDTH,            /* number: bits; fault_address: what was to be mapped */
        LOG_DMAR_RMRR,             /* a reserved region refuses the device */
        LOG_DMAR_IR_ENABLED,       /* subject: x2apic or xapic */
        LOG_DMAR_IR_QUEUED,
        LOG_DMAR_IR_SCOPE,
        LOG_DMAR_IR_FAILED,
        LOG_DMAR_IR_NOT_ENABLING,
        LOG_DMAR_IR_NO_IOAPIC,     /* number: the IO-APIC */
        LOG_DMAR_IR_SETUP_FAILED,
        LOG_DMAR_IR_ERRATUM,
        LOG_DMAR_IR_OPT_OUT,       /* the firmware asks for xapic mode */
        LOG_DMAR_IR_NO_EIM,
        LOG_DMAR_IR_COPIED,

        /* AMD */
        LOG_AMD_FLUSH,
        LOG_AMD_IR_ENABLED,
        LOG_AMD_X2APIC,
        LOG_AMD_VAPIC,
        LOG_AMD_FOUND,
        LOG_AMD_FEATURES,
        LOG_AMD_COUNTERS,
        LOG_AMD_EFR,
        LOG_AMD_IR_DISABLED,
        LOG_AMD_NO_IOAPIC,         /* number: the IO-APIC, if it says which */
        LOG_AMD_DISABLED,          /* amd_iommu=off, as far as kernels say so */
        LOG_AMD_UNSUPPORTED,       /* subject: why */
        LOG_AMD_TABLE_FAILED,      /* subject: why */
        LOG_AMD_INIT_FAILED,
        LOG_AMD_UNKNOWN_OPTION,    /* subject: the option */
        LOG_AMD_V2,
        LOG_AMD_FAULT,             /* a page that is not mapped for the device */
        LOG_AMD_EVENT,             /* subject: the event */

        /* Other IOMMUs */
        LOG_SMMU_PROBED,
        LOG_SMMU_WIRED,
        LOG_SMMU_NO_TRANSLATION,
        LOG_VIRTIO_IOMMU,

        /* VFIO */
        LOG_VFIO_LOADED,
        LOG_VFIO_IDS,
        LOG_VFIO_IDS_INVALID,      /* subject: the id */
        LOG_VFIO_PROBE_FAILED,     /* subject: the driver */
        LOG_VFIO_DENYLIST,
        LOG_VFIO_PF_WITH_VFS,
        LOG_VFIO_TOKEN,            /* subject: what about it */
        LOG_VFIO_NO_REMAPPING,
        LOG_VFIO_UNSAFE,           /* iommufd works without interrupt remapping, as it was told */
        LOG_VFIO_MEMLOCK,          /* number: the limit */
        LOG_VFIO_NOIOMMU,
        LOG_VFIO_NOIOMMU_OPENED,   /* subject: by whom */
        LOG_VFIO_INTX_SHARED,      /* number: the interrupt; subject: with whom */
        LOG_VFIO_IGD,
        LOG_VFIO_RELAYING,         /* number: how many requests before */
        LOG_VFIO_BLOCKED,          /* nobody to ask: waits for the user */
        LOG_VFIO_IN_USE,           /* subject: the task that waits */
        LOG_VFIO_LIVE_GROUP,       /* a device came into a group in use */
        LOG_VFIO_OVERRIDE,         /* vfio-pci set the override of a VF */
        LOG_VFIO_BUG,              /* the kernel stopped at its own check */

        /* Devices */
        LOG_PROBE_FAILED,          /* subject: a driver that is not VFIO's */
        LOG_FIRMWARE_MAPPING,      /* 1:1 mapping that the firmware asks for */
        LOG_UNTRUSTED,             /* subject: the type the driver wanted */
        LOG_DOMAIN_CONFLICT,
        LOG_BAR_BUSY,              /* number: the BAR */
        LOG_RESET_WAITING,         /* number: milliseconds; subject: the kind of reset */
        LOG_RESET_FAILED,
        LOG_POWER_STATE,           /* subject: the state it stays in */
        LOG_ROM_INVALID,
        LOG_DMA_OVERFLOW,          /* fault_address, number: bytes, mask, bus_limit */
        LOG_NVIDIA_IN_USE,
        LOG_NVIDIA_REMOVED,        /* what waited for its user goes on */
        LOG_N_KINDS,
} LogKind;
