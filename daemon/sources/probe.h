/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/host.h"
#include "sources/root.h"

/*
 * Reads what could hang or take long, in a child process of its own: worker-only attributes,
 * holders of groups (/proc/PID/fd), reserved regions, /proc/interrupts, /proc/kallsyms, module
 * parameters. The child holds no descriptor but the root and a pipe, writes one line per fact, and
 * the event loop takes the lines in as they come. Where the child hangs, the facts it has not
 * written become unknown when the time is over; the child is left alone (a signal would make a
 * process that waits in the kernel worse) and reaped when it ends.
 */
typedef struct Probe Probe;

typedef enum ProbeWhat {
        PROBE_HOST    = 1 << 0, /* interrupts, module parameters, modprobe.d, type1 module, kallsyms */
        PROBE_DEVICES = 1 << 1, /* override, power state, reset methods of the given devices */
        PROBE_GROUPS  = 1 << 2, /* name, type, reserved regions of the given groups */
        PROBE_HOLDERS = 1 << 3, /* who holds the given groups */
        PROBE_USES    = 1 << 4, /* what the host needs the given devices for, but the network */
        PROBE_NETWORK = 1 << 5, /* whether its network runs over them: in its own name space only */
        PROBE_CLOSELY = 1 << 6, /* with PROBE_USES: what is on their disks, see uses_look_closely() */
} ProbeWhat;

/* One answer. Everything in it is the probe's, and valid while the callback runs. */
typedef struct ProbeResult {
        unsigned what;       /* what was asked for: ProbeWhat bits */
        const Address *devices;
        size_t n_devices;    /* 0: all */
        const unsigned *groups;
        size_t n_groups;     /* 0: all */
        bool complete;       /* false: the time was over or the child died; the rest is unknown */
        bool running;        /* the child still runs: a late answer will follow when it ends */
        bool stuck;          /* the child hangs on the device stuck_at: leave that one out of the
                              * next probe, or it hides the overrides of those behind it again */
        Address stuck_at;
        bool late;           /* the child of a probe that was answered incomplete has ended: nothing
                              * hangs any more, and what was left unknown can be asked for anew */
        const Host *facts;   /* only fields that the probe reads are filled: devices and groups
                              * asked for (with those fields), and host facts */
} ProbeResult;

typedef void (*ProbeCallback)(Probe *p, const ProbeResult *result, void *userdata);

/* Starts a probe. The callback is called from the loop, unless the probe is freed first, and may
 * free the probe: once with the answer, and after an incomplete one once more (late) when the child
 * ends, if it ever does. devices and groups are copied; with no devices and PROBE_DEVICES,
 * every device of the host is read (the same for groups). timeout_usec: relative, UINT64_MAX for
 * none. Devices are read in the order given; for PROBE_USES
 * that is the order of addresses. Returns: 0 and the probe, or -errno. */
int probe_start(sd_event *event, const Root *root, unsigned what, const Address *devices,
                size_t n_devices, const unsigned *groups, size_t n_groups, uint64_t timeout_usec,
                ProbeCallback callback, void *userdata, Probe **ret);
/* Has the probe answer before its time, as if that were over, where its child hangs at one device
 * (probe-pace.h). Returns: 0 or -errno. */
int probe_expect_pace(Probe *p);
/* Forgets the probe; a child that still runs is reaped later. NULL is taken. Returns: NULL. */
Probe *probe_free(Probe *p);

/* Takes the facts of a result over into h: for each device and group asked for that h still has
 * (a new value replaces the old one, and one that says the same stays), and for the host. What the
 * probe did not answer becomes unknown. Returns: 0 or -ENOMEM. */
int probe_merge(Host *h, const ProbeResult *result);
