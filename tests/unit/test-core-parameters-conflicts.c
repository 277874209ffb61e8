/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core-fixture.h"
#include "core/parameters.h"

#define INTEL CPU_VENDOR_INTEL
#define AMD CPU_VENDOR_AMD
#define ANY CPU_VENDOR_UNKNOWN

static Parameters *read_line(const char *line, int kernel, CpuVendor vendor) {
        Parameters *p;

        CHECK(parameters_evaluate(line, kernel, vendor, &p) == 0);
        return p;
}

/* All conflicts of a line, as "kind: word word" separated by '|'. */
static const struct {
        const char *line;
        CpuVendor vendor;
        const char *expected;
} conflicts[] = {
        { "quiet intel_iommu=on iommu=pt vfio-pci.ids=10de:1c02", INTEL, "" },
        { "intel_iommu=off vfio-pci.ids=10de:1c02", INTEL,
          "off-with-ids: intel_iommu=off vfio-pci.ids=10de:1c02" },
        { "intel_iommu=off vfio-pci.ids=", INTEL, "" },
        { "iommu=pt amd_iommu=off", AMD, "passthrough-without-iommu: iommu=pt amd_iommu=off" },
        { "iommu=pt,off", INTEL, "passthrough-without-iommu: iommu=pt,off iommu=pt,off" },
        { "intremap=off", INTEL, "no-remapping: intremap=off" },
        { "noapic", AMD, "no-remapping: noapic" },
        { "nolapic", AMD, "no-remapping: nolapic" },
        { "amd_iommu=off amd_iommu=on", AMD, "sticky-off: amd_iommu=off amd_iommu=on" },
        { "amd_iommu=on amd_iommu=off", AMD, "sticky-off: amd_iommu=off amd_iommu=on" },
        { "iommu=off iommu=force", INTEL, "sticky-off: iommu=off iommu=force" },
        { "intel_iommu=off intel_iommu=on", INTEL,
          "contradiction: intel_iommu=off intel_iommu=on" },
        { "intel_iommu=on intel_iommu=on", INTEL, "" },
        { "iommu=pt,nopt", INTEL, "contradiction: iommu=pt,nopt iommu=pt,nopt" },
        { "intel_iommu=strict iommu.strict=0", INTEL,
          "contradiction: iommu.strict=0 intel_iommu=strict" },
        { "intremap=on,nopost", INTEL, "" },
        { "vfio-pci.ids=10de:1c02 vfio_pci.ids=10de:10f1", INTEL,
          "overwritten: vfio-pci.ids=10de:1c02 vfio_pci.ids=10de:10f1" },
        { "intel_iommu=on intel_iommu=sm_on", AMD, "wrong-vendor: intel_iommu=on" },
        { "amd_iommu=off kvm_amd.avic=1", INTEL,
          "wrong-vendor: amd_iommu=off|wrong-vendor: kvm_amd.avic=1" },
        { "amd_iommu=off", ANY, "" },
        { "vfio-pci.ids=10de:1c02,10DE:1C02:ffffffff", INTEL,
          "duplicate-id: 10de:1c02 10DE:1C02:ffffffff" },
        { "vfio-pci.ids=10de:1c02:1043,10de:1c02", INTEL,
          "duplicate-id: 10de:1c02:1043 10de:1c02" },
        { "vfio-pci.ids=10de:1c02:1043,10de:1c02:1044", INTEL, "" },
        { "pcie_acs_override=downstream", INTEL,
          "unknown-parameter: pcie_acs_override=downstream" },
        { "-- pcie_acs_override=downstream", INTEL, "" },
        { "intel_iommu", INTEL, "unknown-parameter: intel_iommu" },
        { "iommu=usedac,pt,soft", INTEL, "list-cut-short: iommu=usedac,pt,soft pt" },
        { "iommu=pt,usedac", INTEL, "" },
};

static void test_conflicts(void) {
        for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++) {
                Parameters *p = read_line(conflicts[i].line, 6001, conflicts[i].vendor);
                char text[1024] = "";

                for (size_t j = 0; j < p->n_conflicts; j++) {
                        const ParameterConflict *c = &p->conflicts[j];
                        size_t n = strlen(text);

                        CHECK(c->text && c->text[0]);
                        snprintf(text + n, sizeof(text) - n, "%s%s: %s%s%s", j ? "|" : "",
                                 parameter_conflict_text(c->kind), c->words[0],
                                 c->words[1] ? " " : "", c->words[1] ? c->words[1] : "");
                }
                CHECK_STRING(text, conflicts[i].expected);
                parameters_free(p);
        }
}

/* Which word turns the IOMMU, interrupt remapping and posting off; NULL for none. */
static const struct {
        const char *line;
        CpuVendor vendor;
        const char *iommu, *remapping, *posted;
} off[] = {
        { "intel_iommu=on", INTEL, NULL, NULL, NULL },
        { "iommu=off", INTEL, "iommu=off", NULL, NULL },
        { "iommu=off", AMD, "iommu=off", "iommu=off", "iommu=off" },
        { "intel_iommu=off", INTEL, "intel_iommu=off", NULL, NULL },
        { "intel_iommu=off", AMD, NULL, NULL, NULL },
        { "amd_iommu=off", AMD, "amd_iommu=off", "amd_iommu=off", "amd_iommu=off" },
        { "amd_iommu=off", INTEL, NULL, NULL, NULL },
        { "acpi=off", INTEL, "acpi=off", "acpi=off", "acpi=off" },
        { "nointremap", INTEL, NULL, "nointremap", "nointremap" },
        { "intremap=nopost", AMD, NULL, NULL, "intremap=nopost" },
        { "amd_iommu_intr=legacy", AMD, NULL, NULL, "amd_iommu_intr=legacy" },
        { "amd_iommu_intr=legacy", INTEL, NULL, NULL, NULL },
};

static bool same(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_off(void) {
        for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
                Parameters *p = read_line(off[i].line, 6001, off[i].vendor);

                CHECK(same(parameters_iommu_off(p), off[i].iommu));
                CHECK(same(parameters_remapping_off(p), off[i].remapping));
                CHECK(same(parameters_posted_off(p), off[i].posted));
                parameters_free(p);
        }
}

static void test_ids(void) {
        Parameters *p = read_line("vfio-pci.ids=10de:1c02,,nonsense,8086:1:2:3:030000:ffff00,"
                                 "110de:1,0x8086:0X10,ffffffff:ffffffff,1234:5z,12:,\"", 6001,
                                 INTEL);

        CHECK(p->n_ids == 9);
        CHECK(!p->ids[0].problem && p->ids[0].vendor == 0x10de && p->ids[0].device == 0x1c02);
        CHECK(p->ids[0].subvendor == PARAMETER_ID_ANY && p->ids[0].class_mask == 0);
        CHECK(parameter_id_matches(&p->ids[0], 0x10de, 0x1c02, 1, 2, 0x030000));
        CHECK(!parameter_id_matches(&p->ids[0], 0x10de, 0x1c03, 1, 2, 0x030000));
        CHECK(p->ids[1].refused && p->ids[1].problem);
        CHECK_STRING(p->ids[1].text, "nonsense");
        CHECK(!parameter_id_matches(&p->ids[1], 0, 0, 0, 0, 0));
        CHECK(parameter_id_matches(&p->ids[2], 0x8086, 1, 2, 3, 0x030001));
        CHECK(!parameter_id_matches(&p->ids[2], 0x8086, 1, 2, 3, 0x030100));
        CHECK(!p->ids[3].refused && p->ids[3].problem); /* five digits */
        CHECK(!p->ids[4].problem && p->ids[4].vendor == 0x8086 && p->ids[4].device == 0x10);
        CHECK(p->ids[5].problem && parameter_id_matches(&p->ids[5], 1, 2, 3, 4, 5));
        CHECK(!p->ids[6].problem && p->ids[6].device == 5);
        CHECK(p->ids[7].refused && p->ids[8].refused);
        parameters_free(p);

        p = read_line("vfio-pci.ids=\"10de:1c02, 10de:10f1\" -- vfio-pci.ids=8086:1", 6001, INTEL);
        CHECK(p->n_ids == 1 && p->ids[0].vendor == 0x8086);
        CHECK_STRING(p->ids_overwritten, "vfio-pci.ids=\"10de:1c02, 10de:10f1\"");
        parameters_free(p);
}

/* The differences, as "running>configured" separated by '|'. */
static const struct {
        const char *running, *configured, *expected;
} differences[] = {
        { "quiet root=/dev/sda1", "splash root=/dev/sdb1", "" },
        { "iommu=pt", "iommu=pt", "" },
        { "iommu=pt quiet intel_iommu=on", "intel_iommu=on iommu=pt", "" },
        { "intel_iommu=on", "intel-iommu=\"on\"", "" },
        { "quiet", "quiet intel_iommu=on", ">intel_iommu=on" },
        { "noapic quiet", "quiet", "noapic>" },
        { "iommu=pt", "iommu=nopt", "iommu=pt>iommu=nopt" },
        { "intel_iommu=off intel_iommu=on", "intel_iommu=on intel_iommu=off",
          "intel_iommu=off>intel_iommu=on|intel_iommu=on>intel_iommu=off" },
        { "vfio-pci.ids=1:2 vfio-pci.ids=3:4",
          "vfio-pci.ids=1:2 vfio-pci.ids=5:6 vfio-pci.ids=3:4",
          ">vfio-pci.ids=5:6" },
        { "vfio_pci.disable_vga", "vfio_pci.disable_vga=1",
          "vfio_pci.disable_vga>vfio_pci.disable_vga=1" },
        { "iommu=pt", "-- iommu=pt", "iommu=pt>iommu=pt" },
};

static void test_compare(void) {
        for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
                ParameterDifference *d;
                char text[1024] = "";
                size_t n;

                CHECK(parameters_compare(differences[i].running, differences[i].configured, &d,
                                         &n) == 0);
                for (size_t j = 0; j < n; j++) {
                        size_t at = strlen(text);

                        CHECK((d[j].change == PARAMETER_ADDED) == !d[j].running);
                        CHECK((d[j].change == PARAMETER_REMOVED) == !d[j].configured);
                        snprintf(text + at, sizeof(text) - at, "%s%s>%s", j ? "|" : "",
                                 d[j].running ? d[j].running : "",
                                 d[j].configured ? d[j].configured : "");
                }
                CHECK_STRING(text, differences[i].expected);
                parameter_differences_free(d, n);
        }
}

/* A line of n bytes that repeats part. */
static char *repeat(const char *begin, const char *part, size_t n) {
        char *line = malloc(n + 1);
        size_t at = strlen(begin), length = strlen(part);

        CHECK(line && at <= n);
        memcpy(line, begin, at);
        for (; at < n; at++)
                line[at] = part[(at - strlen(begin)) % length];
        line[n] = '\0';
        return line;
}

static void test_hostile(void) {
        static const char *const parts[][2] = {
                { "", "a" }, { "", "\"" }, { "", "= " }, { "", "iommu=pt " },
                { "", "intel_iommu " },
                { "iommu=", "pt,nopt," }, { "amd_iommu=", "xoff" }, { "amd_iommu_intr=", "vapi" },
                { "vfio-pci.ids=", "1:1," }, { "", "vfio-pci.ids=1:1,1:1 " }, { "", "\xff\xa0" },
                { "swiotlb=", "1," }, { "", "ivrs_ioapic[[[@" }, { "", "-- " }, { "", "," },
        };

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                char *line = repeat(parts[i][0], parts[i][1], PARAMETER_LINE_MAX);
                ParameterDifference *d;
                Parameters *p;
                size_t n;

                p = read_line(line, 5010, AMD);
                CHECK(p->n_notes <= PARAMETER_NOTES_MAX);
                CHECK(p->n_conflicts <= PARAMETER_CONFLICTS_MAX);
                parameters_free(p);
                CHECK(parameters_compare(line, "", &d, &n) == 0);
                parameter_differences_free(d, n);
                free(line);
                line = repeat(parts[i][0], parts[i][1], PARAMETER_LINE_MAX + 1);
                CHECK(parameters_evaluate(line, 5010, AMD, &p) == -E2BIG);
                CHECK(parameters_compare("", line, &d, &n) == -E2BIG);
                free(line);
        }
        /* More than the buffer of the module takes: it does not load. */
        {
                char *line = repeat("vfio-pci.ids=", "1:1,", 13 + 1024);
                Parameters *p = read_line(line, 6001, ANY);

                CHECK(p->n_ids == 0 && !p->ids_word && strstr(p->notes[0].effect, "1,023"));
                parameters_free(p);
                free(line);
        }
}

/* Notes come in the order of the line, though early parameters are read first. */
static void test_order(void) {
        Parameters *p = read_line("intel_iommu=on,sm_on iommu=pt vfio-pci.ids=1:2,3:4", 6001,
                                  INTEL);

        CHECK(p->n_notes == 4);
        CHECK_STRING(p->notes[0].option, "on");
        CHECK_STRING(p->notes[1].option, "sm_on");
        CHECK_STRING(p->notes[1].word, "intel_iommu=on,sm_on");
        CHECK_STRING(p->notes[2].word, "iommu=pt");
        CHECK_STRING(p->notes[3].option, "1:2,3:4");
        parameters_free(p);
}

int main(void) {
        test_conflicts();
        test_off();
        test_ids();
        test_compare();
        test_hostile();
        test_order();
        return 0;
}
