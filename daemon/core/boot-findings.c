/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot-findings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding-ids.h"
#include "parameters-table.h"
#include "text.h"

/* One command line: a run of the host's boot words. */
typedef struct Entry {
        const BootWords *words;
        size_t n;
} Entry;

/* What two lines are compared for. */
typedef struct Comparison {
        Findings *findings;
        const Entry *configured;
        const char *before_file; /* where the first line stands */
        const char *added, *changed, *removed; /* messages; removed may be NULL */
        const char *remedy;
} Comparison;

/* Finds the entry behind the given one (NULL: the first) of a source. Returns: true and the entry. */
static bool next_entry(const Host *h, BootSource source, const Entry *after, Entry *ret) {
        size_t i = after ? (size_t) (after->words + after->n - h->boot_words) : 0, n = 0;

        while (i < h->n_boot_words && h->boot_words[i].source != source)
                i++;
        while (i + n < h->n_boot_words && h->boot_words[i + n].source == source &&
               h->boot_words[i + n].entry == h->boot_words[i].entry)
                n++;
        if (n > 0)
                *ret = (Entry){ &h->boot_words[i], n };
        return n > 0;
}

static char *entry_line(const Entry *e) {
        char *line = NULL;
        size_t size;
        FILE *f = open_memstream(&line, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < e->n; i++)
                fprintf(f, "%s%s", i ? " " : "", e->words[i].text);
        if (fclose(f) != 0) {
                free(line);
                return NULL;
        }
        return line;
}

static bool is_partial(const Entry *e) {
        for (size_t i = 0; i < e->n; i++)
                if (e->words[i].partial)
                        return true;
        return false;
}

static const BootWords *find_place(const Entry *e, const char *word) {
        for (size_t i = e->n; word && i-- > 0;)
                if (strstr(e->words[i].text, word))
                        return &e->words[i];
        return &e->words[0];
}

static bool has_word(const ParameterWords *words, const ParameterWord *w) {
        for (size_t i = 0; i < words->n_items; i++)
                if (strcmp(words->items[i].text, w->text) == 0)
                        return true;
        return false;
}

/* Whether a word tells entries of one kernel apart: not what is compared, nor what loaders add. */
static bool tells_apart(const ParameterWord *w) {
        return !parameter_kind_find(w->name) && strcmp(w->name, "BOOT_IMAGE") != 0 &&
               strcmp(w->name, "initrd") != 0;
}

static long likeness_of(const ParameterWords *running, const ParameterWords *entry) {
        long n = 0;

        for (size_t i = 0; i < running->n_items; i++)
                if (tells_apart(&running->items[i]))
                        n += has_word(entry, &running->items[i]);
        for (size_t i = 0; i < entry->n_items; i++)
                if (tells_apart(&entry->items[i]))
                        n -= !has_word(running, &entry->items[i]);
        return n;
}

/* How like an entry is to what runs, by the words that have nothing to do with us: a kernel has a
 * normal entry, one for recovery, and some that people wrote. */
static int likeness(const Host *h, const char *line, long *ret) {
        ParameterWords running, entry;
        int r = parameter_words_split(h->command_line.value, &running);

        if (r < 0)
                return r;
        r = parameter_words_split(line, &entry);
        if (r == 0) {
                *ret = likeness_of(&running, &entry);
                parameter_words_clear(&entry);
        }
        parameter_words_clear(&running);
        return r;
}

/* Whether both lines have the same words that matter. */
static int is_same(const char *a, const char *b, bool *ret) {
        ParameterDifference *d;
        size_t n;
        int r = parameters_compare(a, b, &d, &n);

        if (r < 0)
                return r;
        parameter_differences_free(d, n);
        *ret = n == 0;
        return 0;
}

/* Finds the entry that the running kernel was most likely started by: the likest, of equal ones one
 * that says the same as what runs, else the first. Returns: 1 and the entry, 0, or -errno. */
static int choose_entry(const Host *h, BootSource source, Entry *ret) {
        long best = 0;
        bool any = false, best_same = false;
        Entry e;

        for (bool more = next_entry(h, source, NULL, &e); more;
             more = next_entry(h, source, &e, &e)) {
                char *line = entry_line(&e);
                bool same = false;
                long like = 0;
                int r = line ? likeness(h, line, &like) : -ENOMEM;

                if (r == 0)
                        r = is_same(h->command_line.value, line, &same);
                free(line);
                if (r < 0)
                        return r;
                if (!any || like > best || (like == best && same && !best_same)) {
                        *ret = e;
                        best = like;
                        best_same = same;
                }
                any = true;
        }
        return any;
}

static int find_difference(const Comparison *c, const ParameterDifference *d) {
        const BootWords *place = find_place(c->configured, d->configured);
        const char *message = d->change == PARAMETER_ADDED     ? c->added
                              : d->change == PARAMETER_CHANGED ? c->changed
                                                               : c->removed;
        int r;

        if (!message)
                return 0;
        r = findings_addf(c->findings, FINDING_CONFIGURED_NOT_RUNNING, SEVERITY_WARNING, NULL,
                          c->remedy, "%s %s (%s, line %u).",
                          d->configured ? d->configured : d->running, message, place->file,
                          place->line);
        if (r >= 0 && d->configured)
                r = findings_evidence(c->findings, "%s:%u: %s", place->file, place->line,
                                      d->configured);
        if (r >= 0 && d->running)
                r = findings_evidence(c->findings, "%s: %s", c->before_file, d->running);
        return r;
}

static int compare(const Comparison *c, const char *before) {
        char *line = entry_line(c->configured);
        ParameterDifference *d;
        size_t n;
        int r = line ? parameters_compare(before, line, &d, &n) : -ENOMEM;

        free(line);
        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = find_difference(c, &d[i]);
        parameter_differences_free(d, n);
        return r;
}

/* The next boot's entry against what runs. */
static int find_not_booted(const Host *h, const Entry *e, Findings *findings) {
        const Comparison c = {
                .findings = findings, .configured = e, .before_file = "/proc/cmdline",
                .added = "is configured, but the running kernel was started without it",
                .changed = "is configured, but the running kernel was started with another value",
                .removed = is_partial(e) ? NULL : "is running, but no longer configured",
                .remedy = "Boot again.",
        };

        return compare(&c, h->command_line.value);
}

static const char *remedy_of(const Entry *made_from, const Entry *entry) {
        if (made_from->words->source == BOOT_KERNEL)
                return "Run what makes the boot entries here (kernel-install add, dracut or "
                       "mkinitcpio), then boot again.";
        if (!entry)
                return "Run update-grub (elsewhere grub2-mkconfig -o /boot/grub2/grub.cfg) if that "
                       "was not done since, then boot again.";
        if (entry->words->source == BOOT_LOADER)
                return "Run grub2-mkconfig -o /boot/grub2/grub.cfg --update-bls-cmdline, then boot "
                       "again.";
        return strstr(entry->words->file, "/grub2/")
                       ? "Run grub2-mkconfig -o /boot/grub2/grub.cfg, then boot again."
                       : "Run update-grub, then boot again.";
}

/* What entries are made from, against the first entry, which is the normal one; without any, against
 * what runs. What an entry has and this has not may come from elsewhere, unless this is newer. */
static int find_not_installed(const Host *h, const Entry *made_from, const Entry *entry,
                              Findings *findings) {
        bool complete = !is_partial(made_from) && made_from->words->newer;
        const Comparison c = {
                .findings = findings, .configured = made_from,
                .before_file = entry ? entry->words->file : "/proc/cmdline",
                .added = entry ? "is written down, but no boot entry has it yet"
                               : "is written down, but the running kernel was started without it",
                .changed = entry ? "is written down, but the boot entry has another value"
                                 : "is written down, but the running kernel was started with "
                                   "another value",
                .removed = entry && complete ? "is in the boot entry, but no longer written down"
                                             : NULL,
                .remedy = remedy_of(made_from, entry),
        };
        char *line = NULL;
        int r;

        if (entry) {
                if (is_partial(entry))
                        return 0;
                line = entry_line(entry);
                if (!line)
                        return -ENOMEM;
        }
        r = compare(&c, line ? line : h->command_line.value);
        free(line);
        return r;
}

int find_boot(const Host *h, Findings *findings) {
        BootSource source = BOOT_GRUB;
        Entry chosen, first, made_from;
        int r;

        if (h->command_line.fact != FACT_PRESENT)
                return 0;
        r = choose_entry(h, source, &chosen);
        if (r == 0) {
                source = BOOT_LOADER;
                r = choose_entry(h, source, &chosen);
        }
        if (r > 0)
                r = find_not_booted(h, &chosen, findings);
        if (r >= 0 && (next_entry(h, BOOT_DEFAULT, NULL, &made_from) ||
                       next_entry(h, BOOT_KERNEL, NULL, &made_from)))
                r = find_not_installed(h, &made_from,
                                       next_entry(h, source, NULL, &first) ? &first : NULL,
                                       findings);
        return r == -E2BIG ? 0 : r; /* no kernel takes such a line */
}
