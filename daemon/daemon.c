/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "bus/bus.h"
#include "config.h"
#include "configuration.h"
#include "daemon.h"
#include "model.h"
#include "names.h"
#include "notice.h"
#include "operations.h"
#include "rebind/state.h"
#include "rebind/units.h"
#include "sources/resolve.h"
#include "watchdog.h"

#define SYSTEM_BUS_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* The only place that knows all parts: sources fill the model, the model's changes go to the bus,
 * the bus's calls go to the operations. */
typedef struct Daemon {
        const DaemonConfig *config;
        sd_event *event;
        Root *root;
        Settings *settings;
        Model *model;
        Operations *operations;
        Watchdog *watchdog;
        Units *units;
        sd_bus *connection;
        Bus *bus;
        int runtime_fd, state_fd;
        bool settled;
} Daemon;

static void complain(const char *what, int r) {
        fprintf(stderr, SD_ERR "vfiod: %s: %s\n", what, strerror(-r));
}

static void on_changed(const Changes *changes, void *userdata) {
        Daemon *d = userdata;
        int r = d->bus ? bus_announce(d->bus, changes) : 0;

        if (d->settled)
                operations_meet_changes(d->operations, changes);
        if (r < 0 && r != -ENOTCONN)
                complain("Changes could not be announced", r);
        if (d->operations)
                operations_look(d->operations);
}

static void on_named(int error, void *userdata) {
        Daemon *d = userdata;

        if (error < 0) {
                if (error == -EEXIST)
                        fputs(SD_ERR "vfiod: Another vfiod runs: it has the name " VFIOD_BUS_NAME
                              " on the bus. End that one first: systemctl stop vfiod\n", stderr);
                else
                        complain("The bus name could not be had", error);
                sd_event_exit(d->event, error);
                return;
        }
        (void) sd_notifyf(0, "READY=1\nSTATUS=%zu devices in %zu groups",
                          model_report(d->model)->n_devices, model_report(d->model)->n_groups);
        d->settled = true;
        operations_meet_wishes(d->operations);
}

/* The report can be shown: take the name, which is what callers wait for. */
static void on_settled(void *userdata) {
        Daemon *d = userdata;
        int r = bus_request_name(d->bus, on_named, d);

        if (r < 0)
                on_named(r, d);
}

static void on_fault(const Address *a, const char *message, void *userdata) {
        Daemon *d = userdata;

        notice_device_fault(a, message);
        if (d->bus)
                (void) bus_device_fault(d->bus, a, message);
}

static const Report *get_report(void *userdata) {
        Daemon *d = userdata;

        return model_report(d->model);
}

static Job *const *get_jobs(void *userdata, size_t *ret_n) {
        Daemon *d = userdata;

        return operations_jobs(d->operations, ret_n);
}

static int resolve(void *userdata, const char *name, Address *ret, size_t max) {
        Daemon *d = userdata;

        return resolve_name(d->root, name, ret, max);
}

static int check_change(void *userdata, const Address *a, sd_bus_error *error) {
        const Daemon *d = userdata;

        return operations_check_change(d->operations, a, error);
}

static int plan(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        Daemon *d = userdata;

        return operations_plan(d->operations, m, r, error);
}

static int prepare(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        Daemon *d = userdata;

        return operations_prepare(d->operations, m, r, error);
}

static int release(void *userdata, sd_bus_message *m, const BusRequest *r, sd_bus_error *error) {
        Daemon *d = userdata;

        return operations_release(d->operations, m, r, error);
}

static int refresh(void *userdata, sd_bus_message *m, const Address *a, sd_bus_error *error) {
        Daemon *d = userdata;

        return operations_refresh(d->operations, m, a, error);
}

static int rescan(void *userdata) {
        const Daemon *d = userdata;

        return model_rescan(d->model);
}

static bool is_wished(void *userdata, const Address *a) {
        const Daemon *d = userdata;

        return host_find_address_wish(model_host(d->model), a);
}

static uint64_t default_timeout_usec(void *userdata) {
        Daemon *d = userdata;

        return d->settings->timeout_usec;
}

static const BusHandlers bus_handlers = {
        .report = get_report,
        .jobs = get_jobs,
        .resolve = resolve,
        .check_change = check_change,
        .plan = plan,
        .prepare = prepare,
        .release = release,
        .refresh = refresh,
        .rescan = rescan,
        .is_wished = is_wished,
        .default_timeout_usec = default_timeout_usec,
};

/* Connects to the bus the configuration names. No descriptors are taken: no method has any use for
 * them. Returns: 0 or -errno. */
static int connect_bus(const DaemonConfig *config, sd_bus **ret) {
        const char *address = config->bus ? config->bus : getenv("DBUS_SYSTEM_BUS_ADDRESS");
        sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_address(bus, address ? address : SYSTEM_BUS_ADDRESS);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_negotiate_fds(bus, false);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0) {
                sd_bus_unref(bus);
                return r;
        }
        *ret = bus;
        return 0;
}

static int start_bus(Daemon *d) {
        int r = connect_bus(d->config, &d->connection);

        if (r < 0) {
                complain("The bus cannot be reached", r);
                return r;
        }
        /* Without a bus there is nobody to serve: end, and let the service manager start anew. */
        r = sd_bus_set_exit_on_disconnect(d->connection, true);
        if (r >= 0)
                r = bus_new(d->connection, d->event, VFIOD_VERSION, &bus_handlers, d, &d->bus);
        if (r < 0)
                complain("The objects could not be put on the bus", r);
        return r;
}

/* Opens the books of what was moved, and puts them into the snapshot. */
static int read_records(Daemon *d, Host *h) {
        size_t bad = 0;
        int r;

        d->runtime_fd = runtime_open(d->config->runtime);
        if (d->runtime_fd < 0) {
                complain(d->config->runtime, d->runtime_fd);
                return d->runtime_fd;
        }
        r = sets_load(d->runtime_fd, h, &bad);
        if (r >= 0 && wish_results_load(d->runtime_fd, h) < 0)
                fprintf(stderr, SD_WARNING "vfiod: What came of the wishes in this boot cannot be "
                        "read in %s.\n", d->config->runtime);
        if (bad > 0)
                fprintf(stderr, SD_WARNING "vfiod: %zu records in %s/sets cannot be read; devices "
                        "in them are not known to be moved by vfiod.\n", bad, d->config->runtime);
        return r;
}

/* What outlives a boot. Where that cannot be had it is not known, and the rest is served. */
static void read_state(Daemon *d, Host *h) {
        int r = d->state_fd = state_open(d->config->state);

        if (r >= 0)
                r = wishes_load(d->state_fd, h);
        if (r < 0)
                complain("The wishes in the state directory cannot be read", r);
        r = d->state_fd < 0 ? d->state_fd : groups_remember(d->state_fd, h);
        if (r < 0)
                complain("How the groups were at the last boot cannot be read or kept", r);
}

/* Returns: whether wishes are met in this boot, as vfiod-boot has written it. */
static BootVerdict read_verdict(const Root *root) {
        char text[32];

        return root_read(root, BOOT_VERDICT_FILE, text, sizeof(text)) < 0 ? BOOT_UNDECIDED
                                                                          : boot_verdict_parse(text);
}

static void use_settings(const Daemon *d, Host *h) {
        h->configured = d->settings->wishes;
        h->n_configured = d->settings->n_wishes;
}

/* A recorded host has neither. */
static int on_scanned(Host *h, void *userdata) {
        Daemon *d = userdata;
        int r = 0;

        use_settings(d, h);
        if (d->config->recorded) {
                h->wishes_known = h->groups_before_known = FACT_ABSENT;
                return 0;
        }
        r = read_records(d, h);
        if (r >= 0)
                read_state(d, h);
        h->boot_verdict = read_verdict(d->root);
        return r;
}

static const ModelHandlers model_handlers = { .changed = on_changed, .fault = on_fault,
                                              .scanned = on_scanned, .settled = on_settled };

static int start_units(Daemon *d) {
        int r = d->config->units ? units_new(d->connection, &d->units) : 0;

        if (r < 0)
                complain("systemd cannot be asked for units", r);
        operations_set_units(d->operations, d->units);
        return r;
}

static int adopt_jobs(Daemon *d) {
        int left = operations_adopt(d->operations);

        if (left > 0)
                fprintf(stderr, SD_WARNING "vfiod: %d transactions in %s/txn were left half way; "
                        "vfioctl list shows where the devices are.\n", left, d->config->runtime);
        else if (left < 0)
                complain("Transactions of an earlier run could not be read", left);
        return left < 0 ? left : 0;
}

static int start_operations(Daemon *d) {
        const JobContext context = {
                .event = d->event,
                .executable = "/proc/self/exe",
                .root_path = d->config->root,
                .runtime_path = d->config->recorded ? NULL : d->config->runtime,
                .runtime_fd = d->runtime_fd,
        };

        int r = operations_new(d->model, &context, d->state_fd, &d->operations);

        if (r >= 0)
                operations_set_timeout(d->operations, d->settings->timeout_usec);
        return r;
}

/* Reads the configuration anew. What cannot be read leaves the old one in force. */
static int on_reload(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata) {
        Daemon *d = userdata;
        Settings *fresh = NULL;
        uint64_t now = 0;
        int r;

        (void) s;
        (void) info;
        (void) sd_event_now(d->event, CLOCK_MONOTONIC, &now);
        (void) sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now);
        r = configuration_load(d->root, &fresh);
        if (r < 0)
                complain("The configuration could not be read anew, the old one stays", r);
        else {
                settings_free(d->settings);
                d->settings = fresh;
                use_settings(d, model_host(d->model));
                operations_set_timeout(d->operations, d->settings->timeout_usec);
                operations_mark_wishes(d->operations);
                r = model_rescan(d->model);
                if (r < 0)
                        complain("The host could not be read anew", r);
        }
        (void) sd_notify(0, "READY=1");
        return 0;
}

static int start_event_loop(Daemon *d) {
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGCHLD);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        signal(SIGPIPE, SIG_IGN);
        r = sd_event_default(&d->event);
        if (r >= 0)
                r = sd_event_add_signal(d->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(d->event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(d->event, NULL, SIGHUP, on_reload, d);
        return r < 0 ? r : 0;
}

static const char *find_stalled(uint64_t now_usec, void *userdata) {
        const Daemon *d = userdata;

        if (!model_moves(d->model, now_usec))
                return "A reading of the host should have ended or begun a minute ago";
        return operations_move(d->operations, now_usec)
                       ? NULL
                       : "A call should have been answered a minute ago";
}

static int start(Daemon *d) {
        int r = start_event_loop(d);

        if (r < 0) {
                complain("The event loop could not be set up", r);
                return r;
        }
        r = root_new(d->config->root, &d->root);
        if (r < 0) {
                complain(d->config->root, r);
                return r;
        }
        r = configuration_load(d->root, &d->settings);
        if (r < 0) {
                complain("The configuration could not be read", r);
                return r;
        }
        if (d->config->units && root_set_helpers(d->root, d->config->runtime) < 0)
                return -ENOMEM;
        r = model_new(d->event, d->root, d->config->receive_buffer, &model_handlers, d, &d->model);
        if (r < 0) {
                complain("The host could not be read", r);
                return r;
        }
        r = start_operations(d);
        if (r >= 0)
                r = start_bus(d);
        if (r >= 0)
                r = start_units(d);
        if (r < 0)
                return r;
        r = watchdog_new(d->event, find_stalled, d, &d->watchdog);
        if (r < 0) {
                complain("The watchdog's time could not be read", r);
                return r;
        }
        operations_set_bus(d->operations, d->bus);
        return d->config->recorded ? 0 : adopt_jobs(d);
}

static void stop(Daemon *d) {
        watchdog_free(d->watchdog);
        operations_free(d->operations);
        units_free(d->units);
        bus_free(d->bus);
        model_free(d->model);
        settings_free(d->settings);
        root_free(d->root);
        sd_bus_flush_close_unref(d->connection);
        sd_event_unref(d->event);
        if (d->runtime_fd >= 0)
                close(d->runtime_fd);
        if (d->state_fd >= 0)
                close(d->state_fd);
}

int daemon_run(const DaemonConfig *config) {
        Daemon d = { .config = config, .runtime_fd = -1, .state_fd = -1 };
        int r = start(&d);

        if (r >= 0)
                r = sd_event_loop(d.event);
        (void) sd_notify(0, "STOPPING=1");
        stop(&d);
        return r;
}
