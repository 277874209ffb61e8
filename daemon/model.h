/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "core/changes.h"
#include "sources/root.h"

/*
 * The daemon's picture of the host: the snapshot and the report made of it, kept up to date from
 * hints. Whatever the hint was, the thing it names is read again and only what hangs on it is
 * evaluated again.
 */
typedef struct Model Model;

typedef struct ModelHandlers {
        /* Something differs from what was said before. */
        void (*changed)(const Changes *changes, void *userdata);
        /* The kernel's log has a line on something the device did wrong. */
        void (*fault)(const Address *a, const char *message, void *userdata);
        /* The first scan is in, and nothing has been made of it: what is not read from the host is put
         * into the snapshot here. Returns: 0, or -errno, which model_new() then returns. */
        int (*scanned)(Host *h, void *userdata);
        /* The first scan and probe are in: the report can be shown. Called once. */
        void (*settled)(void *userdata);
} ModelHandlers;

/* How much of a device a probe reads. */
typedef enum ModelDepth {
        MODEL_STATE, /* overrides, power, holders, reserved regions */
        MODEL_USES,  /* and what the host needs it for */
        MODEL_DISKS, /* and what is on its disks, for what is about to be planned */
} ModelDepth;

/* Called when a probe asked for by model_probe() is merged. */
typedef void (*ModelProbed)(void *userdata);

/* Starts to listen for events (live root only), scans, and starts the first probe.
 * receive_buffer: see udev_source_new(). Returns: 0 or -errno. */
int model_new(sd_event *event, const Root *root, size_t receive_buffer,
              const ModelHandlers *handlers, void *userdata, Model **ret);
Model *model_free(Model *m);

/* Borrowed; valid until the next call of a function of this file or the next event. */
const Report *model_report(const Model *m);
/* The snapshot; sets and unbindings of it are the caller's to change, followed by model_touch(). */
Host *model_host(Model *m);

/* Reads everything again. Returns: 0 or -errno. */
int model_rescan(Model *m);
/* Reads these devices and their groups again. Returns: 0 or -errno. */
int model_reread(Model *m, const Address *devices, size_t n);
/* Evaluates these devices' groups again without reading. Returns: 0 or -errno. */
int model_touch(Model *m, const Address *devices, size_t n);
/* Reads the device's group again and probes every member; then calls back, once, also if the probe
 * could not finish. Returns: 0, or -errno with no call. */
int model_probe(Model *m, const Address *device, ModelDepth depth, ModelProbed callback,
                void *userdata);
/* Events of a device that is held start no probe of it until it is let go: a worker moves it, and who
 * has sent that asks when it has ended. */
void model_hold(Model *m, const Address *a);
void model_let_go(Model *m, const Address *a);
/* Returns: false if what was asked for should have been answered long ago (CLOCK_MONOTONIC). */
bool model_moves(const Model *m, uint64_t now_usec);
/* Forgets callbacks of that userdata. */
void model_forget(Model *m, void *userdata);
