/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAMPLES_MAX 65536
#define OPEN_MAX    256

typedef enum Kind { KIND_READ, KIND_OBJECTS, KIND_WORK, KINDS } Kind;

/* A call that has not been answered. */
typedef struct Open {
        sd_bus_message *message; /* NULL: this place is free */
        uint64_t began_nsec;
        Kind kind;
        bool answered;
} Open;

static struct {
        sd_bus *connection;
        sd_event_source *signal, *post;
        Open open[OPEN_MAX];
        size_t n_open;
        uint32_t *samples[KINDS]; /* nanoseconds */
        size_t n[KINDS];
} bench;

static uint64_t now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static void record(Open *o) {
        uint64_t took = now_nsec() - o->began_nsec;

        if (bench.samples[o->kind] && bench.n[o->kind] < SAMPLES_MAX)
                bench.samples[o->kind][bench.n[o->kind]++] =
                        took < UINT32_MAX ? (uint32_t) took : UINT32_MAX;
        o->message = sd_bus_message_unref(o->message);
        bench.n_open--;
}

/* After whatever the loop has done: what is answered at once is answered by now, and it has left if
 * nothing waits to be written. */
static int on_post(sd_event_source *s, void *userdata) {
        uint64_t unsent = 0;

        (void) s;
        (void) userdata;
        if (bench.n_open == 0 ||
            sd_bus_get_n_queued_write(bench.connection, &unsent) < 0 || unsent > 0)
                return 0;
        for (size_t i = 0; i < OPEN_MAX; i++)
                if (bench.open[i].message && bench.open[i].answered)
                        record(&bench.open[i]);
        return 0;
}

static Open *find(const sd_bus_message *m) {
        for (size_t i = 0; bench.n_open > 0 && i < OPEN_MAX; i++)
                if (bench.open[i].message == m)
                        return &bench.open[i];
        return NULL;
}

static Kind kind_of(sd_bus_message *m) {
        return sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager",
                                             "GetManagedObjects") > 0 ? KIND_OBJECTS : KIND_READ;
}

void bench_received(const Account *a, sd_bus_message *m) {
        if (!a || a->uid != 0)
                return;
        for (size_t i = 0; i < OPEN_MAX; i++)
                if (!bench.open[i].message) {
                        bench.open[i] = (Open) { .message = sd_bus_message_ref(m),
                                                 .began_nsec = now_nsec(), .kind = kind_of(m),
                                                 .answered = true };
                        bench.n_open++;
                        return;
                }
}

void bench_deferred(const sd_bus_message *m) {
        Open *o = find(m);

        if (o) {
                o->kind = KIND_WORK;
                o->answered = false;
        }
}

void bench_answered(const sd_bus_message *m) {
        Open *o = find(m);

        if (o)
                o->answered = true;
}

static int by_size(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

        return x < y ? -1 : x > y;
}

/* In microseconds. */
static double percentile(Kind k, double part) {
        return bench.samples[k][(size_t) ((double) (bench.n[k] - 1) * part)] / 1000.0;
}

static int on_signal(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata) {
        static const char *const names[KINDS] = { "read", "objects", "work" };

        (void) s;
        (void) info;
        (void) userdata;
        for (Kind k = KIND_READ; k < KINDS; k++) {
                if (bench.n[k] == 0)
                        continue;
                qsort(bench.samples[k], bench.n[k], sizeof(uint32_t), by_size);
                fprintf(stderr, "bench %s n=%zu p50=%.1f p90=%.1f p99=%.1f max=%.1f us\n", names[k],
                        bench.n[k], percentile(k, 0.5), percentile(k, 0.9), percentile(k, 0.99),
                        percentile(k, 1));
                bench.n[k] = 0;
        }
        fputs("bench end\n", stderr);
        return 0;
}

int bench_start(sd_bus *connection) {
        sd_event *event = sd_bus_get_event(connection);
        sigset_t set;
        int r;

        bench.connection = connection;
        for (Kind k = KIND_READ; k < KINDS; k++) {
                bench.samples[k] = calloc(SAMPLES_MAX, sizeof(uint32_t));
                if (!bench.samples[k])
                        return -ENOMEM;
        }
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, &bench.signal, SIGUSR1, on_signal, NULL);
        if (r >= 0)
                r = sd_event_add_post(event, &bench.post, on_post, NULL);
        return r < 0 ? r : 0;
}

void bench_stop(void) {
        sd_event_source_disable_unref(bench.signal);
        sd_event_source_disable_unref(bench.post);
        bench.signal = bench.post = NULL;
        for (size_t i = 0; i < OPEN_MAX; i++)
                bench.open[i].message = sd_bus_message_unref(bench.open[i].message);
        for (Kind k = KIND_READ; k < KINDS; k++) {
                free(bench.samples[k]);
                bench.samples[k] = NULL;
        }
}
