/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

/*
 * Whether a probe's child, which has said at which device it stands, hangs there or is only slow.
 * Its own pace tells: between two devices it reads one attribute, which takes a small part of what
 * all before took. On a machine that is slow, large or loaded all before took longer, too.
 */
typedef struct ProbePace ProbePace;

/* Returns: how long a child may say nothing at one device that came there in `took_usec`. */
uint64_t probe_pace_patience(uint64_t took_usec);

/* Calls `stalled` from the loop each time the patience ends, counted from probe_pace_step(); never
 * where the loop itself stood still meanwhile: then the machine is to blame and not the device.
 * Returns: 0 or -errno. */
int probe_pace_new(sd_event *event, void (*stalled)(void *userdata), void *userdata,
                   ProbePace **ret);
/* Notes that the child has said something, and whether it stands at a device now. NULL is taken. */
void probe_pace_step(ProbePace *p, bool at_device);
/* NULL is taken. Returns: NULL. */
ProbePace *probe_pace_free(ProbePace *p);
