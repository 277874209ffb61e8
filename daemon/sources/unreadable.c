/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/unreadable.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Entry {
        char *path; /* without leading slashes */
        int error;
} Entry;

struct Unreadable {
        int root;
        Entry *entries;
        size_t n_entries;
};

static const char *relative(const char *path) {
        while (*path == '/')
                path++;
        return path;
}

static int error_by_name(const char *name) {
        /* glibc has names for numbers, but no numbers for names. */
        for (int i = 1; i < 256; i++) {
                const char *s = strerrorname_np(i);

                if (s && strcmp(s, name) == 0)
                        return -i;
        }
        return -EIO;
}

static int add_line(Unreadable *u, char *line) {
        char *space;
        Entry *entries;
        char *path;

        line[strcspn(line, "\n")] = 0;
        space = strrchr(line, ' ');
        if (!space || space == line)
                return 0;
        *space = 0;
        path = strdup(relative(line));
        if (!path)
                return -ENOMEM;
        entries = reallocarray(u->entries, u->n_entries + 1, sizeof(*entries));
        if (!entries) {
                free(path);
                return -ENOMEM;
        }
        u->entries = entries;
        u->entries[u->n_entries].path = path;
        u->entries[u->n_entries++].error = error_by_name(space + 1);
        return 0;
}

int unreadable_load(int fd, int root, Unreadable **ret) {
        FILE *f = fdopen(fd, "re");
        Unreadable *u;
        char *line = NULL;
        size_t size = 0;
        int error = 0;

        if (!f) {
                error = -errno;
                close(fd);
                return error;
        }
        u = calloc(1, sizeof(*u));
        if (!u)
                error = -ENOMEM;
        while (error == 0 && getline(&line, &size, f) > 0)
                error = add_line(u, line);
        if (error == 0 && ferror(f))
                error = -EIO;
        free(line);
        fclose(f);
        if (error < 0) {
                unreadable_free(u);
                return error;
        }
        u->root = root;
        *ret = u->n_entries > 0 ? u : unreadable_free(u);
        return 0;
}

Unreadable *unreadable_free(Unreadable *u) {
        if (!u)
                return NULL;
        for (size_t i = 0; i < u->n_entries; i++)
                free(u->entries[i].path);
        free(u->entries);
        free(u);
        return NULL;
}

int unreadable_find(const Unreadable *u, const char *path) {
        path = relative(path);
        for (size_t i = 0; i < u->n_entries; i++) {
                size_t n = strlen(u->entries[i].path);

                if (strncmp(path, u->entries[i].path, n) == 0 && (path[n] == 0 || path[n] == '/'))
                        return u->entries[i].error;
        }
        return 0;
}

/* Writes the path that an open descriptor stands for. Returns: true if it could be told. */
static bool path_of(int fd, char *buffer, size_t size) {
        char link[64];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        n = readlink(link, buffer, size - 1);
        if (n < 0)
                return false;
        buffer[n] = 0;
        return true;
}

int unreadable_find_at(const Unreadable *u, int directory, const char *name) {
        char root[PATH_MAX], path[PATH_MAX], full[PATH_MAX + NAME_MAX + 2];
        size_t n;

        if (!path_of(u->root, root, sizeof(root)) || !path_of(directory, path, sizeof(path)))
                return 0;
        n = strlen(root);
        if (strncmp(path, root, n) != 0 || (path[n] != 0 && path[n] != '/'))
                return 0;
        snprintf(full, sizeof(full), "%s/%s", path + n, name);
        return unreadable_find(u, full);
}
