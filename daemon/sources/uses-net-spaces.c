/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/uses-net-internal.h"

/* An interface that was moved into another name space is not to be seen in this one, not even below
 * its device in sysfs (net/core/net-sysfs.c, net_namespace()). It is used by whoever moved it. */

#define NAMED_SPACES "/run/netns"

typedef struct Spaces {
        Look *look;
        int own;
        dev_t own_device;
        ino_t own_inode;
        bool complete;
} Spaces;

static void found_interface(Look *l, NetLink *link, const char *where, bool of_process) {
        char bus_info[64];

        if (!net_find_function(l, link) && net_bus_info(link->name, bus_info, sizeof(bus_info))) {
                snprintf(link->parent, sizeof(link->parent), "%s", bus_info);
                snprintf(link->bus, sizeof(link->bus), "%s",
                         strncmp(bus_info, "virtio", 6) == 0 ? "virtio" : "pci");
                (void) net_find_function(l, link);
        }
        if (link->has_function)
                (of_process ? look_found_process : look_found)(
                        l, &link->function, USE_NETWORK, link->name, where,
                        "%s: is in another network name space, %s", link->name, where);
}

static int look_inside(Look *l, const char *where, bool of_process) {
        Net n = { 0 };
        int r = net_dump(&n);

        for (size_t i = 0; r == 0 && i < n.n_links; i++)
                if (!*n.links[i].kind && strcmp(n.links[i].name, "lo") != 0)
                        found_interface(l, &n.links[i], where, of_process);
        net_clear(&n);
        return r;
}

/* Goes there, looks and comes back. What has gone meanwhile has nothing any more. */
static void visit(Spaces *s, const char *path, const char *where, bool of_process) {
        int fd = open(path, O_RDONLY | O_CLOEXEC), r = -errno;
        struct stat st;

        if (fd < 0) {
                s->complete &= r == -ENOENT || r == -ESRCH;
                return;
        }
        if (fstat(fd, &st) == 0 && st.st_dev == s->own_device && st.st_ino == s->own_inode) {
                close(fd);
                return;
        }
        r = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
        close(fd);
        if (r == 0) {
                r = look_inside(s->look, where, of_process);
                if (setns(s->own, CLONE_NEWNET) < 0)
                        r = -errno;
        }
        s->complete &= r == 0;
}

/* Those that ip-netns(8) keeps without a process. */
static void visit_named(Spaces *s) {
        char path[PATH_MAX], where[300];
        struct dirent *entry;
        DIR *d;

        if (root_opendir(s->look->root, NAMED_SPACES, &d) < 0)
                return;
        while ((entry = readdir(d))) {
                if (entry->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", NAMED_SPACES, entry->d_name);
                snprintf(where, sizeof(where), "that of ip netns %s", entry->d_name);
                visit(s, path, where, false);
        }
        closedir(d);
}

bool net_look_at_spaces(Look *l) {
        const Namespaces *networks = &l->processes.networks;
        Spaces s = { .look = l, .complete = networks->complete };
        struct stat st;
        char path[64], where[128];

        s.own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (s.own < 0)
                return false;
        if (fstat(s.own, &st) == 0) {
                s.own_device = st.st_dev;
                s.own_inode = st.st_ino;
        }
        for (size_t i = 0; i < networks->n_items; i++) {
                const Namespace *n = &networks->items[i];

                snprintf(path, sizeof(path), "/proc/%d/ns/net", (int) n->pid);
                snprintf(where, sizeof(where), "that of process %d (%s)", (int) n->pid,
                         n->command);
                visit(&s, path, where, true);
        }
        visit_named(&s);
        close(s.own);
        return s.complete;
}
