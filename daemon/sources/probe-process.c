/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sources/child-process.h"

__attribute__((noreturn)) static void child(ProbeTask *task) {
        child_reset_signals();
        child_keep_only(root_fd(task->root), task->fd);
        _exit(probe_child_run(task) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Leaves the child to the loop. */
static int watch(sd_event *event, pid_t pid) {
        sd_event_source *source;
        int r = child_watch(event, pid, "probe-child", &source);

        if (r < 0)
                return r;
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
