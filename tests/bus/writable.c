/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "fake-sysfs.h"
#include "operations.h"
#include "rebind/worker-internal.h"

/*
 * vfiod --root DIR, where prepare and release work: what the worker writes moves links and files
 * below DIR, as the kernel would. Records are kept in DIR.run and DIR.state; while DIR.hang exists, every write
 * hangs. For tests only, and nothing in daemon/ knows of it.
 */

int __real_operations_new(Model *model, const JobContext *jobs, int state_fd, Operations **ret);
int __wrap_operations_new(Model *model, const JobContext *jobs, int state_fd, Operations **ret);

static const char *root, *worker;
static char runtime[4096], state[4096], hang[4096];

int __wrap_operations_new(Model *model, const JobContext *jobs, int state_fd, Operations **ret) {
        JobContext context = *jobs;

        context.runtime_path = runtime;
        context.runtime_fd = runtime_open(runtime);
        return context.runtime_fd < 0 ? context.runtime_fd
                                      : __real_operations_new(model, &context, state_fd, ret);
}

static int wait_while_hanging(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        const struct timespec pause = { .tv_nsec = 10000000 };

        (void) f;
        (void) write;
        (void) a;
        (void) value;
        while (access(hang, F_OK) == 0)
                (void) nanosleep(&pause, NULL);
        return 0;
}

static int run_worker(void) {
        FakeSysfs *f = fake_open(root);
        Backend b = fake_backend(f);
        int r, fd = runtime_open(runtime);

        f->before = wait_while_hanging;
        r = fd < 0 ? fd : worker_run_on(&b, fd, (unsigned) atoi(worker));
        if (fd >= 0)
                close(fd);
        fake_free(f, false);
        return r;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "root", required_argument, NULL, 'r' },
                { "worker", required_argument, NULL, 'w' },
                { "runtime-dir", required_argument, NULL, 'd' },
                { 0 },
        };
        DaemonConfig config = { 0 };

        for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;)
                if (c == 'r')
                        root = optarg;
                else if (c == 'w')
                        worker = optarg;
                else if (c != 'd')
                        return 2;
        if (!root || strlen(root) > 4000)
                return 2;
        snprintf(runtime, sizeof(runtime), "%s.run", root);
        snprintf(state, sizeof(state), "%s.state", root);
        snprintf(hang, sizeof(hang), "%s.hang", root);
        if (mkdir(runtime, 0700) < 0 && errno != EEXIST)
                return 1;
        config.root = root;
        config.runtime = runtime;
        config.state = state;
        return (worker ? run_worker() : daemon_run(&config)) < 0;
}
