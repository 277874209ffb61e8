/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-log-match.h"

/*
 * What drivers/iommu/intel/ prints (drivers/iommu/intel-iommu.c, dmar.c and
 * intel_irq_remapping.c before 5.8).
 */
static const LogPattern plain[] = {
        { LOG_DMAR_PARAMETER_ON,    "DMAR: IOMMU enabled" },
        { LOG_DMAR_PARAMETER_OFF,   "DMAR: IOMMU disabled" },
        { LOG_DMAR_ENABLED,         "DMAR: Intel(R) Virtualization Technology for Directed I/O" },
        { LOG_DMAR_TABLE,           "DMAR: Host address width %n" },
        { LOG_DMAR_TABLE,           "DMAR: DRHD base: %x flags: %x" },
        { LOG_DMAR_TABLE,           "DMAR: dmar%d: reg_base_addr %x ver %d:%d cap %x ecap %x" },
        { LOG_DMAR_TABLE,           "DMAR: RMRR base: %x end: %x" },
        { LOG_DMAR_TABLE,           "DMAR: ATSR flags: %x" },
        { LOG_DMAR_NO_REGIONS,      "DMAR: No RMRR found" },
        { LOG_DMAR_NO_REGIONS,      "DMAR: No ATSR found" },
        { LOG_DMAR_NO_REGIONS,      "DMAR: No SATC found" },
        { LOG_DMAR_INVALIDATION,    "DMAR: dmar%d: Using %s invalidation" },
        { LOG_DMAR_OPT_IN,          "DMAR: Intel-IOMMU force enabled due to platform opt in" },
        { LOG_DMAR_FORCED,          "DMAR: Forcing Intel-IOMMU to enabled" },
        { LOG_DMAR_FAILED,          "DMAR: Initialization failed" },
        { LOG_DMAR_TABLE_FAILED,    "DMAR: Parse DMAR table failure." },
        { LOG_DMAR_NO_DEVICES,      "DMAR: No DMAR devices found" },
        { LOG_DMAR_NO_GRAPHICS,     "DMAR: Disable GFX device mapping" },
        { LOG_DMAR_NO_GRAPHICS,     "DMAR: Disabling IOMMU for graphics on this chipset" },
        { LOG_DMAR_UNKNOWN_OPTION,  "DMAR: Unknown option - '%s'" },
        { LOG_STRICT_IN_GUEST,      "DMAR: IOMMU batching disallowed due to virtualization" },
        { LOG_STRICT_IN_GUEST,      "DMAR: Disable batched IOTLB flush due to virtualization" },

        /* Several lines in one record, and "DMAR: " missing where WARN_TAINT() prints it. */
        { LOG_DMAR_TABLE_BROKEN,    "DMAR: [Firmware Bug]: No DRHD structure found in DMAR table" },
        { LOG_DMAR_TABLE_BROKEN,    "DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at"
                                    " address %*" },
        { LOG_DMAR_TABLE_BROKEN,    "Your BIOS is broken; DMAR reported at address %*" },
        { LOG_DMAR_TABLE_BROKEN,    "DMAR: Invalid DMAR haw" },
        { LOG_DMAR_FIRMWARE_BUG,    "DMAR: [Firmware Bug]: RMRR entry for device %a is broken"
                                    " - applying workaround" },
        { LOG_DMAR_FIRMWARE_BUG,    "DMAR: [Firmware Bug]: %s" },
        { LOG_DMAR_FIRMWARE_BUG,    "DMAR: [Firmware Warn]: %s" },
        { LOG_DMAR_FIRMWARE_BUG,    "Your BIOS is broken; RHSA refers to non-existent DMAR"
                                    " unit%s" },
        { LOG_DMAR_FIRMWARE_BUG,    "Your BIOS is broken; bad RMRR [%s" },

        /* dmar_fault_do_one(). Inside the first brackets stands the PASID since 5.13, behind the
         * address it stood before; the reason is decimal up to 5.10. */
        { LOG_DMAR_FAULT_STATUS,    "DMAR: DRHD: handling fault status reg %x" },
        { LOG_DMAR_FAULT,           "DMAR: [DMA Read%*] Request device [%A] %*fault addr %h"
                                    " [fault reason %x]%s", LOG_ACCESS_READ },
        { LOG_DMAR_FAULT,           "DMAR: [DMA Write%*] Request device [%A] %*fault addr %h"
                                    " [fault reason %x]%s", LOG_ACCESS_WRITE },
        { LOG_DMAR_INTERRUPT_FAULT, "DMAR: [INTR-REMAP] Request device [%A] fault index %h"
                                    " [fault reason %x]%s", LOG_ACCESS_INTERRUPT },
        { LOG_DMAR_WIDTH,           "DMAR: %*: iommu width (%n) is not sufficient for the mapped"
                                    " address (%h)" },

        { LOG_DMAR_IR_ENABLED,      "DMAR-IR: Enabled IRQ remapping in %w mode" },
        { LOG_DMAR_IR_QUEUED,       "DMAR-IR: Queued invalidation will be enabled to support x2apic"
                                    " and Intr-remapping." },
        { LOG_DMAR_IR_SCOPE,        "DMAR-IR: IOAPIC id %d under DRHD base%_%x IOMMU %d" },
        { LOG_DMAR_IR_SCOPE,        "DMAR-IR: HPET id %d under DRHD base%_%x" },
        { LOG_DMAR_IR_FAILED,       "DMAR-IR: Failed to enable irq remapping.%_You are vulnerable"
                                    " to"
                                    " irq-injection attacks." },
        { LOG_DMAR_IR_NOT_ENABLING, "DMAR-IR: Not enabling interrupt remapping" },
        { LOG_DMAR_IR_NO_IOAPIC,    "DMAR-IR: [Firmware Bug]: ioapic %n has no mapping iommu,"
                                    " interrupt remapping will be disabled" },
        { LOG_DMAR_IR_SETUP_FAILED, "DMAR-IR: Failed to setup irq remapping for %s" },
        { LOG_DMAR_IR_SETUP_FAILED, "DMAR-IR: Failed to enable queued invalidation" },
        { LOG_DMAR_IR_SETUP_FAILED, "DMAR-IR: IR%d: failed to allocate %s" },
        { LOG_DMAR_IR_ERRATUM,      "DMAR-IR: This system BIOS has enabled interrupt remapping%_on"
                                    " a"
                                    " chipset that contains an erratum making that%_feature"
                                    " unstable.%*" },
        { LOG_DMAR_IR_OPT_OUT,      "DMAR-IR: x2apic is disabled because BIOS sets x2apic opt out"
                                    " bit." },
        { LOG_DMAR_IR_OPT_OUT,      "DMAR-IR: Use 'intremap=no_x2apic_optout' to override the BIOS"
                                    " setting." },
        { LOG_DMAR_IR_NO_EIM,       "DMAR-IR: %s does not support EIM" },
        { LOG_DMAR_IR_COPIED,       "DMAR-IR: IRQ remapping was enabled on %s but we are not in"
                                    " kdump"
                                    " mode" },
        { LOG_DMAR_IR_COPIED,       "DMAR-IR: Copied IR table %s" },
};

static const LogPattern device[] = {
        { LOG_DMAR_NO_GRAPHICS, "%(DMAR: %)Disabling IOMMU for graphics on this chipset" },
        { LOG_DMAR_RMRR,        "%(DMAR: %)Device is ineligible for IOMMU domain attach due to"
                                " platform"
                                " RMRR requirement.%_Contact your platform vendor." },
        { LOG_DMAR_WIDTH,       "%(DMAR: %)%*: iommu width (%n) is not sufficient for the mapped"
                                " address (%h)" },
};

const LogPatterns log_plain_intel = LOG_PATTERNS(plain);
const LogPatterns log_device_intel = LOG_PATTERNS(device);
