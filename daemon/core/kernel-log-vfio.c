/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-log-match.h"

/*
 * What drivers/vfio/ prints, drivers/iommu/iommufd/ and kernel/irq/manage.c about VFIO, and the
 * driver of NVIDIA about a device that is to go to VFIO.
 */
static const LogPattern plain[] = {
        { LOG_VFIO_LOADED,        "VFIO - User Level meta-driver version: %*" },
        { LOG_VFIO_IDS,           "vfio_pci: add [%x:%x[%x:%x]] class %x/%x" },
        { LOG_VFIO_IDS_INVALID,   "vfio_pci: invalid id string \"%s\"" },
        { LOG_VFIO_IDS_INVALID,   "vfio_pci: failed to add dynamic id [%s" },
        { LOG_VFIO_NO_REMAPPING,  "vfio_iommu_type1_attach_group: No interrupt remapping"
                                  " support.%_Use"
                                  " the module param \"allow_unsafe_interrupts\" to enable VFIO"
                                  " IOMMU"
                                  " support on this platform" },
        { LOG_VFIO_MEMLOCK,       "vfio_pin_pages_remote: RLIMIT_MEMLOCK (%n) exceeded" },
        { LOG_VFIO_MEMLOCK,       "vfio_pin_page_external: Task %s (%d) RLIMIT_MEMLOCK (%n)"
                                  " exceeded" },
        { LOG_VFIO_INTX_SHARED,   "genirq: Flags mismatch irq %n. %x (vfio-intx(%A)) vs. %x (%s)" },
        { LOG_VFIO_BUG,           "kernel BUG at drivers/vfio/vfio.c:%d!" },
        { LOG_NVIDIA_IN_USE,      "NVRM: Attempting to remove device %A with non-zero usage"
                                  " count!" },
        { LOG_NVIDIA_IN_USE,      "NVRM: Attempting to remove minor device %d with non-zero usage"
                                  " count!" },
        { LOG_NVIDIA_REMOVED,     "NVRM: Continuing with GPU removal for device %A%*" },
        { LOG_NVIDIA_REMOVED,     "NVRM: Continuing with GPU removal for minor device %d" },
        { LOG_NOISE,              "vgaarb: device changed decodes: PCI:%*" },
        { LOG_NOISE,              "vgaarb: deactivate vga console" },
};

static const LogPattern device[] = {
        { LOG_VFIO_DENYLIST,     "%x:%x exists in vfio-pci device denylist, driver probing"
                                 " disallowed." },
        { LOG_VFIO_PF_WITH_VFS,  "Cannot bind to PF with SR-IOV enabled" },
        { LOG_VFIO_TOKEN,        "VF token %s" },
        { LOG_VFIO_TOKEN,        "%w VF token provided for device" },
        /* iommufd_device_bind(), only when the override is on */
        { LOG_VFIO_UNSAFE,       "MSI interrupts are not secure, they cannot be isolated by the"
                                 " platform.%*" },
        { LOG_VFIO_NOIOMMU,      "Adding kernel taint for vfio-noiommu group on device" },
        { LOG_VFIO_NOIOMMU_OPENED, "vfio-noiommu device opened by user (%s)" },
        { LOG_VFIO_IGD,          "Failed to setup Intel IGD regions" },
        { LOG_VFIO_RELAYING,     "Relaying device request to user (#%n)" },
        { LOG_VFIO_BLOCKED,      "No device request channel registered, blocked until released by"
                                 " user" },
        { LOG_VFIO_IN_USE,       "Device is currently in use, task \"%s\" (%d) blocked until"
                                 " device is"
                                 " released" },
        { LOG_VFIO_LIVE_GROUP,   "Device added to live group %g!" },
        { LOG_VFIO_OVERRIDE,     "Captured SR-IOV VF %a driver_override" },

        { LOG_NOISE,             "resetting" },
        { LOG_NOISE,             "reset done" },
        { LOG_NOISE,             "unlocked secondary bus reset via: %*" },
        { LOG_NOISE,             "vfio_ecap_init: hiding ecap %x@%x" },
        { LOG_NOISE,             "vfio_cap_init: hiding cap %x@%x" },
        { LOG_NOISE,             "vfio_bar_restore: reset recovery - restoring BARs" },
        { LOG_NOISE,             "%(vgaarb: %)changed VGA decodes: %*" },
        { LOG_NOISE,             "%(vgaarb: %)VGA decodes changed: %*" },
        { LOG_NOISE,             "vgaarb: deactivate vga console" },
        { LOG_NOISE,             "enabling device (%x -> %x)" },
        { LOG_NOISE,             "Masking broken INTx support" },
};

const LogPatterns log_plain_vfio = LOG_PATTERNS(plain);
const LogPatterns log_device_vfio = LOG_PATTERNS(device);
