/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "libvirt-xml.h"
#include "util.h"

/*
 * What the hook asks of vfiod. All of it ends by a point in time of CLOCK_MONOTONIC, whatever the
 * bus or the daemon do.
 */
typedef struct HookRequest {
        sd_bus *bus;
        const char *claim; /* "libvirt:" and the guest */
        const HostDevice *devices;
        size_t n_devices;
        uint64_t work_until, undo_until; /* microseconds; undoing has time of its own */
        /* Says something to the person; the priority is that of syslog. */
        void (*tell)(int priority, const char *format, ...) _printf_(2, 3);
} HookRequest;

/** Returns: microseconds of CLOCK_MONOTONIC. */
uint64_t hook_now(void);

/**
 * Has every device that is not managed='yes' prepared for the claim, each with the consent that the
 * others move along. If one is refused, those that moved before it go back, and the person is told.
 * Returns: 0, or a negative errno.
 */
int hook_prepare_all(const HookRequest *q);

/**
 * Gives back what hook_prepare_all() has prepared; one that cannot be given back does not keep the
 * others. What is not the claim's own is left alone and is no error.
 * Returns: 0, or a negative errno if the person was told of one.
 */
int hook_release_all(const HookRequest *q);
