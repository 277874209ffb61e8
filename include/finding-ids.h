/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Every finding id. An id is stable: scripts match on it, and `vfioctl explain ID` is keyed by it.
 * The comment says what was found; facts and texts are the evaluator's (daemon/core/findings-*.c).
 */

/* Host */
#define FINDING_NO_IOMMU                "no-iommu"                /* no IOMMU instance is registered */
#define FINDING_IOMMU_UNKNOWN           "iommu-unknown"           /* /sys/class/iommu could not be read */
#define FINDING_NO_INTERRUPT_REMAPPING  "no-interrupt-remapping"  /* no IR- chip, no override either */
#define FINDING_INTERRUPT_REMAPPING_UNKNOWN "interrupt-remapping-unknown"
#define FINDING_UNSAFE_INTERRUPTS       "unsafe-interrupts"       /* allow_unsafe_interrupts is on and needed */
#define FINDING_BOGUS_PARAMETER         "bogus-parameter"         /* a word that does nothing here */
#define FINDING_HARMFUL_PARAMETER       "harmful-parameter"       /* a word that stands in the way */
#define FINDING_UNKNOWN_PARAMETER       "unknown-parameter"       /* a word this kernel does not know */
#define FINDING_PARAMETER_CONFLICT      "parameter-conflict"      /* words that contradict each other */
#define FINDING_CONFIGURED_NOT_RUNNING  "configured-not-running"  /* the next boot has other words */
#define FINDING_ACS_OVERRIDE            "acs-override"            /* groups that hardware does not grant */
#define FINDING_DEVICE_IDS_CATCH_MANY   "device-ids-catch-many"   /* vfio-pci.ids takes several devices */
#define FINDING_LOG_CONTRADICTION       "log-contradiction"       /* the log says otherwise than /sys */
#define FINDING_LOG_INCOMPLETE          "log-incomplete"          /* the boot's log is not all there */
#define FINDING_BOUNCE_BUFFERS          "bounce-buffers"          /* size and use of swiotlb */
#define FINDING_IOMMU_REGISTERS         "iommu-registers"         /* what VT-d itself says is on */
#define FINDING_NOIOMMU_MODE            "noiommu-mode"            /* VFIO makes groups without an IOMMU */
#define FINDING_NO_BACKEND              "no-backend"              /* neither type1 nor iommufd can be had */

#define FINDING_WISH_BOOTS_INCOMPLETE   "wish-boots-incomplete"   /* two boots did not come to their end */
#define FINDING_WISH_UNCOUNTED          "wish-uncounted"          /* boots cannot be counted */
#define FINDING_WISH_DEVICE_MISSING     "wish-device-missing"     /* no device is as it says */
#define FINDING_WISHES_UNKNOWN          "wishes-unknown"          /* what was persisted could not be read */
#define FINDING_PERSISTENCE_DISABLED    "persistence-disabled"    /* vfiod.disable */

/* Group */
#define FINDING_GROUP_NOT_VIABLE        "group-not-viable"        /* a member's driver blocks the group */
#define FINDING_VIABILITY_UNKNOWN       "viability-unknown"       /* a fact the verdict needs is not known */
#define FINDING_NOIOMMU                 "noiommu"                 /* VFIO made the group without an IOMMU */
#define FINDING_IN_USE                  "in-use"                  /* a process holds the group */
#define FINDING_USE_UNKNOWN             "use-unknown"             /* holders could not be looked for */
#define FINDING_FIRMWARE_MAPPING        "firmware-mapping"        /* a 1:1 mapping this kernel refuses */
#define FINDING_FIRMWARE_MAPPING_UNKNOWN "firmware-mapping-unknown"
#define FINDING_UNPINNED_MEMBER         "unpinned-member"         /* a module load could take a free member */
#define FINDING_GROUP_CHANGED           "group-changed"           /* other members than at the last boot */

/* Device */
#define FINDING_NO_IOMMU_GROUP          "no-iommu-group"          /* the device is in no group */
#define FINDING_NOT_A_CANDIDATE         "not-a-candidate"         /* bridge, host bridge or platform device */
#define FINDING_BLOCKED_BY_PLATFORM     "blocked-by-platform"     /* a member that is never moved blocks */
#define FINDING_MEMBER_NEEDS_CONSENT    "member-needs-consent"    /* a further member would have to move */
#define FINDING_VF_TOKEN_REQUIRED       "vf-token-required"       /* VF of a physical function on VFIO */
#define FINDING_PF_WITH_VFS             "pf-with-vfs"             /* physical function with VFs enabled */
#define FINDING_DETACHING               "detaching"               /* an unbind has not ended */
#define FINDING_DEVICE_FACTS_UNKNOWN    "device-facts-unknown"    /* driver, ids or kind could not be read */
#define FINDING_POWER_STATE             "power-state"             /* in D3cold, or in error */
#define FINDING_POWER_STATE_UNKNOWN     "power-state-unknown"
#define FINDING_COHERENCY_UNKNOWN       "coherency-unknown"       /* DMA cache coherency not proven */
#define FINDING_DMA_FAULT               "dma-fault"               /* the IOMMU refused its DMA */
#define FINDING_DMA_MASK_OVERFLOW       "dma-mask-overflow"       /* it cannot reach its buffers */
#define FINDING_BAR_BUSY                "bar-busy"                /* somebody else owns its memory */
#define FINDING_VFIO_PROBE_FAILED       "vfio-probe-failed"       /* a VFIO driver did not take it */
#define FINDING_DENYLIST                "denylist"                /* vfio-pci refuses this model */
#define FINDING_RESET_FAILED            "reset-failed"            /* it did not come back */
#define FINDING_INTX_SHARED             "intx-shared"             /* its interrupt line is taken */
#define FINDING_DRIVER_IN_USE           "driver-in-use"           /* its driver waits for a user */
#define FINDING_NO_RESET                "no-reset"                /* the kernel cannot reset it alone */
#define FINDING_D3COLD                  "d3cold"                  /* it has no power now */
#define FINDING_FRAMEBUFFER             "framebuffer"             /* the firmware's screen lies in a BAR */
#define FINDING_VFIO_VARIANT_DRIVER     "vfio-variant-driver"     /* a VFIO driver is made for it */
#define FINDING_NODE_PERMISSION         "node-permission"         /* who may open its node */
#define FINDING_MEMLOCK                 "memlock"                 /* how much memory those may lock */
#define FINDING_FOREIGN_OWNER           "foreign-owner"           /* somebody else gives it to VFIO */
#define FINDING_FOREIGN_OVERRIDE        "foreign-override"        /* an override that vfiod did not set */
#define FINDING_WISH_REFUSED            "wish-refused"            /* persisted, and not moved in this boot */
#define FINDING_HELD                    "held"                    /* kept from drivers until it is moved */
#define FINDING_PERSISTED_LATE          "persisted-late"          /* its host driver had it at first */

/* What the host would lose (dictionary: class "accept" or "never") */
#define FINDING_DISK_IN_USE             "disk-in-use"             /* never: mounted, swap, stacked, open, needed */
#define FINDING_DISK_HOLDS_DATA         "disk-holds-data"         /* accept: data that nobody uses now */
#define FINDING_NETWORK_IN_USE          "network-in-use"          /* accept: addresses, routes, masters */
#define FINDING_OWN_CONNECTION          "own-connection"          /* accept: a remote login comes over it */
#define FINDING_NETWORK_STORAGE         "network-storage"         /* accept: NFS, iSCSI, NVMe over it */
#define FINDING_BOOT_DISPLAY            "boot-display"            /* accept: the firmware's display */
#define FINDING_DISPLAY_IN_USE          "display-in-use"          /* accept: open nodes, connected outputs */
#define FINDING_LAST_CONSOLE            "last-console"            /* never: no console is left without it */
#define FINDING_SERIAL_CONSOLE          "serial-console"          /* accept: a console of several */
#define FINDING_LAST_KEYBOARD           "last-keyboard"           /* accept: no keyboard is left without it */
#define FINDING_SOUND_IN_USE            "sound-in-use"            /* accept: a sound device is held open */
#define FINDING_TPM                     "tpm"                     /* accept */
#define FINDING_WATCHDOG                "watchdog"                /* accept */
#define FINDING_DISK_NOT_OPENED         "disk-not-opened"         /* of a plan for others than root */
#define FINDING_USES_UNKNOWN            "uses-unknown"            /* never: nothing could be looked at */
#define FINDING_GROUP_SHARED_WITH_SYSTEM_DISK  "group-shared-with-system-disk"  /* never: of a member */
#define FINDING_GROUP_SHARED_WITH_LAST_CONSOLE "group-shared-with-last-console" /* never: of a member */
