/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sources/uses-internal.h"

/* What is on disks that nobody uses, and claims of the kernel that nothing else tells of. */

/* Reads "E:KEY=" of udev's database. Returns: true and the value. */
static bool udev_value(const char *text, const char *key, char *ret, size_t size) {
        size_t n = strlen(key);

        for (const char *line = text; line && *line; line = strchr(line, '\n'), line += !!line)
                if (strncmp(line, key, n) == 0) {
                        snprintf(ret, size, "%.*s", (int) strcspn(line + n, "\n"), line + n);
                        return true;
                }
        return false;
}

/* udev has looked already, when the disk came: nothing needs to wake up for this. */
static void look_at_udev(Look *l, const Block *b) {
        char path[64], what[96], value[64];
        static char text[65536];

        snprintf(path, sizeof(path), "/run/udev/data/b%u:%u", b->major, b->minor);
        if (!b->numbered)
                return;
        if (root_read(l->root, path, text, sizeof(text)) < 0) {
                look_skipped(l, &b->function, USES_DATA);
                return;
        }
        if (udev_value(text, "E:ID_FS_TYPE=", value, sizeof(value)))
                snprintf(what, sizeof(what), "%s", value);
        else if (udev_value(text, "E:ID_PART_TABLE_TYPE=", value, sizeof(value)))
                snprintf(what, sizeof(what), "partitions (%s)", value);
        else
                return;
        look_found(l, &b->function, USE_DATA, b->name, what, "%s: %s, as udev has seen", b->name,
                   what);
}

void look_data(Look *l) {
        for (size_t i = 0; i < l->blocks.n_items; i++)
                if (l->blocks.items[i].has_function)
                        look_at_udev(l, &l->blocks.items[i]);
}

/* Returns: 1 and what there is, 0 if nothing is on it, or -errno. */
static int read_superblock(int fd, char *ret, size_t size) {
        blkid_probe probe = blkid_new_probe();
        const char *value;
        int r;

        if (!probe)
                return -ENOMEM;
        blkid_probe_enable_superblocks(probe, 1);
        blkid_probe_enable_partitions(probe, 1);
        errno = 0;
        r = blkid_probe_set_device(probe, fd, 0, 0);
        if (r == 0)
                r = blkid_do_safeprobe(probe);
        if (r == 1)
                snprintf(ret, size, "nothing");
        else if (r == 0 && blkid_probe_lookup_value(probe, "TYPE", &value, NULL) == 0)
                snprintf(ret, size, "%s", value);
        else if (r == 0 && blkid_probe_lookup_value(probe, "PTTYPE", &value, NULL) == 0)
                snprintf(ret, size, "partitions (%s)", value);
        else if (r == 0 || r == -2)
                snprintf(ret, size, "something that can be read in several ways");
        else
                r = errno > 0 ? -errno : -EIO;
        blkid_free_probe(probe);
        return r == 1 ? 0 : r == 0 || r == -2 ? 1 : r;
}

/* Opens the node only if it is the one that sysfs means. Returns: a descriptor or -errno. */
static int open_node(const Look *l, const Block *b, int flags) {
        char path[PATH_MAX];
        struct stat st;
        int fd;

        snprintf(path, sizeof(path), "/dev/%s", b->name);
        for (char *c = path; *c; c++)
                if (*c == '!')
                        *c = '/'; /* as in cciss!c0d0 (block/genhd.c) */
        fd = root_open(l->root, path, flags | O_NONBLOCK);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || major(st.st_rdev) != b->major ||
            minor(st.st_rdev) != b->minor) {
                close(fd);
                return -ENXIO;
        }
        return fd;
}

/* An exclusive open fails while somebody in the kernel has claimed the disk (block/bdev.c,
 * bd_may_claim()): a file system, also one that is detached from every name space, device-mapper,
 * md, swap, ZFS. */
static void look_at_claim(Look *l, const Block *b, const Address *function) {
        int fd = open_node(l, b, O_RDONLY | O_EXCL);

        if (fd == -EBUSY)
                look_found(l, function, USE_CLAIM, b->name, "a claim of the kernel",
                           "%s: the kernel refuses to open it exclusively", b->name);
        else if (fd < 0 && fd != -ENOMEDIUM)
                look_missed(l, function, USES_CLAIM, "/dev/%s: %s", b->name, strerror(-fd));
        if (fd >= 0)
                close(fd);
}

static void look_at_content(Look *l, const Block *b, const Address *function) {
        char what[96];
        int fd = open_node(l, b, O_RDONLY), r;

        if (fd == -ENOMEDIUM)
                return;
        r = fd < 0 ? fd : 0;
        if (fd >= 0) {
                r = read_superblock(fd, what, sizeof(what));
                close(fd);
        }
        if (r > 0)
                look_found(l, function, USE_DATA, b->name, what, "%s: %s", b->name, what);
        else if (r < 0)
                look_missed(l, function, USES_DATA, "/dev/%s: %s", b->name, strerror(-r));
}

static void look_at_leaf(const Block *leaf, const Address *function, const char *chain,
                         void *userdata) {
        Look *l = userdata;

        if (!look_wants(l, function))
                return;
        look_at_claim(l, leaf, function);
        look_at_content(l, leaf, function);
}

int uses_look_closely(const Root *root, const Address *device, Uses *uses) {
        Look l = { .root = root, .devices = device, .n_devices = 1, .uses = uses };
        int r;

        for (int c = 0; c < USES_MAX_; c++)
                uses->looked[c] = FACT_ABSENT;
        /* There are no disks in a recording. */
        if (root_is_recorded(root))
                return 0;
        uses->looked[USES_CLAIM] = uses->looked[USES_DATA] = FACT_PRESENT;
        r = blocks_load(root, &l.blocks);
        if (r < 0)
                return r;
        /* The hidden paths of an NVMe disk have no number and no node; the disk itself has. */
        for (size_t i = 0; i < l.blocks.n_items; i++)
                if (l.blocks.items[i].numbered &&
                    (l.blocks.items[i].has_function || *l.blocks.items[i].subsystem))
                        blocks_walk(&l.blocks, &l.blocks.items[i], look_at_leaf, &l);
        if (!l.blocks.complete) {
                look_missed(&l, device, USES_CLAIM, "/sys/class/block could not be read");
                look_missed(&l, device, USES_DATA, "/sys/class/block could not be read");
        }
        blocks_clear(&l.blocks);
        return l.error;
}
