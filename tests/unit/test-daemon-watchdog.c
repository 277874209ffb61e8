/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "model-probe.h"
#include "test-sources-tree.h"
#include "watchdog.h"

/* The watchdog says that all is well as long as it is, and the queue of probes when it is not. */

typedef struct World {
        const char *why;
        unsigned checks;
} World;

static const char *check(uint64_t now_usec, void *userdata) {
        World *w = userdata;

        CHECK(now_usec > 0);
        w->checks++;
        return w->why;
}

/* Turns the loop for a while. Returns: how often the service manager heard that all is well. */
static unsigned turn(sd_event *event, int manager) {
        unsigned n = 0;
        char text[64];
        ssize_t length;

        for (int i = 0; i < 20; i++)
                CHECK(sd_event_run(event, 20000) >= 0);
        while ((length = recv(manager, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
                text[length] = '\0';
                CHECK(strcmp(text, "WATCHDOG=1") == 0);
                n++;
        }
        return n;
}

static void test_watchdog(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Tree t = tree_new();
        sd_event *event;
        World w = { 0 };
        Watchdog *dog;
        int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        CHECK(sd_event_new(&event) >= 0);
        CHECK(watchdog_new(event, check, &w, &dog) == 0 && !dog);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", t.path);
        CHECK(manager >= 0 && bind(manager, (struct sockaddr *) &address, sizeof(address)) == 0);
        CHECK(setenv("NOTIFY_SOCKET", address.sun_path, 1) == 0);
        CHECK(setenv("WATCHDOG_USEC", "100000", 1) == 0);
        CHECK(watchdog_new(event, check, &w, &dog) == 0 && dog);
        CHECK(turn(event, manager) >= 2 && w.checks >= 2);
        w.why = "Nothing moves";
        w.checks = 0;
        CHECK(turn(event, manager) == 0 && w.checks >= 2);
        w.why = NULL;
        CHECK(turn(event, manager) >= 2);
        watchdog_free(dog);
        sd_event_unref(event);
        close(manager);
        CHECK(unsetenv("NOTIFY_SOCKET") == 0 && unsetenv("WATCHDOG_USEC") == 0);
        tree_free(&t);
}

static void on_answered(const ProbeResult *result, const AddressList *devices,
                        const GroupList *groups, bool all, void *userdata) {
        unsigned *n = userdata;

        (*n)++;
}

static uint64_t now_usec(void) {
        struct timespec ts;

        CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* What waits or runs for a minute does not move; a reading that has had its time does not count. */
static void test_queue(void) {
        const uint64_t long_time = UINT64_C(70000000);
        Tree t = tree_new();
        Host *host = host_new();
        unsigned answered = 0;
        sd_event *event;
        char path[TREE_PATH];
        ProbeQueue *q;
        uint64_t began;
        Device *d;
        Root *root;
        int fd;

        tree_device(&t, "0000:01:00.0", "0x030000\n");
        tree_path(&t, PCI_ROOT "0000:01:00.0/driver_override", path);
        CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0); /* reading it hangs */
        d = device_new(&(Address) { .bus = 1 });
        CHECK(d && host && host_put_device(host, d) == 0);
        CHECK(root_new(t.path, &root) == 0 && sd_event_new(&event) >= 0);
        CHECK(probe_queue_new(event, root, &host, on_answered, &answered, &q) == 0);
        CHECK(probe_queue_moves(q, now_usec() + long_time));
        CHECK(probe_queue_add_all(q, host) == 0);
        CHECK(probe_queue_moves(q, now_usec()) && !probe_queue_moves(q, now_usec() + long_time));
        CHECK(sd_event_run(event, 1000000) > 0); /* it begins */
        CHECK(probe_queue_moves(q, now_usec()) && !probe_queue_moves(q, now_usec() + long_time));
        began = now_usec();
        /* The first answer does not wait until the time is over; the rest is asked again. */
        for (int i = 0; i < 200 && answered < 2; i++)
                CHECK(sd_event_run(event, 100000) >= 0);
        CHECK(now_usec() < began + 4000000);
        CHECK(answered == 2 && probe_queue_moves(q, now_usec() + long_time));
        fd = open(path, O_WRONLY);
        CHECK(fd >= 0 && write(fd, "\n", 1) == 1);
        close(fd);
        probe_queue_free(q);
        sd_event_unref(event);
        host_free(host);
        root_free(root);
        tree_free(&t);
}

int main(void) {
        test_watchdog();
        test_queue();
        return 0;
}
