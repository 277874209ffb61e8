/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render.h"

Colour render_colour(const char *word) {
        static const struct {
                const char *word;
                Colour colour;
        } table[] = {
                {"viable", COLOUR_GREEN},         {"ready", COLOUR_GREEN},
                {"done", COLOUR_GREEN},           {"blocked", COLOUR_RED},
                {"blocker", COLOUR_RED},          {"failed", COLOUR_RED},
                {"rollback-failed", COLOUR_RED},  {"needs-consent", COLOUR_YELLOW},
                {"degraded", COLOUR_YELLOW},      {"unknown", COLOUR_YELLOW},
                {"warning", COLOUR_YELLOW},       {"undone", COLOUR_YELLOW},
                {"rolled-back", COLOUR_YELLOW},   {"stuck", COLOUR_YELLOW},
        };

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (streq(table[i].word, word))
                        return table[i].colour;
        return COLOUR_NONE;
}

/* The words that people use for the daemon's words; what is not listed is shown as it is. */
static const char *in_words(const char *word) {
        static const char *const table[][2] = {
                {"intel-vtd", "VT-d"},
                {"amd-vi", "AMD-Vi"},
                {"arm-smmu", "SMMU"},
                {"virtio-iommu", "virtio-iommu"},
                {"other", "IOMMU"},
                {"none", "IOMMU"},
                {"enabled", "on"},
                {"disabled", "off"},
                {"disabled-by-command-line", "off by the kernel command line"},
                {"disabled-by-default", "off by the kernel's default"},
                {"disabled-by-firmware", "off in the firmware"},
                {"unsupported", "not offered by the firmware"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (streq(table[i][0], word))
                        return table[i][1];
        return word ? word : "unknown";
}

void render_host_line(FILE *out, const Style *style, const Host *host) {
        const char *readiness = host->readiness ? host->readiness : "unknown";
        _cleanup_(freep) char *facts = NULL;

        if (asprintf(&facts, "%s %s, interrupt remapping %s%s, kernel %s",
                     host->iommu_kind ? in_words(host->iommu_kind) : "IOMMU",
                     in_words(host->iommu_state), in_words(host->interrupt_remapping),
                     host->unsafe_interrupts ? " (unsafe interrupts allowed)" : "",
                     host->kernel ? host->kernel : "unknown") < 0)
                return;
        text_put(out, style, COLOUR_BOLD, "Host ", 0);
        text_put(out, style, render_colour(readiness), readiness, 0);
        fputs(": ", out);
        text_wrap(out, style, facts, strlen("Host : ") + text_width(readiness), 2);
}

static const char *mark(const Style *style, const char *severity) {
        if (streq(severity, "blocker"))
                return style->utf8 ? "✗" : "x";
        if (streq(severity, "info"))
                return style->utf8 ? "·" : "-";
        return streq(severity, "warning") ? "!" : "?";
}

static void put_mark(FILE *out, const Style *style, const Finding *finding) {
        fputs("  ", out);
        text_put(out, style, render_colour(finding->severity), mark(style, finding->severity), 0);
        fputc(' ', out);
}

void render_host_marks(FILE *out, const Style *style, const Host *host) {
        bool any = false;

        for (size_t i = 0; i < host->findings.n; i++) {
                const Finding *finding = host->findings.items + i;

                if (streq(finding->severity, "info"))
                        continue;
                put_mark(out, style, finding);
                text_wrap(out, style, or_empty(finding->message), 4, 4);
                any = true;
        }
        if (any)
                fprintf(out, "    %s vfioctl check\n", text_arrow(style));
}

void render_findings(FILE *out, const Style *style, const FindingList *findings) {
        for (size_t i = 0; i < findings->n; i++) {
                const Finding *finding = findings->items + i;

                put_mark(out, style, finding);
                text_wrap(out, style, or_empty(finding->message), 4, 4);
                for (char **line = finding->evidence; line && *line; line++) {
                        fprintf(out, "      %s", colour_on(style, COLOUR_DIM));
                        text_wrap(out, style, *line, 6, 8);
                        fputs(colour_off(style, COLOUR_DIM), out);
                }
                if (finding->remedy) {
                        size_t used = 5 + text_width(text_arrow(style));

                        fprintf(out, "    %s ", text_arrow(style));
                        /* A command is there to be copied: whole. */
                        if (startswith(finding->remedy, "vfioctl "))
                                fprintf(out, "%s\n", finding->remedy);
                        else
                                text_wrap(out, style, finding->remedy, used, 6);
                }
        }
}

/* Wide enough for "Interrupt remapping" */
#define KEY_WIDTH 19

void render_key(FILE *out, const Style *style, Colour colour, const char *key, const char *value) {
        if (!value)
                return;
        fprintf(out, "%*s%s %s", KEY_WIDTH, key, *key ? ":" : " ", colour_on(style, colour));
        text_wrap(out, style, value, KEY_WIDTH + 2, KEY_WIDTH + 2);
        fputs(colour_off(style, colour), out);
}

void render_host_sheet(FILE *out, const Style *style, const Host *host) {
        _cleanup_(freep) char *backends = NULL;
        size_t size;
        FILE *list = open_memstream(&backends, &size);

        for (char **backend = host->backends; list && backend && *backend; backend++)
                fprintf(list, "%s%s", backend == host->backends ? "" : ", ", *backend);
        if (list)
                fclose(list);

        render_host_line(out, style, host);
        render_key(out, style, COLOUR_NONE, "IOMMU", host->iommu_state);
        render_key(out, style, COLOUR_NONE, "Interrupt remapping", host->interrupt_remapping);
        render_key(out, style, COLOUR_NONE, "Posted interrupts", host->posted_interrupts);
        if (host->unsafe_interrupts)
                render_key(out, style, COLOUR_YELLOW, "Unsafe interrupts", "allowed");
        render_key(out, style, COLOUR_NONE, "Default domain", host->default_domain);
        render_key(out, style, COLOUR_NONE, "Interfaces",
                   backends && *backends ? backends : host->backends ? "none" : NULL);
        render_findings(out, style, &host->findings);
}
