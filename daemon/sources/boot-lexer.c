/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/boot-lexer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"

/* Values of variables can make more of a text than it is; no command is as long. */
#define COMMAND_MAX 65536

/* The command that is being read. */
typedef struct Reading {
        BootLexer *l;
        BootCommand *c;
        char *word;
        size_t n, room, total;
        bool in_word;
} Reading;

static bool is_name(char c) {
        return isalnum((unsigned char) c) || c == '_';
}

static int put(Reading *r, char c) {
        r->in_word = true;
        if (r->total >= COMMAND_MAX) {
                r->c->unresolved = true;
                return 0;
        }
        if (r->n + 1 >= r->room) {
                size_t room = r->room ? 2 * r->room : 64;
                char *grown = realloc(r->word, room);

                if (!grown)
                        return -ENOMEM;
                r->word = grown;
                r->room = room;
        }
        r->word[r->n++] = c;
        r->total++;
        return 0;
}

static int end_word(Reading *r) {
        static char empty[] = "";
        int error;

        if (!r->in_word)
                return 0;
        if (r->n > 0)
                r->word[r->n] = 0;
        error = names_add(&r->c->words, &r->c->n, r->n > 0 ? r->word : empty);
        r->in_word = false;
        r->n = 0;
        return error;
}

/* Takes the next character. Callers have seen that there is one. */
static char take(BootLexer *l) {
        if (*l->at == '\n')
                l->line++;
        return *l->at++;
}

static bool at_end(const BootLexer *l) {
        return l->at == l->end;
}

/* Leaves out what is between brackets, nested and quoted ones in it, up to the closing one. */
static void skip_brackets(BootLexer *l, char open, char close) {
        char quote = 0;

        for (unsigned depth = 1; depth > 0 && !at_end(l);) {
                char c = take(l);

                if (c == '\\' && quote != '\'' && !at_end(l))
                        (void) take(l);
                else if (quote)
                        quote = c == quote ? 0 : quote;
                else if (c == '"' || c == '\'')
                        quote = c;
                else if (c == open && open != close)
                        depth++;
                else if (c == close)
                        depth--;
        }
}

/* Puts a variable's value in: between quotes as it is, else (but to the shell) each of its words. */
static int put_value(Reading *r, const char *value, bool quoted) {
        int error = 0;

        for (; *value && error == 0; value++) {
                if (!quoted && !r->l->shell && isspace((unsigned char) *value))
                        error = end_word(r);
                else
                        error = put(r, *value);
        }
        return error;
}

/* Reads what follows a dollar. */
static int expand(Reading *r, bool quoted) {
        BootLexer *l = r->l;
        char name[64];
        bool braces = !at_end(l) && *l->at == '{';
        size_t n = 0;
        const char *value;

        if (!at_end(l) && *l->at == '(') {
                (void) take(l);
                skip_brackets(l, '(', ')');
                r->c->unresolved = true;
                return 0;
        }
        if (braces)
                (void) take(l);
        while (!at_end(l) && is_name(*l->at) && n + 1 < sizeof(name))
                name[n++] = take(l);
        name[n] = 0;
        if (n == 0 && !braces)
                return put(r, '$');
        if (braces && !at_end(l) && *l->at == '}') {
                (void) take(l);
        } else if (braces) { /* ${NAME:-...} and the like */
                skip_brackets(l, '{', '}');
                n = 0;
        }
        value = n > 0 && l->variable ? l->variable(name, l->userdata) : NULL;
        if (value)
                return put_value(r, value, quoted);
        r->c->unresolved = true;
        return 0;
}

/* Reads on behind a quote, up to the one that ends it. */
static int read_quoted(Reading *r, char quote) {
        BootLexer *l = r->l;
        int error = 0;

        r->in_word = true;
        while (!at_end(l) && error == 0) {
                char c = take(l);

                if (c == quote)
                        return 0;
                if (quote == '\'' || (c != '\\' && c != '$' && c != '`')) {
                        error = put(r, c);
                } else if (c == '$') {
                        error = expand(r, true);
                } else if (c == '`') {
                        if (!l->shell) {
                                error = put(r, c);
                                continue;
                        }
                        skip_brackets(l, '`', '`');
                        r->c->unresolved = true;
                } else if (!at_end(l)) {
                        c = take(l);
                        if (!strchr("$\"\\`\n", c))
                                error = put(r, '\\');
                        if (c != '\n' && error == 0)
                                error = put(r, c);
                }
        }
        return error;
}

/* Whether the character ends a word and means more. Braces do so only if they stand alone; GRUB has
 * device names in parentheses. */
static bool is_separator(const Reading *r, char c) {
        if (c == ';' || c == '\n')
                return true;
        if (r->l->shell)
                return strchr("&|()<>", c) != NULL;
        return (c == '{' || c == '}') && !r->in_word;
}

/* Reads one character of a command, and what it begins. Returns: 1 if the command has ended, 0 if
 * not, or -ENOMEM. */
static int read_one(Reading *r) {
        BootLexer *l = r->l;
        char c = take(l);

        if (is_separator(r, c)) {
                r->c->strange |= l->shell && c != ';' && c != '\n';
                return 1;
        }
        if (c == '#' && !r->in_word) {
                while (!at_end(l) && *l->at != '\n')
                        l->at++;
                return 0;
        }
        if (isspace((unsigned char) c) || c == 0)
                return end_word(r);
        if (c == '\\') {
                if (at_end(l))
                        return 0;
                c = take(l);
                return c == '\n' ? 0 : put(r, c);
        }
        if (r->c->n == 0 && !r->in_word)
                r->c->line = l->line;
        if (c == '\'' || c == '"')
                return read_quoted(r, c);
        if (c == '$')
                return expand(r, false);
        if (c == '`' && l->shell) {
                skip_brackets(l, '`', '`');
                r->c->unresolved = true;
                return 0;
        }
        return put(r, c);
}

int boot_lexer_next(BootLexer *l, BootCommand *ret) {
        BootCommand c = {.line = l->line};
        Reading r = {.l = l, .c = &c};
        int e = 0;

        while (!at_end(l) && e >= 0) {
                e = read_one(&r);
                if (e > 0) {
                        e = end_word(&r);
                        if (c.n > 0 || c.strange || c.unresolved)
                                break;
                        c.line = l->line;
                }
        }
        if (e >= 0)
                e = end_word(&r);
        free(r.word);
        if (e < 0 || (c.n == 0 && !c.strange && !c.unresolved)) {
                boot_command_clear(&c);
                return e < 0 ? -ENOMEM : 0;
        }
        *ret = c;
        return 1;
}

void boot_command_clear(BootCommand *c) {
        c->words = names_free(c->words, c->n);
        c->n = 0;
}

char *boot_words_join(char *const *words, size_t n) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                bool quote = strchr(words[i], ' ') != NULL;

                fputs(i ? " " : "", f);
                fputs(quote ? "\"" : "", f);
                for (const char *c = words[i]; *c; c++) {
                        if (strchr("\\'\"", *c))
                                fputc('\\', f);
                        fputc(*c, f);
                }
                fputs(quote ? "\"" : "", f);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
