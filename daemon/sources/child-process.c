/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/child-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

void child_reset_signals(void) {
        sigset_t none;

        for (int s = 1; s < NSIG; s++)
                signal(s, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

void child_keep_only(int a, int b) {
        int low = a < b ? a : b, high = a < b ? b : a;

        if (low > 0)
                close_range(0, (unsigned) low - 1, 0);
        if (high > low + 1)
                close_range((unsigned) low + 1, (unsigned) high - 1, 0);
        close_range((unsigned) high + 1, UINT_MAX, 0);
        for (int fd = 0; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
                        break;
}

static int on_exit_of_child(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        siginfo_t info;

        waitid(P_PIDFD, (id_t) fd, &info, WEXITED | WNOHANG);
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        /* Drops the last reference if it was left to the loop: a floating source is held by that
         * alone. */
        return sd_event_source_set_floating(source, false);
}

int child_watch(sd_event *event, pid_t pid, const char *name, sd_event_source **ret) {
        sd_event_source *source;
        int fd = pidfd_open(pid, 0), r;

        if (fd < 0)
                return -errno;
        r = sd_event_add_io(event, &source, fd, EPOLLIN, on_exit_of_child, NULL);
        if (r < 0) {
                close(fd);
                return r;
        }
        (void) sd_event_source_set_description(source, name);
        (void) sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
        sd_event_source_set_io_fd_own(source, true);
        *ret = source;
        return 0;
}
