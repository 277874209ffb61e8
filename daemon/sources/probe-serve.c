/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sources/probe-helper.h"

/* Without a request for so long, and without a child, it ends; the next request starts it again. */
#define IDLE_MS 30000
/* A request is there as soon as the connection is. */
#define REQUEST_SECONDS 10
/* The longest one there is */
#define REQUEST_SIZE_MAX (64 + PROBE_REQUEST_MAX * (ADDRESS_TEXT_MAX + 12))

static bool is_root(int fd) {
        struct ucred peer;
        socklen_t size = sizeof(peer);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

/* Reads to the end. Returns: 0 and the text, or -errno. */
static int read_request(int fd, char **ret, size_t *ret_size) {
        size_t size = 0, room = 0;
        char *text = NULL;

        for (;;) {
                ssize_t n;

                if (size == room) {
                        char *grown = room < REQUEST_SIZE_MAX ? realloc(text, 2 * room + 4096)
                                                              : NULL;

                        if (!grown) {
                                free(text);
                                return -ENOMEM;
                        }
                        text = grown;
                        room = 2 * room + 4096;
                }
                n = read(fd, text + size, room - size);
                if (n < 0 && errno != EINTR) {
                        int error = -errno;

                        free(text);
                        return error;
                }
                if (n == 0)
                        break;
                if (n > 0)
                        size += (size_t) n;
        }
        *ret = text;
        *ret_size = size;
        return 0;
}

static int read_and_parse(int fd, ProbeRequest *ret) {
        size_t size = 0;
        char *text = NULL;
        int r;

        (void) alarm(REQUEST_SECONDS);
        r = read_request(fd, &text, &size);
        (void) alarm(0); /* from here on it may take as long as the kernel does */
        if (r == 0)
                r = probe_request_parse(text, size, ret);
        free(text);
        return r;
}

/* The child of one request. Returns: 0 or -errno. */
static int answer(const Root *root, int fd) {
        ProbeRequest request = { 0 };
        ProbeTask *t;
        int r = is_root(fd) ? read_and_parse(fd, &request) : -EPERM;

        if (r < 0)
                return r;
        (void) signal(SIGPIPE, SIG_IGN);
        t = calloc(1, sizeof(*t));
        if (t) {
                *t = (ProbeTask) { .root = root, .fd = fd, .what = request.what,
                                   .devices = request.devices, .n_devices = request.n_devices,
                                   .groups = request.groups, .n_groups = request.n_groups };
                r = probe_child_run(t);
        } else
                r = -ENOMEM;
        free(t);
        probe_request_clear(&request);
        return r;
}

static void serve_one(const Root *root, int listen_fd) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return;
        if (fork() == 0) {
                (void) signal(SIGCHLD, SIG_DFL);
                close(listen_fd);
                _exit(answer(root, fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        }
        close(fd); /* where no child could be had, that is the answer */
}

/* Returns: true if a child is left. There is never one to reap: see probe_serve(). */
static bool is_busy(void) {
        return waitpid(-1, NULL, WNOHANG) == 0;
}

int probe_serve(const Root *root, int listen_fd) {
        /* How a child ends is said by its answer: the kernel need not keep it for us. */
        if (signal(SIGCHLD, SIG_IGN) == SIG_ERR)
                return -errno;
        for (;;) {
                struct pollfd p = { .fd = listen_fd, .events = POLLIN };
                int n = poll(&p, 1, IDLE_MS);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0 && !is_busy())
                        return 0;
                if (n > 0)
                        serve_one(root, listen_fd);
        }
}
