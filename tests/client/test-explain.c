/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * usage: test-explain FINDING-IDS.H
 * Holds that every finding id has an explanation, and that each is short, cites a source, points
 * to what exists and fits the screen, with the values of a large host below it.
 */
#include <ctype.h>
#include <locale.h>

#include "check.h"
#include "explain.h"

#define LINES_MAX 24
#define TITLE_MAX 46 /* one line in the list */

static const Style style = {.utf8 = true, .columns = 80};

/* Ids that issue 3 will add to the header. */
static const char *const coming[] = {
        "iommu-disabled-by-command-line", "iommu-disabled-by-default",
        "iommu-disabled-by-firmware", "iommu-failed", "bogus-parameter", "unknown-parameter",
        "parameter-conflict", "configured-not-running", "log-contradiction", "log-incomplete",
        "posted-interrupts", "dma-fault", "dma-mask-overflow", "bar-busy", "framebuffer",
        "reset-failed", "no-reset", "denylist", "device-ids-catch-many", "foreign-owner",
        "acs-override", "node-permission", "memlock", "idle-d3", "d3cold", "nosid",
        "vfio-variant-driver",
};

static const char *const topics[] = {
        "iommu-groups", "vfio-group-number", "iommu-pt", "pt-and-swiotlb",
        "iommu-off-vs-amd-iommu-off", "set-via-kernel-command-line", "interrupt-remapping",
        "intremap-nosid", "remapped-vs-posted-interrupts", "protection-without-passthrough",
        "see-a-device-do-dma", "domains-per-device-or-vm", "cost-of-translation", "sva",
        "guest-iommu", "pci-and-host-bridges", "verdicts", "readiness-words", "states",
        "consent", "release",
};

static int failed;

static void complain(const char *id, const char *what) {
        fprintf(stderr, "%s: %s\n", id, what);
        failed = 1;
}

static void check_known(const char *id) {
        if (!explain_find(id))
                complain(id, "has no explanation");
}

/* Lines such as: #define FINDING_NO_IOMMU "no-iommu" */
static void test_header(const char *path) {
        FILE *file = fopen(path, "re");
        char line[512], id[128];
        size_t n = 0;

        CHECK(file);
        while (fgets(line, sizeof(line), file))
                if (sscanf(line, "#define FINDING_%*s \"%127[^\"]\"", id) == 1) {
                        check_known(id);
                        n++;
                }
        fclose(file);
        CHECK(n >= 26);
        for (size_t i = 0; i < ARRAY_SIZE(coming); i++)
                check_known(coming[i]);
        for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
                check_known(topics[i]);
}

static void check_text(const Explanation *e, const char *text) {
        size_t lines = 0;

        if (strpbrk(text, "\t\r"))
                complain(e->id, "has a tab");
        for (const char *p = text; *p; lines++) {
                size_t length = strcspn(p, "\n");
                char *line = strndup(p, length);

                CHECK(line);
                if (text_width(line) > 80) {
                        complain(e->id, "has a line of more than 80 columns:");
                        fprintf(stderr, "  %s\n", line);
                }
                if (length > 0 && p[length - 1] == ' ')
                        complain(e->id, "has a blank at the end of a line");
                free(line);
                p += length + (p[length] == '\n');
        }
        if (lines > LINES_MAX) {
                complain(e->id, "is too long");
                fprintf(stderr, "  %zu lines\n%s\n", lines, text);
        }
}

static char *rendered(const Explanation *e, const ExplainValues *v) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        CHECK(out);
        explain_render(out, &style, e, v);
        fclose(out);
        CHECK(text);
        return text;
}

/* What the values may look like on a host where much is set; strings are not owned. */
static void large_values(ExplainValues *v, FindingList *findings) {
        static char *backends[] = {(char *) "type1", (char *) "iommufd", (char *) "cdev", NULL};
        static Group groups[19];
        static const char *const types[] = {"DMA-FQ", "identity", "DMA", "unknown"};
        static Device devices[40];

        v->known = true;
        v->host = (Host) {
                .kernel = (char *) "6.12.107+deb13-amd64", .readiness = (char *) "degraded",
                .command_line = (char *) "BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet "
                                         "intel_iommu=on amd_iommu=on iommu=pt intremap=nosid "
                                         "vfio-pci.ids=10de:1c02,10de:10f1 -- iommu=off",
                .iommu_state = (char *) "disabled-by-command-line",
                .iommu_kind = (char *) "intel-vtd", .interrupt_remapping = (char *) "disabled",
                .posted_interrupts = (char *) "unknown", .default_domain = (char *) "mixed",
                .unsafe_interrupts = true, .backends = backends, .findings = *findings};
        for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
                groups[i] = (Group) {.id = (int64_t) i, .type = (char *) types[i % 4],
                                     .findings = *findings};
        for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
                devices[i] = (Device) {.address = (char *) "10000:e1:00.0", .findings = *findings};
        v->model = (Model) {groups, ARRAY_SIZE(groups), devices, ARRAY_SIZE(devices)};
        CHECK(explain_values_derive(v) == 0);
}

static void test_entry(const Explanation *e, size_t max) {
        ExplainValues none = EXPLAIN_VALUES_INIT, large = EXPLAIN_VALUES_INIT;
        Finding finding = {.id = (char *) e->id};
        FindingList findings = {&finding, 1};
        char *text;

        if (text_width(e->title) > max)
                complain(e->id, "has too long a title");
        if (!e->source || !*e->source)
                complain(e->id, "cites no source");
        if (e->source && !strstr(e->source, ".c") && !strstr(e->source, ".h"))
                complain(e->id, "cites no file");
        if (!e->values)
                complain(e->id, "shows nothing of this host");
        for (const char *p = e->id; *p; p++)
                if (!islower((unsigned char) *p) && !isdigit((unsigned char) *p) && *p != '-')
                        complain(e->id, "has a name that is hard to type");
        for (const char *const *see = e->see; *see; see++)
                if (!explain_find(*see) || strcmp(*see, e->id) == 0)
                        complain(e->id, "points to nothing");

        none.missing = (char *) "Its values are missing: vfiod does not answer (The name "
                                "org.vfiod1 was not provided by any .service files).";
        text = rendered(e, &none);
        check_text(e, text);
        CHECK(strstr(text, "On this host:") && strstr(text, "values are missing"));
        free(text);

        large_values(&large, &findings);
        text = rendered(e, &large);
        check_text(e, text);
        free(text);
        strv_free(large.parameters);
        free(large.types);
}

static void test_entries(void) {
        for (const ExplainArea *area = explain_areas; area->heading; area++)
                for (const Explanation *e = area->entries; e->id; e++) {
                        if (explain_find(e->id) != e)
                                complain(e->id, "is there twice");
                        test_entry(e, TITLE_MAX);
                }
}

static void test_list(void) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        CHECK(out);
        explain_render_list(out, &style);
        fclose(out);
        for (char *state = NULL, *line = strtok_r(text, "\n", &state); line;
             line = strtok_r(NULL, "\n", &state))
                if (text_width(line) > 80)
                        complain("the list", line);
        free(text);
}

static void test_nearest(void) {
        const char *near[3];
        char long_name[200];

        CHECK(explain_nearest("no-iomu", near, 3) >= 1 && strcmp(near[0], "no-iommu") == 0);
        CHECK(explain_nearest("swiotlb", near, 3) == 1 && strcmp(near[0], "pt-and-swiotlb") == 0);
        CHECK(explain_nearest("iommu", near, 3) == 3);
        CHECK(explain_nearest("iommu=pt", near, 3) >= 1 && strcmp(near[0], "iommu-pt") == 0);
        CHECK(explain_nearest("", near, 3) == 0);
        CHECK(explain_nearest("zzzzzzzzzzz", near, 3) == 0);
        memset(long_name, 'a', sizeof(long_name) - 1);
        long_name[sizeof(long_name) - 1] = '\0';
        CHECK(explain_nearest(long_name, near, 3) == 0);
        CHECK(!explain_find(NULL) && !explain_find(""));
}

static void test_values(void) {
        ExplainValues v = EXPLAIN_VALUES_INIT;
        FindingList findings = {NULL, 0};
        const Explanation *e = explain_find("iommu-pt");
        char *text;

        large_values(&v, &findings);
        /* Only what matters, and nothing that is for init. */
        CHECK(strv_length(v.parameters) == 5);
        CHECK(strv_contains(v.parameters, "vfio-pci.ids=10de:1c02,10de:10f1"));
        CHECK(!strv_contains(v.parameters, "iommu=off"));
        text = rendered(e, &v);
        CHECK(strstr(text, "Groups: 19 (5 DMA-FQ, 5 identity, 5 DMA, 4 unknown)"));
        free(text);
        strv_free(v.parameters);
        free(v.types);
}

/* The figures of the bounce buffer are the daemon's, out of a finding's evidence. */
static void test_swiotlb(void) {
        static char *evidence[] = {(char *) "/sys/kernel/debug/swiotlb/io_tlb_nslabs: 32768",
                                   (char *) "/sys/kernel/debug/swiotlb/io_tlb_used: 2801", NULL};
        Finding finding = {.id = (char *) "bounce-buffers", .evidence = evidence,
                           .message = (char *) "It has 32768 slots, 2801 of them in use."};
        FindingList none = {NULL, 0}, findings = {&finding, 1};
        const Explanation *e = explain_find("pt-and-swiotlb");
        ExplainValues v = EXPLAIN_VALUES_INIT, unknown = EXPLAIN_VALUES_INIT;
        char *text;

        large_values(&v, &findings);
        CHECK(v.swiotlb_slots == 32768 && v.swiotlb_used == 2801);
        text = rendered(e, &v);
        CHECK(strstr(text, "swiotlb: It has 32768 slots"));
        free(text);
        strv_free(v.parameters);
        free(v.types);
        evidence[1] = NULL;
        v = (ExplainValues) EXPLAIN_VALUES_INIT;
        large_values(&v, &findings);
        CHECK(v.swiotlb_slots == 32768 && v.swiotlb_used == -1);
        strv_free(v.parameters);
        free(v.types);
        large_values(&unknown, &none);
        CHECK(unknown.swiotlb_slots == -1 && unknown.swiotlb_used == -1);
        text = rendered(e, &unknown);
        CHECK(strstr(text, "swiotlb: unknown"));
        free(text);
        strv_free(unknown.parameters);
        free(unknown.types);
}

int main(int argc, char **argv) {
        CHECK(argc == 2);
        setlocale(LC_CTYPE, "C.UTF-8");
        test_header(argv[1]);
        test_entries();
        test_list();
        test_nearest();
        test_values();
        test_swiotlb();
        return failed;
}
