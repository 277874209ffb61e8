/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

/* Where journald keeps its files (systemd: src/libsystemd/sd-journal/sd-journal.c,
 * add_search_paths()). */
static const char *const system_directories[] = {"/run/log/journal", "/var/log/journal"};

#define MAX_FDS 4

int journal_wait(int pipe, const int *fds, unsigned n, int timeout_msec) {
        struct pollfd p[MAX_FDS] = {{.fd = pipe}};

        if (n >= MAX_FDS)
                return -EINVAL;
        for (unsigned i = 0; i < n; i++)
                p[i + 1] = (struct pollfd) {.fd = fds[i], .events = POLLIN};
        if (poll(p, n + 1, timeout_msec) < 0)
                return errno == EINTR ? 0 : -errno;
        return p[0].revents ? -EPIPE : 0;
}

/* Watches path, or the nearest directory above it that is there. */
static int watch_nearest(int fd, const char *path) {
        const uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                IN_MASK_ADD | IN_ONLYDIR;
        char at[PATH_MAX];
        int n = snprintf(at, sizeof(at), "%s", path);

        if (n < 0 || (size_t) n >= sizeof(at))
                return -ENAMETOOLONG;
        while (inotify_add_watch(fd, at, mask) < 0) {
                char *slash = strrchr(at, '/');

                if ((errno != ENOENT && errno != ENOTDIR) || !slash || strcmp(at, "/") == 0)
                        return -errno;
                slash[slash == at] = 0;
        }
        return 0;
}

int journal_watch_directories(const char *directory) {
        int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), r = 0;

        if (fd < 0)
                return -errno;
        if (directory)
                r = watch_nearest(fd, directory);
        for (unsigned i = 0; !directory && r == 0 && i < 2; i++)
                r = watch_nearest(fd, system_directories[i]);
        if (r == 0)
                return fd;
        close(fd);
        return r;
}

/* Counts the directories of one place: itself, and the one of this machine in it. */
static unsigned count_at(const char *path) {
        char below[PATH_MAX], id[SD_ID128_STRING_MAX];
        sd_id128_t machine;
        unsigned n = access(path, F_OK) == 0;
        int length;

        if (n == 0 || sd_id128_get_machine(&machine) < 0)
                return n;
        length = snprintf(below, sizeof(below), "%s/%s", path, sd_id128_to_string(machine, id));
        if (length > 0 && (size_t) length < sizeof(below) && access(below, F_OK) == 0)
                n++;
        return n;
}

/* fs/notify/fdinfo.c, inotify_fdinfo(): one line for each watch. */
static unsigned count_watches(int fd) {
        char path[64], line[512];
        unsigned n = 0;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        f = fopen(path, "re");
        if (!f)
                return 0;
        while (fgets(line, sizeof(line), f))
                n += strncmp(line, "inotify wd:", 11) == 0;
        fclose(f);
        return n;
}

unsigned journal_count_directories(const char *directory) {
        unsigned n = 0;

        if (directory)
                return count_at(directory);
        for (unsigned i = 0; i < 2; i++)
                n += count_at(system_directories[i]);
        return n;
}

bool journal_is_watched(int fd, const char *directory) {
        return count_watches(fd) >= journal_count_directories(directory);
}
