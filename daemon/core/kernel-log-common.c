/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-log-match.h"

/*
 * What the common code of the kernel prints: drivers/iommu/iommu.c, drivers/pci/, drivers/base/,
 * kernel/dma/, init/main.c, arch/x86/; and the IOMMUs that are neither Intel's nor AMD's.
 */
static const LogPattern plain[] = {
        { LOG_BOOT,                "Linux version %*" },
        /* A space stands at the end of both from 5.4 to 6.2 where nothing follows. */
        { LOG_DEFAULT_DOMAIN,      "iommu: Default domain type: %w%c" },
        { LOG_INVALIDATION_POLICY, "iommu: DMA domain TLB invalidation policy: %w mode%c" },
        { LOG_ENCRYPTION,          "iommu: Memory encryption detected - Disabling default IOMMU"
                                   " Passthrough" },
        /* Up to 5.0 the group lines were no device's. */
        { LOG_GROUP_ADD,           "iommu: Adding device %A to group %g" },
        { LOG_GROUP_REMOVE,        "iommu: Removing device %A from group %g" },
        { LOG_GROUP_FAILED,        "iommu: Failed to add device %A to group %g: %e" },
        { LOG_SWIOTLB,             "PCI-DMA: Using software bounce buffering for IO (SWIOTLB)" },
        { LOG_SWIOTLB_MAPPED,      "software IO TLB: mapped [mem %s] (%nMB)" },
        { LOG_SWIOTLB_MAPPED,      "software IO TLB [mem %s] (%nMB) mapped at [%*]" },
        { LOG_ACS_OVERRIDE,        "%(PCI: %)Warning: PCIe ACS overrides enabled; This may allow"
                                   " non-IOMMU protected peer-to-peer DMA" },
        { LOG_UNKNOWN_PARAMETERS,  "Unknown kernel command line parameters \"%s\", will be passed"
                                   " to"
                                   " user space." },
        { LOG_UNKNOWN_PARAMETERS,  "Unknown kernel command line parameters \"%s" },
        { LOG_MALFORMED_PARAMETER, "Malformed early option '%s'" },
        { LOG_NO_IOAPIC_SETUP,     "Not enabling interrupt remapping due to skipped IO-APIC"
                                   " setup" },
        { LOG_NO_X2APIC_REMAPPING, "x2apic: IRQ remapping doesn't support X2APIC mode" },
        /* call_driver_probe() up to 6.8 */
        { LOG_PROBE_FAILED,        "%w: probe of %A failed with error %e" },

        { LOG_SMMU_PROBED,         "arm-smmu-v3 %*: ias %d-bit, oas %d-bit (features %x)" },
        { LOG_SMMU_WIRED,          "arm-smmu-v3 %*: msi_domain absent - falling back to wired"
                                   " irqs" },
        { LOG_SMMU_NO_TRANSLATION, "arm-smmu-v3 %*: no translation support!" },
        { LOG_SMMU_NO_TRANSLATION, "arm-smmu %*: no translation support!" },
        { LOG_SMMU_PROBED,         "arm-smmu %*: SMMUv%d with:" },
        { LOG_VIRTIO_IOMMU,        "virtio_iommu %*: input address: %d bits" },
        { LOG_VIRTIO_IOMMU,        "virtio_iommu %*: page mask: %x" },
};

static const LogPattern device[] = {
        { LOG_GROUP_ADD,        "Adding to iommu group %g" },
        { LOG_GROUP_REMOVE,     "Removing from iommu group %g" },
        { LOG_GROUP_FAILED,     "Failed to add to iommu group %g: %e" },
        /* call_driver_probe() since 6.9 */
        { LOG_PROBE_FAILED,     "probe with driver %w failed with error %e" },
        /* __iommu_device_set_domain(); of all members of a group it may name another one */
        { LOG_FIRMWARE_MAPPING, "Firmware has requested this device have a 1:1 IOMMU mapping,"
                                " rejecting"
                                " configuring the device without a 1:1 mapping.%_Contact your"
                                " platform"
                                " vendor." },
        { LOG_UNTRUSTED,        "Device is not trusted, but driver is overriding group %g to %w,"
                                " refusing to probe." },
        { LOG_DOMAIN_CONFLICT,  "IOMMU driver error, requesting conflicting def_domain_type, %*"
                                " and %*,"
                                " for devices in group %g." },
        { LOG_DOMAIN_CONFLICT,  "Device needs domain type %*, but device %* in the same iommu group"
                                " requires type %* - using default" },

        { LOG_BAR_BUSY,         "BAR %n: can't reserve %s" },
        { LOG_BAR_BUSY,         "BAR %n %s: can't reserve%*" },
        { LOG_RESET_WAITING,    "not ready %nms after %s; waiting" },
        { LOG_RESET_FAILED,     "not ready %nms after %s; giving up" },
        { LOG_NOISE,            "ready %nms after %s" },
        { LOG_POWER_STATE,      "Refused to change power state, currently in %w" },
        { LOG_POWER_STATE,      "Refused to change power state from %w to %*" },
        { LOG_POWER_STATE,      "refused to change power state from %w to %*" },
        { LOG_POWER_STATE,      "can't change power state from %w to %*" },
        { LOG_POWER_STATE,      "Unable to change power state from %w to %*" },
        { LOG_ROM_INVALID,      "Invalid PCI ROM header signature: expecting %x, got %x" },

        /* report_addr() up to 5.3, dma_direct_map_page() behind it, and the bounce buffer's */
        { LOG_DMA_OVERFLOW,     "DMA addr %h+%n overflow (mask %m, bus limit %l)." },
        { LOG_DMA_OVERFLOW,     "swiotlb addr %h+%n overflow (mask %m, bus limit %l)." },
        { LOG_DMA_OVERFLOW,     "%w: overflow %h+%n of device mask %m" },
        { LOG_DMA_OVERFLOW,     "%w: overflow %h+%n of device mask %m bus mask %l" },
        { LOG_DMA_OVERFLOW,     "%w: overflow %h+%n of device mask %m bus limit %l" },
};

const LogPatterns log_plain_common = LOG_PATTERNS(plain);
const LogPatterns log_device_common = LOG_PATTERNS(device);
