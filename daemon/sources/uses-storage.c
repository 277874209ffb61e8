/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sources/uses-internal.h"

/* Disks: what is stacked on them, what has them open. Mounts and swap: uses-mounts.c. */

typedef struct Found {
        Look *look;
        const Block *from;
        UseKind kind;
        const char *detail, *what;
        bool of_process;
} Found;

static void found_leaf(const Block *leaf, const Address *function, const char *chain,
                       void *userdata) {
        const Found *f = userdata;

        const bool own = leaf == f->from && strcmp(chain, leaf->name) == 0;

        (f->of_process ? look_found_process : look_found)(
                f->look, function, f->kind, leaf->name, f->detail, "%s: %s%s%s", leaf->name,
                f->what, own ? "" : ", ", own ? "" : chain);
}

void look_found_block(Look *l, const Block *b, UseKind kind, const char *detail,
                      const char *what) {
        Found f = { l, b, kind, detail, what, false };

        blocks_walk(&l->blocks, b, found_leaf, &f);
}

void look_found_block_process(Look *l, const Block *b, UseKind kind, const char *detail,
                              const char *what) {
        Found f = { l, b, kind, detail, what, true };

        blocks_walk(&l->blocks, b, found_leaf, &f);
}

/* A disk made of others keeps them open as long as it is there, used or not. */
static void found_lower(const Blocks *blocks, const Block *lower, void *userdata) {
        const Found *f = userdata;
        char text[256], what[300];

        snprintf(what, sizeof(what), "is a part of %s", block_text(f->from, text));
        look_found_block(f->look, lower, USE_STACKED, text, what);
}

static void look_stacks(Look *l) {
        for (size_t i = 0; i < l->blocks.n_items; i++) {
                const Block *b = &l->blocks.items[i];
                Found f = { .look = l, .from = b };

                if (!b->has_function && strcmp(b->name, b->whole) == 0)
                        blocks_lowers(&l->blocks, b, found_lower, &f);
        }
}

/* A cache set keeps its devices although no disk may stand on them (drivers/md/bcache). */
static void look_bcache(Look *l) {
        for (size_t i = 0; i < l->blocks.n_items; i++) {
                const Block *b = &l->blocks.items[i];
                char path[PATH_MAX];

                snprintf(path, sizeof(path), "/sys/class/block/%s/bcache", b->name);
                if (strncmp(b->name, "bcache", 6) != 0 &&
                    root_exists(l->root, path) == FACT_PRESENT)
                        look_found_block(l, b, USE_STACKED, "bcache", "is registered with bcache");
        }
}

/* A file system of several disks is in mountinfo under a number of its own, but lists them here
 * for as long as it is mounted anywhere (fs/btrfs/sysfs.c). */
static void look_btrfs_device(Look *l, const char *directory, const char *name) {
        const Block *b = blocks_find(&l->blocks, name);

        if (b)
                look_found_block(l, b, USE_STACKED, "btrfs", "belongs to a btrfs in use");
}

static void look_btrfs(Look *l, const char *directory, const char *name) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s/devices", directory, name);
        (void) look_list(l, path, look_btrfs_device);
}

/* udevd looks into every disk that comes, and is gone in a moment. */
static bool is_udev(const char *command) {
        return strcmp(command, "systemd-udevd") == 0 || strcmp(command, "(udev-worker)") == 0;
}

static void look_opened(Look *l, const OpenFile *f) {
        static const char *const classes[] = { "nvme", "nvme-generic", "scsi_generic", "bsg",
                                               NULL };
        char name[NODE_NAME_MAX], who[128], what[512];
        const Block *b = f->kind == 'b' ? blocks_find_number(&l->blocks, f->major, f->minor) : NULL;
        Address function;

        if (is_udev(f->command) || strncmp(f->target, "/dev/", 5) != 0)
                return;
        if (!b && f->kind == 0)
                b = blocks_find_source(&l->blocks, f->target);
        snprintf(who, sizeof(who), "%s, process %d", f->command, (int) f->pid);
        snprintf(what, sizeof(what), "is open in process %d (%s)", (int) f->pid, f->command);
        if (b)
                look_found_block_process(l, b, USE_OPENED, who, what);
        else if (f->kind != 'b' && look_node(l, f, classes, &function, name))
                look_found_process(l, &function, USE_OPENED, name, who, "%s: %s", name, what);
}

static void miss_leaf(const Block *leaf, const Address *function, const char *chain,
                      void *userdata) {
        Found *f = userdata;

        look_missed(f->look, function, USES_STORAGE, "%s", f->what);
}

/* What could not be looked at matters to those that have disks. */
void look_missed_disks(Look *l, const char *why) {
        Found f = { .look = l, .what = why };

        for (size_t i = 0; i < l->blocks.n_items; i++)
                if (l->blocks.items[i].has_function || *l->blocks.items[i].subsystem)
                        blocks_walk(&l->blocks, &l->blocks.items[i], miss_leaf, &f);
        if (!l->blocks.complete)
                for (size_t i = 0; i < l->n_devices; i++)
                        look_missed(l, &l->devices[i], USES_STORAGE,
                                    "/sys/class/block could not be read");
}

void look_storage(Look *l) {
        if (!l->blocks.complete)
                look_missed_disks(l, "/sys/class/block could not be read");
        look_needed(l); /* also of disks that nobody sees */
        if (l->blocks.n_items == 0)
                return;
        look_mounts(l);
        look_stacks(l);
        look_bcache(l);
        (void) look_list(l, "/sys/fs/btrfs", look_btrfs);
        for (size_t i = 0; i < l->processes.n_files; i++)
                look_opened(l, &l->processes.files[i]);
        if (!l->processes.files_complete)
                look_missed_disks(l, l->processes.missed);
}
