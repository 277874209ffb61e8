/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"

typedef struct DropIn {
        char *name;
        const char *directory;
} DropIn;

typedef struct DropIns {
        DropIn *items;
        size_t n;
        const char *directory; /* that is being listed */
} DropIns;

static bool is_conf(const char *name) {
        size_t n = strlen(name);

        return n > strlen(".conf") && *name != '.' && strcmp(name + n - strlen(".conf"), ".conf") == 0;
}

static int add_drop_in(const char *name, unsigned char type, void *userdata) {
        DropIns *all = userdata;
        DropIn *grown;

        if (!is_conf(name))
                return 0;
        for (size_t i = 0; i < all->n; i++)
                if (strcmp(all->items[i].name, name) == 0)
                        return 0; /* the directory that was listed first hides this one */
        grown = reallocarray(all->items, all->n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        all->items = grown;
        grown[all->n] = (DropIn){ .name = strdup(name), .directory = all->directory };
        return grown[all->n].name ? (all->n++, 0) : -ENOMEM;
}

static int by_name(const void *a, const void *b) {
        return strcmp(((const DropIn *) a)->name, ((const DropIn *) b)->name);
}

/* Reads a file to its end, or one byte more than may be parsed. Returns: the length or -errno. */
static ssize_t read_all(int fd, char *buffer, size_t size) {
        size_t n = 0;
        ssize_t r = 1;

        while (n < size && r > 0) {
                r = read(fd, buffer + n, size - n);
                if (r < 0 && errno == EINTR)
                        r = 1;
                else if (r < 0)
                        return -errno;
                else
                        n += (size_t) r;
        }
        return (ssize_t) n;
}

/* Reads one file if it is there. Returns: 0 or -ENOMEM. */
static int load_file(const Root *root, const char *path, SettingsWarn warn, void *userdata,
                     Settings *s) {
        /* O_NONBLOCK: a fifo that somebody put there must not hold up the daemon. */
        int fd = root_open(root, path, O_RDONLY | O_NONBLOCK), r;
        char *text = NULL, message[128];
        ssize_t n;

        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        n = fd;
        if (fd >= 0) {
                text = malloc(SETTINGS_FILE_MAX + 1);
                n = text ? read_all(fd, text, SETTINGS_FILE_MAX + 1) : -ENOMEM;
                close(fd);
        }
        if (n >= 0)
                r = settings_parse(s, path, text, (size_t) n, warn, userdata);
        else if (n == -ENOMEM)
                r = -ENOMEM;
        else {
                (void) snprintf(message, sizeof(message), "the file cannot be read: %s",
                                strerror((int) -n));
                if (warn)
                        warn(path, 0, message, userdata);
                r = 0;
        }
        free(text);
        return r;
}

static int list_drop_ins(const Root *root, const char *directory, DropIns *all) {
        int fd = root_open(root, directory, O_RDONLY | O_DIRECTORY), r;

        if (fd < 0)
                return 0;
        all->directory = directory;
        r = root_list(fd, add_drop_in, all);
        close(fd);
        return r == -ENOMEM ? r : 0;
}

static int load_drop_ins(const Root *root, SettingsWarn warn, void *userdata, Settings *s) {
        DropIns all = { 0 };
        char path[512];
        int r = list_drop_ins(root, SETTINGS_DROP_INS_ETC, &all);

        if (r >= 0)
                r = list_drop_ins(root, SETTINGS_DROP_INS_USR, &all);
        if (all.n > 1)
                qsort(all.items, all.n, sizeof(*all.items), by_name);
        for (size_t i = 0; i < all.n; i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", all.items[i].directory,
                                all.items[i].name);
                if (r >= 0)
                        r = load_file(root, path, warn, userdata, s);
                free(all.items[i].name);
        }
        free(all.items);
        return r;
}

int settings_load(const Root *root, SettingsWarn warn, void *userdata, Settings **ret) {
        Settings *s = settings_new();
        int r = s ? load_file(root, SETTINGS_FILE, warn, userdata, s) : -ENOMEM;

        if (r >= 0)
                r = load_drop_ins(root, warn, userdata, s);
        if (r < 0) {
                settings_free(s);
                return r;
        }
        *ret = s;
        return 0;
}
