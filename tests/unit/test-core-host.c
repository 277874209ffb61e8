/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel-log.h"
#include "core-fixture.h"
#include "finding-ids.h"

/* What is concluded of the host itself: IOMMU, interrupts, default domain. */

#define BANNER "Linux version 6.12.1 (x@y) (gcc) #1 SMP"
#define VTD    "DMAR: Intel(R) Virtualization Technology for Directed I/O"
#define TABLE  "DMAR: Host address width 39"
#define GROUP  "pci 0000:00:02.0: Adding to iommu group 0"
#define AMD_IR "AMD-Vi: Interrupt remapping enabled"

/* Adds lines, one behind each '\n'. Returns: a log whose backlog is read. */
static KernelLog *log_of(const char *lines) {
        KernelLog *l = kernel_log_new();

        CHECK(l);
        while (*lines) {
                size_t n = strcspn(lines, "\n");

                CHECK(kernel_log_add(l, lines, n, NULL, 0, NULL) == 0);
                lines += n + (lines[n] == '\n');
        }
        kernel_log_end_backlog(l);
        return l;
}

static void clear_names(Host *h) {
        h->iommu_names = names_free(h->iommu_names, h->n_iommu_names);
        h->n_iommu_names = 0;
}

typedef struct StateCase {
        const char *command_line; /* NULL: not known */
        Fact iommu, dmar, ivrs;   /* measured */
        const char *log;          /* NULL: none */
        IommuState expected;
        IommuKind kind;
        const char *evidence; /* a part of it; NULL: not looked at */
} StateCase;

#define U FACT_UNKNOWN
#define A FACT_ABSENT
#define P FACT_PRESENT

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

static bool has_evidence(const Finding *f, const char *part) {
        for (size_t i = 0; f && i < f->n_evidence; i++)
                if (strstr(f->evidence[i], part))
                        return true;
        return false;
}

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

typedef struct Posted {
        const char *release, *command_line, *log;
        Fact remapping;
        const char *units[3][2]; /* name and features; features NULL: could not be read */
        Fact expected;
} Posted;

#define PI    "8d2078c106f0466" /* bit 59 */
#define NO_PI "d2078c106f0466"
#define VAPIC "25bf732fa2295afe" /* bit 21 */
#define NO_VA "246577efa2054afa"

static const Posted posted[] = {
        { "6.12.1", "quiet", NULL, P, { { "dmar0", PI } }, P },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", PI }, { "dmar1", PI } }, P },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", PI }, { "dmar1", NO_PI } }, A },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", PI }, { "dmar1", NULL } }, U },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", NO_PI }, { "dmar1", NULL } }, A },
        /* A unit that is left out of translation still counts. */
        { "6.12.1", "quiet", NULL, P, { { "dmar1", PI } }, U },
        { "6.12.1", "quiet", NULL, P, { { "dmar1", NO_PI } }, A },
        { "6.12.1", "quiet", NULL, P, { { NULL, NULL } }, U },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", "x" } }, U },
        { "6.12.1", "quiet", NULL, P, { { "dmar0", "8d2078c106f0466x" } }, U },
        { "6.12.1", "quiet", NULL, A, { { "dmar0", PI } }, A },
        { "6.12.1", "quiet", NULL, U, { { "dmar0", PI } }, U },
        { "6.12.1", "intremap=nopost", NULL, P, { { "dmar0", PI } }, A },
        { "6.12.1", "amd_iommu_intr=legacy", NULL, P, { { "dmar0", PI } }, P },
        { "6.12.1", NULL, NULL, P, { { "dmar0", PI } }, U },
        { "6.12.1", NULL, NULL, P, { { "dmar0", NO_PI } }, A },

        { "6.12.1", "quiet", "AMD-Vi: Virtual APIC enabled", P, { { "ivhd0", VAPIC ":0" } }, P },
        { "4.15.1", "quiet", "AMD-Vi: virtual APIC enabled", P, { { "ivhd0", VAPIC } }, P },
        { "6.12.1", "quiet", NULL, P, { { "ivhd0", VAPIC ":0" } }, U },
        { "6.12.1", "quiet", BANNER "\n" AMD_IR, P, { { "ivhd0", VAPIC ":0" } }, A },
        { "6.12.1", "quiet", AMD_IR, P, { { "ivhd0", VAPIC ":0" } }, U },
        { "6.12.1", "quiet", NULL, P, { { "ivhd0", NO_VA ":" VAPIC } }, A },
        { "6.8.0", "quiet", NULL, P, { { "ivhd0", VAPIC ":0" }, { "ivhd1", NO_VA ":0" } }, A },
        { "6.1.0", "quiet", NULL, P, { { "ivhd0", NO_VA ":" VAPIC } }, U },
        { "6.1.0", "quiet", NULL, P, { { "ivhd0", VAPIC ":" NO_VA } }, A },
        { "6.6.0", "quiet", NULL, P, { { "ivhd0", VAPIC ":" NO_VA } }, U },
        { "6.6.0", "quiet", NULL, P, { { "ivhd0", "0:" NO_VA } }, A },
        { "5.10.0", "quiet", NULL, P, { { "ivhd0", NO_VA } }, A },
        { "6.12.1", "amd_iommu_intr=legacy", "AMD-Vi: Virtual APIC enabled", P,
          { { "ivhd0", VAPIC ":0" } }, A },
        { "6.12.1", "intremap=nopost", NULL, P, { { "ivhd0", VAPIC ":0" } }, A },
        { "6.12.1", "quiet", NULL, A, { { "ivhd0", VAPIC ":0" } }, A },
};

static void check_posted(const Posted *c) {
        Host *h = good_host();
        KernelLog *log = c->log ? log_of(c->log) : NULL;
        Report *r;

        clear_names(h);
        for (size_t i = 0; i < 3 && c->units[i][0]; i++) {
                Text features = { 0 };

                CHECK(names_add(&h->iommu_names, &h->n_iommu_names, c->units[i][0]) == 0);
                if (c->units[i][1])
                        CHECK(text_set(&features, c->units[i][1]) == 0);
                CHECK(host_add_iommu(h, c->units[i][0], &features) == 0);
                text_unset(&features, U);
        }
        if (!h->n_iommu_names)
                CHECK(names_add(&h->iommu_names, &h->n_iommu_names, "dmar0") == 0);
        if (strncmp(h->iommu_names[0], "ivhd", 4) == 0) {
                h->acpi_dmar = A;
                h->acpi_ivrs = P;
        }
        CHECK(text_set(&h->kernel_release, c->release) == 0);
        if (c->command_line)
                CHECK(text_set(&h->command_line, c->command_line) == 0);
        else
                text_unset(&h->command_line, U);
        h->interrupt_remapping = c->remapping;
        h->log = log;
        r = report_of(h);
        if (r->host->posted_interrupts != c->expected)
                fprintf(stderr, "posted %td: %s\n", c - posted,
                        fact_text(r->host->posted_interrupts));
        CHECK(r->host->posted_interrupts == c->expected);
        report_free(r);
        host_free(h);
        kernel_log_free(log);
}

typedef struct Unsafe {
        Fact loaded, measured;
        const char *command_line; /* NULL: not known */
        const char *option;       /* of modprobe.d; NULL: none */
        Fact all_read;            /* of modprobe.d */
        Fact expected;
        const char *evidence;
} Unsafe;

#define WORD   "allow_unsafe_interrupts"
#define ON_CMD "vfio_iommu_type1." WORD "=1"

static const Unsafe unsafes[] = {
        /* What is loaded is measured, whatever it was to be told. */
        { P, P, "quiet", NULL, P, P, "/sys/module/vfio_iommu_type1/parameters/" WORD ": Y" },
        { P, A, ON_CMD, WORD "=1", P, A, NULL },
        { P, U, ON_CMD, WORD "=1", P, U, NULL },
        { U, U, ON_CMD, WORD "=1", P, U, NULL },
        /* What is not loaded will be told. */
        { A, U, "quiet", NULL, P, A, NULL },
        { A, U, ON_CMD, NULL, P, P, "/proc/cmdline: " ON_CMD },
        { A, U, "vfio-iommu-type1.allow-unsafe-interrupts", NULL, P, P, "/proc/cmdline: vfio-" },
        { A, U, "vfio_iommu_type1." WORD "=0", WORD "=1", P, A, NULL },
        { A, U, "quiet", WORD "=1", P, P, "/etc/modprobe.d/vfio.conf:3: options vfio_iommu_type1" },
        { A, U, "quiet", "x=1 " WORD, P, P, WORD },
        { A, U, "quiet", WORD "=0", P, A, NULL },
        { A, U, "quiet", WORD "=1 allow-unsafe-interrupts=n", P, A, NULL },
        { A, U, "quiet", WORD "=maybe", P, U, NULL },
        /* What could not be read may say anything. */
        { A, U, "quiet", NULL, U, U, NULL },
        { A, U, NULL, WORD "=1", P, U, NULL },
        { A, U, ON_CMD, NULL, U, P, NULL },
        /* The other back end's word is not this one's. */
        { A, U, "iommufd." WORD "=1", NULL, P, A, NULL },
};

static void check_unsafe(const Unsafe *c) {
        static char module[] = "vfio_iommu_type1", file[] = "/etc/modprobe.d/vfio.conf";
        Host *h = good_host();
        const Finding *f;
        Report *r;

        h->interrupt_remapping = A;
        h->type1_loaded = c->loaded;
        h->type1_unsafe_interrupts = c->measured;
        h->module_options_known = c->all_read;
        if (c->option) {
                char *text = strdup(c->option);
                ModuleOption o = { MODULE_OPTIONS, module, text, file, 3 };

                CHECK(text && module_options_add(&h->module_options, &h->n_module_options,
                                                 &o) == 0);
                free(text);
        }
        if (c->command_line)
                CHECK(text_set(&h->command_line, c->command_line) == 0);
        else
                text_unset(&h->command_line, U);
        r = report_of(h);
        if (r->host->unsafe_interrupts != c->expected)
                fprintf(stderr, "unsafe %td: %s\n", c - unsafes,
                        fact_text(r->host->unsafe_interrupts));
        CHECK(r->host->unsafe_interrupts == c->expected);
        CHECK(r->host->readiness == (c->expected == P   ? READINESS_DEGRADED
                                     : c->expected == A ? READINESS_BLOCKED
                                                        : READINESS_UNKNOWN));
        f = findings_find(&r->host->findings, FINDING_UNSAFE_INTERRUPTS);
        CHECK(!f == (c->expected != P));
        if (c->evidence)
                CHECK(has_evidence(f, c->evidence));
        if (f)
                CHECK(!strstr(f->message, "will be set") == (c->loaded == P));
        report_free(r);
        host_free(h);
}

/* Where type1 cannot be had, iommufd's own parameter counts. */
static void test_unsafe_iommufd(void) {
        Host *h = good_host();
        Report *r;

        h->interrupt_remapping = h->type1 = A;
        h->iommufd = P;
        h->iommufd_loaded = A;
        h->iommufd_unsafe_interrupts = U;
        h->module_options_known = P;
        CHECK(text_set(&h->command_line, "iommufd." WORD "=1") == 0);
        r = report_of(h);
        CHECK(r->host->unsafe_interrupts == P);
        CHECK(has_evidence(findings_find(&r->host->findings, FINDING_UNSAFE_INTERRUPTS),
                           "iommufd." WORD "=1"));
        report_free(r);
        CHECK(text_set(&h->command_line, ON_CMD) == 0);
        r = report_of(h);
        CHECK(r->host->unsafe_interrupts == A);
        report_free(r);
        host_free(h);
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
        for (size_t i = 0; i < sizeof(posted) / sizeof(posted[0]); i++)
                check_posted(&posted[i]);
        for (size_t i = 0; i < sizeof(unsafes) / sizeof(unsafes[0]); i++)
                check_unsafe(&unsafes[i]);
        test_unsafe_iommufd();
        test_default_domain();
        test_contradictions();
        test_bounce_buffers();
        test_registers();
        return 0;
}
