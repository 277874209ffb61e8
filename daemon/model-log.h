/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/kernel-log.h"
#include "core/lists.h"
#include "sources/root.h"

/*
 * The kernel's log as the model needs it: what was said so far, added up, and a notice when
 * something new concerns the host or a device. Notices come at most once a second, however many
 * lines there are: a device that faults logs thousands.
 */
typedef struct LogWatch LogWatch;

typedef struct LogWatchHandlers {
        /* What the log says of these devices changed, or (host) of the host itself. */
        void (*changed)(const AddressList *devices, bool host, void *userdata);
        /* A device did what the IOMMU refused, or failed otherwise: the last line about it. */
        void (*fault)(const Address *a, const char *message, void *userdata);
} LogWatchHandlers;

/* Starts to read. Returns: 0 or -errno. */
int log_watch_new(sd_event *event, const Root *root, const LogWatchHandlers *handlers,
                  void *userdata, LogWatch **ret);
LogWatch *log_watch_free(LogWatch *w);

/* Returns: the log so far; borrowed, it grows in place. */
const KernelLog *log_watch_log(const LogWatch *w);
/* A device was removed: what was said of it says nothing of another at its address. */
void log_watch_forget(LogWatch *w, const Address *a);
