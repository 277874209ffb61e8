/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Closes all but two descriptors; what a hanging child holds open, it holds for as long. */
static void close_others(int a, int b) {
        int low = a < b ? a : b, high = a < b ? b : a;

        if (low > 0)
                close_range(0, (unsigned) low - 1, 0);
        if (high > low + 1)
                close_range((unsigned) low + 1, (unsigned) high - 1, 0);
        close_range((unsigned) high + 1, UINT_MAX, 0);
        /* Nothing that is opened later may take the place of a standard stream. */
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
                        break;
}

__attribute__((noreturn)) static void child(ProbeTask *task) {
        sigset_t none;

        for (int s = 1; s < NSIG; s++)
                signal(s, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close_others(root_fd(task->root), task->fd);
        _exit(probe_child_run(task) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int on_exit_of_child(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        siginfo_t info;

        waitid(P_PIDFD, (id_t) fd, &info, WEXITED | WNOHANG);
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        /* Drops the last reference: a floating source is held by its loop alone. */
        return sd_event_source_set_floating(source, false);
}

/* Lets the loop reap pid. A pidfd asks for no signal to be blocked, unlike sd_event_add_child(). */
static int watch(sd_event *event, pid_t pid) {
        sd_event_source *source;
        int fd = pidfd_open(pid, 0), r;

        if (fd < 0)
                return -errno;
        r = sd_event_add_io(event, &source, fd, EPOLLIN, on_exit_of_child, NULL);
        if (r < 0) {
                close(fd);
                return r;
        }
        (void) sd_event_source_set_description(source, "probe-child");
        (void) sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
        sd_event_source_set_io_fd_own(source, true);
        r = sd_event_source_set_floating(source, true);
        sd_event_source_unref(source);
        return r;
}

int probe_process_start(sd_event *event, ProbeTask *task) {
        int pipes[2], r;
        pid_t pid;

        if (pipe2(pipes, O_CLOEXEC) < 0)
                return -errno;
        if (fcntl(pipes[0], F_SETFL, O_NONBLOCK) < 0) {
                r = -errno;
                goto fail;
        }
        task->fd = pipes[1];
        pid = fork();
        if (pid < 0) {
                r = -errno;
                goto fail;
        }
        if (pid == 0)
                child(task);
        close(pipes[1]);
        r = watch(event, pid);
        if (r < 0) {
                /* It has not read anything yet that could hang: its pipe breaks, and it ends. */
                close(pipes[0]);
                return r;
        }
        return pipes[0];
fail:
        close(pipes[0]);
        close(pipes[1]);
        return r;
}
