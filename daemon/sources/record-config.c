/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/host.h"
#include "sources/boot-config.h"
#include "sources/modprobe-conf.h"
#include "sources/record.h"

/*
 * Configuration files hold more than anybody should send with a bug report: passwords of boot
 * menus, commands. So what vfiod makes of them is written, on the lines where it stands; the other
 * lines are empty.
 */

/* A file that is written line by line, in any order. */
typedef struct Lines {
        char **items; /* NULL: an empty line */
        size_t n;
} Lines;

/* Lines beyond this one are left out. */
#define LINES_MAX 8192

/* Puts text on a line, behind what stands there already. Returns: 0 or -ENOMEM. */
static int put_line(Lines *l, unsigned line, const char *text, const char *separator) {
        char *joined;

        if (line == 0 || line > LINES_MAX)
                return 0;
        if (line > l->n) {
                char **grown = reallocarray(l->items, line, sizeof(char *));

                if (!grown)
                        return -ENOMEM;
                l->items = grown;
                while (l->n < line)
                        grown[l->n++] = NULL;
        }
        if (!l->items[line - 1])
                joined = strdup(text);
        else if (asprintf(&joined, "%s%s%s", l->items[line - 1], separator, text) < 0)
                joined = NULL;
        if (!joined)
                return -ENOMEM;
        free(l->items[line - 1]);
        l->items[line - 1] = joined;
        return 0;
}

/* Records the file, without what identifies the machine, and frees its lines. */
static int record_lines(Recording *r, const char *path, Lines *l) {
        char *text = NULL, *redacted = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int error = -ENOMEM;

        for (size_t i = 0; f && i < l->n; i++)
                fprintf(f, "%s\n", l->items[i] ? l->items[i] : "");
        if (f && fclose(f) == 0)
                redacted = redact_command_line(text, r->host_name);
        if (redacted)
                error = record_line(r, 'f', path, redacted);
        free(text);
        free(redacted);
        names_free(l->items, l->n);
        *l = (Lines) {0};
        return error;
}

/* Of parameters those of the modules that matter here; of commands only that there is one. */
static int record_option(Lines *l, const ModuleOption *o) {
        static const char *const modules[] = {"vfio", "iommufd", "kvm", "pci_stub"};
        char *text;
        int error;

        if (o->kind == MODULE_OPTIONS) {
                bool matters = false;

                for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
                        matters |= strncmp(o->module, modules[i], strlen(modules[i])) == 0;
                if (!matters)
                        return 0;
        }
        if (asprintf(&text, "%s %s%s%s", module_option_word(o->kind), o->module,
                     *o->text ? " " : "", o->kind == MODULE_INSTALL ? "redacted" : o->text) < 0)
                return -ENOMEM;
        error = put_line(l, o->line, text, " ");
        free(text);
        return error;
}

static int record_modprobe_file(const char *path, void *userdata) {
        static char content[MODPROBE_CONF_FILE_MAX + 1];
        Recording *r = userdata;
        ModuleOption *list = NULL;
        Lines lines = {0};
        size_t n = 0;
        ssize_t size = root_read(r->root, path, content, sizeof(content));
        int error;

        /* A link to /dev/null, or why it could not be read. */
        if (size < 0)
                return record_file(r, path) < 0 ? -ENOMEM : 0;
        error = modprobe_conf_parse(content, (size_t) size, path, &list, &n);
        for (size_t i = 0; error >= 0 && i < n; i++)
                error = record_option(&lines, &list[i]);
        module_options_free(list, n);
        if (error >= 0 && lines.n > 0)
                error = record_lines(r, path, &lines);
        return error < 0 ? error : 0;
}

/* One place of /etc/default/grub or of grub.cfg, as a line that says the same: but for characters that
 * would mean something else when they are read again, which no word that matters has. */
static char *boot_text(const BootWords *w, const char *release) {
        static const char unknown[] = " $vfiod_could_not_follow";
        char *text, *words = strdup(w->text);
        int n;

        if (!words)
                return NULL;
        for (char *c = words; (c = strpbrk(c, "'\\;#${}`")); c++)
                *c = '_';
        if (w->source == BOOT_GRUB)
                n = asprintf(&text, "linux /vmlinuz-%s %s%s", release, words,
                             w->partial ? unknown : "");
        else
                n = asprintf(&text, "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX \"'%s'", words);
        free(words);
        return n < 0 ? NULL : text;
}

static bool is_made(const BootWords *w) {
        return w->source == BOOT_GRUB || w->source == BOOT_DEFAULT;
}

/* Records the file of words[first], with all of its words. */
static int record_boot_file(Recording *r, const BootConfig *c, size_t first, const char *release) {
        const char *file = c->words[first].file;
        Lines lines = {0};

        for (size_t i = 0; i < first; i++)
                if (is_made(&c->words[i]) && strcmp(c->words[i].file, file) == 0)
                        return 0;
        for (size_t i = first; i < c->n; i++) {
                char *text;
                int error;

                if (!is_made(&c->words[i]) || strcmp(c->words[i].file, file) != 0)
                        continue;
                text = boot_text(&c->words[i], release);
                error = text ? put_line(&lines, c->words[i].line, text, "; ") : -ENOMEM;
                free(text);
                if (error < 0) {
                        names_free(lines.items, lines.n);
                        return error;
                }
        }
        return record_lines(r, file, &lines);
}

/* Short files without secrets, in which a command line may stand on any line. */
static int record_plain(Recording *r, const char *path) {
        char content[16384], *text;
        ssize_t n = root_read(r->root, path, content, sizeof(content) - 1);
        int error;

        if (n < 0)
                return record_file(r, path) < 0 ? -ENOMEM : 0;
        strcpy(content + n, "\n");
        text = redact_command_line(content, r->host_name);
        error = text ? record_line(r, 'f', path, text) : -ENOMEM;
        free(text);
        return error;
}

static int record_entry(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX];
        size_t n = strlen(name);

        if (n < 6 || strcmp(name + n - 5, ".conf") != 0)
                return 0;
        snprintf(path, sizeof(path), "%s/%s", directory, name);
        return record_plain(r, path);
}

static int record_boot(Recording *r) {
        static const char *const plain[] = {"/etc/kernel/cmdline", "/boot/grub/grubenv",
                                            "/boot/grub2/grubenv"};
        static const char *const entries[] = {"/boot/loader/entries", "/efi/loader/entries",
                                              "/boot/efi/loader/entries"};
        static const char *const made[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg",
                                           "/etc/default/grub"};
        BootConfig config = {0};
        char release[256];
        int error = 0;

        if (root_read(r->root, "/proc/sys/kernel/osrelease", release, sizeof(release)) <= 0)
                return 0;
        for (size_t i = 0; error >= 0 && i < sizeof(plain) / sizeof(plain[0]); i++)
                error = record_plain(r, plain[i]);
        for (size_t i = 0; error >= 0 && i < sizeof(entries) / sizeof(entries[0]); i++)
                error = record_list(r, entries[i], record_entry);
        /* Why one of these could not be read. */
        for (size_t i = 0; error >= 0 && i < sizeof(made) / sizeof(made[0]); i++) {
                int fd = root_open(r->root, made[i], O_RDONLY);

                if (fd >= 0)
                        close(fd);
                else
                        error = record_file(r, made[i]);
        }
        if (error >= 0)
                error = boot_config_read(r->root, &config);
        for (size_t i = 0; error >= 0 && i < config.n; i++)
                if (is_made(&config.words[i]))
                        error = record_boot_file(r, &config, i, release);
        boot_config_clear(&config);
        return error < 0 ? error : 0;
}

int record_config(Recording *r) {
        int error = modprobe_conf_files(r->root, record_modprobe_file, r);

        return error < 0 ? error : record_boot(r);
}
