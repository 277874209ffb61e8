/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <time.h>

/*
 * Two callers of vfiod, for flood.py:
 *
 *   flood call ADDRESS CONNECTIONS DEPTH DEVICE   calls without pause until SIGTERM: on each of so
 *                                                 many connections so many calls wait for an answer
 *   flood probe ADDRESS PAUSE-USEC DEVICE         calls one after the other, with a pause, until
 *                                                 SIGTERM, and prints how long the answers took
 */

#define SAMPLES_MAX 65536

typedef struct Call {
        const char *interface, *member;
        bool on_device;
        unsigned share;       /* of 64 */
        unsigned probe_share; /* of 64, for the probe */
} Call;

static const Call calls[] = {
        { "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", false, 8, 2 },
        { "org.freedesktop.DBus.Properties", "GetAll", true, 16, 16 },
        { "org.freedesktop.DBus.Properties", "Get", true, 13, 24 },
        { "org.vfiod1.Manager", "GetDevice", false, 8, 18 },
        { "org.freedesktop.DBus.Introspectable", "Introspect", true, 4, 0 },
        { "org.vfiod1.Manager", "Plan", false, 6, 4 },
        { "org.vfiod1.Device", "Refresh", true, 5, 0 },
        { "org.vfiod1.Manager", "Prepare", false, 2, 0 },
        { "org.vfiod1.Manager", "Rescan", false, 2, 0 },
};
#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

typedef struct Connection {
        sd_bus *bus;
        unsigned at; /* in the mix */
} Connection;

static const char *device, *path;
static unsigned long long n_answered, n_refused, n_failed;
static bool probing;
static uint64_t began_nsec;
static uint32_t samples[SAMPLES_MAX]; /* microseconds */
static size_t n_samples;
static sd_event *event;
static sd_event_source *pause_source;
static uint64_t pause_usec;

static void check(int r, const char *what) {
        if (r >= 0)
                return;
        fprintf(stderr, "flood: %s: %s\n", what, strerror(-r));
        exit(1);
}

static uint64_t now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

/* Steps through the mix so that each 64 calls have all shares, well mixed. */
static const Call *next_call(Connection *c) {
        unsigned at = c->at++ * 29 % 64;
        size_t i = 0;

        for (;; i++) {
                unsigned share = probing ? calls[i].probe_share : calls[i].share;

                if (at < share)
                        return &calls[i];
                at -= share;
        }
}

static int append(sd_bus_message *m, const Call *c) {
        if (strcmp(c->member, "GetAll") == 0)
                return sd_bus_message_append(m, "s", "org.vfiod1.Device");
        if (strcmp(c->member, "Get") == 0)
                return sd_bus_message_append(m, "ss", "org.vfiod1.Device", "Readiness");
        if (strcmp(c->member, "GetDevice") == 0)
                return sd_bus_message_append(m, "s", device);
        if (strcmp(c->member, "Plan") == 0 || strcmp(c->member, "Prepare") == 0)
                return sd_bus_message_append(m, "sa{sv}", device, 0);
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error);

static void call(Connection *connection) {
        const Call *c = next_call(connection);
        sd_bus_message *m = NULL;

        check(sd_bus_message_new_method_call(connection->bus, &m, "org.vfiod1",
                                             c->on_device ? path : "/org/vfiod1", c->interface,
                                             c->member), "message");
        check(append(m, c), c->member);
        began_nsec = now_nsec();
        check(sd_bus_call_async(connection->bus, NULL, m, on_reply, connection, UINT64_MAX), "call");
        sd_bus_message_unref(m);
}

static int on_pause(sd_event_source *s, uint64_t usec, void *userdata) {
        call(userdata);
        return 0;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);

        if (!e)
                n_answered++;
        else if (strcmp(e->name, SD_BUS_ERROR_LIMITS_EXCEEDED) == 0)
                n_refused++;
        else
                n_failed++;
        if (!probing) {
                call(userdata);
                return 1;
        }
        if (n_samples < SAMPLES_MAX)
                samples[n_samples++] = (uint32_t) ((now_nsec() - began_nsec) / 1000);
        check(sd_event_source_set_time_relative(pause_source, pause_usec), "pause");
        check(sd_event_source_set_enabled(pause_source, SD_EVENT_ONESHOT), "pause");
        return 1;
}

static void connect_to(const char *address, Connection *c) {
        check(sd_bus_new(&c->bus), "bus");
        check(sd_bus_set_address(c->bus, address), "address");
        check(sd_bus_set_bus_client(c->bus, true), "bus client");
        check(sd_bus_start(c->bus), "start");
        check(sd_bus_attach_event(c->bus, event, 0), "event");
}

static int by_size(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

        return x < y ? -1 : x > y;
}

static void report(void) {
        printf("answered=%llu refused=%llu failed=%llu", n_answered, n_refused, n_failed);
        if (n_samples > 0) {
                qsort(samples, n_samples, sizeof(samples[0]), by_size);
                printf(" p50=%u p99=%u max=%u", samples[(n_samples - 1) / 2],
                       samples[(n_samples - 1) * 99 / 100], samples[n_samples - 1]);
        }
        putchar('\n');
}

int main(int argc, char **argv) {
        unsigned n = 1, depth = 1;
        Connection *connections;
        sigset_t set;

        if (argc < 5)
                return 2;
        probing = strcmp(argv[1], "probe") == 0;
        if (probing)
                pause_usec = strtoull(argv[3], NULL, 10);
        else
                n = (unsigned) atoi(argv[3]), depth = (unsigned) atoi(argv[4]);
        device = argv[argc - 1];
        check(sd_bus_path_encode("/org/vfiod1/device", device, (char **) &path), "path");
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        check(sd_event_new(&event), "event");
        check(sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL), "signal");
        connections = calloc(n, sizeof(*connections));
        for (unsigned i = 0; connections && i < n; i++) {
                connect_to(argv[2], &connections[i]);
                connections[i].at = i;
                for (unsigned j = 0; j < depth; j++)
                        call(&connections[i]);
        }
        if (probing)
                check(sd_event_add_time(event, &pause_source, CLOCK_MONOTONIC, UINT64_MAX, 1,
                                        on_pause, connections), "timer");
        check(sd_event_loop(event), "loop");
        report();
        return 0;
}
