/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/probe-child.h"
#include "sources/record.h"
#include "sources/scan-internal.h"
#include "sources/setup-files.h"
#include "sources/setup-text.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static bool join(char *buffer, size_t size, const char *directory, const char *name) {
        return (size_t) snprintf(buffer, size, "%s/%s", directory, name) < size;
}

static void keep_frame_buffer(const char *line, FILE *out) {
        uint64_t start, end;
        char copy[256], *owner;

        if (strlen(line) >= sizeof(copy))
                return;
        strcpy(copy, line);
        if (setup_text_frame_buffer(copy, &start, &end, &owner))
                fputs(line, out);
}

static void keep_variant(const char *line, FILE *out) {
        if (strncmp(line, "alias vfio_pci:", 15) == 0)
                fputs(line, out);
}

static void keep_option(const char *line, FILE *out) {
        if (strstr(line, "VFIO") || strstr(line, "IOMMUFD"))
                fputs(line, out);
}

/* What is not the module's business stays at home; its lines stay, so that numbers do. */
typedef struct Kept {
        const char *const *words; /* one of these is in a line that is kept */
        size_t n_words;
        FILE *out;
        bool any;
} Kept;

static int keep_line(char *line, unsigned number, const char *path, void *userdata) {
        Kept *k = userdata;
        bool wanted = false;

        for (size_t i = 0; i < k->n_words && *line != '#'; i++)
                wanted |= strstr(line, k->words[i]) != NULL;
        fprintf(k->out, "%s\n", wanted ? line : "");
        k->any |= wanted;
        return 0;
}

/* Continued lines come joined: those behind them move up. */
static int record_kept(Recording *r, const char *path, const char *const *words, size_t n_words) {
        Kept k = {words, n_words};
        char *text = NULL, *redacted;
        size_t size;
        int error;

        k.out = open_memstream(&text, &size);
        if (!k.out)
                return -ENOMEM;
        error = setup_file_lines(r->root, path, keep_line, &k);
        if (fclose(k.out) != 0)
                error = -ENOMEM;
        if (error < 0 && error != -ENOMEM)
                error = record_file(r, path); /* says why */
        else if (error == 0 && k.any) {
                redacted = redact(text, r->host_name);
                error = redacted ? record_line(r, 'f', path, redacted) : -ENOMEM;
                free(redacted);
        }
        free(text);
        return error < 0 ? -ENOMEM : 0;
}

static int record_limits(const Root *root, const char *path, void *userdata) {
        static const char *const words[] = {"memlock", "DefaultLimitMEMLOCK"};

        return record_kept(userdata, path, words, LENGTH(words));
}

static int record_driverctl(const Root *root, const char *path, void *userdata) {
        return record_file(userdata, path) < 0 ? -ENOMEM : 0;
}

/* A directory that cannot be listed is told; which one it is, is found by trying each. */
static int record_files(Recording *r, SetupFiles which, SetupFile file,
                        const char *const *directories, size_t n) {
        int error = setup_files_each(r->root, which, file, r);

        for (size_t i = 0; i < n && error < 0 && error != -ENOMEM; i++) {
                int told = record_directory(r, directories[i]);

                if (told < 0)
                        return told;
        }
        return error == -ENOMEM ? error : 0;
}

static int record_configuration(Recording *r) {
        static const char *const limits[] = {"/etc/security/limits.d"};
        static const char *const systemd[] = {"/etc/systemd/system.conf.d"};
        static const char *const driverctl[] = {"/etc/driverctl.d"};

        /* modprobe.d is in record-config.c. */
        if (record_files(r, SETUP_LIMITS, record_limits, limits, LENGTH(limits)) < 0 ||
            record_files(r, SETUP_SYSTEMD, record_limits, systemd, LENGTH(systemd)) < 0)
                return -ENOMEM;
        return record_files(r, SETUP_DRIVERCTL, record_driverctl, driverctl, LENGTH(driverctl));
}

static int record_kernel_files(Recording *r) {
        static const struct {
                const char *before, *behind;
                void (*filter)(const char *line, FILE *out);
        } files[] = {
                {"/lib/modules/", "/modules.alias", keep_variant},
                {"/lib/modules/", "/config", keep_option},
                {"/boot/config-", "", keep_option},
        };
        char release[256], path[PATH_MAX];

        if (!probe_release(r->root, release, sizeof(release)))
                return 0;
        for (size_t i = 0; i < LENGTH(files); i++) {
                snprintf(path, sizeof(path), "%s%s%s", files[i].before, release, files[i].behind);
                if (record_filtered(r, path, files[i].filter) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* fb0: the link, and the name in what it leads to. */
static int record_graphics(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], device[PATH_MAX], file[PATH_MAX];

        if (strncmp(name, "fb", 2) != 0 || strcmp(name, "fbcon") == 0 ||
            !join(path, sizeof(path), directory, name))
                return 0;
        if (record_link(r, path) < 0)
                return -ENOMEM;
        if (!record_target(r, path, device, sizeof(device)) ||
            !join(file, sizeof(file), device, "name"))
                return 0;
        return record_file(r, file) < 0 ? -ENOMEM : 0;
}

/* card0, if it is one of the firmware's screens: the link, its device and that one's driver. */
static int record_card(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], driver[NAME_MAX + 1], link[PATH_MAX], card[PATH_MAX];
        size_t n;

        if (strncmp(name, "card", 4) != 0 || !join(path, sizeof(path), directory, name) ||
            !join(link, sizeof(link), path, "device/" ATTR_DRIVER) ||
            root_read_link_name(r->root, link, driver, sizeof(driver)) < 0 ||
            !strstr(driver, "-framebuffer"))
                return 0;
        if (record_link(r, path) < 0)
                return -ENOMEM;
        if (!record_target(r, path, card, sizeof(card)) ||
            !join(link, sizeof(link), card, "device"))
                return 0;
        if (record_link(r, link) < 0)
                return -ENOMEM;
        /* The card lies in "drm" below its device. */
        n = strlen(card);
        while (n > 0 && card[n - 1] != '/')
                n--;
        if (n < sizeof("/drm/") || strncmp(card + n - 5, "/drm/", 5) != 0)
                return 0;
        card[n - 5] = 0;
        if (!join(link, sizeof(link), card, ATTR_DRIVER))
                return 0;
        return record_link(r, link) < 0 ? -ENOMEM : 0;
}

typedef struct Nodes {
        Recording *recording;
        FILE *out;
} Nodes;

static int note_node(Nodes *n, const char *path) {
        char access[256];

        if (setup_node_access(n->recording->root, path, access, sizeof(access)) == 0)
                fprintf(n->out, "%s %s\n", path + 1, access);
        return 0;
}

static int note_group_node(const char *name, unsigned char type, void *userdata) {
        char path[NAME_MAX + 32];

        snprintf(path, sizeof(path), "/dev/vfio/%s", name);
        return note_node(userdata, path);
}

static int note_device_node(const char *name, unsigned char type, void *userdata) {
        char path[NAME_MAX + 32];

        snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
        return note_node(userdata, path);
}

static void list_nodes(Nodes *n, const char *directory, RootEntry entry) {
        int fd = root_open(n->recording->root, directory, O_RDONLY | O_DIRECTORY);

        if (fd < 0)
                return;
        (void) root_list(fd, entry, n);
        close(fd);
}

/* A recording has no nodes; who may open them stands in a file of its own. */
static int record_nodes(Recording *r) {
        Nodes n = {r};
        char *text = NULL;
        size_t size;
        int error = 0;

        n.out = open_memstream(&text, &size);
        if (!n.out)
                return -ENOMEM;
        list_nodes(&n, VFIO_CLASS, note_group_node);
        list_nodes(&n, VFIO_DEVICES, note_device_node);
        if (fclose(n.out) != 0)
                error = -ENOMEM;
        else if (size > 0)
                error = record_line(r, 'f', "/.nodes", text);
        free(text);
        return error;
}

int record_setup(Recording *r) {
        if (root_exists(r->root, "/proc/iomem") != FACT_ABSENT &&
            record_filtered(r, "/proc/iomem", keep_frame_buffer) < 0)
                return -ENOMEM;
        if (record_list(r, "/sys/class/graphics", record_graphics) < 0 ||
            record_list(r, "/sys/class/drm", record_card) < 0 || record_kernel_files(r) < 0 ||
            record_configuration(r) < 0)
                return -ENOMEM;
        return record_nodes(r);
}
