/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/uses-blocks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sources/uses-internal.h"

#define CLASS_BLOCK "/sys/class/block"
/* Deeper stacks nobody builds; a loop of links ends here. */
#define DEPTH_MAX 16
#define CHAIN_MAX 512

const char *block_text(const Block *b, char buffer[static 256]) {
        if (*b->label)
                snprintf(buffer, 256, "%s (%s)", b->name, b->label);
        else
                snprintf(buffer, 256, "%s", b->name);
        return buffer;
}

/* Copies the component behind the last "/PARENT/" of a path. Returns: true if there is one. */
static bool component_behind(const char *path, const char *parent, char *ret, size_t size) {
        size_t n = strlen(parent);
        const char *found = NULL;

        for (const char *p = path; (p = strchr(p, '/')); p++)
                if (strncmp(p + 1, parent, n) == 0 && p[n + 1] == '/')
                        found = p + n + 2;
        if (!found)
                return false;
        n = strcspn(found, "/");
        if (n == 0 || n >= size)
                return false;
        memcpy(ret, found, n);
        ret[n] = 0;
        return true;
}

/* The component before the last one: the directory a device lies in. */
static bool parent_of(const char *path, char *ret, size_t size) {
        const char *end = strrchr(path, '/'), *begin = end;

        if (!end)
                return false;
        while (begin > path && begin[-1] != '/')
                begin--;
        if ((size_t) (end - begin) >= size)
                return false;
        memcpy(ret, begin, (size_t) (end - begin));
        ret[end - begin] = 0;
        return true;
}

static void read_attributes(const Root *root, const char *target, Block *b) {
        char path[PATH_MAX], text[64];

        snprintf(path, sizeof(path), CLASS_BLOCK "/%s/dev", b->name);
        if (root_read(root, path, text, sizeof(text)) > 0)
                b->numbered = sscanf(text, "%u:%u", &b->major, &b->minor) == 2;
        snprintf(path, sizeof(path), CLASS_BLOCK "/%s/dm/name", b->name);
        if (root_read(root, path, b->label, sizeof(b->label)) < 0)
                b->label[0] = 0;
        snprintf(path, sizeof(path), CLASS_BLOCK "/%s/partition", b->name);
        strcpy(b->whole, b->name);
        if (root_exists(root, path) == FACT_PRESENT &&
            !parent_of(target, b->whole, sizeof(b->whole)))
                strcpy(b->whole, b->name);
}

static int add_block(const char *name, unsigned char type, void *userdata) {
        char path[PATH_MAX], target[PATH_MAX];
        Blocks *blocks = userdata;
        Block *grown, *b;

        if (strlen(name) >= BLOCK_NAME_MAX)
                return 0;
        snprintf(path, sizeof(path), CLASS_BLOCK "/%s", name);
        if (root_read_link(blocks->root, path, target, sizeof(target)) < 0)
                return 0; /* gone in the meantime */
        grown = reallocarray(blocks->items, blocks->n_items + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        blocks->items = grown;
        b = &grown[blocks->n_items++];
        memset(b, 0, sizeof(*b));
        strcpy(b->name, name);
        read_attributes(blocks->root, target, b);
        b->has_function = look_address_in(target, &b->function);
        if (!b->has_function)
                (void) component_behind(target, "nvme-subsystem", b->subsystem,
                                        sizeof(b->subsystem));
        return 0;
}

/* A loop device reads a file, on whatever its file system is on, or a block device. Only the latter
 * is a stack that nothing else tells of. */
static void find_backing(Blocks *blocks, Block *b) {
        char path[PATH_MAX], file[PATH_MAX];
        const Block *below;

        snprintf(path, sizeof(path), CLASS_BLOCK "/%s/loop/backing_file", b->name);
        if (root_read(blocks->root, path, file, sizeof(file)) <= 0)
                return;
        snprintf(b->label, sizeof(b->label), "%.*s", (int) sizeof(b->label) - 1, file);
        if (strncmp(file, "/dev/", 5) != 0)
                return;
        below = blocks_find_source(blocks, file);
        b->below = below ? 1 + (unsigned) (below - blocks->items) : 0;
}

int blocks_load(const Root *root, Blocks *ret) {
        Blocks b = { .root = root };
        int fd = root_open(root, CLASS_BLOCK, O_RDONLY | O_DIRECTORY), error;

        if (fd >= 0) {
                error = root_list(fd, add_block, &b);
                close(fd);
                if (error == -ENOMEM) {
                        blocks_clear(&b);
                        return error;
                }
                b.complete = error == 0;
        } else {
                b.complete = fact_of_error(fd) == FACT_ABSENT;
        }
        for (size_t i = 0; i < b.n_items; i++)
                if (strncmp(b.items[i].name, "loop", 4) == 0)
                        find_backing(&b, &b.items[i]);
        *ret = b;
        return 0;
}

void blocks_clear(Blocks *b) {
        free(b->items);
        *b = (Blocks){ 0 };
}

const Block *blocks_find(const Blocks *b, const char *name) {
        for (size_t i = 0; i < b->n_items; i++)
                if (strcmp(b->items[i].name, name) == 0)
                        return &b->items[i];
        return NULL;
}

const Block *blocks_find_number(const Blocks *b, unsigned major, unsigned minor) {
        for (size_t i = 0; i < b->n_items; i++)
                if (b->items[i].numbered && b->items[i].major == major &&
                    b->items[i].minor == minor)
                        return &b->items[i];
        return NULL;
}

/* A node is what its number says; in a recording, where there are no nodes, its links lead to its
 * name. */
static const Block *find_node(const Blocks *b, const char *path) {
        char target[PATH_MAX], name[PATH_MAX];
        const char *last;
        struct stat st;
        int fd = root_open(b->root, path, O_PATH);

        if (fd >= 0) {
                int r = fstat(fd, &st);

                close(fd);
                if (r == 0 && S_ISBLK(st.st_mode))
                        return blocks_find_number(b, major(st.st_rdev), minor(st.st_rdev));
        }
        if (strlen(path) >= sizeof(name))
                return NULL;
        strcpy(name, path);
        if (root_read_link(b->root, path, target, sizeof(target)) > 0)
                strcpy(name, target);
        last = strrchr(name, '/');
        return blocks_find(b, last ? last + 1 : name);
}

/* Writes what udev makes of a value that is part of a link's name (util-linux,
 * blkid_encode_string()). Returns: true if it fits. */
static bool encode(const char *value, char *ret, size_t size) {
        static const char plain[] = "#+-.:=@_";
        size_t n = 0;

        for (const char *c = value; *c; c++) {
                unsigned char u = (unsigned char) *c;
                bool keep = (u >= '0' && u <= '9') || (u >= 'A' && u <= 'Z') ||
                            (u >= 'a' && u <= 'z') || u >= 0x80 || strchr(plain, *c);

                if (n + 5 > size)
                        return false;
                n += (size_t) snprintf(ret + n, size - n, keep ? "%c" : "\\x%02x", u);
        }
        ret[n] = 0;
        return true;
}

const Block *blocks_find_source(const Blocks *b, const char *source) {
        static const struct {
                const char *tag, *directory;
        } tags[] = {
                { "UUID=", "by-uuid" },         { "LABEL=", "by-label" },
                { "PARTUUID=", "by-partuuid" }, { "PARTLABEL=", "by-partlabel" },
        };
        char path[PATH_MAX], value[1024];

        if (strncmp(source, "/dev/", 5) == 0)
                return find_node(b, source);
        for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
                size_t n = strlen(tags[i].tag);

                if (strncmp(source, tags[i].tag, n) != 0 ||
                    !encode(source + n, value, sizeof(value)))
                        continue;
                snprintf(path, sizeof(path), "/dev/disk/%s/%s", tags[i].directory, value);
                return find_node(b, path);
        }
        return NULL;
}

typedef struct Slaves {
        const Blocks *blocks;
        BlockLower lower;
        void *userdata;
} Slaves;

static int visit_slave(const char *name, unsigned char type, void *userdata) {
        const Slaves *s = userdata;
        const Block *lower = blocks_find(s->blocks, name);

        if (lower)
                s->lower(s->blocks, lower, s->userdata);
        return 0;
}

void blocks_lowers(const Blocks *b, const Block *of, BlockLower lower, void *userdata) {
        Slaves s = { b, lower, userdata };
        char path[PATH_MAX];
        int fd;

        if (of->below > 0)
                lower(b, &b->items[of->below - 1], userdata);
        snprintf(path, sizeof(path), CLASS_BLOCK "/%s/slaves", of->whole);
        fd = root_open(b->root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return;
        (void) root_list(fd, visit_slave, &s);
        close(fd);
}

typedef struct Walk {
        BlockLeaf leaf;
        void *userdata;
        unsigned depth;
        char chain[CHAIN_MAX];
} Walk;

static void walk(const Blocks *b, const Block *at, void *userdata);

/* A disk with several paths belongs to a subsystem, whose directory links to its controllers
 * (drivers/nvme/host/multipath.c). */
static void walk_controllers(const Blocks *b, const Block *at, const Walk *w) {
        char directory[PATH_MAX], path[2 * PATH_MAX], target[PATH_MAX];
        struct dirent *entry;
        Address function;
        DIR *d;

        snprintf(directory, sizeof(directory), "/sys/class/nvme-subsystem/%s", at->subsystem);
        if (root_opendir(b->root, directory, &d) < 0)
                return;
        while ((entry = readdir(d))) {
                snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
                if (strncmp(entry->d_name, "nvme", 4) == 0 &&
                    root_read_link(b->root, path, target, sizeof(target)) > 0 &&
                    look_address_in(target, &function))
                        w->leaf(at, &function, w->chain, w->userdata);
        }
        closedir(d);
}

static void walk(const Blocks *b, const Block *at, void *userdata) {
        Walk *w = userdata;
        size_t length = strlen(w->chain);
        char text[256];

        if (w->depth >= DEPTH_MAX)
                return;
        w->depth++;
        snprintf(w->chain + length, sizeof(w->chain) - length, "%s%s", length > 0 ? " on " : "",
                 block_text(at, text));
        if (at->has_function)
                w->leaf(at, &at->function, w->chain, w->userdata);
        else if (*at->subsystem)
                walk_controllers(b, at, w);
        else
                blocks_lowers(b, at, walk, w);
        w->chain[length] = 0;
        w->depth--;
}

void blocks_walk(const Blocks *b, const Block *from, BlockLeaf leaf, void *userdata) {
        Walk w = { .leaf = leaf, .userdata = userdata };

        walk(b, from, &w);
}
