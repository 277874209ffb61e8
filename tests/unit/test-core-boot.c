/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "finding-ids.h"

/* What the next boot will have otherwise than this one. */

static char grub[] = "/boot/grub/grub.cfg", loader[] = "/boot/loader/entries/a.conf";
static char defaults[] = "/etc/default/grub", kernel[] = "/etc/kernel/cmdline";

typedef struct Line {
        BootSource source;
        unsigned entry;
        const char *text; /* NULL: no more */
        bool partial, newer;
} Line;

typedef struct Case {
        const char *running; /* NULL: not known */
        Line lines[5];
        /* What is found, in this order: a message begins so, the remedy has this in it. */
        const char *found[4][2];
} Case;

#define BOTH  "is configured, but the running kernel was started without it"
#define ENTRY "is written down, but no boot entry has it yet"

static const Case cases[] = {
        /* Nothing is configured otherwise, or nothing is known. */
        { "root=x quiet intel_iommu=on", { { BOOT_GRUB, 1, "root=x quiet intel_iommu=on" } },
          { { NULL } } },
        { "BOOT_IMAGE=/vmlinuz root=x initrd=y", { { BOOT_GRUB, 1, "root=x splash" } },
          { { NULL } } },
        { "root=x", { { 0, 0, NULL } }, { { NULL } } },
        { NULL, { { BOOT_GRUB, 1, "root=x intel_iommu=on" } }, { { NULL } } },
        { "root=x", { { BOOT_GRUB, 1, "root=y some.other=1 mitigations=off" } }, { { NULL } } },

        /* An entry that was changed since. */
        { "root=x quiet", { { BOOT_GRUB, 1, "root=x quiet intel_iommu=on" } },
          { { "intel_iommu=on " BOTH " (/boot/grub/grub.cfg, line 10)", "Boot again." } } },
        { "root=x quiet", { { BOOT_LOADER, 1, "root=x" }, { BOOT_LOADER, 1, "iommu=pt" } },
          { { "iommu=pt " BOTH " (/boot/loader/entries/a.conf, line 11)", "Boot again." } } },
        { "root=x amd_iommu=off", { { BOOT_GRUB, 1, "root=x" } },
          { { "amd_iommu=off is running, but no longer configured", "Boot again." } } },
        { "root=x intel_iommu=off", { { BOOT_GRUB, 1, "root=x intel_iommu=on" } },
          { { "intel_iommu=on is configured, but the running kernel was started with another value",
              "Boot again." } } },
        { "intremap=nosid", { { BOOT_GRUB, 1, "intel_iommu=on iommu=pt" } },
          /* in the order of the table of parameters */
          { { "iommu=pt " BOTH }, { "intremap=nosid is running, but no longer" },
            { "intel_iommu=on " BOTH } } },
        /* A variable that was not followed may hold what is missing. */
        { "root=x iommu=pt", { { BOOT_GRUB, 1, "root=x intel_iommu=on", true } },
          { { "intel_iommu=on " BOTH } } },

        /* Of several entries that which runs counts: not that for recovery. */
        { "root=x quiet", { { BOOT_GRUB, 1, "root=x quiet intel_iommu=on" },
                            { BOOT_GRUB, 2, "root=x single" } },
          { { "intel_iommu=on " BOTH } } },
        { "root=x single", { { BOOT_GRUB, 1, "root=x quiet intel_iommu=on" },
                             { BOOT_GRUB, 2, "root=x single" } },
          { { NULL } } },
        /* One that somebody wrote besides the normal one, like it but for what matters. */
        { "root=x quiet vfio-pci.ids=1:2", { { BOOT_GRUB, 1, "root=x quiet" },
                                             { BOOT_GRUB, 2, "root=x quiet vfio-pci.ids=1:2" } },
          { { NULL } } },
        /* GRUB's own entries before those of the loader's. */
        { "root=x", { { BOOT_LOADER, 1, "root=x amd_iommu=off" }, { BOOT_GRUB, 2, "root=x iommu=pt" } },
          { { "iommu=pt " BOTH } } },

        /* What was written down and not installed. */
        { "root=x quiet", { { BOOT_GRUB, 1, "root=x quiet" }, { BOOT_DEFAULT, 2, "quiet" },
                            { BOOT_DEFAULT, 2, "intel_iommu=on" } },
          { { "intel_iommu=on " ENTRY " (/etc/default/grub, line 12)", "Run update-grub, then boot again." } } },
        { "root=x", { { BOOT_GRUB, 1, "root=x iommu=pt" }, { BOOT_DEFAULT, 2, "iommu=pt" } },
          { { "iommu=pt " BOTH, "Boot again." } } },
        { "root=x iommu=pt", { { BOOT_GRUB, 1, "root=x" }, { BOOT_DEFAULT, 2, "iommu=pt" } },
          { { "iommu=pt is running, but no longer configured", "Boot again." },
            { "iommu=pt " ENTRY, "update-grub" } } },
        { "root=x intel_iommu=off", { { BOOT_GRUB, 1, "root=x intel_iommu=off" },
                                      { BOOT_DEFAULT, 2, "intel_iommu=on" } },
          { { "intel_iommu=on is written down, but the boot entry has another value" } } },
        /* What only the entry has may come from elsewhere, unless the files are newer. */
        { "root=x iommu=pt", { { BOOT_GRUB, 1, "root=x iommu=pt" }, { BOOT_DEFAULT, 2, "quiet" } },
          { { NULL } } },
        { "root=x iommu=pt", { { BOOT_GRUB, 1, "root=x iommu=pt" },
                               { BOOT_DEFAULT, 2, "quiet", false, true } },
          { { "iommu=pt is in the boot entry, but no longer written down", "update-grub" } } },
        { "root=x iommu=pt", { { BOOT_GRUB, 1, "root=x iommu=pt" },
                               { BOOT_DEFAULT, 2, "quiet", true, true } }, { { NULL } } },
        /* The entry of recovery has less: the normal one is what the files are held against. */
        { "root=x single", { { BOOT_GRUB, 1, "root=x iommu=pt" }, { BOOT_GRUB, 2, "root=x single" },
                             { BOOT_DEFAULT, 3, "iommu=pt" } }, { { NULL } } },
        { "root=x", { { BOOT_GRUB, 1, "root=x", true }, { BOOT_DEFAULT, 2, "iommu=pt" } },
          { { NULL } } },
        /* No entry could be read. */
        { "root=x", { { BOOT_DEFAULT, 1, "iommu=pt" } },
          { { "iommu=pt is written down, but the running kernel was started without it",
              "if that was not done since" } } },
        { "root=x iommu=pt", { { BOOT_DEFAULT, 1, "quiet", false, true } }, { { NULL } } },
        { "root=x", { { BOOT_KERNEL, 1, "root=x iommu=pt" } },
          { { "iommu=pt is written down", "kernel-install" } } },
        { "root=x", { { BOOT_LOADER, 1, "root=x" }, { BOOT_KERNEL, 2, "root=x iommu=pt" } },
          { { "iommu=pt " ENTRY, "kernel-install" } } },
        { "root=x", { { BOOT_LOADER, 1, "root=x" }, { BOOT_DEFAULT, 2, "iommu=pt" } },
          { { "iommu=pt " ENTRY, "--update-bls-cmdline" } } },
};

static void add_line(Host *h, const Line *l, unsigned number) {
        BootWords w = { l->source, l->entry, l->partial, l->newer, strdup(l->text),
                        l->source == BOOT_GRUB      ? grub
                        : l->source == BOOT_LOADER  ? loader
                        : l->source == BOOT_DEFAULT ? defaults
                                                    : kernel,
                        number };

        CHECK(w.text && boot_words_add(&h->boot_words, &h->n_boot_words, &w) == 0);
        free(w.text);
}

static void check_case(const Case *c) {
        Host *h = good_host();
        size_t n = 0;
        Report *r;

        if (c->running)
                CHECK(text_set(&h->command_line, c->running) == 0);
        else
                text_unset(&h->command_line, FACT_UNKNOWN);
        for (unsigned i = 0; i < 5 && c->lines[i].text; i++)
                add_line(h, &c->lines[i], 10 + i);
        r = report_of(h);
        for (size_t i = 0; i < r->host->findings.n_items; i++) {
                const Finding *f = &r->host->findings.items[i];

                if (strcmp(f->id, FINDING_CONFIGURED_NOT_RUNNING) != 0)
                        continue;
                if (n == 4 || !c->found[n][0] ||
                    strncmp(f->message, c->found[n][0], strlen(c->found[n][0])) != 0)
                        fprintf(stderr, "case %td: %s\n", c - cases, f->message);
                CHECK(n < 4 && c->found[n][0]);
                CHECK(strncmp(f->message, c->found[n][0], strlen(c->found[n][0])) == 0);
                CHECK(!c->found[n][1] || strstr(f->remedy, c->found[n][1]));
                CHECK(f->severity == SEVERITY_WARNING && f->n_evidence > 0);
                n++;
        }
        if (n < 4 && c->found[n][0])
                fprintf(stderr, "case %td: %zu found\n", c - cases, n);
        CHECK(n == 4 || !c->found[n][0]);
        /* It says nothing of what is now. */
        CHECK(r->host->readiness == READINESS_READY || r->host->readiness == READINESS_UNKNOWN);
        report_free(r);
        host_free(h);
}

/* A changed word is shown with both its places. */
static void test_evidence(void) {
        Host *h = good_host();
        const Line line = { .source = BOOT_GRUB, .entry = 1, .text = "root=x intel_iommu=on" };
        const Finding *f;
        Report *r;

        CHECK(text_set(&h->command_line, "root=x intel_iommu=off") == 0);
        add_line(h, &line, 42);
        r = report_of(h);
        f = findings_find(&r->host->findings, FINDING_CONFIGURED_NOT_RUNNING);
        CHECK(f && f->n_evidence == 2);
        CHECK_STRING(f->evidence[0], "/boot/grub/grub.cfg:42: intel_iommu=on");
        CHECK_STRING(f->evidence[1], "/proc/cmdline: intel_iommu=off");
        report_free(r);
        host_free(h);
}

int main(void) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                check_case(&cases[i]);
        test_evidence();
        return 0;
}
