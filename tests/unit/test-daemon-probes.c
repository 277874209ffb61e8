/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <systemd/sd-event.h>

#include "model-probe.h"
#include "test-sources-tree.h"

/* Which events start a probe, and how much it reads. */

/* What the last answer was about. */
typedef struct Answers {
        unsigned n, what;
        size_t n_devices, n_groups;
        Address device;
} Answers;

static void on_answered(const ProbeResult *result, const AddressList *devices,
                        const GroupList *groups, bool all, void *userdata) {
        Answers *a = userdata;

        CHECK(!all);
        a->n++;
        a->what = result->what;
        a->n_devices = devices->n;
        a->n_groups = groups->n;
        if (devices->n > 0)
                a->device = devices->items[0];
}

static void on_told(void *userdata) {
        unsigned *told = userdata;

        (*told)++;
}

static void run_until(sd_event *event, const Answers *a, unsigned n) {
        for (int i = 0; i < 200 && a->n < n; i++)
                CHECK(sd_event_run(event, 50000) >= 0);
        CHECK(a->n == n);
}

static Device *add(Host *h, uint8_t bus, unsigned group) {
        Device *d = device_new(&(Address){ .bus = bus });

        CHECK(d);
        d->grouped = FACT_PRESENT;
        d->group = group;
        CHECK(host_put_device(h, d) == 0);
        CHECK(host_put_group(h, group_new(group)) == 0);
        return d;
}

/* Events of a device that a worker moves start no probe; those of others do, and so does who asks. */
static void test_held(void) {
        Address both[] = { { .bus = 1 }, { .bus = 2 } };
        const AddressList devices = { .items = both, .n = 2 }, first = { .items = both, .n = 1 };
        unsigned ids[] = { 7, 8 }, told = 0;
        const GroupList groups = { .items = ids, .n = 2 }, first_group = { .items = ids, .n = 1 };
        Tree t = tree_new();
        Host *host = host_new();
        Answers a = { 0 };
        sd_event *event;
        ProbeQueue *q;
        Device *moved;
        Root *root;

        tree_device(&t, "0000:01:00.0", "0x030000\n");
        tree_device(&t, "0000:02:00.0", "0x020000\n");
        moved = add(host, 1, 7);
        (void) add(host, 2, 8);
        CHECK(root_new(t.path, &root) == 0 && sd_event_new(&event) >= 0);
        CHECK(probe_queue_new(event, root, &host, on_answered, &a, &q) == 0);
        probe_queue_hold(q, &both[0]);
        CHECK(probe_queue_add(q, &first, &first_group) == 0);
        CHECK(sd_event_run(event, 100000) == 0); /* nothing was begun */
        CHECK(probe_queue_add(q, &devices, &groups) == 0);
        run_until(event, &a, 1);
        CHECK(a.n_devices == 1 && a.device.bus == 2 && a.n_groups == 1);
        CHECK(a.what & PROBE_USES && a.what & PROBE_NETWORK && a.what & PROBE_HOLDERS);
        /* Who asks is answered, with no more than was asked for. */
        CHECK(probe_queue_ask(q, host, moved, 0, on_told, &told) == 0);
        run_until(event, &a, 2);
        CHECK(told == 1 && a.n_devices == 1 && a.device.bus == 1);
        CHECK(a.what & PROBE_DEVICES && !(a.what & (PROBE_USES | PROBE_NETWORK | PROBE_CLOSELY)));
        CHECK(probe_queue_ask(q, host, moved, PROBE_LOOK | PROBE_CLOSELY, on_told, &told) == 0);
        run_until(event, &a, 3);
        CHECK(told == 2 && a.what & PROBE_USES && a.what & PROBE_NETWORK && a.what & PROBE_CLOSELY);
        probe_queue_let_go(q, &both[0]);
        CHECK(probe_queue_add(q, &first, &first_group) == 0);
        run_until(event, &a, 4);
        CHECK(a.n_devices == 1 && a.device.bus == 1 && a.n_groups == 1);
        probe_queue_free(q);
        sd_event_unref(event);
        host_free(host);
        root_free(root);
        tree_free(&t);
}

int main(void) {
        test_held();
        return 0;
}
