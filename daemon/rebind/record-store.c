/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/record-store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for "sets/4294967295" and the like */
#define NAME_ROOM 32

int store_make_directory(int at, const char *path) {
        return mkdirat(at, path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int store_open_root(const char *path) {
        int r = store_make_directory(AT_FDCWD, path), fd;

        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int store_open(int runtime_fd, const char *directory, unsigned id, int flags) {
        char name[NAME_ROOM];
        int fd;

        snprintf(name, sizeof(name), "%s/%u", directory, id);
        fd = openat(runtime_fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
        return fd < 0 ? -errno : fd;
}

static int read_all(int fd, char *text, size_t size, size_t *ret) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, text + done, size - done, (off_t) done);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                if (n > 0)
                        done += (size_t) n;
        }
        *ret = done;
        return 0;
}

int store_read(int fd, char **ret, size_t *ret_size) {
        struct stat st;
        size_t size = 0;
        char *text;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        if (st.st_size > (off_t) RECORD_SIZE_MAX)
                return -EFBIG;
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        r = read_all(fd, text, (size_t) st.st_size, &size);
        if (r < 0) {
                free(text);
                return r;
        }
        text[size] = '\0';
        *ret = text;
        *ret_size = size;
        return 0;
}

int store_write(int fd, const char *text, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return 0;
}

int store_put(int runtime_fd, const char *directory, unsigned id, bool replace, const char *text,
               size_t size) {
        char name[NAME_ROOM], tmp[NAME_ROOM];
        int fd, r;

        snprintf(name, sizeof(name), "%s/%u", directory, id);
        snprintf(tmp, sizeof(tmp), "%s/.new", directory);
        /* What a crash left behind; there is one daemon, so it is nobody's now. */
        if (unlinkat(runtime_fd, tmp, 0) < 0 && errno != ENOENT)
                return -errno;
        fd = openat(runtime_fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = store_write(fd, text, size);
        close(fd);
        if (r == 0 && (replace ? renameat(runtime_fd, tmp, runtime_fd, name)
                               : linkat(runtime_fd, tmp, runtime_fd, name, 0)) < 0)
                r = -errno;
        if (r < 0 || !replace)
                (void) unlinkat(runtime_fd, tmp, 0);
        return r;
}

int store_remove(int runtime_fd, const char *directory, unsigned id) {
        char name[NAME_ROOM];

        snprintf(name, sizeof(name), "%s/%u", directory, id);
        return unlinkat(runtime_fd, name, 0) < 0 ? -errno : 0;
}

/* A name is an id only if it is what we would have printed. */
static bool parse_id(const char *name, unsigned *ret) {
        unsigned long long value = 0;

        if (name[0] == '0' && name[1] != '\0')
                return false;
        for (const char *p = name; *p; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                value = value * 10 + (unsigned) (*p - '0');
                if (value > UINT_MAX)
                        return false;
        }
        *ret = (unsigned) value;
        return name[0] != '\0';
}

static int compare_ids(const void *a, const void *b) {
        unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;

        return (x > y) - (x < y);
}

static int collect_ids(DIR *d, unsigned **ret, size_t *ret_n) {
        unsigned *ids = NULL, id;
        const struct dirent *entry;
        size_t n = 0;

        for (errno = 0; (entry = readdir(d)); errno = 0) {
                unsigned *more;

                if (!parse_id(entry->d_name, &id))
                        continue;
                more = reallocarray(ids, n + 1, sizeof(*ids));
                if (!more) {
                        free(ids);
                        return -ENOMEM;
                }
                ids = more;
                ids[n++] = id;
        }
        if (errno != 0) {
                int r = -errno;

                free(ids);
                return r;
        }
        if (n > 0)
                qsort(ids, n, sizeof(*ids), compare_ids);
        *ret = ids;
        *ret_n = n;
        return 0;
}

int store_list(int runtime_fd, const char *directory, unsigned **ret, size_t *ret_n) {
        DIR *d;
        int fd, r;

        fd = openat(runtime_fd, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        d = fdopendir(fd);
        if (!d) {
                r = -errno;
                close(fd);
                return r;
        }
        r = collect_ids(d, ret, ret_n);
        closedir(d);
        return r;
}

int boot_id_read(char ret[static BOOT_ID_MAX]) {
        char text[BOOT_ID_MAX];
        ssize_t n;
        int fd;

        fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = read(fd, text, sizeof(text));
        close(fd);
        if (n != sizeof(text) || text[BOOT_ID_MAX - 1] != '\n')
                return -EIO;
        text[BOOT_ID_MAX - 1] = '\0';
        memcpy(ret, text, sizeof(text));
        return 0;
}
