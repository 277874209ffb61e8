/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sources/probe-helper.h"
#include "sources/probe.h"
#include "test-sources-tree.h"

/* A probe of which helpers read a part: what is asked of one comes from the tree that it reads. */

static const Address device = { .bus = 1 };

static Tree make_tree(const char *text) {
        Tree t = tree_new();

        tree_file(&t, "sys/bus/pci/devices/0000:01:00.0/driver_override", text);
        tree_file(&t, "sys/kernel/iommu_groups/15/type", text);
        return t;
}

/* Runs a helper that reads that tree, on a socket. Returns: its process. */
static pid_t start_helper(const char *directory, const char *name, const char *tree) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        Root *root;
        pid_t pid;

        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", directory, name);
        CHECK(fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0);
        CHECK(listen(fd, 16) == 0);
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
                CHECK(root_new(tree, &root) == 0);
                _exit(probe_serve(root, fd) == 0 ? 0 : 1);
        }
        close(fd);
        return pid;
}

static void stop_helper(pid_t pid) {
        CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

/* Aborts unless the children of the helper are gone soon, although nobody asks it anything more. */
static void expect_childless(pid_t pid) {
        const struct timespec moment = { .tv_nsec = 20000000 };
        char path[64], text[64];
        size_t n = 1;

        snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) pid, (int) pid);
        for (int i = 0; i < 250 && n > 0; i++) {
                FILE *f = fopen(path, "re");

                CHECK(f);
                n = fread(text, 1, sizeof(text), f);
                fclose(f);
                CHECK(n == 0 || nanosleep(&moment, NULL) == 0);
        }
        CHECK(n == 0);
}

/* Runs a task here. Returns: what it wrote, which the caller frees; and its result. */
static char *run(const Root *root, unsigned what, int *ret) {
        static const unsigned group = 15;
        ProbeTask *t = calloc(1, sizeof(*t));
        char *text = calloc(1, 65536);

        CHECK(t && text);
        *t = (ProbeTask) { .root = root, .what = what, .devices = &device, .n_devices = 1,
                           .groups = &group, .n_groups = 1, .fd = memfd_create("lines", 0) };
        CHECK(t->fd >= 0);
        *ret = probe_child_run(t);
        CHECK(pread(t->fd, text, 65535, 0) >= 0);
        close(t->fd);
        free(t);
        return text;
}

/* Aborts unless the text has both. */
static void expect_words(char *text, const char *first, const char *second) {
        if (!strstr(text, first) || !strstr(text, second)) {
                fprintf(stderr, "%s\nhas no %s or no %s\n", text, first, second);
                abort();
        }
        free(text);
}

int main(void) {
        Tree own = make_tree("XOWN\n"), facts = make_tree("helper\n"), directory = tree_new();
        const unsigned what = PROBE_DEVICES | PROBE_GROUPS | PROBE_HOLDERS;
        char *text;
        Root *root;
        pid_t pid;
        int r;

        (void) signal(SIGPIPE, SIG_IGN);
        CHECK(root_new(own.path, &root) == 0 && !root_helpers(root));

        /* Nobody to ask: what can be read here has to do. */
        CHECK(root_set_helpers(root, directory.path) == 0);
        text = run(root, what, &r);
        CHECK(r == 0 && !strstr(text, "helper"));
        expect_words(text, "XOWN", "end");

        pid = start_helper(directory.path, PROBE_HELPER_FACTS, facts.path);
        text = run(root, what, &r);
        CHECK(r == 0 && !strstr(text, "XOWN"));
        expect_words(text, "helper", "end");
        /* And again: it serves more than one. */
        text = run(root, PROBE_GROUPS, &r);
        CHECK(r == 0 && !strstr(text, "0000:01:00.0"));
        expect_words(text, "helper", "end");
        expect_childless(pid);
        stop_helper(pid);

        /* Its socket is there and it is not. */
        text = run(root, what, &r);
        CHECK(r == 0);
        expect_words(text, "XOWN", "end");

        CHECK(root_set_helpers(root, NULL) == 0 && !root_helpers(root));
        root_free(root);
        tree_free(&own);
        tree_free(&facts);
        tree_free(&directory);
        return 0;
}
