/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sources/uses-internal.h"
#include "sources/uses-tables.h"

/* File systems that are mounted, in every mount name space, and swap. */

/* One line that makes no sense must not hide the others; it is counted. */
static int on_bad_line(struct libmnt_table *table, const char *name, int line) {
        unsigned *bad = mnt_table_get_userdata(table);

        (*bad)++;
        return 1;
}

int table_parse(FILE *f, const char *name, struct libmnt_table **ret, unsigned *ret_bad) {
        struct libmnt_table *t = mnt_new_table();
        int r;

        if (!t)
                return -ENOMEM;
        *ret_bad = 0;
        mnt_table_set_userdata(t, ret_bad);
        mnt_table_set_parser_errcb(t, on_bad_line);
        r = mnt_table_parse_stream(t, f, name);
        if (r != 0) {
                mnt_unref_table(t);
                return r < 0 ? r : -EIO;
        }
        *ret = t;
        return 0;
}

int table_read(const Root *root, const char *path, struct libmnt_table **ret, unsigned *ret_bad) {
        int fd = root_open(root, path, O_RDONLY), r;
        FILE *f;

        if (fd < 0)
                return fd;
        f = fdopen(fd, "re");
        if (!f) {
                close(fd);
                return -ENOMEM;
        }
        r = table_parse(f, path, ret, ret_bad);
        fclose(f);
        return r;
}

typedef struct Mounts {
        Look *look;
        const Namespace *in; /* NULL: our own */
} Mounts;

static void found_mount(const Mounts *m, const Block *b, struct libmnt_fs *fs) {
        const char *target = mnt_fs_get_target(fs), *type = mnt_fs_get_fstype(fs);
        char detail[160], what[512];
        bool *said = &m->look->blocks.items[b - m->look->blocks.items].mounted;

        /* Every service with a name space of its own has a copy of the host's mounts in it. */
        if (m->in && *said)
                return;
        *said = true;
        if (m->in) {
                snprintf(detail, sizeof(detail), "%s for %s", target, m->in->command);
                snprintf(what, sizeof(what), "is mounted on %s (%s) in the mount name space of "
                         "process %d (%s)", target, type, (int) m->in->pid, m->in->command);
        } else {
                snprintf(detail, sizeof(detail), "%s", target);
                snprintf(what, sizeof(what), "is mounted on %s (%s)", target, type);
        }
        (m->in ? look_found_block_process : look_found_block)(m->look, b, USE_MOUNT, detail, what);
}

/* btrfs and bcachefs mount under numbers of their own, and name one or all of their disks:
 * "/dev/sda:/dev/sdb". */
static void look_at_source(const Mounts *m, struct libmnt_fs *fs) {
        const char *source = mnt_fs_get_source(fs);
        char *copy, *save = NULL;

        if (!source || strncmp(source, "/dev/", 5) != 0)
                return;
        copy = strdup(source);
        if (!copy) {
                m->look->error = -ENOMEM;
                return;
        }
        for (char *one = strtok_r(copy, ":", &save); one; one = strtok_r(NULL, ":", &save)) {
                const Block *b = blocks_find_source(&m->look->blocks, one);

                if (b)
                        found_mount(m, b, fs);
        }
        free(copy);
}

static void look_at_mount(const Mounts *m, struct libmnt_fs *fs) {
        dev_t number = mnt_fs_get_devno(fs);
        const Block *b = blocks_find_number(&m->look->blocks, major(number), minor(number));

        if (!mnt_fs_get_target(fs) || !mnt_fs_get_fstype(fs))
                return;
        if (b)
                found_mount(m, b, fs);
        else if (major(number) == 0)
                look_at_source(m, fs);
}

static int look_at_table(const Mounts *m, const char *path) {
        struct libmnt_table *table;
        struct libmnt_iter *iterator;
        struct libmnt_fs *fs;
        unsigned bad;
        int r = table_read(m->look->root, path, &table, &bad);

        if (r < 0)
                return r;
        iterator = mnt_new_iter(MNT_ITER_FORWARD);
        while (iterator && mnt_table_next_fs(table, iterator, &fs) == 0)
                look_at_mount(m, fs);
        r = iterator ? 0 : -ENOMEM;
        mnt_free_iter(iterator);
        mnt_unref_table(table);
        return r < 0 ? r : bad > 0 ? -EBADMSG : 0;
}

static bool is_gone(int error) {
        return error == -ENOENT || error == -ESRCH || error == -EINVAL;
}

/* Whoever was met first in a name space may be gone; another may live in it. */
static void look_at_namespace(Look *l, const Namespace *n) {
        const Mounts m = { l, n };
        char path[64];
        int r;

        snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int) n->pid);
        r = look_at_table(&m, path);
        if (r < 0 && is_gone(r)) {
                Namespace other = *n;

                if (!processes_find_other(l->root, "mnt", &other))
                        return;
                r = look_at_table(&(const Mounts){ l, &other },
                                  (snprintf(path, sizeof(path), "/proc/%d/mountinfo",
                                            (int) other.pid), path));
        }
        if (r < 0 && !is_gone(r)) {
                char why[128];

                snprintf(why, sizeof(why), "%s: %s", path, strerror(-r));
                look_missed_disks(l, why);
        }
}

static void look_swap(Look *l) {
        struct libmnt_table *table;
        struct libmnt_iter *iterator;
        struct libmnt_fs *fs;
        unsigned bad;
        int r = table_read(l->root, "/proc/swaps", &table, &bad);

        if (r == -ENOENT)
                return; /* a kernel without swap */
        if (r < 0 || bad > 0)
                look_missed_disks(l, "/proc/swaps could not be read");
        if (r < 0)
                return;
        iterator = mnt_new_iter(MNT_ITER_FORWARD);
        while (iterator && mnt_table_next_fs(table, iterator, &fs) == 0) {
                const char *source = mnt_fs_get_source(fs);
                const Block *b = source ? blocks_find_source(&l->blocks, source) : NULL;

                /* A swap file is on a file system, which is mounted. */
                if (b)
                        look_found_block(l, b, USE_SWAP, "swap", "is active swap");
        }
        mnt_free_iter(iterator);
        mnt_unref_table(table);
}

void look_mounts(Look *l) {
        const Mounts own = { l, NULL };
        /* Ours may be a copy of the host's, made for this program alone. */
        int host = root_is_recorded(l->root) ? -ENOENT : look_at_table(&own, "/proc/1/mountinfo");
        int r = host < 0 ? look_at_table(&own, "/proc/self/mountinfo") : 0;

        if (r < 0 || (host < 0 && host != -ENOENT))
                look_missed_disks(l, "the mounts of process 1 could not be read");
        for (size_t i = 0; i < l->processes.mounts.n_items; i++)
                look_at_namespace(l, &l->processes.mounts.items[i]);
        if (!l->processes.mounts.complete)
                look_missed_disks(l, "the mount name spaces of some processes could not be read");
        look_swap(l);
}
