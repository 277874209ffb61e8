/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/job-spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8

/* What the service manager told the daemon alone. */
static bool is_daemons_own(const char *variable) {
        static const char *const prefixes[] = { "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_" };

        for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
                if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
                        return true;
        return false;
}

/* The caller frees the array, not the strings. NULL when memory is short. */
static char **worker_environment(void) {
        size_t n = 0, kept = 0;
        char **result;

        while (environ && environ[n])
                n++;
        result = calloc(n + 1, sizeof(*result));
        if (!result)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (!is_daemons_own(environ[i]))
                        result[kept++] = environ[i];
        return result;
}

static int set_up(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *files) {
        sigset_t none, all;
        int r;

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        r = posix_spawnattr_setsigmask(attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setsigdefault(attributes, &all);
        if (r == 0)
                r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                             POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
        return -r;
}

static int spawn(const char *executable, char **argv, pid_t *ret) {
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        char **environment;
        int r;

        r = -posix_spawnattr_init(&attributes);
        if (r < 0)
                return r;
        r = -posix_spawn_file_actions_init(&files);
        if (r < 0) {
                (void) posix_spawnattr_destroy(&attributes);
                return r;
        }
        environment = worker_environment();
        r = environment ? set_up(&attributes, &files) : -ENOMEM;
        if (r >= 0)
                r = -posix_spawn(ret, executable, &files, &attributes, argv, environment);
        free(environment);
        (void) posix_spawn_file_actions_destroy(&files);
        (void) posix_spawnattr_destroy(&attributes);
        return r;
}

int worker_spawn(const char *executable, const char *root_path, const char *runtime_path,
                 unsigned id, pid_t *ret_pid, int *ret_pidfd) {
        const char *argv[ARGUMENTS_MAX];
        char number[16];
        size_t n = 0;
        pid_t pid;
        int r;

        snprintf(number, sizeof(number), "%u", id);
        argv[n++] = "vfiod";
        argv[n++] = "--worker";
        argv[n++] = number;
        if (root_path && strcmp(root_path, "/") != 0) {
                argv[n++] = "--root";
                argv[n++] = root_path;
        }
        argv[n++] = "--runtime-dir";
        argv[n++] = runtime_path;
        argv[n] = NULL;
        r = spawn(executable, (char **) argv, &pid);
        if (r < 0)
                return r;
        *ret_pid = pid;
        *ret_pidfd = pidfd_open(pid, 0);
        return 0;
}
