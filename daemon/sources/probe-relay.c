/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sources/probe-helper.h"

/* Returns: a socket, -ENOTCONN if nobody is there, or -errno. */
static int connect_helper(const Root *root, const char *helper) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd, n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
                             root_helpers(root), helper);

        if (n < 0 || (size_t) n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                int error = -errno;

                close(fd);
                return error == -ENOENT || error == -ECONNREFUSED ? -ENOTCONN : error;
        }
        return fd;
}

static int send_all(int fd, const char *text, size_t size) {
        while (size > 0) {
                ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t) n;
        }
        return shutdown(fd, SHUT_WR) < 0 ? -errno : 0;
}

/* Says one line again, at once: what it is about may be what the next one hangs on. Returns: 1 if it
 * was the last, 0, or -errno. */
static int pass_on(ProbeTask *t, const char *text, size_t size) {
        ProbeLine l;
        int error = probe_line_parse(text, size, &l);

        if (error < 0)
                return error;
        if (l.key == PROBE_KEY_END)
                return 1;
        error = probe_child_say(t, &l);
        if (error == 0 && l.key == PROBE_KEY_AT)
                error = probe_child_flush(t);
        return error;
}

/* Takes in the lines of an answer. Returns: 0 when all has come, or -errno. */
static int pass_lines(ProbeTask *t, FILE *answer) {
        char *line = NULL;
        size_t room = 0;
        int r = 0;

        while (r == 0) {
                ssize_t n = getline(&line, &room, answer);

                if (n <= 0 || line[n - 1] != '\n')
                        r = -EIO; /* it has died */
                else
                        r = pass_on(t, line, (size_t) n - 1);
        }
        free(line);
        return r < 0 ? r : 0;
}

int probe_relay_ask(const ProbeTask *t, const char *helper, unsigned what) {
        int fd = connect_helper(t->root, helper), r;
        size_t size;
        char *text;

        if (fd < 0)
                return fd;
        r = probe_request_format(t, what, &text, &size);
        if (r == 0) {
                r = send_all(fd, text, size);
                free(text);
        }
        if (r == 0)
                return fd;
        close(fd);
        return r;
}

int probe_relay_answer(ProbeTask *t, int fd) {
        FILE *answer = fdopen(fd, "re");
        int r;

        if (!answer) {
                r = -errno;
                close(fd);
                return r;
        }
        r = pass_lines(t, answer);
        fclose(answer);
        return r;
}
