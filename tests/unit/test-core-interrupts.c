/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-fixture.h"

/* Posted interrupts, and what lets VFIO do without remapping. */

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

int main(void) {
        for (size_t i = 0; i < sizeof(posted) / sizeof(posted[0]); i++)
                check_posted(&posted[i]);
        for (size_t i = 0; i < sizeof(unsafes) / sizeof(unsafes[0]); i++)
                check_unsafe(&unsafes[i]);
        test_unsafe_iommufd();
        return 0;
}
