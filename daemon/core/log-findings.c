/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding-ids.h"
#include "log-findings.h"
#include "rules.h"
#include "text.h"

/* Which lines about a device are worth a finding. A line says what happened once; whether it still
 * holds shows elsewhere (but see severity_of()), so only what vfio-pci will refuse again is a
 * blocker. */
static const struct ProblemFinding {
        LogKind kind;
        const char *id;
        Severity severity;
        const char *message;
        const char *remedy;
} problem_findings[] = {
        { LOG_DMAR_FAULT, FINDING_DMA_FAULT, SEVERITY_WARNING,
          "The IOMMU refused DMA of the device",
          "A driver or the guest uses memory that is not mapped for the device." },
        { LOG_DMAR_INTERRUPT_FAULT, FINDING_DMA_FAULT, SEVERITY_WARNING,
          "The IOMMU refused an interrupt of the device",
          "A driver or the guest sends an interrupt that is not its own." },
        { LOG_AMD_FAULT, FINDING_DMA_FAULT, SEVERITY_WARNING,
          "The IOMMU refused DMA of the device",
          "A driver or the guest uses memory that is not mapped for the device." },
        { LOG_DMA_OVERFLOW, FINDING_DMA_MASK_OVERFLOW, SEVERITY_WARNING,
          "The device cannot reach the memory it was given",
          "Turn the IOMMU on, or iommu=off away: it takes the bounce buffers too." },
        { LOG_BAR_BUSY, FINDING_BAR_BUSY, SEVERITY_WARNING,
          "Somebody else owns memory of the device",
          "A frame buffer of the firmware does that: make another card the boot display." },
        { LOG_VFIO_PROBE_FAILED, FINDING_VFIO_PROBE_FAILED, SEVERITY_WARNING,
          "A VFIO driver did not take the device", "" },
        { LOG_VFIO_DENYLIST, FINDING_DENYLIST, SEVERITY_BLOCKER,
          "vfio-pci refuses this model, since it is not safe in a guest's hands",
          "vfio_pci.disable_denylist=1 overrules that, at your own risk." },
        { LOG_RESET_FAILED, FINDING_RESET_FAILED, SEVERITY_WARNING,
          "The device did not come back from a reset",
          "Only turning the machine off and on may help." },
        { LOG_VFIO_INTX_SHARED, FINDING_INTX_SHARED, SEVERITY_WARNING,
          "The interrupt line of the device is shared with another driver",
          "Unbind that driver, or use a device with MSI." },
        { LOG_NVIDIA_IN_USE, FINDING_DRIVER_IN_USE, SEVERITY_WARNING,
          "The driver was to let the device go and waits for its users",
          "Stop what uses it (nvidia-persistenced, X); else only a reboot helps." },
        { LOG_POWER_STATE, FINDING_POWER_STATE, SEVERITY_WARNING,
          "The device did not wake up",
          "Set vfio_pci.disable_idle_d3=1, and turn the machine off and on." },
};

/* A device on VFIO that did not wake up, and of which nothing tells that it has since, may not wake
 * for the next VM either (drivers/pci/pci.c, pci_power_up(): it then stays in D3cold). */
static Severity severity_of(const struct ProblemFinding *f, const DeviceReport *d) {
        const Text *power = &d->device->power_state;
        bool awake = power->fact == FACT_PRESENT &&
                (text_is(power, "D0") || text_is(power, "D1") || text_is(power, "D2") ||
                 text_is(power, "D3hot"));

        if (f->kind != LOG_POWER_STATE || awake ||
            (d->state != STATE_VFIO && d->state != STATE_BUSY))
                return f->severity;
        return SEVERITY_UNKNOWN;
}

static int find_problem(const LogProblem *p, DeviceReport *d) {
        for (size_t i = 0; i < sizeof(problem_findings) / sizeof(problem_findings[0]); i++) {
                const struct ProblemFinding *f = &problem_findings[i];
                Severity severity;
                int r;

                if (f->kind != p->kind)
                        continue;
                severity = severity_of(f, d);
                r = p->count > 1 ? findings_addf(&d->findings, f->id, severity, &p->address,
                                                 f->remedy, "%s (%llu times this boot).",
                                                 f->message, (unsigned long long) p->count)
                                 : findings_addf(&d->findings, f->id, severity, &p->address,
                                                 f->remedy, "%s.", f->message);
                if (r < 0)
                        return r;
                d->findings.items[d->findings.n_items - 1].count = p->count;
                return findings_evidence(&d->findings, "kernel log: %s", p->last);
        }
        return 0;
}

static int find_problems(const Host *h, const Address *a, DeviceReport *d) {
        const LogProblem *problems;
        size_t n = kernel_log_problems(h->log, a, &problems);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                /* What the list refused before it was overruled. */
                if (problems[i].kind == LOG_VFIO_DENYLIST &&
                    host_setup(h)->denylist_disabled == FACT_PRESENT)
                        continue;
                r = find_problem(&problems[i], d);
        }
        return r;
}

int find_device_log(const Host *h, DeviceReport *d) {
        const Address *a = &d->device->address;
        const Address first = { .domain = a->domain, .bus = a->bus };
        int r;

        if (!h->log)
                return 0;
        r = find_problems(h, a, d);
        /* What is said of all behind a bridge is said of each: see host_requesters(). */
        return r < 0 || host_find_device(h, &first) ? r : find_problems(h, &first, d);
}

#define REASONS_MAX 8

int cite_log(const Host *h, LogTopic topic, Findings *findings) {
        const LogEntry *reasons[REASONS_MAX];
        size_t n = h->log ? kernel_log_reasons(h->log, topic, reasons, REASONS_MAX) : 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n && i < REASONS_MAX; i++)
                if (reasons[i]->first)
                        r = findings_evidence(findings, "kernel log: %s", reasons[i]->first);
        return r;
}

Fact measured_or_logged(const Host *h, Fact measured, Fact (*logged)(const KernelLog *l)) {
        return measured != FACT_UNKNOWN || !h->log ? measured : logged(h->log);
}

static int find_contradiction(const Host *h, Fact measured, Fact logged, const char *what,
                              const char *measure, LogTopic topic, Findings *findings) {
        int r;

        if (measured == FACT_UNKNOWN || logged == FACT_UNKNOWN || measured == logged)
                return 0;
        r = findings_addf(findings, FINDING_LOG_CONTRADICTION, SEVERITY_WARNING, NULL,
                          "What is measured counts; report this with vfiod --record.",
                          "The kernel log says that %s is %s, and %s says it is %s.", what,
                          logged == FACT_PRESENT ? "on" : "off", measure,
                          measured == FACT_PRESENT ? "on" : "off");
        return r < 0 ? r : cite_log(h, topic, findings);
}

static int find_override(const Host *h, Findings *findings) {
        const LogEntry *e = kernel_log_find(h->log, LOG_ACS_OVERRIDE);
        int r;

        if (!e || findings_find(findings, FINDING_ACS_OVERRIDE))
                return 0;
        r = findings_addf(findings, FINDING_ACS_OVERRIDE, SEVERITY_WARNING, NULL,
                          "Take pcie_acs_override off the kernel command line.",
                          "Groups are split by force: devices in different groups may still reach "
                          "each other's memory.");
        return r < 0 || !e->first ? r : findings_evidence(findings, "kernel log: %s", e->first);
}

int find_host_log(const Host *h, HostReport *r) {
        int e;

        if (!h->log)
                return 0;
        e = find_contradiction(h, h->iommu, kernel_log_iommu(h->log), "the IOMMU",
                               "/sys/class/iommu", LOG_TOPIC_IOMMU, &r->findings);
        if (e >= 0)
                e = find_contradiction(h, h->interrupt_remapping,
                                       kernel_log_interrupt_remapping(h->log),
                                       "interrupt remapping", "/proc/interrupts",
                                       LOG_TOPIC_REMAPPING, &r->findings);
        if (e >= 0)
                e = find_override(h, &r->findings);
        if (e < 0 || kernel_log_complete(h->log) != FACT_ABSENT)
                return e;
        return findings_addf(&r->findings, FINDING_LOG_INCOMPLETE, SEVERITY_INFO, NULL, "",
                             "The kernel log of this boot is not complete: what it does not say is "
                             "not known.");
}
