/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config.h"
#include "configuration.h"
#include "daemon.h"
#include "rebind/worker.h"
#include "sources/probe-helper.h"
#include "sources/record.h"

#define RUNTIME_DIRECTORY "/run/vfiod"
#define STATE_DIRECTORY   "/var/lib/vfiod"

typedef struct Arguments {
        DaemonConfig daemon;
        const char *record;
        const char *worker;
        int (*configuration)(const Root *root); /* what to do with it instead of serving */
        bool helper;
} Arguments;

static void print_help(void) {
        puts("vfiod [OPTION...]\n"
             "\n"
             "Knows whether PCI devices can be given to virtual machines, and makes it so.\n"
             "Serves org.vfiod1 on the system bus; vfioctl is its client.\n"
             "\n"
             "  --root=DIR             Serve a recorded host, read below DIR only\n"
             "  --record=FILE          Record this host into FILE (- for standard output)\n"
             "  --bus=ADDRESS          Use this bus instead of the system bus\n"
             "  --runtime-dir=DIR      Keep records of what was moved in DIR\n"
             "  --receive-buffer=BYTES Size of the buffer for kernel events\n"
             "  --check-config         Say what is wrong in the configuration\n"
             "  --node-rights          Print rights of VFIO nodes (for the udev rule)\n"
             "  --state-dir=DIR        Keep what outlives a boot in DIR\n"
             "  --units                Have systemd's units do what needs rights\n"
             "  --worker=ID            Execute a transaction (vfiod starts this itself)\n"
             "  --helper               Read for a vfiod on the socket that systemd passes\n"
             "  -h, --help             Show this\n"
             "  --version              Show the version");
}

/* Returns: 0, or -EINVAL if text is no number of bytes. */
static int parse_size(const char *text, size_t *ret) {
        char *end;
        unsigned long value;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (errno != 0 || end == text || *end || *text == '-')
                return -EINVAL;
        *ret = value;
        return 0;
}

/* Returns: 1 to go on, 0 if all is done, -EINVAL after saying what is wrong. */
static int parse_arguments(int argc, char **argv, Arguments *ret) {
        enum { ROOT = 0x100, RECORD, BUS, RUNTIME, STATE, BUFFER, UNITS, WORKER, HELPER,
               CHECK_CONFIG, NODE_RIGHTS, VERSION };
        static const struct option options[] = {
                { "root", required_argument, NULL, ROOT },
                { "record", required_argument, NULL, RECORD },
                { "bus", required_argument, NULL, BUS },
                { "runtime-dir", required_argument, NULL, RUNTIME },
                { "receive-buffer", required_argument, NULL, BUFFER },
                { "state-dir", required_argument, NULL, STATE },
                { "units", no_argument, NULL, UNITS },
                { "helper", no_argument, NULL, HELPER },
                { "worker", required_argument, NULL, WORKER },
                { "check-config", no_argument, NULL, CHECK_CONFIG },
                { "node-rights", no_argument, NULL, NODE_RIGHTS },
                { "version", no_argument, NULL, VERSION },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };

        for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;)
                switch (c) {
                case ROOT:
                        ret->daemon.root = optarg;
                        ret->daemon.recorded = true;
                        break;
                case RECORD:
                        ret->record = optarg;
                        break;
                case BUS:
                        ret->daemon.bus = optarg;
                        break;
                case RUNTIME:
                        ret->daemon.runtime = optarg;
                        break;
                case STATE:
                        ret->daemon.state = optarg;
                        break;
                case UNITS:
                        ret->daemon.units = true;
                        break;
                case HELPER:
                        ret->helper = true;
                        break;
                case BUFFER:
                        if (parse_size(optarg, &ret->daemon.receive_buffer) < 0) {
                                fprintf(stderr, "vfiod: --receive-buffer takes a number of "
                                        "bytes, not '%s'\n", optarg);
                                return -EINVAL;
                        }
                        break;
                case WORKER:
                        ret->worker = optarg;
                        break;
                case CHECK_CONFIG:
                        ret->configuration = configuration_check;
                        break;
                case NODE_RIGHTS:
                        ret->configuration = configuration_print_node_rights;
                        break;
                case VERSION:
                        puts("vfiod " VFIOD_VERSION);
                        return 0;
                case 'h':
                        print_help();
                        return 0;
                default:
                        return -EINVAL;
                }
        if (optind < argc) {
                fprintf(stderr, "vfiod: '%s' is not expected; see vfiod --help\n", argv[optind]);
                return -EINVAL;
        }
        return 1;
}

/* "ID", or "ID-ATTEMPT" as units are named. Returns: 0 or -EINVAL. */
static int parse_id(const char *text, unsigned *ret) {
        char *end;
        unsigned long id;

        errno = 0;
        id = strtoul(text, &end, 10);
        if (errno != 0 || end == text || (*end && *end != '-') || *text == '-' || id > UINT_MAX)
                return -EINVAL;
        *ret = (unsigned) id;
        return 0;
}

static int run_worker(const Arguments *a) {
        Root *root = NULL;
        unsigned id = 0;
        int fd = -1, r = parse_id(a->worker, &id);

        /* Ended in the middle it would leave a device half moved. */
        (void) signal(SIGTERM, SIG_IGN);
        if (r >= 0)
                r = root_new(a->daemon.root, &root);
        if (r >= 0 && a->daemon.units)
                r = root_set_helpers(root, a->daemon.runtime);
        if (r >= 0)
                r = fd = runtime_open(a->daemon.runtime);
        if (r >= 0)
                r = worker_run(root, fd, id);
        if (r < 0)
                fprintf(stderr, "vfiod: transaction %s: %s\n", a->worker, strerror(-r));
        if (fd >= 0)
                close(fd);
        root_free(root);
        return r;
}

/* What the reader of the recording will miss. */
static void tell_of_log(const RecordedLog *log) {
        if (log->complete == FACT_UNKNOWN)
                fputs("The kernel's log is not in it: no journal could be read. Run vfiod as root on "
                      "a system with systemd-journald for one.\n", stderr);
        else if (log->n_left_out > 0)
                fprintf(stderr, "The kernel's log is too long for it: %llu messages in the middle are "
                        "left out.\n", (unsigned long long) log->n_left_out);
        else if (log->complete == FACT_ABSENT)
                fputs("The kernel's log of this boot is not all there: the journal has lost or "
                      "rotated away a part of it.\n", stderr);
}

static int run_helper(void) {
        Root *root = NULL;
        int r = sd_listen_fds(true);

        if (r != 1) {
                fputs("vfiod: --helper takes one listening socket from systemd, see "
                      "vfiod-facts.socket\n", stderr);
                return r < 0 ? r : -EINVAL;
        }
        r = root_new("/", &root);
        if (r >= 0)
                r = probe_serve(root, SD_LISTEN_FDS_START);
        if (r < 0)
                fprintf(stderr, "vfiod: the socket could not be served: %s\n", strerror(-r));
        root_free(root);
        return r;
}

static int run_record(const Arguments *a) {
        bool to_stdout = strcmp(a->record, "-") == 0;
        int fd = to_stdout ? STDOUT_FILENO
                           : open(a->record, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        RecordedLog log = {0};
        Root *root = NULL;
        int r = fd < 0 ? -errno : root_new(a->daemon.root, &root);

        if (r >= 0)
                r = record_host(root, fd, &log);
        if (r < 0)
                fprintf(stderr, "vfiod: the host could not be recorded into %s: %s\n", a->record,
                        strerror(-r));
        else if (!to_stdout)
                fprintf(stderr, "Recorded into %s. Serial numbers, MAC addresses and UUIDs are "
                        "taken out; read it before you send it to anybody.\n", a->record);
        if (r >= 0)
                tell_of_log(&log);
        root_free(root);
        if (fd >= 0 && !to_stdout)
                close(fd);
        return r;
}

static int run_configuration(const Arguments *a) {
        Root *root = NULL;
        int r = root_new(a->daemon.root, &root);

        if (r >= 0)
                r = a->configuration(root);
        if (r < 0)
                fprintf(stderr, "vfiod: the configuration could not be read: %s\n", strerror(-r));
        root_free(root);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns: what systemd has set up, or where it would be. */
static const char *directory(const char *variable, const char *usual) {
        const char *value = getenv(variable);

        return value && *value ? value : usual;
}

int main(int argc, char **argv) {
        Arguments a = { .daemon.root = "/",
                        .daemon.runtime = directory("RUNTIME_DIRECTORY", RUNTIME_DIRECTORY),
                        .daemon.state = directory("STATE_DIRECTORY", STATE_DIRECTORY) };
        int r = parse_arguments(argc, argv, &a);

        if (r <= 0)
                return r < 0 ? 2 : 0;
        if (a.configuration)
                return run_configuration(&a);
        if (a.worker)
                r = run_worker(&a);
        else if (a.helper)
                r = run_helper();
        else if (a.record)
                r = run_record(&a);
        else
                r = daemon_run(&a.daemon);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
