/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/lists.h"

/*
 * Devices whose driver link may be a probe's that is still going on: the kernel makes the link
 * before it calls the driver's probe(), takes it away again if that fails, and tells of a success
 * only (drivers/base/dd.c, really_probe()). Until the "bind" event comes, such a device is looked at
 * again, at growing intervals and a few times only: a probe that fails may take a minute.
 */
typedef struct Doubt Doubt;

/* Looks at the device again. Returns: true if its driver is as it was. */
typedef bool (*DoubtCheck)(const Address *a, void *userdata);

/* Returns: 0 or -errno. */
int doubt_new(sd_event *event, DoubtCheck check, void *userdata, Doubt **ret);
Doubt *doubt_free(Doubt *d);

/* The device has a driver that no event has told of. Returns: 0 or -errno. */
int doubt_add(Doubt *d, const Address *a);
/* An event has told of it. */
void doubt_clear(Doubt *d, const Address *a);
