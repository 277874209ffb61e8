/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-rules.h"

/* Up to 6.0 parse_amd_iommu_options() looked for its options at every character. */
static int read_amd_option(const Reading *r, const char *option) {
        bool found = false;
        int ret = 0;

        if (r->p->kernel < 0 || r->p->kernel > 6000)
                return parameter_option_read(r, option);
        for (const char *at = option; *at && ret == 0; at++) {
                const ParameterOption *o = parameter_option_find(r, at);

                if (o->match == MATCH_ANY || parameter_option_known(o, r->p->kernel) == FACT_ABSENT)
                        continue;
                found = true;
                ret = parameter_option_read(r, at);
        }
        return found || ret < 0 ? ret : parameter_option_read(r, option);
}

static int read_list(Reading *r, char *value) {
        int ret = 0;

        for (char *option; ret == 0 && (option = strsep(&value, ","));) {
                if (!*option)
                        continue;
                ret = r->kind->split == SPLIT_AMD ? read_amd_option(r, option)
                                                  : parameter_option_read(r, option);
                /* iommu_setup() returns in the middle of its list. */
                if (strcmp(r->kind->name, "iommu") == 0 && strncmp(option, "usedac", 6) == 0)
                        r->dead = true;
        }
        return ret;
}

/* Returns: the first place in value at which one of the options begins, or value. */
static const char *find_anywhere(const Reading *r, const char *value) {
        for (const char *at = value; *at; at++)
                if (parameter_option_find(r, at)->match != MATCH_ANY)
                        return at;
        return value;
}

/* setup_io_tlb_npages(): numbers first, and what is left is one word. */
static int read_swiotlb(const Reading *r, char *value) {
        int ret = 0;

        for (int i = 0; i < 2 && ret == 0 && isdigit((unsigned char) *value); i++) {
                char *comma = strchr(value, ',');

                if (comma)
                        *comma = '\0';
                ret = parameter_option_read(r, value);
                if (!comma)
                        return ret;
                value = comma + 1;
        }
        return ret < 0 || !*value ? ret : parameter_option_read(r, value);
}

static int read_ids(const Reading *r, char *value) {
        Parameters *p = r->p;
        int ret;

        /* The module's buffer (ids[1024]) takes no more, and a bad parameter stops the module. */
        if (strlen(value) >= 1024)
                return parameter_note_bogus(
                        r, value, "Has more than 1,023 characters: the module refuses to load.");
        ret = parameter_option_read(r, value);
        if (p->ids_word)
                p->ids_overwritten = p->ids_word;
        p->ids_word = r->word->text;
        return ret < 0 ? ret : parameters_read_ids(p, value);
}

static int read_without_value(const Reading *r) {
        const ParameterKind *k = r->kind;
        ParameterNote note = { .known = FACT_ABSENT, .meaning = PARAMETER_BOGUS,
                               .source = k->source };

        if (k->split == SPLIT_BOOL && k->reader != READ_EARLY)
                return parameter_option_read(r, "1"); /* param_set_bool() */
        if (k->open)
                return 0;
        note.effect = "Does nothing without a value.";
        if (k->reader == READ_EARLY && k->split != SPLIT_SWIOTLB) {
                note.effect = "Does nothing without a value but log \"Malformed early option\".";
        } else if (k->reader == READ_SETUP) {
                note.effect = "The kernel knows it with a value only, and hands it to init.";
                note.unknown_name = true;
        } else if (k->reader == READ_MODULE) {
                note.effect = "Needs a value: the module refuses to load.";
        }
        return parameter_note_add(r, "", &note);
}

static int read_word(Reading *r) {
        const ParameterWord *w = r->word;
        char *value = w->value ? r->p->options + (w->value - r->p->words.parsed) : NULL;

        if (r->kind->split == SPLIT_FLAG)
                return parameter_option_read(r, value ? value : "");
        if (r->kind->prefix && r->kind->reader != READ_SETUP)
                return parameter_option_read(r, value ? value : "");
        if (r->kind->prefix)
                return parameter_option_read(
                        r, w->text + (w->text[0] == '"') + strlen(r->kind->name));
        if (!value)
                return read_without_value(r);
        switch (r->kind->split) {
        case SPLIT_LIST:
        case SPLIT_AMD:
                return read_list(r, value);
        case SPLIT_ANYWHERE:
                return parameter_option_read(r, find_anywhere(r, value));
        case SPLIT_SWIOTLB:
                return read_swiotlb(r, value);
        case SPLIT_IDS:
                return read_ids(r, value);
        default:
                return parameter_option_read(r, value);
        }
}

/* The kernel goes over the line twice: for what is early, and for all the rest. */
static int read_words(Parameters *p, bool early) {
        for (size_t i = 0; i < p->words.n_items; i++) {
                const ParameterWord *w = &p->words.items[i];
                Reading reading = { .p = p, .kind = parameter_kind_find(w->name), .word = w };
                int r;

                if (!reading.kind || (reading.kind->reader == READ_EARLY) != early)
                        continue;
                /* kmod and other programs know nothing of "--". */
                reading.dead = w->after_dashes && reading.kind->reader != READ_MODULE &&
                               reading.kind->reader != READ_USER;
                r = read_word(&reading);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int by_position(const void *a, const void *b) {
        const ParameterNote *x = a, *y = b;

        return x->position < y->position ? -1 : x->position > y->position;
}

int parameters_evaluate(const char *line, int kernel, CpuVendor vendor, Parameters **ret) {
        Parameters *p = calloc(1, sizeof(Parameters));
        int r;

        if (!p)
                return -ENOMEM;
        p->kernel = kernel;
        p->vendor = vendor;
        r = parameter_words_split(line, &p->words);
        if (r == 0) {
                p->options = malloc(p->words.size);
                r = p->options ? 0 : -ENOMEM;
        }
        if (r == 0) {
                memcpy(p->options, p->words.parsed, p->words.size);
                parameter_text_make_printable(p->options, p->words.size);
                r = read_words(p, true);
        }
        if (r == 0)
                r = read_words(p, false);
        if (r == 0 && p->n_notes)
                qsort(p->notes, p->n_notes, sizeof(ParameterNote), by_position);
        if (r == 0)
                r = parameters_find_conflicts(p);
        if (r < 0) {
                parameters_free(p);
                return r;
        }
        *ret = p;
        return 0;
}
