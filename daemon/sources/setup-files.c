/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/setup-files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORIES_MAX 6

/* A single file, and directories of which the first that has a name wins over the others. */
static const struct Place {
        const char *file;
        const char *directories[DIRECTORIES_MAX];
        const char *suffix; /* of the names that count */
        const char *prefix;
} places[] = {
        [SETUP_LIMITS] = { "/etc/security/limits.conf", { "/etc/security/limits.d" }, ".conf", "" },
        [SETUP_SYSTEMD] = { "/etc/systemd/system.conf",
                            { "/etc/systemd/system.conf.d", "/run/systemd/system.conf.d",
                              "/usr/local/lib/systemd/system.conf.d",
                              "/usr/lib/systemd/system.conf.d" },
                            ".conf", "" },
        [SETUP_DRIVERCTL] = { NULL, { "/etc/driverctl.d" }, "", "pci-" },
};

/* One file of a directory. */
typedef struct Found {
        char *name;
        const char *directory;
} Found;

typedef struct Listing {
        const struct Place *place;
        const char *directory; /* listed now */
        Found *found;
        size_t n;
} Listing;

static bool is_wanted(const struct Place *p, const char *name) {
        size_t n = strlen(name), suffix = strlen(p->suffix);

        return name[0] != '.' && n > suffix && strcmp(name + n - suffix, p->suffix) == 0 &&
               strncmp(name, p->prefix, strlen(p->prefix)) == 0;
}

static int note_name(const char *name, unsigned char type, void *userdata) {
        Listing *l = userdata;
        Found *grown;

        if (!is_wanted(l->place, name))
                return 0;
        for (size_t i = 0; i < l->n; i++)
                if (strcmp(l->found[i].name, name) == 0)
                        return 0;
        grown = reallocarray(l->found, l->n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        l->found = grown;
        grown[l->n] = (Found) {strdup(name), l->directory};
        if (!grown[l->n].name)
                return -ENOMEM;
        l->n++;
        return 0;
}

static int compare_found(const void *a, const void *b) {
        return strcmp(((const Found *) a)->name, ((const Found *) b)->name);
}

static int list_all(const Root *root, Listing *l) {
        int error = 0;

        for (size_t i = 0; i < DIRECTORIES_MAX && l->place->directories[i] && error == 0; i++) {
                int fd;

                l->directory = l->place->directories[i];
                fd = root_open(root, l->directory, O_RDONLY | O_DIRECTORY);
                if (fd < 0 && fact_of_error(fd) == FACT_ABSENT)
                        continue;
                error = fd;
                if (fd < 0)
                        continue;
                error = root_list(fd, note_name, l);
                close(fd);
        }
        if (l->n > 1)
                qsort(l->found, l->n, sizeof(*l->found), compare_found);
        return error;
}

int setup_files_each(const Root *root, SetupFiles which, SetupFile file, void *userdata) {
        Listing l = {.place = &places[which]};
        char path[PATH_MAX];
        int error = list_all(root, &l);

        if (error == 0 && l.place->file)
                error = file(root, l.place->file, userdata);
        for (size_t i = 0; i < l.n; i++) {
                if (error == 0 && (size_t) snprintf(path, sizeof(path), "%s/%s", l.found[i].directory,
                                                    l.found[i].name) < sizeof(path))
                        error = file(root, path, userdata);
                free(l.found[i].name);
        }
        free(l.found);
        return error;
}

/* Appends text to what is joined so far. Returns: the joined text, or NULL. */
static char *join(char *so_far, const char *text) {
        char *joined;

        if (asprintf(&joined, "%s%s", so_far ? so_far : "", text) < 0)
                joined = NULL;
        free(so_far);
        return joined;
}

static int read_lines(FILE *f, const char *path, SetupLine line, void *userdata) {
        char *text = NULL, *joined = NULL;
        unsigned number = 0, first = 0;
        size_t size = 0;
        int error = 0;

        while (error == 0 && getline(&text, &size, f) > 0) {
                size_t n = strcspn(text, "\n");
                bool goes_on = n > 0 && text[n - 1] == '\\';

                number++;
                text[n] = 0;
                if (goes_on)
                        text[n - 1] = 0;
                if (!joined)
                        first = number;
                joined = join(joined, text);
                if (!joined)
                        error = -ENOMEM;
                else if (!goes_on) {
                        error = line(joined, first, path, userdata);
                        free(joined);
                        joined = NULL;
                }
        }
        if (error == 0 && joined)
                error = line(joined, first, path, userdata);
        if (error == 0 && ferror(f))
                error = -EIO;
        free(joined);
        free(text);
        return error;
}

int setup_file_lines(const Root *root, const char *path, SetupLine line, void *userdata) {
        int fd = root_open(root, path, O_RDONLY), error;
        FILE *f;

        if (fd < 0)
                return fact_of_error(fd) == FACT_ABSENT ? 0 : fd;
        f = fdopen(fd, "re");
        if (!f) {
                close(fd);
                return -ENOMEM;
        }
        error = read_lines(f, path, line, userdata);
        fclose(f);
        return error;
}

/* What is looked for in passwd or group: "NAME:x:ID:…". */
typedef struct Name {
        unsigned id;
        char *buffer;
        size_t size;
} Name;

static int match_name(char *line, unsigned number, const char *path, void *userdata) {
        Name *n = userdata;
        char *rest = line, *name = strsep(&rest, ":"), *id, *end;

        if (!rest)
                return 0;
        strsep(&rest, ":");
        id = rest ? strsep(&rest, ":") : NULL;
        if (!id || !*id || strtoul(id, &end, 10) != n->id || *end)
                return 0;
        if (!*name || strchr(name, ' ') || strlen(name) >= n->size)
                return 0;
        strcpy(n->buffer, name);
        return 1;
}

/* Only files are asked: what else there may be (LDAP, systemd) can hang. */
static void name_of(const Root *root, const char *path, unsigned id, char *buffer, size_t size) {
        Name n = {id, buffer, size};

        snprintf(buffer, size, "%u", id);
        (void) setup_file_lines(root, path, match_name, &n);
}

static int live_access(const Root *root, const char *path, char *buffer, size_t size) {
        char owner[64], group[64];
        struct stat st;
        int fd = root_open(root, path, O_PATH), error;

        if (fd < 0)
                return fd;
        error = fstat(fd, &st) < 0 ? -errno : 0;
        close(fd);
        if (error < 0)
                return error;
        name_of(root, "/etc/passwd", st.st_uid, owner, sizeof(owner));
        name_of(root, "/etc/group", st.st_gid, group, sizeof(group));
        snprintf(buffer, size, "%04o %s %s", st.st_mode & 07777u, owner, group);
        return 0;
}

typedef struct Wanted {
        const char *path;
        char *buffer;
        size_t size;
} Wanted;

static int match_node(char *line, unsigned number, const char *path, void *userdata) {
        Wanted *w = userdata;
        size_t n = strlen(w->path);

        if (strncmp(line, w->path, n) != 0 || line[n] != ' ')
                return 0;
        snprintf(w->buffer, w->size, "%s", line + n + 1);
        return 1;
}

int setup_node_access(const Root *root, const char *path, char *buffer, size_t size) {
        Wanted w = {path, buffer, size};
        int error;

        while (*w.path == '/')
                w.path++;
        if (!root_is_recorded(root))
                return live_access(root, path, buffer, size);
        error = setup_file_lines(root, "/.nodes", match_node, &w);
        return error > 0 ? 0 : error < 0 ? error : -ENOENT;
}
