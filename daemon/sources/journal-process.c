/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sources/child-process.h"

static void on_bus_error(int number) {
        _exit(EXIT_FAILURE);
}

static void set_signals(void) {
        child_reset_signals();
        /* A file that shrinks under its mapping is no reason for a core dump. */
        signal(SIGBUS, on_bus_error);
        signal(SIGPIPE, SIG_IGN);
}

__attribute__((noreturn)) static void child(const JournalTask *task, int fd, pid_t parent) {
        struct rlimit files;

        set_signals();
        child_keep_only(fd, fd);
        (void) prctl(PR_SET_NAME, "vfiod-journal");
        /* It never writes anywhere but into the pipe, so it can be killed at any point. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(EXIT_FAILURE);
        /* A journal may have hundreds of files, and all are held open. */
        if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        _exit(journal_child_run(task, fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int journal_process_start(sd_event *event, const JournalTask *task, sd_event_source **ret) {
        pid_t self = getpid(), pid;
        int pipes[2], r;

        if (pipe2(pipes, O_CLOEXEC) < 0)
                return -errno;
        if (fcntl(pipes[0], F_SETFL, O_NONBLOCK) < 0) {
                r = -errno;
                goto fail;
        }
        pid = fork();
        if (pid < 0) {
                r = -errno;
                goto fail;
        }
        if (pid == 0)
                child(task, pipes[1], self);
        r = child_watch(event, pid, "journal-child", ret);
        if (r < 0) {
                /* It cannot be gone: nobody but us reaps it. */
                kill(pid, SIGKILL);
                waitpid(pid, NULL, 0);
                goto fail;
        }
        close(pipes[1]);
        return pipes[0];
fail:
        close(pipes[0]);
        close(pipes[1]);
        return r;
}

sd_event_source *journal_process_end(sd_event_source *process) {
        int enabled;

        if (!process)
                return NULL;
        if (sd_event_source_get_enabled(process, &enabled) > 0) {
                (void) pidfd_send_signal(sd_event_source_get_io_fd(process), SIGKILL, NULL, 0);
                (void) sd_event_source_set_floating(process, true);
        }
        sd_event_source_unref(process);
        return NULL;
}
