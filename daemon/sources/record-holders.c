/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sources/record.h"
#include "sources/scan-internal.h"

/* Of each process only the descriptors that are VFIO's; most have none and leave no line. */
static int record_descriptor(Recording *r, const char *directory, const char *name) {
        char path[PATH_MAX], target[PATH_MAX];

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path) ||
            root_read_link(r->root, path, target, sizeof(target)) < 0)
                return 0;
        if (!strstr(target, "/vfio/") && strncmp(target, "anon_inode:[vfio-device]", 24) != 0)
                return 0;
        return record_line(r, 'l', path, target);
}

static int record_process(Recording *r, const char *directory, const char *name) {
        char process[64], path[128];
        size_t before = r->n_lines;
        int fd;

        if (strlen(name) > 10 || name[strspn(name, "0123456789")] != 0)
                return 0;
        snprintf(process, sizeof(process), "%s/%s", directory, name);
        snprintf(path, sizeof(path), "%s/fd", process);
        fd = root_open(r->root, path, O_RDONLY | O_DIRECTORY);
        if (fd >= 0)
                close(fd);
        else if (fd == -EACCES || fd == -EPERM)
                /* One that is not ours to see makes unknown who holds a group. */
                return record_line(r, 'd', process, NULL) < 0 ||
                       record_line(r, 'u', path, "EACCES") < 0 ? -ENOMEM : 0;
        if (record_list(r, path, record_descriptor) < 0)
                return -ENOMEM;
        if (r->n_lines == before)
                return 0;
        snprintf(path, sizeof(path), "%s/comm", process);
        return record_file(r, path);
}

static int note_any(const char *name, unsigned char type, void *userdata) {
        return 1;
}

static bool has_entries(const Root *root, const char *path) {
        int fd = root_open(root, path, O_RDONLY | O_DIRECTORY), any;

        if (fd < 0)
                return fact_of_error(fd) == FACT_UNKNOWN;
        any = root_list(fd, note_any, NULL);
        close(fd);
        return any != 0;
}

int record_holders(Recording *r) {
        /* As the probe: without a node there is nothing to hold. */
        if (!has_entries(r->root, VFIO_CLASS) && !has_entries(r->root, VFIO_DEVICES))
                return 0;
        return record_list(r, "/proc", record_process);
}
