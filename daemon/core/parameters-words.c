/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-words.h"

/* The kernel's isspace() (lib/ctype.c), which is Latin-1: it takes the second byte of a no-break
 * space in UTF-8 for white space, and so ends a word in the middle of that character. */
static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || c == (char) 0xA0;
}

bool parameter_name_begins(const char *name, const char *with, size_t n) {
        for (size_t i = 0; i < n; i++) {
                char a = name[i] == '-' ? '_' : name[i], b = with[i] == '-' ? '_' : with[i];

                if (a != b)
                        return false;
                if (a == '\0')
                        return true;
        }
        return true;
}

bool parameter_name_equal(const char *a, const char *b) {
        return parameter_name_begins(a, b, strlen(b) + 1);
}

/* Cuts the word at args as next_arg() does, writing into it. Returns: its length. */
static size_t cut_word(char *args, char **ret_name, char **ret_value) {
        bool in_quote = *args == '"', quoted = in_quote;
        size_t i, equals = 0, start = quoted ? 1 : 0;

        args += start;
        for (i = 0; args[i]; i++) {
                if (is_space(args[i]) && !in_quote)
                        break;
                if (equals == 0 && args[i] == '=')
                        equals = i;
                if (args[i] == '"')
                        in_quote = !in_quote;
        }
        *ret_name = args;
        *ret_value = NULL;
        if (equals) {
                args[equals] = '\0';
                *ret_value = args + equals + 1;
                /* A quote that opens the value goes, and one that closes it. */
                if (**ret_value == '"') {
                        (*ret_value)++;
                        if (args[i - 1] == '"')
                                args[i - 1] = '\0';
                }
        }
        if (quoted && i > 0 && args[i - 1] == '"')
                args[i - 1] = '\0';
        args[i] = '\0';
        return start + i;
}

static int add_word(ParameterWords *w, size_t *allocated, const ParameterWord *word) {
        if (w->n_items == *allocated) {
                size_t n = *allocated ? 2 * *allocated : 32;
                ParameterWord *grown = reallocarray(w->items, n, sizeof(ParameterWord));

                if (!grown)
                        return -ENOMEM;
                w->items = grown;
                *allocated = n;
        }
        w->items[w->n_items++] = *word;
        return 0;
}

void parameter_text_make_printable(char *text, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (text[i] != '\0' && (text[i] < ' ' || text[i] > '~'))
                        text[i] = '?';
}

static int split(ParameterWords *w) {
        size_t allocated = 0, n = w->size - 1;
        bool dashes = false;
        int r = 0;

        for (size_t at = 0; r == 0;) {
                ParameterWord word = { .after_dashes = dashes };
                char *name, *value;
                size_t length;

                while (at < n && is_space(w->parsed[at]))
                        at++;
                if (at >= n)
                        break;
                length = cut_word(w->parsed + at, &name, &value);
                parameter_text_make_printable(w->text + at, length);
                w->text[at + length] = '\0';
                word.text = w->text + at;
                word.name = name;
                word.value = value;
                word.position = at;
                if (!dashes && !value && strcmp(name, "--") == 0)
                        dashes = true;
                else
                        r = add_word(w, &allocated, &word);
                at += length + 1;
        }
        return r;
}

int parameter_words_split(const char *line, ParameterWords *ret) {
        size_t n = strnlen(line, PARAMETER_LINE_MAX + 1);
        int r = -ENOMEM;

        *ret = (ParameterWords){ .size = n + 1 };
        if (n > PARAMETER_LINE_MAX) {
                ret->size = 0;
                return -E2BIG;
        }
        ret->text = strndup(line, n);
        ret->parsed = strndup(line, n);
        if (ret->text && ret->parsed)
                r = split(ret);
        if (r < 0)
                parameter_words_clear(ret);
        return r;
}

void parameter_words_clear(ParameterWords *w) {
        free(w->text);
        free(w->parsed);
        free(w->items);
        *w = (ParameterWords){ 0 };
}
