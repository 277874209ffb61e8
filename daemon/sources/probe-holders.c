/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/attributes.h"
#include "sources/probe-child.h"
#include "sources/scan-internal.h"

/* A device that is registered with VFIO, and its group. */
typedef struct Registered {
        char name[32]; /* vfio0 */
        unsigned group;
} Registered;

typedef struct Search {
        ProbeTask *task;
        const unsigned *groups; /* asked for */
        size_t n_groups;
        bool *node; /* of each: there is something to hold */
        bool *held;
        Registered *registered;
        size_t n_registered;
        bool uncertain; /* a process could not be looked at, or what it holds cannot be told */
        pid_t pid;      /* the process looked at */
        bool *by_pid;   /* of each group: this process holds it */
        int error;
} Search;

/* Reads N of "N" or "noiommu-N", and nothing else but " (deleted)" behind it: a node that went
 * while it was open. */
static bool parse_node(const char *name, unsigned *ret) {
        unsigned long id;
        char *end;

        if (strncmp(name, "noiommu-", 8) == 0)
                name += 8;
        if (!isdigit((unsigned char) *name))
                return false;
        errno = 0;
        id = strtoul(name, &end, 10);
        if (errno != 0 || id >= UINT_MAX || (*end != 0 && strcmp(end, " (deleted)") != 0))
                return false;
        *ret = (unsigned) id;
        return true;
}

/* The path is the one in the holder's own mount name space: libvirt gives each guest a /dev of its
 * own, and whatever it is mounted on, the end is the same. */
bool probe_group_of_node(const char *target, unsigned *ret) {
        const char *slash = strrchr(target, '/');
        static const char directory[] = "/vfio";
        size_t n = sizeof(directory) - 1;

        if (!slash || (size_t) (slash - target) < n || memcmp(slash - n, directory, n) != 0)
                return false;
        return parse_node(slash + 1, ret);
}

static int add_registered(const char *name, unsigned char type, void *userdata) {
        Search *s = userdata;
        char path[sizeof(VFIO_DEVICES) + NAME_MAX + 32], group[32];
        Registered *registered, *slot;

        if (strncmp(name, "vfio", 4) != 0 || strlen(name) >= sizeof(slot->name))
                return 0;
        snprintf(path, sizeof(path), VFIO_DEVICES "/%s/device/" ATTR_IOMMU_GROUP, name);
        if (root_read_link_name(s->task->root, path, group, sizeof(group)) < 0)
                return 0;
        registered = reallocarray(s->registered, s->n_registered + 1, sizeof(*registered));
        if (!registered)
                return -ENOMEM;
        s->registered = registered;
        slot = &registered[s->n_registered];
        if (!parse_node(group, &slot->group))
                return 0;
        strcpy(slot->name, name);
        s->n_registered++;
        return 0;
}

/* /dev/vfio/devices/vfio0 */
static bool group_of_device_node(const Search *s, const char *target, unsigned *ret) {
        const char *found = strstr(target, "/vfio/devices/");
        size_t n;

        if (!found)
                return false;
        found += strlen("/vfio/devices/");
        n = strcspn(found, " ");
        for (size_t i = 0; i < s->n_registered; i++)
                if (strlen(s->registered[i].name) == n &&
                    memcmp(s->registered[i].name, found, n) == 0) {
                        *ret = s->registered[i].group;
                        return true;
                }
        return false;
}

static void find_nodes(Search *s) {
        char path[sizeof(VFIO_CLASS) + 32];

        for (size_t i = 0; i < s->n_groups; i++) {
                snprintf(path, sizeof(path), VFIO_CLASS "/%u", s->groups[i]);
                s->node[i] = root_exists(s->task->root, path) != FACT_ABSENT;
                snprintf(path, sizeof(path), VFIO_CLASS "/noiommu-%u", s->groups[i]);
                s->node[i] |= root_exists(s->task->root, path) != FACT_ABSENT;
                for (size_t k = 0; k < s->n_registered; k++)
                        s->node[i] |= s->registered[k].group == s->groups[i];
        }
}

static void note_held(Search *s, unsigned group) {
        for (size_t i = 0; i < s->n_groups; i++)
                if (s->groups[i] == group)
                        s->by_pid[i] = s->held[i] = true;
}

typedef struct Descriptors {
        Search *search;
        int directory;
        bool device; /* one is a VFIO device */
        bool group;  /* one is a group or a device's node */
} Descriptors;

static int note_descriptor(const char *name, unsigned char type, void *userdata) {
        Descriptors *d = userdata;
        char target[PATH_MAX];
        ssize_t n = readlinkat(d->directory, name, target, sizeof(target) - 1);
        unsigned group;

        if (n < 0)
                return 0;
        target[n] = 0;
        if (probe_group_of_node(target, &group) ||
            group_of_device_node(d->search, target, &group)) {
                note_held(d->search, group);
                d->group = true;
        }
        /* drivers/vfio/group.c, vfio_device_open_file() */
        if (strncmp(target, "anon_inode:[vfio-device]", 24) == 0)
                d->device = true;
        return 0;
}

static int say_holders(Search *s) {
        ProbeLine l = {.key = PROBE_KEY_HOLDER, .fact = FACT_PRESENT, .number = (unsigned) s->pid};
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/comm", s->pid);
        if (root_read(s->task->root, path, l.value, 64) < 0)
                l.value[0] = 0;
        for (size_t i = 0; i < s->n_groups; i++) {
                int error;

                if (!s->by_pid[i])
                        continue;
                s->by_pid[i] = false;
                l.group = s->groups[i];
                error = probe_child_say(s->task, &l);
                if (error < 0)
                        return error;
        }
        return 0;
}

static int look_at_process(const char *name, unsigned char type, void *userdata) {
        Search *s = userdata;
        Descriptors d = {s, -1};
        char path[64];
        unsigned pid;
        int error;

        if (strlen(name) > 10 || !isdigit((unsigned char) name[0]) ||
            name[strspn(name, "0123456789")] != 0)
                return 0;
        pid = (unsigned) strtoul(name, NULL, 10);
        s->pid = (pid_t) pid;
        if (!root_is_recorded(s->task->root) && (s->pid == getpid() || s->pid == getppid()))
                return 0;
        snprintf(path, sizeof(path), "/proc/%u/fd", pid);
        d.directory = root_open(s->task->root, path, O_RDONLY | O_DIRECTORY);
        if (d.directory < 0) {
                /* Gone in the meantime, or not ours to see. */
                if (d.directory != -ENOENT && d.directory != -ESRCH)
                        s->uncertain = true;
                return 0;
        }
        error = root_list(d.directory, note_descriptor, &d);
        close(d.directory);
        if (error < 0 && error != -ENOENT && error != -ESRCH)
                s->uncertain = true;
        /* A device without its group: the group was closed after the device was opened, or belongs
         * to somebody who passed it on. Which one cannot be told. */
        if (d.device && !d.group)
                s->uncertain = true;
        return say_holders(s);
}

static void look_at_processes(Search *s) {
        int fd = root_open(s->task->root, "/proc", O_RDONLY | O_DIRECTORY);

        if (fd < 0) {
                s->uncertain = true;
                return;
        }
        s->error = root_list(fd, look_at_process, s);
        close(fd);
        /* hidepid= and ProtectProc= leave out the processes of others altogether. */
        if (!root_is_recorded(s->task->root) &&
            root_exists(s->task->root, "/proc/1") != FACT_PRESENT)
                s->uncertain = true;
}

static int say_in_use(Search *s) {
        for (size_t i = 0; i < s->n_groups; i++) {
                ProbeLine l = {.key = PROBE_KEY_IN_USE, .group = s->groups[i]};
                int error;

                l.fact = s->held[i] ? FACT_PRESENT :
                         s->node[i] && s->uncertain ? FACT_UNKNOWN : FACT_ABSENT;
                error = probe_child_say(s->task, &l);
                if (error < 0)
                        return error;
        }
        return 0;
}

static int search(Search *s) {
        int fd = root_open(s->task->root, VFIO_DEVICES, O_RDONLY | O_DIRECTORY), error = 0;
        bool any = false;

        if (fd >= 0) {
                error = root_list(fd, add_registered, s);
                close(fd);
        } else if (fact_of_error(fd) == FACT_UNKNOWN) {
                s->uncertain = true;
        }
        if (error == -ENOMEM)
                return error;
        if (error < 0)
                s->uncertain = true;
        find_nodes(s);
        for (size_t i = 0; i < s->n_groups; i++)
                any |= s->node[i];
        if (any)
                look_at_processes(s);
        return s->error < 0 ? s->error : say_in_use(s);
}

int probe_holders(ProbeTask *t, const unsigned *groups, size_t n_groups) {
        Search s = {.task = t, .groups = groups, .n_groups = n_groups};
        bool *flags = calloc(n_groups + 1, 3 * sizeof(*flags));
        int error;

        if (!flags)
                return -ENOMEM;
        s.node = flags;
        s.held = flags + n_groups;
        s.by_pid = flags + 2 * n_groups;
        error = search(&s);
        free(s.registered);
        free(flags);
        return error;
}
