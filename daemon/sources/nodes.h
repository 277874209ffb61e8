/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

/*
 * Watches /dev/vfio by inotify: that a node is opened or closed is the only notice there is of a VM
 * taking or leaving a group. A hint, as all events: who holds it is the probe's to say. (A guest of
 * libvirt opens a copy of the node in a /dev of its own, which no watch here sees.)
 */
typedef struct NodeSource NodeSource;

/* group: the number in the node's name, or UINT_MAX for all (the directory came or went, a device
 * node of /dev/vfio/devices, or the queue overflowed). */
typedef void (*NodeCallback)(unsigned group, void *userdata);

/* Starts to watch; the directory need not exist yet. The callback must not free the source.
 * Returns: 0 or -errno. */
int node_source_new(sd_event *event, NodeCallback callback, void *userdata, NodeSource **ret);
/* The same with another directory for /dev. */
int node_source_new_in(sd_event *event, const char *dev, NodeCallback callback, void *userdata,
                       NodeSource **ret);
NodeSource *node_source_free(NodeSource *s);

/* Reads the group of a node's name: "15", "noiommu-15". Pure. Returns: true and the group. */
bool node_group(const char *name, unsigned *ret);
