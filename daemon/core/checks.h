/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "rules.h"

/*
 * The checks of a device: each looks at one thing and adds at most one finding. readiness.c has
 * those that decide and the list of all; the others lie in check-*.c. Not for anybody outside core.
 */
typedef struct Check {
        const Host *h;
        const HostReport *host;
        const GroupReport *g; /* NULL: in no group */
        DeviceReport *d;
} Check;

/* Returns: true if the device is bound to a VFIO driver, used or not. */
bool on_vfio(const DeviceReport *d);

/* Returns: whether a VM has a way to VFIO: type1, or iommufd with devices of their own or with the
 * container that it serves for old programs. */
Fact backend_of(const Host *h);

/* All return: 0 or -ENOMEM. */
int check_reset(const Check *c);
int check_d3cold(const Check *c);
int check_denylist(const Check *c);
int check_variant(const Check *c);
int check_frame_buffer(const Check *c);
int check_node(const Check *c); /* and the limit of those who may open it */
int check_owner(const Check *c);
int check_override(const Check *c);
int check_wish(const Check *c); /* wish-findings.c */
