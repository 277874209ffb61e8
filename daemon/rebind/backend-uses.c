/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-event.h>

#include "rebind/backend.h"
#include "sources/probe.h"

/* A probe of the daemon's own kind: apart, because it may hang, and with a limit, because then
 * nothing is to be done. */

typedef struct Answer {
        sd_event *event;
        Host *host;
        int error;
} Answer;

static void on_probed(Probe *p, const ProbeResult *result, void *userdata) {
        Answer *a = userdata;

        (void) p;
        a->error = probe_merge(a->host, result);
        (void) sd_event_exit(a->event, 0);
}

/* What the answer is to be merged into: the devices, with nothing known of them. */
static int put_devices(Host *h, const Address *devices, size_t n) {
        for (size_t i = 0; i < n; i++) {
                Device *d = device_new(&devices[i]);

                if (!d || host_put_device(h, d) < 0) {
                        device_unref(d);
                        return -ENOMEM;
                }
        }
        return 0;
}

int sysfs_find_uses(const Root *root, const Address *devices, size_t n, uint64_t timeout_usec,
                    Host **ret) {
        Answer a = { .host = host_new() };
        Probe *probe = NULL;
        int r = a.host ? put_devices(a.host, devices, n) : -ENOMEM;

        if (r == 0)
                r = sd_event_new(&a.event);
        if (r >= 0)
                r = probe_start(a.event, root, PROBE_USES | PROBE_NETWORK | PROBE_CLOSELY, devices,
                                n, NULL, 0, timeout_usec, on_probed, &a, &probe);
        if (r >= 0)
                r = sd_event_loop(a.event);
        if (r >= 0)
                r = a.error;
        probe_free(probe);
        sd_event_unref(a.event);
        if (r < 0) {
                host_free(a.host);
                return r;
        }
        *ret = a.host;
        return 0;
}
