/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "changes.h"
#include "report.h"

/* Evaluates the whole host. Returns: 0 and the report in *ret, or -ENOMEM. */
int evaluate(const Host *h, Report **ret);

/* Evaluates what h says of one group and its members. Returns: 1 and the report, 0 if h has no such
 * group or nothing is in it (then *ret is NULL), or -ENOMEM. */
int evaluate_group(const Host *h, const HostReport *host, unsigned id, GroupReport **ret);

/* Evaluates a device that is in no group. Returns: 0 or -ENOMEM. */
int evaluate_ungrouped(const Host *h, const HostReport *host, Device *d, DeviceReport **ret);

/* Evaluates the facts of the host itself. Returns: 0 or -ENOMEM. */
int evaluate_host(const Host *h, HostReport **ret);
