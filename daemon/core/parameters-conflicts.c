/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-rules.h"
#include "text.h"

/* Takes text, which may be NULL for want of memory. */
static int add(Parameters *p, ParameterConflictKind kind, const char *word, const char *other,
               char *text) {
        ParameterConflict *grown;

        if (p->n_conflicts == PARAMETER_CONFLICTS_MAX) {
                free(text);
                return 0;
        }
        grown = reallocarray(p->conflicts, p->n_conflicts + 1, sizeof(ParameterConflict));
        if (grown)
                p->conflicts = grown;
        if (!grown || !text) {
                free(text);
                return -ENOMEM;
        }
        grown[p->n_conflicts++] = (ParameterConflict){ kind, { word, other }, text };
        return 0;
}

static int find_off(Parameters *p) {
        const char *off = parameters_iommu_off(p), *pt = p->asked[ASKED_PASSTHROUGH].word;
        int r = 0;

        if (!off)
                return 0;
        if (p->n_ids)
                r = add(p, CONFLICT_OFF_WITH_IDS, off, p->ids_word,
                        text_printf("%s keeps devices for vfio-pci, but %s turns the IOMMU off: "
                                    "vfio-pci refuses them.", p->ids_word, off));
        if (r == 0 && p->asked[ASKED_PASSTHROUGH].fact == FACT_PRESENT)
                r = add(p, CONFLICT_PASSTHROUGH_WITHOUT_IOMMU, pt, off,
                        text_printf("%s says how the IOMMU is used, but %s turns it off; the log "
                                    "says \"Passthrough (set via kernel command line)\" anyway.",
                                    pt, off));
        return r;
}

static int find_no_remapping(Parameters *p) {
        const char *off = parameters_remapping_off(p);
        bool unsafe = p->asked[ASKED_TYPE1_UNSAFE].fact == FACT_PRESENT ||
                      p->asked[ASKED_IOMMUFD_UNSAFE].fact == FACT_PRESENT;

        if (!off || off == parameters_iommu_off(p))
                return 0;
        return add(p, CONFLICT_NO_REMAPPING, off, NULL,
                   text_printf("%s turns interrupt remapping off: %s", off,
                               unsafe ? "only allow_unsafe_interrupts lets VFIO take devices."
                                      : "VFIO refuses every device."));
}

static int find_sticky(Parameters *p) {
        static const Asked pairs[][2] = { { ASKED_AMD_IOMMU, ASKED_AMD_ON },
                                          { ASKED_IOMMU, ASKED_IOMMU_ON } };
        int r = 0;

        for (size_t i = 0; i < 2 && r == 0; i++) {
                const AskedFor *off = &p->asked[pairs[i][0]], *on = &p->asked[pairs[i][1]];

                if (off->fact == FACT_ABSENT && on->fact == FACT_PRESENT)
                        r = add(p, CONFLICT_STICKY_OFF, off->word, on->word,
                                text_printf("%s does not undo %s, wherever it stands.",
                                            on->word, off->word));
        }
        return r;
}

static int find_contradictions(Parameters *p) {
        int r = 0;

        for (size_t i = 0; i < ASKED_N && r == 0; i++) {
                const AskedFor *a = &p->asked[i];

                if (a->overruled)
                        r = add(p, CONFLICT_CONTRADICTION, a->overruled, a->word,
                                a->overruled == a->word
                                        ? text_printf("%s says both; the last counts.", a->word)
                                        : text_printf("%s and %s say the opposite; %s counts.",
                                                      a->overruled, a->word, a->word));
        }
        if (r == 0 && p->ids_overwritten)
                r = add(p, CONFLICT_OVERWRITTEN, p->ids_overwritten, p->ids_word,
                        text_printf("%s replaces %s: only the last list of ids counts.",
                                    p->ids_word, p->ids_overwritten));
        return r;
}

static int find_wrong_vendor(Parameters *p) {
        bool *seen;
        int r = 0;

        if (p->vendor == CPU_VENDOR_UNKNOWN)
                return 0;
        seen = calloc(parameter_kinds_count(), sizeof(bool));
        if (!seen)
                return -ENOMEM;
        for (size_t i = 0; i < p->words.n_items && r == 0; i++) {
                const ParameterWord *w = &p->words.items[i];
                const ParameterKind *k = parameter_kind_find(w->name);

                if (!k || k->vendor == CPU_VENDOR_UNKNOWN || k->vendor == p->vendor ||
                    seen[parameter_kind_number(k)])
                        continue;
                seen[parameter_kind_number(k)] = true;
                r = add(p, CONFLICT_WRONG_VENDOR, w->text, NULL,
                        text_printf("%s is for machines by %s.", w->text,
                                    k->vendor == CPU_VENDOR_INTEL ? "Intel" : "AMD"));
        }
        free(seen);
        return r;
}

/* Returns: true if all devices that b takes are taken by a. */
static bool covers(const ParameterId *a, const ParameterId *b) {
        return (a->vendor == PARAMETER_ID_ANY || a->vendor == b->vendor) &&
               (a->device == PARAMETER_ID_ANY || a->device == b->device) &&
               (a->subvendor == PARAMETER_ID_ANY || a->subvendor == b->subvendor) &&
               (a->subdevice == PARAMETER_ID_ANY || a->subdevice == b->subdevice) &&
               (a->class_mask & ~b->class_mask) == 0 &&
               ((a->class_code ^ b->class_code) & a->class_mask) == 0;
}

static int find_duplicate_ids(Parameters *p) {
        int r = 0;

        for (size_t i = 1; i < p->n_ids && r == 0; i++)
                for (size_t j = 0; j < i; j++) {
                        const ParameterId *a = &p->ids[j], *b = &p->ids[i];

                        if (a->refused || b->refused || (!covers(a, b) && !covers(b, a)))
                                continue;
                        r = add(p, CONFLICT_DUPLICATE_ID, a->text, b->text,
                                text_printf("%s and %s of %s name the same devices.", a->text,
                                            b->text, p->ids_word));
                        break;
                }
        return r;
}

static int find_unread(Parameters *p) {
        const char *cut = NULL; /* one conflict per word, not per option */
        int r = 0;

        for (size_t i = 0; i < p->n_notes && r == 0; i++) {
                const ParameterNote *n = &p->notes[i];

                if (n->cut_short && n->word != cut) {
                        cut = n->word;
                        r = add(p, CONFLICT_LIST_CUT_SHORT, n->word, n->option,
                                text_printf("%s: \"usedac\" ends the list, from \"%s\" on it "
                                            "is not read.", n->word, n->option));
                } else if (n->unknown_name) {
                        r = add(p, CONFLICT_UNKNOWN_PARAMETER, n->word, NULL,
                                text_printf("%s is unknown to a kernel as released, which "
                                            "ignores it (from 5.14 on the log names it).",
                                            n->word));
                }
        }
        return r;
}

int parameters_find_conflicts(Parameters *p) {
        static int (*const finders[])(Parameters *) = {
                find_off,          find_no_remapping,  find_sticky, find_contradictions,
                find_wrong_vendor, find_duplicate_ids, find_unread,
        };
        int r = 0;

        for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]) && r == 0; i++)
                r = finders[i](p);
        return r;
}
