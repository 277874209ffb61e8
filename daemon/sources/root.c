/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sources/unreadable.h"

struct Root {
        int fd;
        bool recorded;
        char *helpers;
        Unreadable *unreadable;
};

/* How often a scoped look-up is tried again when a rename somewhere on the system disturbed it. */
#define SCOPED_TRIES 256

static const char *relative(const char *path) {
        while (*path == '/')
                path++;
        return *path ? path : ".";
}

/* Opens path below the root without asking the list of unreadable paths. */
static int open_below(const Root *r, const char *path, int flags) {
        /* openat2() takes nothing beside O_PATH that would have no meaning there. */
        int all = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
        struct open_how how = {
                .flags = (unsigned long long) all,
                .resolve = RESOLVE_NO_MAGICLINKS | (r->recorded ? RESOLVE_IN_ROOT : 0),
        };
        long fd = -1;

        for (int i = 0; i < SCOPED_TRIES; i++) {
                fd = syscall(SYS_openat2, r->fd, relative(path), &how, sizeof(how));
                if (fd >= 0)
                        return (int) fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        /* Before 5.6, or behind a filter that does not know it. There is nothing to be kept inside
         * of on the live host; a recording is not read without protection. */
        if (!r->recorded && (errno == ENOSYS || errno == EPERM)) {
                fd = openat(r->fd, relative(path), all);
                if (fd >= 0)
                        return (int) fd;
        }
        return -errno;
}

int root_new(const char *path, Root **ret) {
        struct stat here, live;
        Root *r = calloc(1, sizeof(*r));
        int error;

        if (!r)
                return -ENOMEM;
        r->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (r->fd < 0 || fstat(r->fd, &here) < 0 || stat("/", &live) < 0) {
                error = -errno;
                root_free(r);
                return error;
        }
        r->recorded = here.st_dev != live.st_dev || here.st_ino != live.st_ino;
        if (r->recorded) {
                int fd = open_below(r, ".unreadable", O_RDONLY);

                error = fd >= 0 ? unreadable_load(fd, r->fd, &r->unreadable) :
                        fd == -ENOENT ? 0 : fd;
                if (error < 0) {
                        root_free(r);
                        return error;
                }
        }
        *ret = r;
        return 0;
}

Root *root_free(Root *r) {
        if (!r)
                return NULL;
        if (r->fd >= 0)
                close(r->fd);
        unreadable_free(r->unreadable);
        free(r->helpers);
        free(r);
        return NULL;
}

int root_set_helpers(Root *r, const char *directory) {
        char *copy = directory ? strdup(directory) : NULL;

        if (directory && !copy)
                return -ENOMEM;
        free(r->helpers);
        r->helpers = copy;
        return 0;
}

const char *root_helpers(const Root *r) {
        return r->helpers;
}

bool root_is_recorded(const Root *r) {
        return r->recorded;
}

bool root_has_unreadable(const Root *r) {
        return r->unreadable;
}

int root_fd(const Root *r) {
        return r->fd;
}

Fact fact_of_error(int error) {
        return error == -ENOENT || error == -ENOTDIR ? FACT_ABSENT : FACT_UNKNOWN;
}

/* Returns: 0, or the -errno that path is recorded to fail with. The directory that holds the last
 * component is resolved; the component itself may not exist at all. */
static int check_path(const Root *r, const char *path) {
        const char *slash = strrchr(path, '/');
        char parent[PATH_MAX];
        int error, fd;

        if (!r->unreadable)
                return 0;
        error = unreadable_find(r->unreadable, path);
        if (error < 0 || !slash || (size_t) (slash - path) >= sizeof(parent))
                return error;
        memcpy(parent, path, (size_t) (slash - path));
        parent[slash - path] = 0;
        fd = open_below(r, parent, O_PATH | O_DIRECTORY);
        if (fd < 0)
                return 0;
        error = unreadable_find_at(r->unreadable, fd, slash + 1);
        close(fd);
        return error;
}

static int check_at(const Root *r, int directory, const char *name) {
        return r->unreadable ? unreadable_find_at(r->unreadable, directory, name) : 0;
}

/* Ends what was read: NUL, without one trailing newline. Returns: the length. */
static ssize_t finish(char *buffer, size_t n) {
        if (n > 0 && buffer[n - 1] == '\n')
                n--;
        buffer[n] = 0;
        return (ssize_t) n;
}

/* Reads until the end or until the buffer is full; once: with a single read(). Closes fd. */
static ssize_t read_and_close(int fd, char *buffer, size_t size, bool once) {
        size_t n = 0;
        ssize_t k = 0;
        int error = 0;

        while (n < size) {
                k = read(fd, buffer + n, size - n);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        error = -errno;
                if (k <= 0)
                        break;
                n += (size_t) k;
                if (once)
                        break;
        }
        close(fd);
        if (error < 0)
                return error;
        if (n == size) {
                buffer[size - 1] = 0;
                return -E2BIG;
        }
        return finish(buffer, n);
}

ssize_t root_read(const Root *r, const char *path, char *buffer, size_t size) {
        int fd = root_open(r, path, O_RDONLY);

        return fd < 0 ? fd : read_and_close(fd, buffer, size, false);
}

ssize_t root_read_at(const Root *r, int directory, const char *name, char *buffer, size_t size) {
        int fd = check_at(r, directory, name);

        if (fd < 0)
                return fd;
        fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
        return fd < 0 ? -errno : read_and_close(fd, buffer, size, true);
}

static ssize_t link_at(int directory, const char *name, char *buffer, size_t size) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(directory, name, target, sizeof(target));

        if (n < 0)
                return -errno;
        if ((size_t) n >= sizeof(target) || (size_t) n >= size)
                return -E2BIG;
        memcpy(buffer, target, (size_t) n);
        buffer[n] = 0;
        return n;
}

ssize_t root_read_link(const Root *r, const char *path, char *buffer, size_t size) {
        int fd = root_open(r, path, O_PATH | O_NOFOLLOW);
        ssize_t n;

        if (fd < 0)
                return fd;
        n = link_at(fd, "", buffer, size);
        close(fd);
        /* What is there but is no link answers ENOENT to an empty name. */
        return n == -ENOENT ? -EINVAL : n;
}

/* Cuts a link's target down to its last component. */
static ssize_t last_component(const char *target, ssize_t n, char *buffer, size_t size) {
        const char *slash;

        if (n < 0)
                return n;
        slash = strrchr(target, '/');
        if (slash)
                target = slash + 1;
        if (strlen(target) >= size)
                return -E2BIG;
        strcpy(buffer, target);
        return (ssize_t) strlen(buffer);
}

ssize_t root_read_link_name(const Root *r, const char *path, char *buffer, size_t size) {
        char target[PATH_MAX];
        ssize_t n = root_read_link(r, path, target, sizeof(target));

        return last_component(target, n, buffer, size);
}

ssize_t root_read_link_name_at(const Root *r, int directory, const char *name, char *buffer,
                               size_t size) {
        char target[PATH_MAX];
        int error = check_at(r, directory, name);

        if (error < 0)
                return error;
        return last_component(target, link_at(directory, name, target, sizeof(target)), buffer,
                              size);
}

Fact root_exists(const Root *r, const char *path) {
        int fd = root_open(r, path, O_PATH | O_NOFOLLOW);

        if (fd < 0)
                return fact_of_error(fd);
        close(fd);
        return FACT_PRESENT;
}

Fact root_exists_at(const Root *r, int directory, const char *name) {
        struct stat st;

        if (check_at(r, directory, name) < 0)
                return FACT_UNKNOWN;
        if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fact_of_error(-errno);
        return FACT_PRESENT;
}

int root_open(const Root *r, const char *path, int flags) {
        int error = check_path(r, path);

        return error < 0 ? error : open_below(r, path, flags);
}

int root_open_directory_at(const Root *r, int directory, const char *path) {
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
        };
        long fd = check_at(r, directory, path);

        if (fd < 0)
                return (int) fd;
        fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
        if (fd < 0 && !r->recorded && (errno == ENOSYS || errno == EPERM))
                fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        return fd < 0 ? -errno : (int) fd;
}

int root_opendir(const Root *r, const char *path, DIR **ret) {
        int fd = root_open(r, path, O_RDONLY | O_DIRECTORY);
        DIR *d;

        if (fd < 0)
                return fd;
        d = fdopendir(fd);
        if (!d) {
                int error = -errno;

                close(fd);
                return error;
        }
        *ret = d;
        return 0;
}

int root_list(int directory, RootEntry entry, void *userdata) {
        /* Large enough for all entries of a PCI device in one call. */
        _Alignas(struct dirent64) char buffer[16384];

        for (;;) {
                ssize_t n = getdents64(directory, buffer, sizeof(buffer));

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                for (ssize_t i = 0; i < n;) {
                        const struct dirent64 *d = (const struct dirent64 *) (buffer + i);
                        int error;

                        i += d->d_reclen;
                        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
                                continue;
                        error = entry(d->d_name, d->d_type, userdata);
                        if (error != 0)
                                return error;
                }
        }
}
