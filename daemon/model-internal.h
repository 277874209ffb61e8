/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"
#include "core/report.h"
#include "model.h"
#include "model-doubt.h"
#include "model-log.h"
#include "model-probe.h"
#include "sources/mounts.h"
#include "sources/nodes.h"
#include "sources/scan.h"
#include "sources/udev.h"

/* The parts of model*.c. */

struct Model {
        sd_event *event;
        const Root *root;
        PciNames *names;
        UdevSource *udev;
        NodeSource *nodes;
        MountSource *mounts;
        sd_event_source *rescan_timer;
        Host *host;
        Report *report;
        ProbeQueue *probes;
        LogWatch *log;
        Doubt *doubt;
        const ModelHandlers *handlers;
        void *userdata;
        bool settled;

        /* What hints named since the last time they were acted on. */
        AddressList dirty_devices;
        AddressList bound; /* those of which an event said that a driver has taken them */
        GroupList dirty_groups;
        bool dirty_drivers, dirty_host, lost;
};

/* model-read.c: each evaluates and hands on what differs. Return: 0 or -errno. */
int model_evaluate_all(Model *m);
int model_evaluate(Model *m, const AddressList *devices, const GroupList *groups);
/* Reads these devices, and the groups they are and were in, again and evaluates what hangs on them;
 * groups grows by those. Returns: 0 or -errno. */
int model_read_again(Model *m, const AddressList *devices, GroupList *groups);
/* The same, and has the rest probed. */
int model_read_and_probe(Model *m, const AddressList *devices, GroupList *groups);

/* model-hints.c: something failed on the way, so what is known is not certain any more: it is read
 * anew, now or when the last time is long enough ago. */
void model_distrust(Model *m);
/* The timer that does. Returns: 0 or -errno. */
int model_prepare_rescans(Model *m);
/* Handlers of the sources. userdata: the model. */
void model_on_hint(const UdevHint *hint, void *userdata);
void model_on_node(unsigned group, void *userdata);
void model_on_mount(void *userdata);
extern const LogWatchHandlers model_log_handlers;
