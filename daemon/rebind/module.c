/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebind/backend.h"

#define MODULE_NAME_MAX 63

bool driver_name_is_valid(const char *name) {
        size_t length = strlen(name);

        return length > 0 && length <= NAME_MAX && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0 && !strchr(name, '/') && !strchr(name, '\n');
}

bool module_name_is_valid(const char *name) {
        size_t length = strlen(name);

        return length > 0 && length <= MODULE_NAME_MAX &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789_-") == length;
}

int module_load(const char *module) {
        /* No shell, no inherited search path: this runs as root. "--": no name is an option. */
        const char *const argv[] = { "modprobe", "--", module, NULL };
        static const char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
        static const char *const places[] = { "/usr/sbin/modprobe", "/sbin/modprobe",
                                              "/usr/bin/modprobe" };
        int status, r = ENOENT;
        pid_t pid;

        if (!module_name_is_valid(module))
                return -EINVAL;
        for (size_t i = 0; r == ENOENT && i < sizeof(places) / sizeof(places[0]); i++)
                r = posix_spawn(&pid, places[i], NULL, NULL, (char *const *) argv,
                                (char *const *) envp);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOENT;
}
