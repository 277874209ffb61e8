/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-iommu.h"

#include <errno.h>
#include <string.h>

#include "finding-ids.h"
#include "host-parameters.h"
#include "log-findings.h"
#include "text.h"

/* Names as the drivers register them (callers of iommu_device_sysfs_add()). A virtio IOMMU has the
 * name that its bus has for it: a PCI address, "a003e00.virtio_mmio", or "virtio"
 * (virtio_bus_name()); no other driver uses addresses. */
static IommuKind kind_of(const char *name) {
        Address a;

        if (strncmp(name, "dmar", 4) == 0)
                return IOMMU_KIND_INTEL;
        if (strncmp(name, "ivhd", 4) == 0)
                return IOMMU_KIND_AMD;
        if (strncmp(name, "smmu", 4) == 0)
                return IOMMU_KIND_SMMU;
        return strstr(name, "virtio") || address_parse(name, &a) == 0 ? IOMMU_KIND_VIRTIO
                                                                     : IOMMU_KIND_OTHER;
}

/* The kind of an IOMMU that only the log tells of. */
static IommuKind logged_kind(const Host *h) {
        static const struct {
                LogKind line;
                IommuKind kind;
        } lines[] = { { LOG_SMMU_PROBED, IOMMU_KIND_SMMU },
                      { LOG_VIRTIO_IOMMU, IOMMU_KIND_VIRTIO } };

        if (kernel_log_intel_enabled(h->log) == FACT_PRESENT)
                return IOMMU_KIND_INTEL;
        if (kernel_log_amd_enabled(h->log) == FACT_PRESENT)
                return IOMMU_KIND_AMD;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (kernel_log_find(h->log, lines[i].line))
                        return lines[i].kind;
        /* Devices have groups: a table of the firmware says by whose leave. */
        if (h->acpi_dmar == FACT_PRESENT)
                return IOMMU_KIND_INTEL;
        return h->acpi_ivrs == FACT_PRESENT ? IOMMU_KIND_AMD : IOMMU_KIND_OTHER;
}

/* PCI function of an AMD IOMMU: base class 08, sub-class 06 (PCI Code and ID Assignment
 * Specification 1.9). Intel's is none. */
static const Device *find_function(const Host *h) {
        for (size_t i = 0; i < h->n_devices; i++)
                if (h->devices[i]->ids == FACT_PRESENT && h->devices[i]->vendor_id == 0x1022 &&
                    h->devices[i]->class_code >> 8 == 0x0806)
                        return h->devices[i];
        return NULL;
}

/* Lines that say that the firmware's table is of no use: the checksum of IVRS is wrong (amd/init.c,
 * check_ivrs_checksum()), or ACPI could not take it (detect_ivrs(), an AE_BAD_ code). */
static const LogEntry *find_broken_table(const Host *h) {
        const LogEntry *e = h->log ? kernel_log_find(h->log, LOG_DMAR_TABLE_BROKEN) : NULL;

        if (e || !h->log)
                return e;
        e = kernel_log_find(h->log, LOG_AMD_TABLE_FAILED);
        return e && (strcmp(e->event.subject, "invalid") == 0 ||
                     strncmp(e->event.subject, "AE_BAD_", 7) == 0) ? e : NULL;
}

/* Whether it is proven that there is an IOMMU and that the firmware keeps it from the kernel: by a
 * table that is there and of no use, or by the function of an AMD IOMMU that no table describes. A
 * table that is not there proves nothing by itself. */
static bool firmware_hides_it(const Host *h) {
        return find_broken_table(h) || (h->acpi_ivrs == FACT_ABSENT && find_function(h));
}

/* Returns: true if the log has one of the lines, the last of which is LOG_NONE. */
static bool logged(const Host *h, const LogKind *lines) {
        for (; h->log && *lines != LOG_NONE; lines++)
                if (kernel_log_find(h->log, *lines))
                        return true;
        return false;
}

/* Without a command line to look at, the kernel's echo of it. */
static bool off_by_words(const Host *h, const Parameters *p) {
        static const LogKind echoes[] = { LOG_DMAR_PARAMETER_OFF, LOG_AMD_DISABLED, LOG_NONE };

        if (!p)
                return logged(h, echoes);
        /* iommu=off and acpi=off hold whatever the machine has. */
        return (parameters_iommu_off(p) && host_vendor(h) != CPU_VENDOR_UNKNOWN) ||
               parameters_asked(p, ASKED_IOMMU) == FACT_ABSENT ||
               parameters_asked(p, ASKED_ACPI) == FACT_ABSENT;
}

/* VT-d that nobody asked for: off by default unless the log shows that it was being turned on
 * (drivers/iommu/intel/iommu.c, intel_iommu_init(): past the check of dmar_disabled). */
static IommuState intel_off_state(const Host *h, const Parameters *p) {
        static const LogKind begun[] = { LOG_DMAR_FAILED, LOG_DMAR_NO_REGIONS,
                                         LOG_DMAR_INVALIDATION, LOG_DMAR_OPT_IN, LOG_NONE };

        if (logged(h, begun))
                return IOMMU_FAILED;
        if (!p)
                return IOMMU_UNKNOWN;
        return parameters_asked(p, ASKED_INTEL_IOMMU) == FACT_PRESENT ? IOMMU_FAILED
                                                                      : IOMMU_DISABLED_BY_DEFAULT;
}

/* Why no IOMMU is on, as far as command line, log and ACPI tables tell. */
static IommuState off_state(const Host *h, const Parameters *p) {
        static const LogKind amd_failures[] = { LOG_AMD_UNSUPPORTED, LOG_AMD_INIT_FAILED,
                                                LOG_AMD_TABLE_FAILED, LOG_NONE };

        if (off_by_words(h, p))
                return IOMMU_DISABLED_BY_COMMAND_LINE;
        if (firmware_hides_it(h))
                return IOMMU_DISABLED_BY_FIRMWARE;
        if (logged(h, amd_failures))
                return IOMMU_FAILED;
        switch (host_vendor(h)) {
        case CPU_VENDOR_INTEL:
                return intel_off_state(h, p);
        case CPU_VENDOR_AMD:
                /* On by default wherever there is an IVRS table (drivers/iommu/amd/init.c). */
                return p ? IOMMU_FAILED : IOMMU_UNKNOWN;
        default:
                return h->acpi_dmar == FACT_ABSENT && h->acpi_ivrs == FACT_ABSENT
                               ? IOMMU_UNSUPPORTED
                               : IOMMU_UNKNOWN;
        }
}

/* Adds what proves that the firmware is to blame. */
static int cite_firmware(const Host *h, Findings *findings) {
        const Device *d = find_function(h);
        char address[ADDRESS_TEXT_MAX];

        /* A line of the log is among its reasons anyway. */
        if (find_broken_table(h) || !d)
                return 0;
        return findings_evidence(findings,
                                 "%s is the function of an AMD IOMMU, and "
                                 "/sys/firmware/acpi/tables has no IVRS",
                                 address_format(&d->address, address));
}

static int find_iommu(const Host *h, const Parameters *p, HostReport *r) {
        static const char *const remedies[] = {
                [IOMMU_UNKNOWN] = "",
                [IOMMU_DISABLED_BY_COMMAND_LINE] =
                        "Take the parameter off the kernel command line and boot again.",
                [IOMMU_DISABLED_BY_DEFAULT] =
                        "Add intel_iommu=on to the kernel command line and boot again.",
                [IOMMU_DISABLED_BY_FIRMWARE] = ("Turn VT-d, AMD-Vi or the IOMMU on in the "
                                                "firmware's setup; if it is on, update the "
                                                "firmware."),
                [IOMMU_UNSUPPORTED] = ("Turn VT-d, AMD-Vi or the IOMMU on in the firmware's setup; "
                                       "if there is no such setting, the hardware has none."),
                [IOMMU_FAILED] = "Look for DMAR or AMD-Vi messages in the kernel log.",
        };
        int e;

        if (r->iommu_state == IOMMU_ENABLED)
                return 0;
        if (measured_or_logged(h, h->iommu, kernel_log_iommu) == FACT_UNKNOWN)
                return findings_addf(&r->findings, FINDING_IOMMU_UNKNOWN, SEVERITY_UNKNOWN, NULL,
                                     "Run vfiod as root.",
                                     "Whether an IOMMU is on could not be read.");
        e = findings_addf(&r->findings, FINDING_NO_IOMMU, SEVERITY_BLOCKER, NULL,
                          remedies[r->iommu_state] ? remedies[r->iommu_state] : "",
                          "No IOMMU is on (%s): no device can be given to a VM.",
                          iommu_state_text(r->iommu_state));
        if (e >= 0 && p && parameters_iommu_off(p))
                e = findings_evidence(&r->findings, "/proc/cmdline: %s", parameters_iommu_off(p));
        if (e >= 0 && r->iommu_state == IOMMU_DISABLED_BY_FIRMWARE)
                e = cite_firmware(h, &r->findings);
        if (e >= 0)
                e = findings_evidence(&r->findings,
                                      h->iommu == FACT_ABSENT
                                              ? "/sys/class/iommu is empty"
                                              : "/sys/class/iommu could not be read; the kernel "
                                                "log shows none");
        return e < 0 ? e : cite_log(h, LOG_TOPIC_IOMMU, &r->findings);
}

int evaluate_iommu(const Host *h, const Parameters *p, HostReport *r) {
        Fact on = measured_or_logged(h, h->iommu, kernel_log_iommu);

        r->iommu_state = on == FACT_PRESENT   ? IOMMU_ENABLED
                         : on == FACT_UNKNOWN ? IOMMU_UNKNOWN
                                              : off_state(h, p);
        r->iommu_kind = h->n_iommu_names      ? kind_of(h->iommu_names[0])
                        : on == FACT_PRESENT && h->iommu == FACT_UNKNOWN ? logged_kind(h)
                                                                         : IOMMU_KIND_NONE;
        return find_iommu(h, p, r);
}
