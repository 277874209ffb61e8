/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rebind/backend.h"
#include "sources/probe-child.h"
#include "sources/probe.h"

#define GROUP_DEVICES "sys/kernel/iommu_groups/%u/devices"

GroupDevice *group_devices_free(GroupDevice *devices, size_t n) {
        for (size_t i = 0; devices && i < n; i++) {
                free(devices[i].name);
                text_unset(&devices[i].driver, FACT_UNKNOWN);
        }
        free(devices);
        return NULL;
}

typedef struct List {
        const Root *root;
        unsigned group;
        GroupDevice *devices;
        size_t n;
} List;

static int add_device(const char *name, unsigned char type, void *userdata) {
        char path[PATH_MAX], driver[NAME_MAX + 1];
        GroupDevice *grown, *slot;
        List *l = userdata;
        ssize_t n;

        grown = reallocarray(l->devices, l->n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        l->devices = grown;
        slot = &grown[l->n];
        *slot = (GroupDevice) { .name = strdup(name), .driver.fact = FACT_ABSENT };
        if (!slot->name)
                return -ENOMEM;
        l->n++;
        snprintf(path, sizeof(path), GROUP_DEVICES "/%s/driver", l->group, name);
        n = root_read_link_name(l->root, path, driver, sizeof(driver));
        if (n == -ENOENT)
                return 0;
        return n < 0 ? (int) n : text_set(&slot->driver, driver);
}

int sysfs_list_group(const Root *root, unsigned group, GroupDevice **ret, size_t *ret_n) {
        List l = { .root = root, .group = group };
        char path[PATH_MAX];
        int fd, r;

        snprintf(path, sizeof(path), GROUP_DEVICES, group);
        fd = root_open(root, path, O_RDONLY | O_DIRECTORY);
        r = fd == -ENOENT ? 0 : fd;
        if (fd >= 0) {
                r = root_list(fd, add_device, &l);
                close(fd);
        }
        if (r < 0) {
                group_devices_free(l.devices, l.n);
                return r;
        }
        *ret = l.devices;
        *ret_n = l.n;
        return 0;
}

/* Returns: as sysfs_find_holder(), from what was said; -ENODATA if nothing was. */
static int parse_lines(FILE *f, GroupUser *ret) {
        char *line = NULL;
        size_t size = 0;
        int r = -ENODATA;
        ssize_t n;

        while (r != 1 && (n = getline(&line, &size, f)) > 0) {
                ProbeLine l;

                if (line[n - 1] == '\n')
                        n--;
                if (probe_line_parse(line, (size_t) n, &l) < 0)
                        continue;
                if (l.key == PROBE_KEY_HOLDER) {
                        ret->pid = (pid_t) l.number;
                        snprintf(ret->command, sizeof(ret->command), "%.63s", l.value);
                        r = 1;
                } else if (l.key == PROBE_KEY_IN_USE)
                        r = l.fact != FACT_ABSENT;
        }
        free(line);
        return r;
}

int sysfs_find_holder(const Root *root, unsigned group, GroupUser *ret) {
        ProbeTask *task = calloc(1, sizeof(*task));
        FILE *f = NULL;
        int r;

        *ret = (GroupUser) { 0 };
        if (!task)
                return -ENOMEM;
        *task = (ProbeTask) { .root = root, .what = PROBE_HOLDERS, .groups = &group,
                              .n_groups = 1, .fd = memfd_create("holders", MFD_CLOEXEC) };
        r = task->fd < 0 ? -errno : probe_child_run(task);
        if (r == 0)
                f = lseek(task->fd, 0, SEEK_SET) < 0 ? NULL : fdopen(task->fd, "re");
        if (f) {
                r = parse_lines(f, ret);
                fclose(f);
        } else {
                if (r == 0)
                        r = -errno;
                if (task->fd >= 0)
                        close(task->fd);
        }
        free(task);
        return r;
}
