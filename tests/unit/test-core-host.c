/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-fixture.h"

/* What is concluded of the host itself: IOMMU, default domain, contradictions, figures. */

typedef struct StateCase {
        const char *command_line; /* NULL: not known */
        Fact iommu, dmar, ivrs;   /* measured */
        const char *log;          /* NULL: none */
        IommuState expected;
        IommuKind kind;
        const char *evidence; /* a part of it; NULL: not looked at */
} StateCase;

static const StateCase states[] = {
        { "quiet", P, P, A, NULL, IOMMU_ENABLED, IOMMU_KIND_INTEL, NULL },
        /* A measurement is not overruled. */
        { "quiet", P, P, A, BANNER, IOMMU_ENABLED, IOMMU_KIND_INTEL, NULL },
        { "quiet", A, A, P, BANNER "\n" GROUP, IOMMU_FAILED, IOMMU_KIND_NONE,
          "/sys/class/iommu is empty" },

        /* Where nothing could be measured, the log decides. */
        { "quiet", U, P, A, BANNER "\n" VTD "\n" GROUP, IOMMU_ENABLED, IOMMU_KIND_INTEL, NULL },
        { "quiet", U, U, U, VTD, IOMMU_ENABLED, IOMMU_KIND_INTEL, NULL },
        { "quiet", U, U, U, "perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).",
          IOMMU_ENABLED, IOMMU_KIND_AMD, NULL },
        { "quiet", U, A, P, GROUP, IOMMU_ENABLED, IOMMU_KIND_AMD, NULL },
        { "quiet", U, A, A, GROUP, IOMMU_ENABLED, IOMMU_KIND_OTHER, NULL },
        { "quiet", U, A, A, "virtio_iommu virtio0: input address: 64 bits", IOMMU_ENABLED,
          IOMMU_KIND_VIRTIO, NULL },
        { "quiet", U, P, A, NULL, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },
        { "quiet", U, P, A, TABLE, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },
        { "intel_iommu=off", U, P, A, BANNER "\n" TABLE, IOMMU_DISABLED_BY_COMMAND_LINE,
          IOMMU_KIND_NONE, "could not be read; the kernel log shows none" },
        { "intel_iommu=off", U, U, U, BANNER "\n" TABLE, IOMMU_DISABLED_BY_COMMAND_LINE,
          IOMMU_KIND_NONE, "intel_iommu=off" },
        { NULL, U, U, U, BANNER "\nDMAR: IOMMU disabled\n" TABLE, IOMMU_DISABLED_BY_COMMAND_LINE,
          IOMMU_KIND_NONE, "DMAR: IOMMU disabled" },
        { NULL, U, U, U, "AMD-Vi: AMD IOMMU disabled", IOMMU_DISABLED_BY_COMMAND_LINE,
          IOMMU_KIND_NONE, NULL },
        { "quiet", U, P, A, BANNER "\n" TABLE, IOMMU_DISABLED_BY_DEFAULT, IOMMU_KIND_NONE, NULL },
        { "quiet", U, U, U, BANNER, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },

        /* The words of the command line come before everything else. */
        { "amd_iommu=off", A, A, P, NULL, IOMMU_DISABLED_BY_COMMAND_LINE, IOMMU_KIND_NONE,
          "amd_iommu=off" },
        { "intel_iommu=off", A, P, A, "DMAR: [Firmware Bug]: No DRHD structure found in DMAR table",
          IOMMU_DISABLED_BY_COMMAND_LINE, IOMMU_KIND_NONE, NULL },
        { "iommu=off", A, A, A, NULL, IOMMU_DISABLED_BY_COMMAND_LINE, IOMMU_KIND_NONE, NULL },

        /* The firmware: only with proof. */
        { "intel_iommu=on", A, P, A, "DMAR: [Firmware Bug]: No DRHD structure found in DMAR table",
          IOMMU_DISABLED_BY_FIRMWARE, IOMMU_KIND_NONE, "No DRHD structure" },
        { "quiet", A, P, A, "DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address 0!"
          "\nDMAR: Parse DMAR table failure.", IOMMU_DISABLED_BY_FIRMWARE, IOMMU_KIND_NONE,
          "Your BIOS is broken" },
        { "quiet", A, A, P, "AMD-Vi: [Firmware Bug]: IVRS invalid checksum",
          IOMMU_DISABLED_BY_FIRMWARE, IOMMU_KIND_NONE, "IVRS invalid checksum" },
        { "quiet", A, A, P, "AMD-Vi: IVRS table error: AE_BAD_CHECKSUM", IOMMU_DISABLED_BY_FIRMWARE,
          IOMMU_KIND_NONE, NULL },
        { "quiet", A, A, P, "AMD-Vi: IVRS table error: AE_NO_MEMORY", IOMMU_FAILED, IOMMU_KIND_NONE,
          NULL },
        /* A bug that is worked around proves nothing. */
        { "quiet", A, P, A, "DMAR: [Firmware Bug]: RMRR entry for device 03:00.0 is broken -"
          " applying workaround", IOMMU_DISABLED_BY_DEFAULT, IOMMU_KIND_NONE, NULL },

        { "intel_iommu=on", A, A, A, BANNER, IOMMU_UNSUPPORTED, IOMMU_KIND_NONE, NULL },
        { "quiet", A, P, A, BANNER "\n" TABLE, IOMMU_DISABLED_BY_DEFAULT, IOMMU_KIND_NONE, NULL },
        { "intel_iommu=on", A, P, A, NULL, IOMMU_FAILED, IOMMU_KIND_NONE, NULL },
        /* On by the kernel's configuration, and then given up. */
        { "quiet", A, P, A, "DMAR: No RMRR found\nDMAR: Initialization failed", IOMMU_FAILED,
          IOMMU_KIND_NONE, "Initialization failed" },
        { "quiet", A, A, P, "AMD-Vi: Disable IOMMU on Stoney Ridge", IOMMU_FAILED, IOMMU_KIND_NONE,
          "Stoney Ridge" },
        { NULL, A, P, A, NULL, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },
        { NULL, A, A, P, NULL, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },
        { "quiet", A, U, U, NULL, IOMMU_UNKNOWN, IOMMU_KIND_NONE, NULL },
};

static void check_state(const StateCase *s) {
        Host *h = good_host();
        KernelLog *log = s->log ? log_of(s->log) : NULL;
        const Finding *f;
        Report *r;

        if (s->iommu != P)
                clear_names(h);
        h->iommu = s->iommu;
        h->acpi_dmar = s->dmar;
        h->acpi_ivrs = s->ivrs;
        h->log = log;
        if (s->command_line)
                CHECK(text_set(&h->command_line, s->command_line) == 0);
        else
                text_unset(&h->command_line, FACT_UNKNOWN);
        r = report_of(h);
        f = findings_find(&r->host->findings, FINDING_NO_IOMMU);
        if (r->host->iommu_state != s->expected || r->host->iommu_kind != s->kind)
                fprintf(stderr, "case %td: %s, %s\n", s - states,
                        iommu_state_text(r->host->iommu_state),
                        iommu_kind_text(r->host->iommu_kind));
        CHECK(r->host->iommu_state == s->expected && r->host->iommu_kind == s->kind);
        if (s->expected == IOMMU_ENABLED)
                CHECK(!f && !findings_find(&r->host->findings, FINDING_IOMMU_UNKNOWN));
        else
                CHECK(f || findings_find(&r->host->findings, FINDING_IOMMU_UNKNOWN));
        if (f && s->expected != IOMMU_UNKNOWN)
                CHECK(strlen(f->remedy) > 0);
        if (s->evidence)
                CHECK(has_evidence(f, s->evidence));
        report_free(r);
        host_free(h);
        kernel_log_free(log);
}

/* Every value comes from some host, and the words are those of the interface. */
static void test_states(void) {
        static const char *const words[] = {
                [IOMMU_UNKNOWN] = "unknown", [IOMMU_ENABLED] = "enabled",
                [IOMMU_DISABLED_BY_COMMAND_LINE] = "disabled-by-command-line",
                [IOMMU_DISABLED_BY_DEFAULT] = "disabled-by-default",
                [IOMMU_DISABLED_BY_FIRMWARE] = "disabled-by-firmware",
                [IOMMU_UNSUPPORTED] = "unsupported", [IOMMU_FAILED] = "failed",
        };
        unsigned seen = 0;

        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
                check_state(&states[i]);
                seen |= 1u << states[i].expected;
        }
        CHECK(seen == (1u << (sizeof(words) / sizeof(words[0]))) - 1);
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                CHECK_STRING(iommu_state_text((IommuState) i), words[i]);
}

/* The function of an AMD IOMMU, and no table that describes it. */
static void test_hidden_by_firmware(void) {
        static const struct {
                uint16_t vendor;
                uint32_t class_code;
                Fact ivrs;
                IommuState expected;
        } cases[] = {
                { 0x1022, 0x080600, A, IOMMU_DISABLED_BY_FIRMWARE },
                { 0x1022, 0x080600, U, IOMMU_UNKNOWN },
                { 0x1022, 0x080600, P, IOMMU_FAILED },
                { 0x1022, 0x060000, A, IOMMU_UNSUPPORTED },
                { 0x8086, 0x080600, A, IOMMU_UNSUPPORTED },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                Device *d = add_device(h, "00:00.2", -1, NULL);
                Report *r;

                clear_names(h);
                h->iommu = h->acpi_dmar = A;
                h->acpi_ivrs = cases[i].ivrs;
                d->vendor_id = cases[i].vendor;
                d->class_code = cases[i].class_code;
                r = report_of(h);
                CHECK(r->host->iommu_state == cases[i].expected);
                CHECK((cases[i].expected == IOMMU_DISABLED_BY_FIRMWARE) ==
                      has_evidence(findings_find(&r->host->findings, FINDING_NO_IOMMU),
                                   "0000:00:00.2"));
                report_free(r);
                host_free(h);
        }
}

/* An IOMMU that only the log tells of lets devices be prepared like any other. */
static void test_logged_iommu_counts(void) {
        Host *h = good_host();
        KernelLog *log = log_of(BANNER "\n" VTD "\n" GROUP);
        Report *r;

        clear_names(h);
        h->iommu = U;
        h->log = log;
        add_group(h, 5);
        add_device(h, "01:00.0", 5, "vfio-pci");
        r = report_of(h);
        CHECK(r->host->readiness == READINESS_READY);
        CHECK(r->devices[0]->readiness == READINESS_READY);
        report_free(r);
        h->interrupt_remapping = A;
        r = report_of(h);
        CHECK(findings_find(&r->host->findings, FINDING_NO_INTERRUPT_REMAPPING));
        report_free(r);
        host_free(h);
        kernel_log_free(log);
}

static void check_domain(const char *const *types, size_t n, const char *expected) {
        Host *h = good_host();
        Report *r;

        for (size_t i = 0; i < n; i++) {
                Group *g = add_group(h, (unsigned) i);

                if (types[i])
                        CHECK(text_set(&g->type, types[i]) == 0);
                else
                        text_unset(&g->type, U);
                add_device(h, (const char *[]){ "00:01.0", "00:02.0", "00:03.0" }[i], (int) i, NULL);
        }
        r = report_of(h);
        CHECK_STRING(r->host->default_domain, expected);
        report_free(r);
        host_free(h);
}

/* The kernel's word, or "mixed"; what could not be read says nothing against the rest. */
static void test_default_domain(void) {
        static const char *const same[] = { "DMA-FQ", "DMA-FQ", "DMA-FQ" };
        static const char *const two[] = { "DMA-FQ", "identity", "DMA-FQ" };
        static const char *const partly[] = { "identity", NULL, "identity" };
        static const char *const none[] = { NULL, NULL, NULL };

        check_domain(same, 3, "DMA-FQ");
        check_domain(two, 3, "mixed");
        check_domain(two, 1, "DMA-FQ");
        check_domain(partly, 3, "identity");
        check_domain(none, 3, "");
        check_domain(none, 0, "");
}

typedef struct Contradiction {
        const char *log;
        Fact iommu, remapping;
        const char *message; /* NULL: none */
} Contradiction;

/* What is measured counts, and that the log says otherwise is a finding. */
static void test_contradictions(void) {
        static const Contradiction cases[] = {
                { BANNER "\n" VTD "\n" GROUP "\nDMAR-IR: Enabled IRQ remapping in x2apic mode", P, P,
                  NULL },
                { BANNER "\n" VTD "\n" GROUP, P, P, "interrupt remapping is off" },
                { BANNER "\n" TABLE, P, P, "the IOMMU is off" },
                { VTD "\n" GROUP "\nDMAR-IR: Enabled IRQ remapping in xapic mode", P, A,
                  "interrupt remapping is on" },
                { VTD "\n" GROUP, A, P, "the IOMMU is on" },
                { VTD "\n" GROUP, U, P, NULL },
                { "DMAR: IOMMU enabled", A, P, NULL },
                { "iommu: Default domain type: Translated", A, U, NULL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                KernelLog *log = log_of(cases[i].log);
                const Finding *f;
                Report *r;

                if (cases[i].iommu != P)
                        clear_names(h);
                h->iommu = cases[i].iommu;
                h->interrupt_remapping = cases[i].remapping;
                h->log = log;
                r = report_of(h);
                f = findings_find(&r->host->findings, FINDING_LOG_CONTRADICTION);
                if (!f != !cases[i].message)
                        fprintf(stderr, "contradiction %zu\n", i);
                CHECK(!f == !cases[i].message);
                if (f)
                        CHECK(strstr(f->message, cases[i].message));
                if (cases[i].iommu != U)
                        CHECK((r->host->iommu_state == IOMMU_ENABLED) == (cases[i].iommu == P));
                if (cases[i].remapping != U)
                        CHECK(r->host->interrupt_remapping == cases[i].remapping);
                report_free(r);
                host_free(h);
                kernel_log_free(log);
        }
}

typedef struct Figures {
        const char *slots, *used; /* NULL: could not be read */
        const char *log;
        const char *message; /* a part of it; NULL: nothing is found */
} Figures;

static void test_bounce_buffers(void) {
        static const char mapped[] = "software IO TLB: mapped [mem 0xb5f6f000-0xb9f6f000] (64MB)";
        static const Figures cases[] = {
                { "32768", "7", mapped, "32768 slots of 2 KiB (64 MiB), 7 of them" },
                { "32768", NULL, NULL, "64 MiB; how much is in use is not known" },
                { NULL, NULL, mapped, "64 MiB; how much is in use is not known" },
                { "0", "0", NULL, "There is no bounce buffer" },
                { NULL, NULL, NULL, NULL },
                { NULL, "7", "PCI-DMA: Using software bounce buffering for IO (SWIOTLB)", NULL },
                { "many", "-7", NULL, NULL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                KernelLog *log = cases[i].log ? log_of(cases[i].log) : NULL;
                const Finding *f;
                Report *r;

                h->log = log;
                if (cases[i].slots)
                        CHECK(host_add_debug_value(h, DEBUG_SWIOTLB_SLOTS, cases[i].slots) == 0);
                if (cases[i].used)
                        CHECK(host_add_debug_value(h, DEBUG_SWIOTLB_USED, cases[i].used) == 0);
                r = report_of(h);
                f = findings_find(&r->host->findings, FINDING_BOUNCE_BUFFERS);
                CHECK(!f == !cases[i].message);
                CHECK(!f || (f->severity == SEVERITY_INFO && strstr(f->message, cases[i].message)));
                if (f && cases[i].log)
                        CHECK(has_evidence(f, mapped));
                if (f && cases[i].used)
                        CHECK(has_evidence(f, DEBUG_SWIOTLB_USED ": "));
                CHECK(r->host->readiness == READINESS_READY);
                report_free(r);
                host_free(h);
                kernel_log_free(log);
        }
}

/* Bits 31 and 25 of the global status, unit by unit. */
static void test_registers(void) {
        static const struct {
                const char *lines[2];
                const char *message; /* NULL: nothing is found */
        } cases[] = {
                { { "dmar0 GSTS 0xc7000000", "dmar1 GSTS 0x47000000" },
                  "dmar0 translates and remaps interrupts, dmar1 translates not and remaps "
                  "interrupts." },
                { { "dmar0 GSTS 0x80000000" }, "dmar0 translates and remaps no interrupts." },
                { { "dmar0 GSTS" }, NULL },
                { { "dmar0 GSTS 0xx" }, NULL },
                { { NULL }, NULL },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Host *h = good_host();
                const Finding *f;
                Report *r;

                for (size_t j = 0; j < 2 && cases[i].lines[j]; j++)
                        CHECK(host_add_debug_value(h, DEBUG_VTD_REGISTERS,
                                                   cases[i].lines[j]) == 0);
                r = report_of(h);
                f = findings_find(&r->host->findings, FINDING_IOMMU_REGISTERS);
                CHECK(!f == !cases[i].message);
                CHECK(!f || strstr(f->message, cases[i].message));
                report_free(r);
                host_free(h);
        }
}

int main(void) {
        test_states();
        test_hidden_by_firmware();
        test_logged_iommu_counts();
        test_default_domain();
        test_contradictions();
        test_bounce_buffers();
        test_registers();
        return 0;
}
