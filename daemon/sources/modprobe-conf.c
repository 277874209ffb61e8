/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/modprobe-conf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/parameters-words.h"

/* libkmod/libkmod.c, default_config_paths: the first has precedence. DISTCONFDIR is /usr/lib or
 * /lib, which are one directory where /usr is merged: reading it twice does no harm. */
static const char *const directories[] = {
        "/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
        "/lib/modprobe.d",
};

typedef struct File {
        char name[NAME_MAX + 1];
        const char *directory;
} File;

typedef struct Files {
        const Root *root;
        const char *directory; /* the one that is being listed */
        File *items;
        size_t n;
        bool incomplete;
} Files;

/* What is left of a file. */
typedef struct Input {
        const char *text, *end;
        unsigned line; /* of the next character */
} Input;

/* Takes the next line as shared/util.c:freadline_wrapped() does: a backslash goes, with the newline
 * if one follows. Returns: true and the line with its NUL, the place of its first character in
 * *ret_line. */
static bool next_line(Input *in, char *line, unsigned *ret_line) {
        size_t n = 0;

        if (in->text == in->end)
                return false;
        *ret_line = in->line;
        while (in->text < in->end) {
                char c = *in->text++;

                if (c == '\n') {
                        in->line++;
                        break;
                }
                if (c == '\\') {
                        if (in->text == in->end)
                                break;
                        c = *in->text++;
                        if (c == '\n') {
                                in->line++;
                                continue;
                        }
                }
                line[n++] = c;
        }
        line[n] = 0;
        return true;
}

/* underscores() of shared/util.c: not between brackets, which modules' names have none of.
 * Returns: false if kmod refuses the name. */
static bool normalize(char *name) {
        for (char *c = name; *c; c++) {
                if (*c == '-')
                        *c = '_';
                if (*c == ']')
                        return false;
                if (*c == '[') {
                        c += strcspn(c, "]");
                        if (!*c)
                                return false;
                }
        }
        return true;
}

static bool find_kind(const char *word, ModuleOptionKind *ret) {
        for (ModuleOptionKind kind = MODULE_OPTIONS; kind < MODULE_OPTION_KINDS_; kind++)
                if (strcmp(word, module_option_word(kind)) == 0) {
                        *ret = kind;
                        return true;
                }
        return false;
}

/* Takes a line apart in place. Returns: true if kmod takes it and it matters. */
static bool read_line(char *line, ModuleOption *ret) {
        static char none[] = "";
        char *save = NULL, *word;

        if (!line[0] || line[0] == '#')
                return false;
        word = strtok_r(line, "\t ", &save);
        if (!word || !find_kind(word, &ret->kind))
                return false;
        ret->module = strtok_r(NULL, "\t ", &save);
        if (!ret->module || !normalize(ret->module))
                return false;
        ret->text = none;
        if (ret->kind == MODULE_BLACKLIST)
                return true;
        ret->text = save + strspn(save, "\t ");
        return ret->text[0];
}

int modprobe_conf_parse(const char *content, size_t size, const char *file, ModuleOption **list,
                        size_t *n) {
        char *line = malloc(size + 1), *name = strdup(file);
        Input in = {content, content + size, 1};
        ModuleOption o = {.file = name};
        int r = 1;

        if (!line || !name) {
                free(line);
                free(name);
                return -ENOMEM;
        }
        parameter_text_make_printable(name, strlen(name));
        while (r >= 0 && next_line(&in, line, &o.line)) {
                if (!read_line(line, &o))
                        continue;
                if (strlen(o.text) > MODPROBE_CONF_TEXT_MAX || strlen(o.module) > NAME_MAX ||
                    *n >= MODPROBE_CONF_LINES_MAX) {
                        r = 0;
                        continue;
                }
                parameter_text_make_printable(o.module, strlen(o.module));
                parameter_text_make_printable(o.text, strlen(o.text));
                if (module_options_add(list, n, &o) < 0)
                        r = -ENOMEM;
        }
        free(line);
        free(name);
        return r;
}

/* Whether kmod takes the file in: not what is hidden, no directory, no link that leads nowhere; but
 * one to /dev/null, which hides what else has its name. */
static Fact counts(const Root *root, const char *path) {
        char target[PATH_MAX];
        int fd;

        if (root_read_link(root, path, target, sizeof(target)) > 0 &&
            strcmp(target, "/dev/null") == 0)
                return FACT_PRESENT;
        fd = root_open(root, path, O_PATH | O_DIRECTORY);
        if (fd >= 0) {
                close(fd);
                return FACT_ABSENT;
        }
        if (fd == -ENOTDIR)
                return FACT_PRESENT;
        return fd == -ENOENT ? FACT_ABSENT : FACT_UNKNOWN;
}

static int add_file(const char *name, unsigned char type, void *userdata) {
        Files *files = userdata;
        size_t length = strlen(name);
        char path[PATH_MAX];
        File *grown;

        if (name[0] == '.' || length < 6 || strcmp(name + length - 5, ".conf") != 0)
                return 0;
        for (size_t i = 0; i < files->n; i++)
                if (strcmp(files->items[i].name, name) == 0)
                        return 0;
        snprintf(path, sizeof(path), "%s/%s", files->directory, name);
        /* What cannot be looked at counts: reading it will say that it cannot be read. */
        if (counts(files->root, path) == FACT_ABSENT)
                return 0;
        if (files->n >= MODPROBE_CONF_FILES_MAX) {
                files->incomplete = true;
                return 0;
        }
        grown = reallocarray(files->items, files->n + 1, sizeof(File));
        if (!grown)
                return -ENOMEM;
        files->items = grown;
        snprintf(grown[files->n].name, sizeof(grown->name), "%s", name);
        grown[files->n++].directory = files->directory;
        return 0;
}

static int compare_files(const void *a, const void *b) {
        return strcmp(((const File *) a)->name, ((const File *) b)->name);
}

int modprobe_conf_files(const Root *root, ModprobeConfFile file, void *userdata) {
        Files files = {.root = root};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < sizeof(directories) / sizeof(directories[0]); i++) {
                int fd = root_open(root, directories[i], O_RDONLY | O_DIRECTORY);

                files.directory = directories[i];
                if (fd < 0) {
                        files.incomplete |= fact_of_error(fd) != FACT_ABSENT;
                        continue;
                }
                r = root_list(fd, add_file, &files);
                close(fd);
                if (r < 0 && r != -ENOMEM) {
                        files.incomplete = true;
                        r = 0;
                }
        }
        if (files.n > 1)
                qsort(files.items, files.n, sizeof(File), compare_files);
        for (size_t i = 0; r >= 0 && i < files.n; i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "%s/%s", files.items[i].directory,
                         files.items[i].name);
                r = file(path, userdata);
        }
        free(files.items);
        return r < 0 ? r : !files.incomplete;
}

typedef struct Reading {
        const Root *root;
        char *content;
        ModuleOption *list;
        size_t n;
        bool incomplete;
} Reading;

static int read_file(const char *path, void *userdata) {
        Reading *reading = userdata;
        char target[PATH_MAX];
        ssize_t n;
        int r;

        if (root_read_link(reading->root, path, target, sizeof(target)) > 0 &&
            strcmp(target, "/dev/null") == 0)
                return 0;
        n = root_read(reading->root, path, reading->content, MODPROBE_CONF_FILE_MAX + 1);
        if (n < 0) {
                reading->incomplete = true;
                return 0;
        }
        r = modprobe_conf_parse(reading->content, (size_t) n, path, &reading->list, &reading->n);
        if (r == 0)
                reading->incomplete = true;
        return r < 0 ? r : 0;
}

int modprobe_conf_read(const Root *root, ModuleOption **ret, size_t *ret_n) {
        Reading reading = {.root = root, .content = malloc(MODPROBE_CONF_FILE_MAX + 1)};
        int r = reading.content ? modprobe_conf_files(root, read_file, &reading) : -ENOMEM;

        free(reading.content);
        if (r < 0) {
                module_options_free(reading.list, reading.n);
                return r;
        }
        *ret = reading.list;
        *ret_n = reading.n;
        return r && !reading.incomplete;
}
