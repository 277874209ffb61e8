/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sources/probe-child.h"

/*
 * What a probe reads and the daemon has no right to, a helper reads: `vfiod --helper`, a unit of
 * its own behind a socket in the directory of root_set_helpers(). It needs no more rights than that
 * takes, and where it hangs, the daemon's unit does not. A request is a text, the answer is what a
 * probe's child writes.
 */

#define PROBE_HELPER_FACTS   "facts"   /* attributes of devices and groups, kernel, modules */
#define PROBE_HELPER_HOLDERS "holders" /* what processes do */

/* No request names more. */
#define PROBE_REQUEST_MAX 65536

typedef struct ProbeRequest {
        unsigned what; /* ProbeWhat bits */
        Address *devices;
        size_t n_devices;
        unsigned *groups;
        size_t n_groups;
} ProbeRequest;

/* Writes what a task asks for, but of what only those bits. The caller frees the text.
 * Returns: 0 or -ENOMEM. */
int probe_request_format(const ProbeTask *t, unsigned what, char **ret, size_t *ret_size);
/* Returns: 0, -EBADMSG or -ENOMEM. */
int probe_request_parse(const char *text, size_t size, ProbeRequest *ret);
void probe_request_clear(ProbeRequest *r);

/* Asks a helper for those bits of the task. Returns: a descriptor that it answers on; -ENOTCONN if
 * there is no such helper; another -errno. */
int probe_relay_ask(const ProbeTask *t, const char *helper, unsigned what);
/* Says what it answers, and closes fd. Returns: 0 when all of it has come, or -errno. */
int probe_relay_answer(ProbeTask *t, int fd);

/* Serves a listening socket: root's requests, each in a child, until there has been none for a
 * while. Returns: 0 or -errno. */
int probe_serve(const Root *root, int listen_fd);
