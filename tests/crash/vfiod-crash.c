/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/fake-sysfs.h"
#include "daemon.h"
#include "rebind/worker-internal.h"

/*
 * The daemon as it is, on a host that is a directory: its worker writes there as the kernel would.
 * Built with the points at which it kills itself; what is to go wrong the environment says.
 *
 *   vfiod-crash TREE RUNTIME STATE     the daemon
 *   vfiod-crash --make N               makes a tree of N functions in one group, prints its path
 *   vfiod-crash --state TREE           prints driver, override and group of every function
 *
 * VFIOD_FAULT_DAEMON=N, VFIOD_FAULT_WORKER=N   kill at that point (VFIOD_FAULT_WHO: see fault.h);
 *                                              VFIOD_CRASH_HOW=again: who takes over as well
 * VFIOD_CRASH_WRITE=N                          at the worker's Nth write:
 * VFIOD_CRASH_HOW=fail|fail-on|unplug|hold|full   it fails; it and all after; the last function
 *                                              goes; a process takes the group; the record is full
 */

#define GROUP 15u

static const struct Function {
        const char *driver, *override;
} functions[] = {
        { "nouveau", "nouveau" }, { "snd_hda_intel", NULL }, { "xhci_hcd", NULL }, { "nvme", NULL },
        { "nvme", "nvme" }, { "igb", NULL }, { "igb", NULL }, { "ahci", NULL },
};

static void put(const FakeSysfs *f, const char *directory, const char *name, const char *text) {
        char path[256];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", f->path, directory);
        for (char *p = path + strlen(f->path) + 1; ; p++) {
                if (*p == '/' || *p == '\0') {
                        char c = *p;

                        *p = '\0';
                        (void) mkdir(path, 0755);
                        *p = c;
                }
                if (*p == '\0')
                        break;
        }
        if (!name)
                return;
        snprintf(path, sizeof(path), "%s/%s/%s", f->path, directory, name);
        file = fopen(path, "we");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0)
                abort();
}

static int make_tree(unsigned n) {
        FakeSysfs *f = fake_new();

        put(f, "sys/class/iommu/dmar0", NULL, NULL);
        put(f, "sys/module/vfio_iommu_type1/parameters", "allow_unsafe_interrupts", "N\n");
        put(f, "proc", "interrupts", "  CPU0\n 24: 0 IR-PCI-MSI-0000:01:00.0 0-edge x\n");
        put(f, "proc", "kallsyms", "0 T iommu_device_use_default_domain\n");
        put(f, "proc", "cmdline", "quiet\n");
        put(f, "proc/1", "comm", "init\n");
        put(f, "proc/sys/kernel", "osrelease", "6.1.0-41-amd64\n");
        fake_add_module(f, "vfio-pci");
        for (unsigned i = 0; i < n && i < 8; i++) {
                char address[16];

                snprintf(address, sizeof(address), "0000:01:00.%u", i);
                fake_add_device(f, address, GROUP, functions[i].driver, functions[i].driver,
                                functions[i].override);
                fake_write(f, address, "power_state", "D0\n");
        }
        puts(f->path);
        fake_free(f, false);
        return 0;
}

static int print_state(const char *path) {
        FakeSysfs *f = fake_open(path);
        char *state = fake_state(f);

        fputs(state, stdout);
        free(state);
        fake_free(f, false);
        return 0;
}

static unsigned number(const char *variable) {
        const char *text = getenv(variable);

        return text ? (unsigned) strtoul(text, NULL, 10) : 0;
}

static bool is(const char *variable, const char *value) {
        const char *text = getenv(variable);

        return text && strcmp(text, value) == 0;
}

/* Of this process the points count. VFIOD_CRASH_LOG has each that is passed. */
static void arm(const char *variable) {
        (void) setenv("VFIOD_FAULT_POINT", getenv(variable), 1);
        if (getenv("VFIOD_CRASH_LOG"))
                (void) setenv("VFIOD_FAULT_LOG", getenv("VFIOD_CRASH_LOG"), 1);
}

static void log_write(unsigned n) {
        const char *path = getenv("VFIOD_CRASH_LOG");
        FILE *f = path ? fopen(path, "ae") : NULL;

        if (f) {
                fprintf(f, "%u write\n", n);
                fclose(f);
        }
}

/* The last function that is there. */
static void unplug(FakeSysfs *f) {
        for (int i = 7; i >= 0; i--) {
                char address[16], path[128];

                snprintf(address, sizeof(address), "0000:01:00.%d", i);
                snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", f->path, address);
                if (access(path, F_OK) == 0) {
                        fake_remove_device(f, address);
                        return;
                }
        }
}

/* From here on no file grows, whatever was set aside for it. */
static void no_room(void) {
        (void) signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 0, 0 }) < 0)
                abort();
}

static int meddle(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        unsigned at = number("VFIOD_CRASH_WRITE");

        if (at == 0 || f->n_writes < at || (f->n_writes > at && !is("VFIOD_CRASH_HOW", "fail-on")))
                return 0;
        log_write(f->n_writes);
        if (is("VFIOD_CRASH_HOW", "unplug"))
                unplug(f);
        else if (is("VFIOD_CRASH_HOW", "hold"))
                fake_add_holder(f, GROUP, 4711, "qemu\n");
        else if (is("VFIOD_CRASH_HOW", "full"))
                no_room();
        else if (is("VFIOD_CRASH_HOW", "fail") || is("VFIOD_CRASH_HOW", "fail-on"))
                return -5;
        return 0;
}

/* Whether no worker has begun with the record before. */
static bool is_first(int runtime_fd, const char *id) {
        Transaction *t;
        bool first;

        if (transaction_read(runtime_fd, (unsigned) atoi(id), &t) < 0)
                return false;
        first = t->n_workers == 0;
        transaction_free(t);
        return first;
}

static int run_worker(char **argv) {
        FakeSysfs *f = fake_open(argv[4]);
        Backend b = fake_backend(f);
        int fd, r;

        (void) signal(SIGTERM, SIG_IGN);
        f->before = meddle;
        (void) unsetenv("VFIOD_FAULT_POINT");
        (void) unsetenv("VFIOD_FAULT_LOG");
        fd = runtime_open(argv[6]);
        if (getenv("VFIOD_FAULT_WORKER") && (is_first(fd, argv[2]) || is("VFIOD_CRASH_HOW", "again")))
                arm("VFIOD_FAULT_WORKER");
        r = fd < 0 ? fd : worker_run_on(&b, fd, (unsigned) atoi(argv[2]));
        fake_free(f, false);
        return r < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
        if (argc == 7 && strcmp(argv[1], "--worker") == 0)
                return run_worker(argv);
        if (argc == 3 && strcmp(argv[1], "--make") == 0)
                return make_tree((unsigned) atoi(argv[2]));
        if (argc == 3 && strcmp(argv[1], "--state") == 0)
                return print_state(argv[2]);
        if (argc != 4) {
                fputs("usage: vfiod-crash TREE RUNTIME STATE | --make N | --state TREE\n", stderr);
                return 2;
        }
        (void) unsetenv("VFIOD_FAULT_POINT");
        if (getenv("VFIOD_FAULT_DAEMON"))
                arm("VFIOD_FAULT_DAEMON");
        return daemon_run(&(DaemonConfig){ .root = argv[1], .runtime = argv[2],
                                           .state = argv[3] }) < 0 ? 1 : 0;
}
