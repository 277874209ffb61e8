/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core/kernel-log.h"
#include "core-fixture.h"

#define BANNER "Linux version 6.12.1 (x@y) (gcc) #1 SMP"
#define VTD    "DMAR: Intel(R) Virtualization Technology for Directed I/O"
#define IR     "DMAR-IR: Enabled IRQ remapping in x2apic mode"
#define GROUP  "pci 0000:00:02.0: Adding to iommu group 0"

/* Adds lines, one behind each '\n'. Returns: a log whose backlog is read. */
static KernelLog *log_of(const char *lines) {
        KernelLog *l = kernel_log_new();

        CHECK(l);
        while (*lines) {
                size_t n = strcspn(lines, "\n");

                CHECK(kernel_log_add(l, lines, n, NULL, 0, NULL) == 0);
                lines += n + (lines[n] == '\n');
        }
        CHECK(kernel_log_complete(l) == FACT_UNKNOWN);
        kernel_log_end_backlog(l);
        return l;
}

typedef struct Case {
        const char *lines;
        Fact complete, iommu, intel, amd, remapping;
        LogApicMode mode;
} Case;

#define U FACT_UNKNOWN
#define A FACT_ABSENT
#define P FACT_PRESENT

static const Case cases[] = {
        { "", A, U, U, U, U, LOG_APIC_UNKNOWN },
        /* VT-d with and without interrupt remapping, the log whole or rotated away */
        { BANNER "\n" IR "\n" VTD "\n" GROUP, P, P, P, U, P, LOG_APIC_X2APIC },
        { BANNER "\n" VTD "\n" GROUP, P, P, P, U, A, LOG_APIC_UNKNOWN },
        { VTD "\n" GROUP, A, P, P, U, U, LOG_APIC_UNKNOWN },
        { GROUP, A, P, U, U, U, LOG_APIC_UNKNOWN },
        /* intel_iommu=off, interrupt remapping on all the same */
        { BANNER "\nDMAR: IOMMU disabled\nDMAR: Host address width 39\n"
          "DMAR-IR: Enabled IRQ remapping in xapic mode\niommu: Default domain type: Translated \n"
          "iommu: DMA domain TLB invalidation policy: lazy mode ",
          P, A, A, A, P, LOG_APIC_XAPIC },
        /* no IOMMU at all, and every parameter that asks for one */
        { BANNER "\nDMAR: IOMMU enabled\niommu: Default domain type: Passthrough (set via kernel"
          " command line)\nPCI-DMA: Using software bounce buffering for IO (SWIOTLB)\n"
          "AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.",
          P, A, A, A, U, LOG_APIC_UNKNOWN },
        { "DMAR: IOMMU enabled\niommu: Default domain type: Translated\n"
          "AMD-Vi: AMD IOMMUv2 loaded and initialized", A, U, U, U, U, LOG_APIC_UNKNOWN },
        /* AMD, where the words for parameters of both vendors were given */
        { BANNER "\nAMD-Vi: Unknown option - 'on'\nDMAR: IOMMU enabled\n" GROUP "\n"
          "AMD-Vi: Interrupt remapping enabled\nAMD-Vi: X2APIC enabled\n"
          "perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).",
          P, P, A, P, P, LOG_APIC_X2APIC },
        /* AMD since 6.8 says nothing but the groups */
        { BANNER "\n" GROUP, P, P, A, U, U, LOG_APIC_UNKNOWN },
        { BANNER "\nAMD-Vi: AMD IOMMU disabled", P, A, A, A, A, LOG_APIC_UNKNOWN },
        { BANNER "\nAMD-Vi: [Firmware Bug]: : IOAPIC[32] not in IVRS table\n"
          "AMD-Vi: Disabling interrupt remapping\n" GROUP, P, P, A, U, A, LOG_APIC_UNKNOWN },
        /* switched on, then failed; both at once */
        { "DMAR: dmar0: Using Queued invalidation", A, P, P, U, U, LOG_APIC_UNKNOWN },
        { "DMAR: dmar0: Using Queued invalidation\nDMAR: Initialization failed",
          A, A, A, U, U, LOG_APIC_UNKNOWN },
        { VTD "\nDMAR: Initialization failed", A, U, U, U, U, LOG_APIC_UNKNOWN },
        { IR "\nNot enabling interrupt remapping due to skipped IO-APIC setup",
          A, U, U, U, U, LOG_APIC_X2APIC },
        /* a refusal is about one group */
        { IR "\nvfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module"
          " param \"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform",
          A, U, U, U, P, LOG_APIC_X2APIC },
        /* groups of VFIO without an IOMMU, before and since 5.1 */
        { BANNER "\niommu: Adding device 0000:01:00.0 to group 0\nvfio-pci 0000:01:00.0: Adding"
          " kernel taint for vfio-noiommu group on device", P, A, A, A, U, LOG_APIC_UNKNOWN },
        { BANNER "\nvfio-pci 0000:01:00.0: Adding to iommu group 0\nvfio-pci 0000:01:00.0: Adding"
          " kernel taint for vfio-noiommu group on device", P, A, A, A, U, LOG_APIC_UNKNOWN },
        { BANNER "\nvirtio_iommu virtio0: input address: 64 bits", P, P, A, A, U,
          LOG_APIC_UNKNOWN },
        /* nobody but the kernel itself: what is not a record's first word is not its word */
        { BANNER "\nusb 1-1: Product: " VTD "\n " IR "\nx[12]: " IR "\nDMAR: IOMMU ena[12]: x\n"
          IR " (no)\nx" IR "\nsda: DMAR: Initialization failed", P, A, A, A, U,
          LOG_APIC_UNKNOWN },
};

static void check_case(const Case *c) {
        KernelLog *l = log_of(c->lines), *copy = kernel_log_copy(l);
        const KernelLog *const both[] = { l, copy };

        CHECK(copy);
        for (size_t i = 0; i < 2; i++) {
                if (kernel_log_iommu(both[i]) != c->iommu ||
                    kernel_log_interrupt_remapping(both[i]) != c->remapping)
                        fprintf(stderr, "%s\n", c->lines);
                CHECK(kernel_log_complete(both[i]) == c->complete);
                CHECK(kernel_log_iommu(both[i]) == c->iommu);
                CHECK(kernel_log_intel_enabled(both[i]) == c->intel);
                CHECK(kernel_log_amd_enabled(both[i]) == c->amd);
                CHECK(kernel_log_interrupt_remapping(both[i]) == c->remapping);
                CHECK(kernel_log_apic_mode(both[i]) == c->mode);
        }
        kernel_log_free(copy);
        /* What got lost may have said otherwise: nothing is absent for want of a line. */
        kernel_log_set_gap(l);
        CHECK(kernel_log_complete(l) == FACT_ABSENT);
        kernel_log_free(l);
}

/* The rules of facts that no line may break, whatever the tables become. */
static void check_rules(void) {
        static const LogKind never[] = {
                LOG_NONE, LOG_NOISE, LOG_BOOT, LOG_DMAR_PARAMETER_ON, LOG_DMAR_PARAMETER_OFF,
                LOG_DEFAULT_DOMAIN, LOG_INVALIDATION_POLICY, LOG_AMD_V2, LOG_SWIOTLB,
                LOG_AMD_UNKNOWN_OPTION, LOG_GROUP_ADD_VFIO, LOG_DMAR_TABLE, LOG_DMAR_IR_QUEUED,
                LOG_DMAR_IR_SCOPE,
        };

        for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
                CHECK(log_rule(never[i])->iommu == LOG_PROVES_NOTHING);
                CHECK(log_rule(never[i])->remapping == LOG_PROVES_NOTHING);
        }
        for (LogKind kind = LOG_NONE; kind < LOG_N_KINDS; kind++) {
                const LogRule *rule = log_rule(kind);

                CHECK(rule->name && rule->source);
                CHECK(kind <= LOG_NOISE || rule->source[0]);
                if (rule->iommu == LOG_PROVES_ON || rule->remapping == LOG_PROVES_ON)
                        CHECK(rule->class == LOG_CLASS_POSITIVE);
                if (rule->iommu == LOG_PROVES_OFF || rule->remapping == LOG_PROVES_OFF)
                        CHECK(rule->class == LOG_CLASS_NEGATIVE && rule->topics != 0);
                for (LogKind other = LOG_NONE; other < kind; other++)
                        CHECK(strcmp(rule->name, log_rule(other)->name) != 0);
        }
        CHECK(log_rule((LogKind) 4000) == log_rule(LOG_NONE));
}

static void check_reasons(void) {
        KernelLog *l = log_of(BANNER "\nDMAR: IOMMU disabled\nDMAR-IR: [Firmware Bug]: ioapic 8 has"
                              " no mapping iommu, interrupt remapping will be disabled\n"
                              "DMAR-IR: Not enabling interrupt remapping\nDMAR: IOMMU disabled \n"
                              "AMD-Vi: Unknown option - 'on'");
        const LogEntry *e[2];

        CHECK(kernel_log_reasons(l, LOG_TOPIC_IOMMU, e, 2) == 1);
        CHECK(e[0]->kind == LOG_DMAR_PARAMETER_OFF && e[0]->count == 2);
        CHECK_STRING(e[0]->first, "DMAR: IOMMU disabled");
        CHECK(kernel_log_reasons(l, LOG_TOPIC_REMAPPING, e, 1) == 2);
        CHECK(e[0]->kind == LOG_DMAR_IR_NOT_ENABLING);
        CHECK(kernel_log_reasons(l, LOG_TOPIC_PARAMETERS, NULL, 0) == 1);
        CHECK(kernel_log_find(l, LOG_AMD_UNKNOWN_OPTION) && !kernel_log_find(l, LOG_AMD_FAULT));
        kernel_log_free(l);
}

/* What two desktop machines said of their groups, address and group each. */
static const char intel_groups[] =
        "00:02.0 0, 00:00.0 1, 00:01.0 2, 00:06.0 3, 00:0a.0 4, 00:0e.0 5, 00:14.0 6, "
        "00:14.2 6, 00:14.3 7, 00:15.0 8, 00:15.1 8, 00:15.2 8, 00:16.0 9, 00:17.0 10, "
        "00:1a.0 11, 00:1c.0 12, 00:1c.2 13, 00:1f.0 14, 00:1f.3 14, 00:1f.4 14, 00:1f.5 14, "
        "01:00.0 15, 01:00.1 15, 02:00.0 16, 03:00.0 17, 05:00.0 18, ";
static const char amd_groups[] =
        "00:01.0 0, 00:01.1 0, 00:01.2 0, 00:02.0 1, 00:02.1 1, 00:02.2 1, 00:03.0 2, "
        "00:03.1 2, 00:03.2 2, 00:03.3 2, 00:04.0 3, 00:08.0 4, 00:08.1 4, 00:08.3 4, "
        "00:14.0 5, 00:14.3 5, 00:18.0 6, 00:18.1 6, 00:18.2 6, 00:18.3 6, 00:18.4 6, "
        "00:18.5 6, 00:18.6 6, 00:18.7 6, 01:00.0 0, 01:00.1 0, 02:00.0 0, 03:00.0 1, "
        "04:00.0 1, 07:00.0 2, 08:00.0 4, 08:00.2 4, 08:00.3 4, 08:00.4 4, 08:00.5 4, "
        "08:00.6 4, 09:00.0 4, ";

/* Adds "pci 0000:ADDRESS: Adding to iommu group N" for each. Returns: how many. */
static unsigned add_groups(KernelLog *l, const char *groups) {
        char text[64], address[ADDRESS_TEXT_MAX], name[8];
        unsigned n = 0, id;
        LogEvent e;

        for (; sscanf(groups, "%7s %u,", name, &id) == 2; groups = strchr(groups, ',') + 2) {
                snprintf(text, sizeof(text), "pci 0000:%s: Adding to iommu group %u", name, id);
                CHECK(kernel_log_add(l, text, strlen(text), NULL, 497832, &e) == 0);
                CHECK(e.kind == LOG_GROUP_ADD && e.has_group && e.group == id);
                CHECK_STRING(address_format(&e.address, address) + 5, name);
                n++;
        }
        return n;
}

static void check_machines(void) {
        static const char translated[] = "iommu: Default domain type: Translated\n"
                                         "iommu: DMA domain TLB invalidation policy: lazy mode";
        static const char off[] =
                "iommu: Default domain type: Translated\n"
                "iommu: DMA domain TLB invalidation policy: lazy mode\n"
                "mt7921e 0000:04:00.0: DMA addr 0x0000000117eaf000+4096 overflow (mask ffffffff,"
                " bus limit 0).\nvfio-pci: probe of 0000:07:00.0 failed with error -22";
        KernelLog *l = log_of(translated);
        Address nic = at("07:00.0"), wifi = at("04:00.0");
        const LogProblem *p;

        /* Intel and AMD, translated or passthrough: on; of interrupt remapping not a word */
        CHECK(kernel_log_iommu(l) == U);
        CHECK(add_groups(l, intel_groups) == 26);
        CHECK(kernel_log_iommu(l) == P && kernel_log_interrupt_remapping(l) == U);
        CHECK(!kernel_log_find(l, LOG_DEFAULT_DOMAIN)->event.by_parameter);
        kernel_log_free(l);
        l = log_of("iommu: Default domain type: Passthrough (set via kernel command line)");
        CHECK(add_groups(l, amd_groups) == 37);
        CHECK(kernel_log_iommu(l) == P && kernel_log_interrupt_remapping(l) == U);
        CHECK(kernel_log_find(l, LOG_DEFAULT_DOMAIN)->event.by_parameter);
        kernel_log_free(l);
        /* amd_iommu=off and iommu=off: looks healthy, proves nothing; only a whole log tells */
        l = log_of(off);
        CHECK(kernel_log_iommu(l) == U && kernel_log_amd_enabled(l) == U);
        CHECK(kernel_log_problems(l, &nic, &p) == 1 && p->kind == LOG_VFIO_PROBE_FAILED);
        CHECK(p->event.error == EINVAL);
        CHECK(kernel_log_problems(l, &wifi, &p) == 1 && p->kind == LOG_DMA_OVERFLOW);
        CHECK(p->event.mask == 0xffffffff && p->event.bus_limit == 0);
        CHECK(p->event.fault_address == 0x117eaf000 && p->event.number == 4096);
        l->begins = true;
        CHECK(kernel_log_iommu(l) == A && kernel_log_interrupt_remapping(l) == U);
        kernel_log_free(l);
}

int main(void) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                check_case(&cases[i]);
        check_rules();
        check_reasons();
        check_machines();
        return 0;
}
