/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "parameters-rules.h"

/* Returns: true if what is made for that vendor does something on this machine. */
static bool has_vendor(const Parameters *p, CpuVendor vendor) {
        return vendor == p->vendor || vendor == CPU_VENDOR_UNKNOWN ||
               p->vendor == CPU_VENDOR_UNKNOWN;
}

int parameter_note_add(const Reading *r, const char *option, const ParameterNote *note) {
        Parameters *p = r->p;
        ParameterNote *grown;

        if (p->n_notes == PARAMETER_NOTES_MAX) {
                p->n_notes_left_out++;
                return 0;
        }
        grown = reallocarray(p->notes, p->n_notes + 1, sizeof(ParameterNote));
        if (!grown)
                return -ENOMEM;
        p->notes = grown;
        grown[p->n_notes] = *note;
        grown[p->n_notes].word = r->word->text;
        grown[p->n_notes].option = option;
        grown[p->n_notes].position = r->word->position;
        /* Options come in the order of their list. */
        if (option >= p->options && option < p->options + p->words.size)
                grown[p->n_notes].position = (size_t) (option - p->options);
        p->n_notes++;
        return 0;
}

int parameter_note_bogus(const Reading *r, const char *option, const char *effect) {
        return parameter_note_add(r, option, &(ParameterNote){ .known = FACT_ABSENT,
                                                     .meaning = PARAMETER_BOGUS, .effect = effect,
                                                     .source = r->kind->source });
}

static void obey(const Reading *r, const ParameterOption *o) {
        for (size_t i = 0; i < 2 && o->sets[i].what != ASKED_NONE; i++) {
                const ParameterSet *set = &o->sets[i];
                AskedFor *asked = &r->p->asked[set->what];

                if (asked->fact != FACT_UNKNOWN && asked->fact != set->fact && !asked->implied &&
                    !set->implied)
                        asked->overruled = asked->word;
                asked->fact = set->fact;
                asked->word = r->word->text;
                asked->implied = set->implied;
        }
}

const ParameterOption *parameter_option_find(const Reading *r, const char *value) {
        const ParameterOption *second = NULL;

        for (const ParameterOption *o = r->kind->options; o->effect; o++) {
                if (!parameter_option_fits(o, value))
                        continue;
                if (has_vendor(r->p, o->vendor) &&
                    (o->since == SINCE_NEVER || o->since == SINCE_PATCH ||
                     parameter_option_known(o, r->p->kernel) != FACT_ABSENT))
                        return o->match == MATCH_ANY && second ? second : o;
                if (!second)
                        second = o;
        }
        return second;
}

static const char *malformed(const ParameterKind *k) {
        return k->reader == READ_EARLY    ? "Is neither yes nor no: the kernel logs \"Malformed "
                                            "early option\" and goes on without it."
               : k->reader == READ_MODULE ? "Is neither yes nor no: the module refuses to load."
                                          : "Is neither yes nor no.";
}

int parameter_option_read(const Reading *r, const char *option) {
        const ParameterOption *o = parameter_option_find(r, option);
        ParameterNote note;

        if (!o)
                return r->kind->open ? 0 : parameter_note_bogus(r, option, malformed(r->kind));
        note = (ParameterNote){ .known = parameter_option_known(o, r->p->kernel),
                                .meaning = o->meaning, .effect = o->effect,
                                .unknown_name = r->kind->reader == READ_EARLY &&
                                                o->since == SINCE_PATCH,
                                .source = o->source ? o->source : r->kind->source };
        if (r->dead) {
                note.known = FACT_ABSENT;
                note.meaning = PARAMETER_BOGUS;
                note.unknown_name = false;
                note.cut_short = !r->word->after_dashes;
                note.effect = r->word->after_dashes
                                      ? "Stands behind \"--\": it is for init, not for the kernel."
                                      : "Stands behind \"usedac\", which ends the list.";
                return parameter_note_add(r, option, &note);
        }
        if (note.known == FACT_ABSENT && o->since != SINCE_NEVER) {
                note.meaning = PARAMETER_BOGUS;
                note.effect = "This release of the kernel does not know it.";
        } else {
                obey(r, o);
                if (!has_vendor(r->p, o->vendor)) {
                        note.meaning = PARAMETER_BOGUS;
                        note.effect = "Is for the IOMMU of the other vendor; it does nothing here.";
                }
        }
        return parameter_note_add(r, option, &note);
}
