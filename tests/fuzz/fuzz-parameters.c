/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/parameters.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The switches that decide, as a plain loop over the words sets them: no table, no rows. */
typedef struct Plain {
        Fact vtd, amd, iommu, passthrough, remapping;
} Plain;

static void read_plain(Plain *p, const char *name, const char *option, int kernel) {
        if (parameter_name_equal(name, "intel_iommu")) {
                if (strncmp(option, "on", 2) == 0)
                        p->vtd = FACT_PRESENT;
                else if (strncmp(option, "off", 3) == 0)
                        p->vtd = FACT_ABSENT;
        } else if (parameter_name_equal(name, "amd_iommu")) {
                if (strncmp(option, "off", 3) == 0 ||
                    (kernel >= 0 && kernel <= 6000 && strstr(option, "off")))
                        p->amd = FACT_ABSENT;
        } else if (parameter_name_equal(name, "iommu")) {
                if (strncmp(option, "off", 3) == 0)
                        p->iommu = FACT_ABSENT;
                if (strncmp(option, "pt", 2) == 0)
                        p->passthrough = FACT_PRESENT;
                if (strncmp(option, "nopt", 4) == 0)
                        p->passthrough = FACT_ABSENT;
        } else if (parameter_name_equal(name, "intremap")) {
                if (strncmp(option, "on", 2) == 0)
                        p->remapping = FACT_PRESENT;
                else if (strncmp(option, "off", 3) == 0)
                        p->remapping = FACT_ABSENT;
        }
}

static void read_plain_word(Plain *p, const ParameterWord *w, int kernel) {
        char *copy = w->value ? strdup(w->value) : NULL, *rest = copy, *option;

        if (parameter_name_equal(w->name, "nointremap"))
                p->remapping = FACT_ABSENT;
        if (parameter_name_equal(w->name, "iommu.passthrough") && w->value && kernel != 4015) {
                if (strchr("yYtT1", w->value[0]) && w->value[0])
                        p->passthrough = FACT_PRESENT;
                else if (strchr("nNfF0", w->value[0]) && w->value[0])
                        p->passthrough = FACT_ABSENT;
                else if (strncasecmp(w->value, "on", 2) == 0)
                        p->passthrough = FACT_PRESENT;
                else if (strncasecmp(w->value, "of", 2) == 0)
                        p->passthrough = FACT_ABSENT;
        }
        while ((option = strsep(&rest, ","))) {
                if (parameter_name_equal(w->name, "iommu") && strncmp(option, "usedac", 6) == 0)
                        break;
                read_plain(p, w->name, option, kernel);
        }
        free(copy);
}

static void check_plain(const Parameters *p) {
        Plain plain = { 0 };

        for (size_t i = 0; i < p->words.n_items; i++)
                if (!p->words.items[i].after_dashes)
                        read_plain_word(&plain, &p->words.items[i], p->kernel);
        if (parameters_asked(p, ASKED_INTEL_IOMMU) != plain.vtd ||
            parameters_asked(p, ASKED_AMD_IOMMU) != plain.amd ||
            parameters_asked(p, ASKED_IOMMU) != plain.iommu ||
            parameters_asked(p, ASKED_PASSTHROUGH) != plain.passthrough ||
            parameters_asked(p, ASKED_REMAPPING) != plain.remapping)
                abort();
}

static void check_printable(const char *text) {
        for (; *text; text++)
                if (*text < ' ' || *text > '~')
                        abort();
}

static void check_lists(const Parameters *p) {
        if (p->n_notes > PARAMETER_NOTES_MAX || p->n_conflicts > PARAMETER_CONFLICTS_MAX ||
            (p->n_notes_left_out && p->n_notes != PARAMETER_NOTES_MAX))
                abort();
        for (size_t i = 0; i < p->n_notes; i++) {
                check_printable(p->notes[i].word);
                check_printable(p->notes[i].option);
                if (!p->notes[i].effect || !p->notes[i].source ||
                    (i && p->notes[i].position < p->notes[i - 1].position))
                        abort();
        }
        for (size_t i = 0; i < p->n_conflicts; i++)
                check_printable(p->conflicts[i].text);
        for (size_t i = 0; i < p->n_ids; i++)
                check_printable(p->ids[i].text);
        for (size_t i = 0; i < ASKED_N; i++)
                if ((p->asked[i].fact == FACT_UNKNOWN) != !p->asked[i].word)
                        abort();
}

/* A line differs from itself in nothing, and from the empty one by words that go. */
static void check_compare(const char *line) {
        ParameterDifference *d;
        size_t n;

        if (parameters_compare(line, line, &d, &n) < 0 || n != 0)
                abort();
        parameter_differences_free(d, n);
        if (parameters_compare(line, "", &d, &n) < 0)
                abort();
        for (size_t i = 0; i < n; i++) {
                if (d[i].change != PARAMETER_REMOVED || d[i].configured)
                        abort();
                check_printable(d[i].running);
        }
        parameter_differences_free(d, n);
}

/* The first two characters choose release and vendor, the rest is the command line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const int kernels[] = { -1, 4015, 5004, 5010, 5015, 6001, 6002, 6012, 7002, 5019 };
        Parameters *p;
        char *line;

        if (size < 2 || size > PARAMETER_LINE_MAX)
                return 0;
        line = strndup((const char *) data + 2, size - 2);
        if (!line)
                return 0;
        if (parameters_evaluate(line, kernels[data[0] % 10], (CpuVendor) (data[1] % 3), &p) < 0)
                abort();
        check_plain(p);
        check_lists(p);
        check_compare(line);
        parameters_free(p);
        free(line);
        return 0;
}
