/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "core/host.h"
#include "core/parameters-words.h"
#include "sources/boot-config.h"

static const char *const grub_files[] = {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"};
static const char *const environment_files[] = {"/boot/grub/grubenv", "/boot/grub2/grubenv"};
/* With the mount points on the way there. */
static const struct {
        const char *directory, *mounts[2];
} entry_directories[] = {
        {"/boot/loader/entries", {"/boot", NULL}},
        {"/efi/loader/entries", {"/efi", NULL}},
        {"/boot/efi/loader/entries", {"/boot", "/boot/efi"}},
};

typedef struct Content {
        char *text; /* NULL: could not be read */
        size_t size;
        struct timespec changed;
        int error;
} Content;

/* What is in memory while it is read. */
typedef struct Reading {
        const Root *root;
        BootKernel kernel;
        Content environment;
        const char *environment_file;
        struct timespec entries_changed;
        BootConfig *ret;
} Reading;

/* Reads a plain file. A pipe somebody put there must not stop the probe. Returns: 0 or -ENOMEM. */
static int read_content(const Root *root, const char *path, Content *ret) {
        int fd = root_open(root, path, O_RDONLY | O_NONBLOCK);
        struct stat st;

        *ret = (Content) {.error = fd};
        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > BOOT_FILE_MAX) {
                ret->error = -EINVAL;
                close(fd);
                return 0;
        }
        ret->text = malloc(BOOT_FILE_MAX + 1);
        while (ret->text && ret->size < BOOT_FILE_MAX) {
                ssize_t n = read(fd, ret->text + ret->size, BOOT_FILE_MAX - ret->size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) {
                        ret->error = n < 0 ? -errno : 0;
                        break;
                }
                ret->size += (size_t) n;
        }
        close(fd);
        if (!ret->text)
                return -ENOMEM;
        ret->changed = st.st_mtim;
        if (ret->error < 0) {
                free(ret->text);
                ret->text = NULL;
        }
        return 0;
}

static bool is_later(struct timespec a, struct timespec b) {
        return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static int read_grub(Reading *r) {
        for (size_t i = 0; i < sizeof(grub_files) / sizeof(grub_files[0]); i++) {
                size_t before = r->ret->n;
                Content c;
                int error = read_content(r->root, grub_files[i], &c);

                if (error == 0 && c.text)
                        error = boot_grub_parse(c.text, c.size, grub_files[i], &r->kernel, r->ret);
                free(c.text);
                if (error < 0)
                        return error;
                if (r->ret->n > before) {
                        r->entries_changed = c.changed;
                        return 0;
                }
        }
        return 0;
}

/* Looking into a file system that is mounted on demand would mount it. A look-up of the mount point
 * alone does not (fs/namei.c, follow_automount()). */
static bool is_mounted(const Root *root, const char *const *mounts) {
        for (size_t i = 0; i < 2 && mounts[i]; i++) {
                int fd = root_open(root, mounts[i], O_PATH);
                struct statfs st;
                bool automount;

                if (fd < 0)
                        return false;
                automount = fstatfs(fd, &st) == 0 && st.f_type == AUTOFS_SUPER_MAGIC;
                close(fd);
                if (automount)
                        return false;
        }
        return true;
}

typedef struct Names {
        char **items;
        size_t n;
        const char *suffix;
} Names;

static int add_name(const char *name, unsigned char type, void *userdata) {
        Names *names = userdata;
        size_t n = strlen(name), suffix = strlen(names->suffix);

        if (name[0] == '.' || n <= suffix || strcmp(name + n - suffix, names->suffix) != 0 ||
            names->n >= BOOT_FILES_MAX)
                return 0;
        return names_add(&names->items, &names->n, name);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Lists the files of a directory that end so, sorted; none if it cannot be. */
static int list_names(const Root *root, const char *directory, Names *names) {
        int fd = root_open(root, directory, O_RDONLY | O_DIRECTORY), error;

        if (fd < 0)
                return 0;
        error = root_list(fd, add_name, names);
        close(fd);
        if (names->n > 1)
                qsort(names->items, names->n, sizeof(*names->items), compare_names);
        return error == -ENOMEM ? error : 0;
}

static int read_entry(Reading *r, const char *path) {
        const BootEnvironment environment = {r->environment.text, r->environment.size,
                                             r->environment_file};
        Content c;
        int error = read_content(r->root, path, &c);

        if (error == 0 && c.text)
                error = boot_loader_parse(c.text, c.size, path, &r->kernel, &environment, r->ret);
        free(c.text);
        return error;
}

static int read_environment(Reading *r) {
        for (size_t i = 0; i < sizeof(environment_files) / sizeof(environment_files[0]); i++) {
                int error = read_content(r->root, environment_files[i], &r->environment);

                r->environment_file = environment_files[i];
                if (error < 0 || r->environment.text)
                        return error;
        }
        return 0;
}

static int read_entries(Reading *r) {
        int error = read_environment(r);

        for (size_t i = 0; i < sizeof(entry_directories) / sizeof(entry_directories[0]); i++) {
                Names names = {.suffix = ".conf"};
                char path[PATH_MAX];

                if (error < 0 || !is_mounted(r->root, entry_directories[i].mounts))
                        continue;
                error = list_names(r->root, entry_directories[i].directory, &names);
                for (size_t j = 0; error == 0 && j < names.n; j++) {
                        snprintf(path, sizeof(path), "%s/%s", entry_directories[i].directory,
                                 names.items[j]);
                        error = read_entry(r, path);
                }
                names_free(names.items, names.n);
        }
        free(r->environment.text);
        r->environment.text = NULL;
        return error;
}

/* Hands one file to the shell's reader. Returns: 1 if it was read, 0 if not, or -ENOMEM. */
static int read_shell(Reading *r, BootShell *s, const char *path, struct timespec *changed) {
        Content c;
        int error = read_content(r->root, path, &c);

        if (error == 0 && c.text) {
                if (is_later(c.changed, *changed))
                        *changed = c.changed;
                error = boot_shell_parse(s, c.text, c.size, path);
                if (error == 0)
                        error = 1;
        }
        free(c.text);
        return error;
}

/* util/grub-mkconfig.in sources one file, and Debian's what is in the directory behind it. */
static int read_default(Reading *r) {
        BootShell *s = boot_shell_new();
        Names names = {.suffix = ".cfg"};
        struct timespec changed = {0};
        int error = s ? read_shell(r, s, "/etc/default/grub", &changed) : -ENOMEM;
        char path[PATH_MAX];

        if (error > 0) {
                int e = list_names(r->root, "/etc/default/grub.d", &names);

                if (e < 0)
                        error = e;
        }
        for (size_t i = 0; error > 0 && i < names.n; i++) {
                snprintf(path, sizeof(path), "/etc/default/grub.d/%s", names.items[i]);
                error = read_shell(r, s, path, &changed);
        }
        names_free(names.items, names.n);
        if (error > 0)
                error = boot_shell_finish(s, r->entries_changed.tv_sec > 0 &&
                                                     is_later(changed, r->entries_changed),
                                          r->ret);
        boot_shell_free(s);
        return error;
}

static int read_line(Reading *r) {
        static const char path[] = "/etc/kernel/cmdline";
        Content c;
        int error = read_content(r->root, path, &c);

        if (error == 0 && c.text)
                error = boot_line_parse(c.text, c.size, path, r->ret);
        free(c.text);
        return error;
}

/* Finds BOOT_IMAGE=, which GRUB and others put before all other words. Returns: 1 and a copy, 0 if
 * there is none, or -errno. */
static int find_image(const char *line, char **ret) {
        ParameterWords words;
        int r = parameter_words_split(line, &words);

        if (r < 0)
                return r;
        if (words.n_items > 0 && strcmp(words.items[0].name, "BOOT_IMAGE") == 0 &&
            words.items[0].value) {
                *ret = strdup(words.items[0].value);
                r = *ret ? 1 : -ENOMEM;
        }
        parameter_words_clear(&words);
        return r;
}

int boot_config_read(const Root *root, BootConfig *ret) {
        Reading r = {.root = root, .ret = ret};
        char release[256], line[8192], *image = NULL;
        int error;

        if (root_read(root, "/proc/sys/kernel/osrelease", release, sizeof(release)) <= 0 ||
            root_read(root, "/proc/cmdline", line, sizeof(line)) < 0)
                return 0;
        error = find_image(line, &image);
        if (error < 0)
                return error == -ENOMEM ? error : 0;
        r.kernel = (BootKernel) {release, image};
        error = image ? read_grub(&r) : 0;
        if (error == 0)
                error = read_entries(&r);
        if (error == 0)
                error = image ? read_default(&r) : read_line(&r);
        free(image);
        return error;
}
