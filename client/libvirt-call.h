/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "libvirt-request.h"

/** Returns: the microseconds until then, never less than a call needs to be answered at all. */
uint64_t hook_time_left(uint64_t until);

/**
 * Makes a call to Prepare or Release for a device, with the guest's claim and what it agrees to.
 * `left` is how long the answer is waited for; the daemon is told to be done some time before that.
 * Returns: 0 and the call, or a negative errno.
 */
int hook_new_call(const HookRequest *q, const char *method, const HostDevice *d, uint64_t left,
                  sd_bus_message **ret);

/** Tells the person that a device could not be `what` ("prepared"), why, and what to do. */
void hook_tell_error(const HookRequest *q, const HostDevice *d, const char *what,
                     const sd_bus_error *error, int r);
