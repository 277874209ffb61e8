/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hold.h"
#include "sources/scan-internal.h"
#include "sources/uses-internal.h"
#include "sources/uses-tables.h"

/* Disks that nobody may use at this moment but that the host will need: at the next boot, when it
 * sleeps, when it crashes. */

#define WORDS_MAX 8
#define TABLE_MAX 65536

int table_words(char **text, char *words[], size_t max) {
        char *line = *text, *end, *save = NULL;
        size_t n = 0;

        if (!*line)
                return -1;
        end = strchr(line, '\n');
        *text = end ? end + 1 : line + strlen(line);
        if (end)
                *end = 0;
        for (char *word = strtok_r(line, " \t\r", &save); word && *word != '#' && n < max;
             word = strtok_r(NULL, " \t\r", &save))
                words[n++] = word;
        return (int) n;
}

/* Options are words with commas between. */
static bool has_option(const char *options, const char *option) {
        size_t n = strlen(option);

        for (const char *o = options; o && *o; o += strcspn(o, ","), o += *o == ',')
                if (strncmp(o, option, n) == 0 && (o[n] == 0 || o[n] == ',' || o[n] == '='))
                        return true;
        return false;
}

static bool is_held(const Look *l, const Address *device) {
        char path[128], text[ADDRESS_TEXT_MAX], override[sizeof(HOLD_OVERRIDE) + 1];

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver_override",
                 address_format(device, text));
        return root_read(l->root, path, override, sizeof(override)) > 0 &&
               strcmp(override, HOLD_OVERRIDE) == 0;
}

/* Returns: true if the source can only be on a disk: no tmpfs, no other host's directory. */
static bool is_on_disk(const char *source) {
        static const char *const begins[] = { "/dev/", "UUID=", "LABEL=", "PARTUUID=",
                                              "PARTLABEL=" };

        for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
                if (strncmp(source, begins[i], strlen(begins[i])) == 0)
                        return true;
        return false;
}

static void note_missing(Look *l, const char *source, const char *by) {
        if (!is_on_disk(source) || l->n_missing == sizeof(l->missing) / sizeof(l->missing[0]))
                return;
        snprintf(l->missing[l->n_missing].source, sizeof(l->missing[0].source), "%s", source);
        l->missing[l->n_missing++].by = by;
}

/* What no disk has may be on one that nobody sees. */
static void look_missing(Look *l) {
        for (size_t i = 0; l->n_missing > 0 && i < l->n_devices; i++)
                for (size_t j = 0; is_held(l, &l->devices[i]) && j < l->n_missing; j++)
                        look_found(l, &l->devices[i], USE_MISSING, l->missing[j].source,
                                   l->missing[j].by, "%s: no disk here is %s", l->missing[j].by,
                                   l->missing[j].source);
}

static void found_needed(Look *l, const char *source, const char *by, const char *what) {
        const Block *b = blocks_find_source(&l->blocks, source);
        char text[512];

        if (!b) {
                note_missing(l, source, by);
                return;
        }
        snprintf(text, sizeof(text), "%s %s", by, what);
        look_found_block(l, b, USE_NEEDED, by, text);
}

static void look_fstab(Look *l) {
        struct libmnt_table *table;
        struct libmnt_iter *iterator;
        struct libmnt_fs *fs;
        unsigned bad;
        int r = table_read(l->root, "/etc/fstab", &table, &bad);

        if (r < 0) {
                if (fact_of_error(r) == FACT_UNKNOWN)
                        look_missed_disks(l, "/etc/fstab could not be read");
                return;
        }
        iterator = mnt_new_iter(MNT_ITER_FORWARD);
        while (iterator && mnt_table_next_fs(table, iterator, &fs) == 0) {
                const char *options = mnt_fs_get_options(fs), *target = mnt_fs_get_target(fs);
                char what[256];

                if (has_option(options, "noauto") && !has_option(options, "x-systemd.automount"))
                        continue;
                snprintf(what, sizeof(what), "mounts it on %s",
                         target && *target == '/' ? target : "nothing, as swap");
                if (mnt_fs_get_source(fs))
                        found_needed(l, mnt_fs_get_source(fs), "/etc/fstab", what);
        }
        mnt_free_iter(iterator);
        mnt_unref_table(table);
}

/* Returns: the whole file in a buffer that the next call uses again, or NULL. */
static char *read_table(Look *l, const char *path) {
        static char text[TABLE_MAX];
        ssize_t n = root_read(l->root, path, text, sizeof(text));

        if (n >= 0)
                return text;
        if (fact_of_error((int) n) == FACT_UNKNOWN) {
                char why[PATH_MAX];

                snprintf(why, sizeof(why), "%s could not be read", path);
                look_missed_disks(l, why);
        }
        return NULL;
}

/* NAME DEVICE [KEY [OPTIONS]] (crypttab(5)) */
static void look_crypttab(Look *l) {
        char *text = read_table(l, "/etc/crypttab"), *words[WORDS_MAX];
        int n;

        while (text && (n = table_words(&text, words, WORDS_MAX)) >= 0)
                if (n >= 2 && !(n >= 4 && has_option(words[3], "noauto")))
                        found_needed(l, words[1], "/etc/crypttab", "opens it");
}

/* root= and resume= name what the next boot begins with. */
static void look_command_line(Look *l) {
        char *text = read_table(l, "/proc/cmdline"), *save = NULL;

        for (char *word = text ? strtok_r(text, " \t\n", &save) : NULL; word;
             word = strtok_r(NULL, " \t\n", &save)) {
                if (strncmp(word, "root=", 5) == 0)
                        found_needed(l, word + 5, "the command line", "names it as root=");
                else if (strncmp(word, "resume=", 7) == 0)
                        found_needed(l, word + 7, "hibernation", "uses it (resume=)");
        }
}

/* "MAJOR:MINOR", 0:0 for none (kernel/power/hibernate.c, resume_show()). */
static void look_hibernation(Look *l) {
        char text[64];
        unsigned major, minor;
        const Block *b;

        if (root_read(l->root, "/sys/power/resume", text, sizeof(text)) <= 0 ||
            sscanf(text, "%u:%u", &major, &minor) != 2)
                return;
        b = blocks_find_number(&l->blocks, major, minor);
        if (b)
                look_found_block(l, b, USE_NEEDED, "hibernation",
                                 "hibernation uses it (/sys/power/resume)");
}

/* Where a crash is written to: by a kernel that kexec has loaded, told by kdump.conf(5), or by this
 * one (fs/pstore/blk.c). */
static void look_dump(Look *l) {
        static const char *const types[] = { "raw", "ext2", "ext3", "ext4", "xfs", "btrfs",
                                             "minix" };
        char loaded[8], *words[WORDS_MAX], *text;
        int n;

        text = read_table(l, "/sys/module/pstore_blk/parameters/blkdev");
        if (text && *text == '/')
                found_needed(l, text, "pstore", "writes crashes to it");
        if (root_read(l->root, "/sys/kernel/kexec_crash_loaded", loaded, sizeof(loaded)) != 1 ||
            loaded[0] != '1')
                return;
        text = read_table(l, "/etc/kdump.conf");
        while (text && (n = table_words(&text, words, WORDS_MAX)) >= 0)
                for (size_t i = 0; n >= 2 && i < sizeof(types) / sizeof(types[0]); i++)
                        if (strcmp(words[0], types[i]) == 0)
                                found_needed(l, words[1], "kdump", "writes crashes to it");
}

void look_needed(Look *l) {
        look_fstab(l);
        look_crypttab(l);
        look_command_line(l);
        look_hibernation(l);
        look_dump(l);
        look_missing(l);
}
