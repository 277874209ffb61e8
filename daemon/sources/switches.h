/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

/*
 * Watches the module parameters that decide what VFIO lets through, by inotify: no kernel event
 * tells that somebody wrote one. What it says now is the probe's to read.
 */
typedef struct SwitchSource SwitchSource;

typedef void (*SwitchCallback)(void *userdata);

/* Starts to watch; the modules need not be loaded yet. The callback must not free the source.
 * Returns: 0 or -errno. */
int switch_source_new(sd_event *event, SwitchCallback callback, void *userdata, SwitchSource **ret);
/* The same with another directory for /sys/module. */
int switch_source_new_in(sd_event *event, const char *modules, SwitchCallback callback,
                         void *userdata, SwitchSource **ret);
SwitchSource *switch_source_free(SwitchSource *s);

/* Takes in at once what has been noticed, and watches the parameters of modules loaded meanwhile: a
 * write that has returned is known after this. Calls back if anything may have changed. */
void switch_source_check(SwitchSource *s);
