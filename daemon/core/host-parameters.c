/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "finding-ids.h"
#include "host-parameters.h"
#include "kernel-log.h"
#include "rules.h"
#include "text.h"

CpuVendor host_vendor(const Host *h) {
        for (size_t i = 0; i < h->n_iommu_names; i++) {
                if (strncmp(h->iommu_names[i], "dmar", 4) == 0)
                        return CPU_VENDOR_INTEL;
                if (strncmp(h->iommu_names[i], "ivhd", 4) == 0)
                        return CPU_VENDOR_AMD;
        }
        if (h->acpi_dmar == FACT_PRESENT)
                return CPU_VENDOR_INTEL;
        if (h->acpi_ivrs == FACT_PRESENT)
                return CPU_VENDOR_AMD;
        /* Where the tables cannot be listed, lines about them that only their kernel code prints. */
        if (h->log && h->acpi_dmar == FACT_UNKNOWN && kernel_log_find(h->log, LOG_DMAR_TABLE))
                return CPU_VENDOR_INTEL;
        if (h->log && h->acpi_ivrs == FACT_UNKNOWN &&
            (kernel_log_find(h->log, LOG_AMD_EFR) || kernel_log_find(h->log, LOG_AMD_DISABLED)))
                return CPU_VENDOR_AMD;
        return CPU_VENDOR_UNKNOWN;
}

int host_parameters(const Host *h, Parameters **ret) {
        int version = kernel_version(&h->kernel_release);

        *ret = NULL;
        if (h->command_line.fact != FACT_PRESENT)
                return 0;
        return parameters_evaluate(h->command_line.value,
                                   version < 0 ? PARAMETERS_KERNEL_UNKNOWN : version, host_vendor(h),
                                   ret);
}

/* What kind of finding a note is worth: NULL for none. */
static const char *note_finding(const ParameterNote *n) {
        if (n->unknown_name)
                return FINDING_UNKNOWN_PARAMETER;
        if (n->meaning == PARAMETER_HARMFUL)
                return strncmp(n->word, "pcie_acs_override", 17) == 0 ? FINDING_ACS_OVERRIDE
                                                                     : FINDING_HARMFUL_PARAMETER;
        return n->meaning == PARAMETER_BOGUS ? FINDING_BOGUS_PARAMETER : NULL;
}

static int find_note(const ParameterNote *n, Findings *findings) {
        const char *id = note_finding(n);
        int r;

        if (!id)
                return 0;
        r = findings_addf(findings, id, SEVERITY_WARNING, NULL,
                          n->meaning == PARAMETER_HARMFUL
                                  ? "Take it off the kernel command line and boot again."
                                  : "It can be taken off the kernel command line.",
                          "%s on the kernel command line: %s", n->word, n->effect);
        if (r >= 0)
                r = findings_evidence(findings, "/proc/cmdline: %s", n->word);
        return r < 0 || !*n->source ? r : findings_evidence(findings, "kernel: %s", n->source);
}

static int find_conflict(const ParameterConflict *c, Findings *findings) {
        int r;

        if (c->kind == CONFLICT_UNKNOWN_PARAMETER)
                return 0; /* the note says so */
        r = findings_addf(findings, FINDING_PARAMETER_CONFLICT, SEVERITY_WARNING, NULL,
                          "Keep the word that you mean, take off the other.", "%s", c->text);
        for (size_t i = 0; r >= 0 && i < 2; i++)
                if (c->words[i])
                        r = findings_evidence(findings, "/proc/cmdline: %s", c->words[i]);
        return r;
}

/* An entry of ids takes every device that matches: two equal disks, one of them the system's. */
int find_caught(const Host *h, const ParameterId *id, Findings *findings) {
        char address[ADDRESS_TEXT_MAX];
        size_t n = 0;
        int r = 0;

        for (int pass = 0; pass < 2; pass++) {
                if (pass == 1) {
                        if (id->refused || n < 2)
                                return 0;
                        r = findings_addf(findings, FINDING_DEVICE_IDS_CATCH_MANY, SEVERITY_WARNING,
                                          NULL, "Prepare devices by their address instead.",
                                          "vfio-pci.ids=%s takes %zu devices of this host.",
                                          id->text, n);
                }
                for (size_t i = 0; r >= 0 && !id->refused && i < h->n_devices; i++) {
                        const Device *d = h->devices[i];

                        if (d->ids != FACT_PRESENT ||
                            !parameter_id_matches(id, d->vendor_id, d->device_id,
                                                  d->subsystem_vendor_id, d->subsystem_device_id,
                                                  d->class_code))
                                continue;
                        if (pass == 0)
                                n++;
                        else
                                r = findings_evidence(findings, "%s",
                                                      address_format(&d->address, address));
                }
        }
        return r;
}

int find_parameters(const Host *h, const Parameters *p, Findings *findings) {
        int r = 0;

        for (size_t i = 0; p && r >= 0 && i < p->n_notes; i++)
                r = find_note(&p->notes[i], findings);
        for (size_t i = 0; p && r >= 0 && i < p->n_conflicts; i++)
                r = find_conflict(&p->conflicts[i], findings);
        for (size_t i = 0; p && r >= 0 && i < p->n_ids; i++)
                r = find_caught(h, &p->ids[i], findings);
        return r;
}
