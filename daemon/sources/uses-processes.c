/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/uses-processes.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

typedef struct Walk {
        const Root *root;
        Processes *p;
        int directory; /* /proc/PID/fd of the process looked at */
        pid_t pid;
        char command[COMMAND_MAX];
} Walk;

/* Nodes that stand for no device that could be taken away. */
static bool is_dull(const char *target) {
        static const char *const prefixes[] = {
                "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
                "/dev/pts/", "/dev/ptmx", "/dev/fuse", "/dev/kmsg", "/dev/console", "/dev/shm/",
                "/dev/mqueue", "/dev/input/", "/dev/uinput", "/dev/vfio/", "/dev/kvm", "/dev/net/",
                "/dev/hugepages", "/dev/log", "/dev/autofs",
        };

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
                if (strncmp(target, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

/* Connections are looked at only of those whose connections say something about the host. */
static bool has_telling_sockets(const char *command) {
        return strncmp(command, "sshd", 4) == 0 || strcmp(command, "nbd-client") == 0;
}

static int add_file(Walk *w, const char *name, const char *target) {
        OpenFile *grown, *f;
        struct stat st;

        grown = reallocarray(w->p->files, w->p->n_files + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        w->p->files = grown;
        f = &grown[w->p->n_files];
        *f = (OpenFile){ .pid = w->pid, .target = strdup(target) };
        if (!f->target)
                return -ENOMEM;
        memcpy(f->command, w->command, sizeof(f->command));
        w->p->n_files++;
        /* A node of /dev is in memory: looking at it asks nobody. */
        if (root_is_recorded(w->root) || target[0] != '/' ||
            fstatat(w->directory, name, &st, 0) < 0)
                return 0;
        f->kind = S_ISBLK(st.st_mode) ? 'b' : S_ISCHR(st.st_mode) ? 'c' : 0;
        f->major = major(st.st_rdev);
        f->minor = minor(st.st_rdev);
        return 0;
}

static int look_at_file(const char *name, unsigned char type, void *userdata) {
        Walk *w = userdata;
        char target[PATH_MAX];
        ssize_t n = readlinkat(w->directory, name, target, sizeof(target) - 1);

        if (n < 0)
                return 0;
        target[n] = 0;
        if ((strncmp(target, "/dev/", 5) == 0 && !is_dull(target)) ||
            (strncmp(target, "socket:[", 8) == 0 && has_telling_sockets(w->command)))
                return add_file(w, name, target);
        return 0;
}

static bool is_gone(int error) {
        return error == -ENOENT || error == -ESRCH;
}

static void note_missed(Walk *w, int error) {
        if (w->p->files_complete)
                snprintf(w->p->missed, sizeof(w->p->missed), "/proc/%d/fd: %s", (int) w->pid,
                         strerror(-error));
        w->p->files_complete = false;
}

static int look_at_files(Walk *w) {
        char path[64];
        int r;

        snprintf(path, sizeof(path), "/proc/%d/fd", (int) w->pid);
        w->directory = root_open(w->root, path, O_RDONLY | O_DIRECTORY);
        r = w->directory;
        if (r >= 0) {
                r = root_list(w->directory, look_at_file, w);
                close(w->directory);
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0 && !is_gone(r))
                note_missed(w, r);
        return 0;
}

/* Notes the process's name space unless it is known already. Returns: 0 or -ENOMEM. */
static int look_at_namespace(Walk *w, const char *kind, Namespaces *n) {
        char path[64], name[64];
        Namespace *grown;
        ssize_t r;

        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int) w->pid, kind);
        r = root_read_link(w->root, path, name, sizeof(name));
        if (r < 0) {
                /* A process that has ended and is still listed has links that lead nowhere, which
                 * root_read_link() tells by EINVAL (fs/nsfs.c, ns_get_name(): ENOENT). */
                if (!is_gone((int) r) && r != -EINVAL)
                        n->complete = false;
                return 0;
        }
        for (size_t i = 0; i < n->n_items; i++)
                if (strcmp(n->items[i].name, name) == 0)
                        return 0;
        grown = reallocarray(n->items, n->n_items + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        n->items = grown;
        grown += n->n_items;
        *grown = (Namespace){ .name = strdup(name), .pid = w->pid };
        if (!grown->name)
                return -ENOMEM;
        memcpy(grown->command, w->command, sizeof(grown->command));
        n->n_items++;
        return 0;
}

static int look_at_process(const char *name, unsigned char type, void *userdata) {
        Walk *w = userdata;
        char path[64];
        int r;

        if (strlen(name) > 10 || name[strspn(name, "0123456789")] != 0)
                return 0;
        w->pid = (pid_t) strtoul(name, NULL, 10);
        snprintf(path, sizeof(path), "/proc/%d/comm", (int) w->pid);
        if (root_read(w->root, path, w->command, sizeof(w->command)) < 0)
                w->command[0] = 0;
        r = look_at_namespace(w, "mnt", &w->p->mounts);
        if (r == 0)
                r = look_at_namespace(w, "net", &w->p->networks);
        if (r < 0 || (!root_is_recorded(w->root) && (w->pid == getpid() || w->pid == getppid())))
                return r;
        return look_at_files(w);
}

/* That of the host, which process 1 lives in, and our own, which may be a copy of it made for this
 * program alone: not those of others. Returns: how many are known, or -ENOMEM. */
static int begin_namespace(Walk *w, const char *kind, Namespaces *n) {
        int r;

        n->complete = true;
        if (root_is_recorded(w->root))
                return 0;
        w->pid = 1;
        r = look_at_namespace(w, kind, n);
        n->complete = true; /* the walk comes to it again */
        w->pid = getpid();
        if (r == 0)
                r = look_at_namespace(w, kind, n);
        return r < 0 ? r : (int) n->n_items;
}

/* Takes the first ones out again. */
static void end_namespace(Namespaces *n, int known) {
        for (int i = 0; i < known; i++)
                free(n->items[i].name);
        n->n_items -= (size_t) known;
        memmove(n->items, n->items + known, n->n_items * sizeof(*n->items));
}

int processes_load(const Root *root, Processes *ret) {
        Processes p = { .files_complete = true };
        Walk w = { .root = root, .p = &p };
        int mounts = begin_namespace(&w, "mnt", &p.mounts);
        int networks = mounts < 0 ? mounts : begin_namespace(&w, "net", &p.networks);
        int fd = networks < 0 ? networks : root_open(root, "/proc", O_RDONLY | O_DIRECTORY), r;

        if (fd >= 0) {
                r = root_list(fd, look_at_process, &w);
                close(fd);
        } else {
                r = fd;
        }
        if (r == -ENOMEM) {
                processes_clear(&p);
                return r;
        }
        /* hidepid= and ProtectProc= leave out the processes of others altogether. */
        if (r < 0 || (!root_is_recorded(root) && root_exists(root, "/proc/1") != FACT_PRESENT)) {
                w.pid = 1;
                note_missed(&w, r < 0 ? r : -EACCES);
                p.mounts.complete = p.networks.complete = false;
        }
        if (p.mounts.n_items > 0)
                end_namespace(&p.mounts, mounts);
        if (p.networks.n_items > 0)
                end_namespace(&p.networks, networks);
        *ret = p;
        return 0;
}

static void namespaces_clear(Namespaces *n) {
        for (size_t i = 0; i < n->n_items; i++)
                free(n->items[i].name);
        free(n->items);
}

void processes_clear(Processes *p) {
        for (size_t i = 0; i < p->n_files; i++)
                free(p->files[i].target);
        free(p->files);
        namespaces_clear(&p->mounts);
        namespaces_clear(&p->networks);
        *p = (Processes){ 0 };
}

typedef struct Search {
        const Root *root;
        const char *kind;
        Namespace *wanted;
} Search;

static int compare_namespace(const char *pid, unsigned char type, void *userdata) {
        const Search *s = userdata;
        char path[64], name[64];

        if (strlen(pid) > 10 || pid[strspn(pid, "0123456789")] != 0)
                return 0;
        snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, s->kind);
        if (root_read_link(s->root, path, name, sizeof(name)) < 0 ||
            strcmp(name, s->wanted->name) != 0 ||
            strtoul(pid, NULL, 10) == (unsigned long) s->wanted->pid)
                return 0;
        s->wanted->pid = (pid_t) strtoul(pid, NULL, 10);
        snprintf(path, sizeof(path), "/proc/%s/comm", pid);
        if (root_read(s->root, path, s->wanted->command, COMMAND_MAX) < 0)
                s->wanted->command[0] = 0;
        return 1;
}

bool processes_find_other(const Root *root, const char *kind, Namespace *n) {
        Search s = { root, kind, n };
        int fd = root_open(root, "/proc", O_RDONLY | O_DIRECTORY), r;

        if (fd < 0)
                return false;
        r = root_list(fd, compare_namespace, &s);
        close(fd);
        return r == 1;
}
