/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/parameters-words.h"
#include "sources/boot-config.h"
#include "sources/boot-lexer.h"

void boot_config_clear(BootConfig *c) {
        c->words = boot_words_free(c->words, c->n);
        c->n = 0;
}

int boot_config_add(BootConfig *c, const BootWords *w) {
        BootWords *new;
        int error;

        if (strlen(w->text) > BOOT_TEXT_MAX || strlen(w->file) > NAME_MAX ||
            c->n >= BOOT_WORDS_MAX)
                return 0;
        error = boot_words_add(&c->words, &c->n, w);
        if (error < 0)
                return error;
        new = &c->words[c->n - 1];
        parameter_text_make_printable(new->text, strlen(new->text));
        parameter_text_make_printable(new->file, strlen(new->file));
        return 0;
}

bool boot_kernel_is(const BootKernel *k, const char *image) {
        size_t n = strlen(image), release = strlen(k->release);
        const char *found;

        if (k->image && strcmp(image, k->image) == 0)
                return true;
        if (release == 0)
                return false;
        /* vmlinuz-RELEASE */
        if (n > release && image[n - release - 1] == '-' &&
            strcmp(image + n - release, k->release) == 0)
                return true;
        /* /MACHINE/RELEASE/linux, as kernel-install lays it out */
        found = strstr(image, k->release);
        return found && found > image && found[-1] == '/' && found[release] == '/';
}

static bool is_keyword(const char *word) {
        static const char *const words[] = {"then", "else", "do", "if", "elif"};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(word, words[i]) == 0)
                        return true;
        return false;
}

static bool loads_linux(const char *word) {
        return strcmp(word, "linux") == 0 || strcmp(word, "linux16") == 0 ||
               strcmp(word, "linuxefi") == 0;
}

static int add_command(const BootCommand *c, const char *file, const BootKernel *k,
                       BootConfig *ret) {
        size_t first = 0;
        BootWords w = {.source = BOOT_GRUB, .line = c->line, .partial = c->unresolved};
        int error;

        while (first < c->n && is_keyword(c->words[first]))
                first++;
        if (first + 1 >= c->n || !loads_linux(c->words[first]) ||
            !boot_kernel_is(k, c->words[first + 1]))
                return 0;
        w.text = boot_words_join(c->words + first + 2, c->n - first - 2);
        w.file = strdup(file);
        w.entry = ++ret->n_entries;
        error = w.text && w.file ? boot_config_add(ret, &w) : -ENOMEM;
        free(w.text);
        free(w.file);
        return error;
}

int boot_grub_parse(const char *content, size_t size, const char *file, const BootKernel *k,
                    BootConfig *ret) {
        BootLexer l = {.at = content, .end = content + size, .line = 1};
        BootCommand c;
        int r;

        while ((r = boot_lexer_next(&l, &c)) > 0) {
                r = add_command(&c, file, k, ret);
                boot_command_clear(&c);
                if (r < 0)
                        break;
        }
        return r;
}

/* The rest of a file, line by line. */
typedef struct Lines {
        const char *at, *end;
        unsigned line;
} Lines;

/* Returns: true and the next line, without the newline. */
static bool next_line(Lines *l, const char **ret, size_t *ret_n) {
        const char *newline;

        if (l->at == l->end)
                return false;
        newline = memchr(l->at, '\n', (size_t) (l->end - l->at));
        *ret = l->at;
        *ret_n = (size_t) ((newline ? newline : l->end) - l->at);
        l->at = newline ? newline + 1 : l->end;
        l->line++;
        return true;
}

int boot_environment_find(const BootEnvironment *e, const char *name, char **ret,
                          unsigned *ret_line) {
        Lines lines = {e->content, e->content ? e->content + e->size : NULL, 0};
        size_t length = strlen(name), n;
        const char *line;

        while (next_line(&lines, &line, &n)) {
                char *value;

                if (n <= length || memcmp(line, name, length) != 0 || line[length] != '=')
                        continue;
                value = strndup(line + length + 1, n - length - 1);
                if (!value)
                        return -ENOMEM;
                /* grub-core/lib/envblk.c writes a backslash before one, and before a newline. */
                for (char *from = value, *to = value;; to++, from++) {
                        if (*from == '\\' && from[1])
                                from++;
                        *to = *from;
                        if (!*from)
                                break;
                }
                *ret = value;
                *ret_line = lines.line;
                return 1;
        }
        return 0;
}

/* Splits "KEY VALUE". Returns: true if the line has that key; the value is a copy (NULL: no memory). */
static bool has_key(const char *line, size_t n, const char *key, char **ret) {
        size_t length = strlen(key), end;

        while (n > 0 && isspace((unsigned char) line[0])) {
                line++;
                n--;
        }
        if (n <= length || memcmp(line, key, length) != 0 ||
            !isspace((unsigned char) line[length]))
                return false;
        while (length < n && isspace((unsigned char) line[length]))
                length++;
        for (end = n; end > length && isspace((unsigned char) line[end - 1]); end--)
                ;
        *ret = strndup(line + length, end - length);
        return true;
}

/* What variables of an entry's options are looked up in, and where one was found. */
typedef struct Lookup {
        const BootEnvironment *environment;
        char *value; /* of the last look-up */
        unsigned line;
        bool failed;
} Lookup;

static const char *look_up(const char *name, void *userdata) {
        Lookup *l = userdata;
        char *value = NULL;
        int r = l->environment ? boot_environment_find(l->environment, name, &value, &l->line) : 0;

        if (r < 0)
                l->failed = true;
        if (r <= 0)
                return NULL;
        free(l->value);
        l->value = value;
        return value;
}

/* Adds options that GRUB would expand. One that is a variable and nothing else stands where the
 * variable does. */
static int add_expanded(const char *options, BootWords *w, const BootEnvironment *e,
                        BootConfig *ret) {
        Lookup lookup = {.environment = e};
        BootLexer l = {.at = options, .end = options + strlen(options), .line = 1,
                       .variable = look_up, .userdata = &lookup};
        bool alone = options[0] == '$' && !strpbrk(options, " \t");
        BootCommand c;
        int r;

        while ((r = boot_lexer_next(&l, &c)) > 0) {
                BootWords expanded = *w;

                expanded.text = boot_words_join(c.words, c.n);
                expanded.partial = c.unresolved;
                if (alone && lookup.value && e) {
                        expanded.line = lookup.line;
                        expanded.file = strdup(e->file);
                } else {
                        expanded.file = strdup(w->file);
                }
                r = lookup.failed || !expanded.text || !expanded.file
                            ? -ENOMEM
                            : boot_config_add(ret, &expanded);
                free(expanded.text);
                free(expanded.file);
                boot_command_clear(&c);
                if (r < 0)
                        break;
        }
        free(lookup.value);
        return r;
}

static int add_options(const char *content, size_t size, const char *file,
                       const BootEnvironment *e, BootConfig *ret) {
        Lines lines = {content, content + size, 0};
        BootWords w = {.source = BOOT_LOADER, .entry = ++ret->n_entries};
        const char *line;
        size_t n;
        int error = 0;
        bool any = false;

        while (error == 0 && next_line(&lines, &line, &n)) {
                char *options;

                if (!has_key(line, n, "options", &options))
                        continue;
                w.line = lines.line;
                w.text = options;
                w.file = strdup(file);
                if (!options || !w.file)
                        error = -ENOMEM;
                else
                        error = strchr(options, '$') ? add_expanded(options, &w, e, ret)
                                                     : boot_config_add(ret, &w);
                any = true;
                free(options);
                free(w.file);
        }
        if (any || error < 0)
                return error;
        /* No options is a command line, too. */
        w.text = strdup("");
        w.file = strdup(file);
        w.line = 1;
        error = w.text && w.file ? boot_config_add(ret, &w) : -ENOMEM;
        free(w.text);
        free(w.file);
        return error;
}

int boot_loader_parse(const char *content, size_t size, const char *file, const BootKernel *k,
                      const BootEnvironment *e, BootConfig *ret) {
        Lines lines = {content, content + size, 0};
        bool version = false, image = false;
        const char *line;
        size_t n;

        while (next_line(&lines, &line, &n)) {
                char *value;

                if (has_key(line, n, "version", &value)) {
                        if (!value)
                                return -ENOMEM;
                        version |= strcmp(value, k->release) == 0;
                        free(value);
                } else if (has_key(line, n, "linux", &value)) {
                        if (!value)
                                return -ENOMEM;
                        image |= boot_kernel_is(k, value);
                        free(value);
                }
        }
        return version || image ? add_options(content, size, file, e, ret) : 0;
}

int boot_line_parse(const char *content, size_t size, const char *file, BootConfig *ret) {
        BootWords w = {.source = BOOT_KERNEL, .entry = ++ret->n_entries, .line = 1,
                       .text = strndup(content, size), .file = strdup(file)};
        int error = -ENOMEM;

        if (w.text && w.file) {
                /* It may have several lines, which are joined. */
                for (char *c = w.text; *c; c++)
                        if (isspace((unsigned char) *c))
                                *c = ' ';
                error = boot_config_add(ret, &w);
        }
        free(w.text);
        free(w.file);
        return error;
}
