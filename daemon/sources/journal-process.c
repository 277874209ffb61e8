/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_bus_error(int number) {
        _exit(EXIT_FAILURE);
}

static void set_signals(void) {
        sigset_t none;

        for (int s = 1; s < NSIG; s++)
                signal(s, SIG_DFL);
        /* A file that shrinks under its mapping is no reason for a core dump. */
        signal(SIGBUS, on_bus_error);
        signal(SIGPIPE, SIG_IGN);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static void keep_only(int fd) {
        if (fd > 0)
                close_range(0, (unsigned) fd - 1, 0);
        close_range((unsigned) fd + 1, UINT_MAX, 0);
        /* Nothing that is opened later may take the place of a standard stream. */
        for (int i = 0; i <= STDERR_FILENO; i++)
                if (fcntl(i, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
                        break;
}

__attribute__((noreturn)) static void child(const JournalTask *task, int fd, pid_t parent) {
        struct rlimit files;

        set_signals();
        keep_only(fd);
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

static int on_exit_of_child(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        siginfo_t info;

        waitid(P_PIDFD, (id_t) fd, &info, WEXITED | WNOHANG);
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        /* Drops the last reference once it was left to the loop. */
        return sd_event_source_set_floating(source, false);
}

/* Lets the loop reap pid. A pidfd asks for no signal to be blocked, unlike sd_event_add_child(). */
static int watch(sd_event *event, pid_t pid, sd_event_source **ret) {
        sd_event_source *source;
        int fd = pidfd_open(pid, 0), r;

        if (fd < 0)
                return -errno;
        r = sd_event_add_io(event, &source, fd, EPOLLIN, on_exit_of_child, NULL);
        if (r < 0) {
                close(fd);
                return r;
        }
        (void) sd_event_source_set_description(source, "journal-child");
        (void) sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
        sd_event_source_set_io_fd_own(source, true);
        *ret = source;
        return 0;
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
        r = watch(event, pid, ret);
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
