/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "agent.h"

#define AGENT "pkttyagent"
#define REGISTER_LIMIT_MSEC 10000

/* In a session it must not stand in the way of the desktop's agent. Outside of one there is no other,
 * and polkit uses no fallback there (polkitbackendinteractiveauthority.c,
 * get_authentication_agent_for_subject()). */
static const char *fallback(void) {
        return sd_pid_get_session(0, NULL) >= 0 ? "--fallback" : NULL;
}

/* It ends with us, however we end. Returns: its id, or -1. */
static pid_t spawn(int notify_fd) {
        char process[40], notify[40];
        pid_t parent = getpid(), pid;

        snprintf(process, sizeof(process), "--process=%d", (int) parent);
        snprintf(notify, sizeof(notify), "--notify-fd=%d", notify_fd);
        pid = fork();
        if (pid != 0)
                return pid;
        (void) fcntl(notify_fd, F_SETFD, 0);
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
                execlp(AGENT, AGENT, process, notify, fallback(), (char *) NULL);
        _exit(EXIT_FAILURE);
}

static bool is_wanted(const Options *options) {
        return !options->no_ask_password && !options->host && !options->machine &&
               !options->bus_address && geteuid() != 0 && isatty(STDIN_FILENO);
}

void agent_start(Agent *agent, const Options *options) {
        struct pollfd ready = {.events = POLLHUP};
        int ends[2];

        *agent = (Agent){0};
        if (!is_wanted(options) || pipe2(ends, O_CLOEXEC) < 0)
                return;
        /* It closes its end when it is registered, or dies. */
        agent->pid = spawn(ends[1]);
        close(ends[1]);
        ready.fd = ends[0];
        if (agent->pid > 0)
                (void) poll(&ready, 1, REGISTER_LIMIT_MSEC);
        close(ends[0]);
}

void agent_stop(Agent *agent) {
        if (agent->pid <= 0)
                return;
        (void) kill(agent->pid, SIGTERM);
        (void) kill(agent->pid, SIGCONT);
        (void) waitpid(agent->pid, NULL, 0);
        agent->pid = 0;
}
