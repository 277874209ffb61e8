/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-log-match.h"

/*
 * What drivers/iommu/amd/ prints (drivers/iommu/amd_iommu.c, amd_iommu_init.c and
 * amd_iommu_v2.c before 5.8).
 */
static const LogPattern plain[] = {
        { LOG_AMD_FLUSH,         "AMD-Vi: Lazy IO/TLB flushing enabled" },
        { LOG_AMD_FLUSH,         "AMD-Vi: IO/TLB flush on unmap enabled" },
        { LOG_AMD_IR_ENABLED,    "AMD-Vi: Interrupt remapping enabled" },
        { LOG_AMD_X2APIC,        "AMD-Vi: X2APIC enabled" },
        { LOG_AMD_VAPIC,         "AMD-Vi: virtual APIC enabled" },
        { LOG_AMD_VAPIC,         "AMD-Vi: Virtual APIC enabled" },
        { LOG_AMD_FOUND,         "AMD-Vi: Found IOMMU at %a cap %x" },
        { LOG_AMD_FEATURES,      "AMD-Vi: Extended features (%x):%*" },
        { LOG_AMD_FEATURES,      "AMD-Vi: Extended features (%x, %x):%*" },
        { LOG_AMD_COUNTERS,      "perf/amd_iommu: Detected AMD IOMMU #%d (%d banks, %d"
                                 " counters/bank)." },
        { LOG_AMD_EFR,           "AMD-Vi: Using global IVHD EFR:%x, EFR2:%x" },
        { LOG_STRICT_IN_GUEST,   "AMD-Vi: Using strict mode due to virtualization" },

        /* check_ioapic_information(). Since 5.3 its own "AMD-Vi" became an empty prefix, and
         * "[Firmware Bug]: " is missing when ivrs_ioapic= or noapic was given. */
        { LOG_AMD_IR_DISABLED,   "AMD-Vi: Disabling interrupt remapping" },
        { LOG_AMD_NO_IOAPIC,     "AMD-Vi: %([Firmware Bug]: %)%(: %)IOAPIC[%n] not in IVRS table" },
        { LOG_AMD_NO_IOAPIC,     "[Firmware Bug]: AMD-Vi: IOAPIC[%n] not in IVRS table" },
        { LOG_AMD_NO_IOAPIC,     "AMD-Vi: %([Firmware Bug]: %)%(: %)No southbridge IOAPIC"
                                 " found%*" },
        { LOG_AMD_NO_IOAPIC,     "[Firmware Bug]: AMD-Vi: No southbridge IOAPIC found%*" },

        { LOG_AMD_DISABLED,      "AMD-Vi: AMD IOMMU disabled" },
        { LOG_AMD_DISABLED,      "AMD-Vi: AMD IOMMU disabled on kernel command-line" },
        { LOG_AMD_UNSUPPORTED,   "AMD-Vi: Disable IOMMU on %s" },
        { LOG_AMD_UNSUPPORTED,   "AMD-Vi: IOMMU not currently supported when %s is active" },
        { LOG_AMD_UNSUPPORTED,   "AMD-Vi: Failed to initialize. The %s feature is required." },
        { LOG_AMD_TABLE_FAILED,  "AMD-Vi: IVRS table error: %s" },
        { LOG_AMD_TABLE_FAILED,  "AMD-Vi: [Firmware Bug]: IVRS %s checksum" },
        { LOG_AMD_TABLE_FAILED,  "[Firmware Bug]: AMD-Vi: IVRS %s checksum" },
        { LOG_AMD_INIT_FAILED,   "AMD-Vi: IOMMU%d: Failed to initialize IOMMU Hardware"
                                 " (error=%e)!" },
        { LOG_AMD_UNKNOWN_OPTION, "AMD-Vi: Unknown option - '%s'" },
        { LOG_AMD_V2,            "AMD-Vi: V2 page table enabled%*" },
        { LOG_AMD_V2,            "AMD-Vi: AMD IOMMUv2 loaded and initialized" },
        { LOG_AMD_V2,            "AMD-Vi: AMD IOMMUv2 functionality not available on this"
                                 " system%*" },

        /* The device has no domain up to 5.15. All but page faults are printed for the IOMMU
         * ("iommu ivhd0: ", left out here): what it names is the device that is meant. */
        { LOG_AMD_FAULT,         "%(AMD-Vi: %)Event logged [IO_PAGE_FAULT device=%A domain=%x"
                                 " address=%h flags=%f]%*" },
        { LOG_AMD_EVENT,         "%(AMD-Vi: %)Event logged [%s device=%A %*address=%h flags=%f%*" },
        { LOG_AMD_EVENT,         "%(AMD-Vi: %)Event logged [%s device=%A %*address=%h]%*" },
        { LOG_AMD_EVENT,         "%(AMD-Vi: %)Event logged [%s device=%A%*" },
        { LOG_AMD_EVENT,         "%(AMD-Vi: %)Event logged [%w %*" },
};

static const LogPattern device[] = {
        { LOG_AMD_FOUND,    "AMD-Vi: Found IOMMU cap %x" },
        { LOG_AMD_FEATURES, "AMD-Vi: Extended features (%x):%*" },
        { LOG_AMD_FEATURES, "AMD-Vi: Extended features (%x, %x):%*" },
        { LOG_AMD_COUNTERS, "AMD-Vi: IOMMU performance counters supported" },
        { LOG_AMD_FAULT,    "%(AMD-Vi: %)Event logged [IO_PAGE_FAULT domain=%x address=%h"
                            " flags=%f]%*" },
        { LOG_AMD_FAULT,    "%(AMD-Vi: %)Event logged [IO_PAGE_FAULT device=%A domain=%x address=%h"
                            " flags=%f]%*" },
        { LOG_AMD_EVENT,    "%(AMD-Vi: %)Event logged [%s device=%A %*address=%h flags=%f%*" },
        { LOG_AMD_EVENT,    "%(AMD-Vi: %)Event logged [%s device=%A %*address=%h]%*" },
        { LOG_AMD_EVENT,    "%(AMD-Vi: %)Event logged [%w %*" },
};

const LogPatterns log_plain_amd = LOG_PATTERNS(plain);
const LogPatterns log_device_amd = LOG_PATTERNS(device);
