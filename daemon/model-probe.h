/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/lists.h"
#include "sources/probe.h"

/*
 * Which probes run: hints gather here and one probe at a time answers them, so that a storm of
 * events costs a few probes and not thousands. Questions of callers run at once, on their own.
 * Module parameters are watched here too: a write is a hint, which a question takes in first.
 */
typedef struct ProbeQueue ProbeQueue;

/* A probe answered. devices and groups: what it was about; all: everything. */
typedef void (*ProbeAnswered)(const ProbeResult *result, const AddressList *devices,
                              const GroupList *groups, bool all, void *userdata);

/* host: where the snapshot is, or NULL as long as there is none. */
int probe_queue_new(sd_event *event, const Root *root, Host *const *host, ProbeAnswered answered,
                    void *userdata, ProbeQueue **ret);
ProbeQueue *probe_queue_free(ProbeQueue *q);

/* Gather. Return: 0 or -errno. A device on which a probe hangs is left out until
 * probe_queue_unstick() names it: it would only hide the facts of those behind it again. */
int probe_queue_add_all(ProbeQueue *q, const Host *h);
int probe_queue_add_host(ProbeQueue *q);
int probe_queue_add_holders(ProbeQueue *q);
int probe_queue_add_uses(ProbeQueue *q, const Host *h);
int probe_queue_add_group(ProbeQueue *q, unsigned group);
int probe_queue_add(ProbeQueue *q, const AddressList *devices, const GroupList *groups);

/* probe_queue_add() leaves out devices that are held, and groups of which a member is. One that
 * cannot be noted is not held. */
void probe_queue_hold(ProbeQueue *q, const Address *a);
void probe_queue_let_go(ProbeQueue *q, const Address *a);

/* Something happened to the device: it may be read again. */
void probe_queue_unstick(ProbeQueue *q, const Address *a);

/* All that tells what the host needs a device for. */
#define PROBE_LOOK (PROBE_USES | PROBE_NETWORK)

/* Probes d and all of its group now; look: 0, or PROBE_LOOK and perhaps PROBE_CLOSELY. callback once,
 * after `answered`. Returns: 0 or -errno. */
int probe_queue_ask(ProbeQueue *q, const Host *h, const Device *d, unsigned look,
                    void (*callback)(void *userdata), void *userdata);
/* Returns: false if what was asked for should have been answered or begun long ago. A child that
 * hangs has had its time and does not count. */
bool probe_queue_moves(const ProbeQueue *q, uint64_t now_usec);
/* Forgets callbacks of that userdata. */
void probe_queue_forget(ProbeQueue *q, void *userdata);
