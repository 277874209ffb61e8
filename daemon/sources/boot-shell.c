/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "sources/boot-config.h"
#include "sources/boot-lexer.h"

#define ASSIGNMENTS_MAX 1024

typedef struct Assignment {
        char *name, *value; /* expanded */
        char *file;
        unsigned line;
        bool known; /* all of the value could be followed */
} Assignment;

struct BootShell {
        Assignment *items;
        size_t n;
        bool strange; /* more than assignments: what they come to is not known */
};

/* In the order in which an entry has them. */
static const char *const names[] = {"GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"};

BootShell *boot_shell_new(void) {
        return calloc(1, sizeof(BootShell));
}

BootShell *boot_shell_free(BootShell *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].name);
                free(s->items[i].value);
                free(s->items[i].file);
        }
        free(s->items);
        free(s);
        return NULL;
}

/* Returns: the last assignment to a name before the given one, or NULL. */
static const Assignment *find_before(const BootShell *s, const char *name, size_t before) {
        while (before-- > 0)
                if (strcmp(s->items[before].name, name) == 0)
                        return &s->items[before];
        return NULL;
}

/* What is set nowhere is empty if it is ours; grub-mkconfig may have set others. */
static const char *look_up(const char *name, void *userdata) {
        const BootShell *s = userdata;
        const Assignment *a = find_before(s, name, s->n);

        if (a)
                return a->known ? a->value : NULL;
        return strncmp(name, "GRUB_CMDLINE_LINUX", 18) == 0 ? "" : NULL;
}

/* Returns: the length of a name that '=' or "+=" follows, or 0. */
static size_t assigned_name(const char *word, bool *ret_append) {
        size_t n = 0;

        while (isalnum((unsigned char) word[n]) || word[n] == '_')
                n++;
        *ret_append = word[n] == '+';
        if (n == 0 || isdigit((unsigned char) word[0]) || word[n + *ret_append] != '=')
                return 0;
        return n;
}

static int assign(BootShell *s, const char *word, const BootCommand *c, const char *file) {
        bool append;
        size_t n = assigned_name(word, &append);
        Assignment *grown, new = {.line = c->line, .known = !c->unresolved};
        const char *old = NULL;

        if (s->n >= ASSIGNMENTS_MAX) {
                s->strange = true;
                return 0;
        }
        grown = reallocarray(s->items, s->n + 1, sizeof(Assignment));
        if (!grown)
                return -ENOMEM;
        s->items = grown;
        new.name = strndup(word, n);
        new.file = strdup(file);
        if (new.name && append) {
                old = look_up(new.name, s);
                new.known &= old != NULL;
        }
        if (!new.name || !new.file ||
            asprintf(&new.value, "%s%s", old ? old : "", word + n + append + 1) < 0) {
                free(new.name);
                free(new.file);
                return -ENOMEM;
        }
        /* Doubling itself line after line, a value could outgrow everything. */
        if (strlen(new.value) > BOOT_FILE_MAX) {
                new.value[0] = 0;
                new.known = false;
        }
        grown[s->n++] = new;
        return 0;
}

static int take_command(BootShell *s, const BootCommand *c, const char *file) {
        size_t first = c->n > 0 && strcmp(c->words[0], "export") == 0 ? 1 : 0;
        bool append;

        if (c->strange || c->n == 0) {
                s->strange = true;
                return 0;
        }
        for (size_t i = first; i < c->n; i++) {
                int error;

                if (assigned_name(c->words[i], &append) == 0) {
                        /* "export NAME" sets nothing. Any other word is a command. */
                        if (first == 0)
                                s->strange = true;
                        continue;
                }
                error = assign(s, c->words[i], c, file);
                if (error < 0)
                        return error;
        }
        return 0;
}

int boot_shell_parse(BootShell *s, const char *content, size_t size, const char *file) {
        BootLexer l = {.at = content, .end = content + size, .line = 1, .shell = true,
                       .variable = look_up, .userdata = s};
        BootCommand c;
        int r;

        while ((r = boot_lexer_next(&l, &c)) > 0) {
                r = take_command(s, &c, file);
                boot_command_clear(&c);
                if (r < 0)
                        break;
        }
        return r;
}

/* Returns: true if a value has the word in it, however either is quoted. */
static bool holds(const char *value, const char *word) {
        for (; *value; value++) {
                const char *v = value, *w = word;

                for (;; v++, w++) {
                        v += strspn(v, "\"'\\");
                        w += strspn(w, "\"'\\");
                        if (!*w)
                                return true;
                        if (*v != *w)
                                break;
                }
        }
        return false;
}

/* Finds where a word came into the last value of a name: values are mostly made from the one
 * before. */
static const Assignment *find_place(const BootShell *s, const Assignment *last, const char *word) {
        const Assignment *place = last, *before = last;

        while ((before = find_before(s, last->name, (size_t) (before - s->items))) &&
               holds(before->value, word))
                place = before;
        return place;
}

/* Adds the words of one variable, split as GRUB will split them. */
static int add_words(const BootShell *s, const char *name, BootWords *w, BootConfig *ret) {
        const Assignment *a = find_before(s, name, s->n);
        BootLexer l = {.line = 1};
        BootCommand c;
        int r;

        if (!a)
                return 0;
        if (!a->known) {
                w->partial = true;
                return 0;
        }
        l.at = a->value;
        l.end = a->value + strlen(a->value);
        while ((r = boot_lexer_next(&l, &c)) > 0) {
                w->partial |= c.unresolved;
                for (size_t i = 0; r >= 0 && i < c.n; i++) {
                        const Assignment *place = find_place(s, a, c.words[i]);

                        w->text = boot_words_join(&c.words[i], 1);
                        w->file = place->file;
                        w->line = place->line;
                        r = w->text ? boot_config_add(ret, w) : -ENOMEM;
                        free(w->text);
                }
                boot_command_clear(&c);
                if (r < 0)
                        break;
        }
        return r;
}

int boot_shell_finish(const BootShell *s, bool newer, BootConfig *ret) {
        BootWords w = {.source = BOOT_DEFAULT, .newer = newer};
        size_t begin = ret->n;
        int error = 0;

        if (s->strange || s->n == 0)
                return 0;
        w.entry = ++ret->n_entries;
        for (size_t i = 0; error >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
                error = add_words(s, names[i], &w, ret);
        for (size_t i = begin; i < ret->n; i++)
                ret->words[i].partial = w.partial;
        /* No words at all are a command line, too. */
        if (error >= 0 && ret->n == begin) {
                char none[] = "";

                w.text = none;
                w.file = s->items[0].file;
                w.line = 1;
                error = boot_config_add(ret, &w);
        }
        return error;
}
