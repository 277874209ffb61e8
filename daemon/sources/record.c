/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any attribute in the list has. */
#define CONTENT_MAX 65536

int record_line(Recording *r, char kind, const char *path, const char *value) {
        RecordLine line = {.kind = kind};

        while (*path == '/')
                path++;
        if (r->n_lines == r->size) {
                size_t size = r->size ? 2 * r->size : 256;
                RecordLine *lines = reallocarray(r->lines, size, sizeof(*lines));

                if (!lines)
                        return -ENOMEM;
                r->lines = lines;
                r->size = size;
        }
        line.path = strdup(path);
        line.value = value ? strdup(value) : NULL;
        if (!line.path || (value && !line.value)) {
                free(line.path);
                free(line.value);
                return -ENOMEM;
        }
        r->lines[r->n_lines++] = line;
        return 0;
}

/* What failed is not there, or cannot be read. Returns: 0 or -ENOMEM. */
static int record_error(Recording *r, const char *path, int error) {
        const char *name = strerrorname_np(-error);

        if (fact_of_error(error) == FACT_ABSENT)
                return 0;
        return record_line(r, 'u', path, name ? name : "EIO");
}

int record_file(Recording *r, const char *path) {
        static char content[CONTENT_MAX];
        int fd = root_open(r->root, path, O_RDONLY), error = 0;
        size_t n = 0;
        ssize_t k;
        char *text;

        if (fd < 0)
                return record_error(r, path, fd);
        /* Not root_read(): a recording keeps the newline at the end. */
        while ((k = read(fd, content + n, sizeof(content) - 1 - n)) != 0) {
                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        error = -errno;
                if (k < 0)
                        break;
                n += (size_t) k;
        }
        close(fd);
        if (error < 0)
                return record_error(r, path, error);
        content[n] = 0;
        text = redact(content, r->host_name);
        if (!text)
                return -ENOMEM;
        error = record_line(r, 'f', path, text);
        free(text);
        return error < 0 ? error : 1;
}

int record_link(Recording *r, const char *path) {
        char target[PATH_MAX];
        ssize_t n = root_read_link(r->root, path, target, sizeof(target));
        int error;

        if (n < 0)
                return record_error(r, path, (int) n);
        error = record_line(r, 'l', path, target);
        return error < 0 ? error : 1;
}

int record_directory(Recording *r, const char *path) {
        int fd = root_open(r->root, path, O_RDONLY | O_DIRECTORY), error;

        if (fd < 0)
                return record_error(r, path, fd);
        close(fd);
        error = record_line(r, 'd', path, NULL);
        return error < 0 ? error : 1;
}

typedef struct List {
        Recording *recording;
        const char *directory;
        int (*entry)(Recording *r, const char *directory, const char *name);
} List;

static int list_entry(const char *name, unsigned char type, void *userdata) {
        const List *l = userdata;
        int error = l->entry(l->recording, l->directory, name);

        return error < 0 ? error : 0;
}

int record_list(Recording *r, const char *path, int (*entry)(Recording *r, const char *directory,
                                                             const char *name)) {
        List l = {r, path, entry};
        int fd = root_open(r->root, path, O_RDONLY | O_DIRECTORY), error;

        if (fd < 0)
                return 0;
        error = root_list(fd, list_entry, &l);
        close(fd);
        return error == -ENOMEM ? error : 0;
}

bool record_target(Recording *r, const char *path, char *buffer, size_t size) {
        char target[PATH_MAX];
        const char *t = target;

        if (root_read_link(r->root, path, target, sizeof(target)) < 0)
                return false;
        while (strncmp(t, "../", 3) == 0)
                t += 3;
        return (size_t) snprintf(buffer, size, "/sys/%s", t) < size;
}

static int compare_lines(const void *a, const void *b) {
        const RecordLine *x = a, *y = b;
        int order = strcmp(x->path, y->path);

        return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

void record_escape(FILE *f, const char *text, size_t n, bool word) {
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char) text[i];

                if (c == '\n' || c == '\t' || c == '\\')
                        fprintf(f, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
                else if (c < ' ' || c > '~' || (c == ' ' && (word || i == 0 || i == n - 1)))
                        fprintf(f, "\\x%02x", c);
                else
                        fputc(c, f);
        }
}

static void write_lines(Recording *r, FILE *f) {
        if (r->n_lines > 1)
                qsort(r->lines, r->n_lines, sizeof(*r->lines), compare_lines);
        for (size_t i = 0; i < r->n_lines; i++) {
                const RecordLine *l = &r->lines[i];

                if (i > 0 && strcmp(l->path, l[-1].path) == 0)
                        continue;
                fprintf(f, "%c ", l->kind);
                record_escape(f, l->path, strlen(l->path), true);
                if (l->kind == 'l')
                        fputs(" -> ", f);
                else if (l->value)
                        fputs(*l->value ? " = " : " =", f);
                if (l->value)
                        record_escape(f, l->value, strlen(l->value), false);
                fputc('\n', f);
        }
}

int record_write(Recording *r, const RecordLog *log, int fd) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), failed, error;
        FILE *f = copy < 0 ? NULL : fdopen(copy, "w");

        if (!f) {
                failed = errno;
                if (copy >= 0)
                        close(copy);
                return -failed;
        }
        write_lines(r, f);
        error = record_log_write(log, r->host_name, f);
        errno = 0;
        failed = ferror(f) | (fflush(f) != 0);
        failed = failed ? (errno > 0 ? errno : EIO) : 0;
        fclose(f);
        return error < 0 ? error : -failed;
}

int record_host(const Root *root, int fd, RecordedLog *ret_log) {
        Recording r = {.root = root};
        RecordLog *log = NULL;
        int error;

        if (root_read(root, "/proc/sys/kernel/hostname", r.host_name, sizeof(r.host_name)) < 0)
                r.host_name[0] = 0;
        error = record_system(&r);
        if (error == 0)
                error = record_pci(&r);
        if (error == 0)
                error = record_holders(&r);
        if (error == 0)
                error = record_config(&r);
        if (error == 0)
                error = record_setup(&r);
        if (error == 0)
                error = record_log_new(root, NULL, &log);
        if (error == 0)
                error = record_write(&r, log, fd);
        if (error == 0)
                *ret_log = (RecordedLog) {record_log_complete(log), record_log_left_out(log)};
        record_log_free(log);
        for (size_t i = 0; i < r.n_lines; i++) {
                free(r.lines[i].path);
                free(r.lines[i].value);
        }
        free(r.lines);
        return error;
}
