/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebind/fault.h"
#include "rebind/record-store.h"

int state_open(const char *path) {
        int fd = store_open_root(path), r;

        if (fd < 0)
                return fd;
        r = store_make_directory(fd, "groups");
        if (r < 0 && r != -EROFS) {
                close(fd);
                return r;
        }
        return fd;
}

/* The name's directory, for what was renamed in it to be on disk. */
static int sync_directory(int state_fd, const char *name) {
        const char *slash = strchr(name, '/');
        char directory[NAME_MAX + 1] = ".";
        int fd, r = 0;

        if (slash)
                snprintf(directory, sizeof(directory), "%.*s", (int) (slash - name), name);
        fd = openat(state_fd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fsync(fd) < 0)
                r = -errno;
        close(fd);
        return r;
}

int state_put(int state_fd, const char *name, const char *text, size_t size) {
        char tmp[PATH_MAX];
        int fd, r;

        snprintf(tmp, sizeof(tmp), "%s.new", name);
        if (unlinkat(state_fd, tmp, 0) < 0 && errno != ENOENT)
                return -errno;
        fault_point("before-state-write");
        fd = openat(state_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = store_write(fd, text, size);
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        close(fd);
        fault_point("before-state-rename");
        if (r == 0 && renameat(state_fd, tmp, state_fd, name) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(state_fd, tmp, 0);
        fault_point("after-state-rename");
        return r < 0 ? r : sync_directory(state_fd, name);
}

int state_get(int state_fd, const char *name, char **ret, size_t *ret_size) {
        int fd = openat(state_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        int r;

        if (fd < 0)
                return -errno;
        r = store_read(fd, ret, ret_size);
        close(fd);
        return r;
}
