/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "resolve.h"

#define FOUND_MAX 64
/* Device-mapper on md on partitions and the like; anything deeper is a loop. */
#define DEPTH_MAX 8
/* Links read for one name, so that a tree of slaves ends. */
#define LINKS_MAX 1024

typedef struct Search {
        const Root *root;
        Address found[FOUND_MAX];
        int n_found;
        int n_links;
} Search;

static void add_found(Search *s, const Address *a) {
        for (int i = 0; i < s->n_found; i++)
                if (address_compare(&s->found[i], a) == 0)
                        return;
        if (s->n_found < FOUND_MAX)
                s->found[s->n_found++] = *a;
}

/* Reads the target of a link. Returns: true, or false if there is none or enough were read. */
static bool read_target(Search *s, const char *path, char target[static PATH_MAX]) {
        return ++s->n_links <= LINKS_MAX && root_read_link(s->root, path, target, PATH_MAX) > 0;
}

/* The device is the last PCI address in the path: those before it are the bridges above it.
 * Returns: true if there is one. */
static bool add_last_address(Search *s, const char *target) {
        const char *p = target;
        Address a, last;
        bool any = false;

        while (*p) {
                size_t n = strcspn(p, "/");
                char component[ADDRESS_TEXT_MAX];

                /* "0000:" is what tells a canonical address from a short one. */
                if (n < sizeof(component) && n >= strlen("0000:00:00.0")) {
                        memcpy(component, p, n);
                        component[n] = '\0';
                        if (address_parse(component, &a) >= 0) {
                                last = a;
                                any = true;
                        }
                }
                p += n + (p[n] == '/');
        }
        if (any)
                add_found(s, &last);
        return any;
}

/* Copies the component that follows the last "/PARENT/" in a path, e.g. md0 for "block" in
 * ../../devices/virtual/block/md0/md0p1. Returns: true if there is one. */
static bool component_behind(const char *path, const char *parent, char name[static NAME_MAX + 1]) {
        size_t n = strlen(parent);
        const char *found = NULL;

        for (const char *p = path; (p = strchr(p, '/')); p++)
                if (strncmp(p + 1, parent, n) == 0 && p[n + 1] == '/')
                        found = p + n + 2;
        if (!found)
                return false;
        n = strcspn(found, "/");
        if (n == 0 || n > NAME_MAX)
                return false;
        memcpy(name, found, n);
        name[n] = '\0';
        return true;
}

/* A multipath NVMe disk belongs to a subsystem, whose directory links to its controllers. */
static void add_nvme_controllers(Search *s, const char *subsystem) {
        char directory[PATH_MAX], path[PATH_MAX], target[PATH_MAX];
        struct dirent *entry;
        DIR *d;

        snprintf(directory, sizeof(directory), "sys/class/nvme-subsystem/%s", subsystem);
        if (root_opendir(s->root, directory, &d) < 0)
                return;
        while ((entry = readdir(d)))
                if (strncmp(entry->d_name, "nvme", 4) == 0 &&
                    (size_t) snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) <
                            sizeof(path) &&
                    read_target(s, path, target))
                        add_last_address(s, target);
        closedir(d);
}

static void add_block(Search *s, const char *name, unsigned depth);

/* A disk made of others (device-mapper, md) names them in slaves/. */
static void add_slaves(Search *s, const char *disk, unsigned depth) {
        char directory[PATH_MAX];
        struct dirent *entry;
        DIR *d;

        snprintf(directory, sizeof(directory), "sys/class/block/%s/slaves", disk);
        if (root_opendir(s->root, directory, &d) < 0)
                return;
        while ((entry = readdir(d)))
                if (entry->d_name[0] != '.')
                        add_block(s, entry->d_name, depth + 1);
        closedir(d);
}

static void add_block(Search *s, const char *name, unsigned depth) {
        char path[PATH_MAX], target[PATH_MAX], whole[NAME_MAX + 1];

        snprintf(path, sizeof(path), "sys/class/block/%s", name);
        if (depth > DEPTH_MAX || !read_target(s, path, target) || add_last_address(s, target))
                return;
        if (component_behind(target, "nvme-subsystem", whole))
                add_nvme_controllers(s, whole);
        else if (component_behind(target, "block", whole)) /* of a partition: the disk it is on */
                add_slaves(s, whole, depth);
}

/* Returns: true if name is one component, so that no path made of it leads elsewhere. */
static bool is_component(const char *name) {
        return name[0] && strlen(name) <= NAME_MAX && !strchr(name, '/') &&
               strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int resolve_name(const Root *root, const char *name, Address *ret, size_t max) {
        static const char *const classes[] = { "net", "nvme", "drm" };
        Search s = { .root = root };

        if (!is_component(name))
                return 0;
        for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
                char path[PATH_MAX], target[PATH_MAX];

                snprintf(path, sizeof(path), "sys/class/%s/%s", classes[i], name);
                if (read_target(&s, path, target))
                        add_last_address(&s, target);
        }
        add_block(&s, name, 0);

        for (int i = 0; i < s.n_found && (size_t) i < max; i++)
                ret[i] = s.found[i];
        return s.n_found;
}
