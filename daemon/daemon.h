/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct DaemonConfig {
        const char *root;      /* where the host is read: "/", or below */
        bool recorded;         /* it is a recording: nothing in it can be changed */
        const char *runtime;   /* runtime directory; not used for a recorded host */
        const char *state;     /* directory of what outlives a boot; likewise */
        bool units;            /* workers, modules and what needs rights: by units of systemd */
        const char *bus;       /* address of the bus; NULL: the system bus */
        size_t receive_buffer; /* of the uevent socket, bytes; 0: the default */
} DaemonConfig;

/* Serves until it is told to stop. Returns: 0, or -errno after saying on stderr what failed. */
int daemon_run(const DaemonConfig *config);
