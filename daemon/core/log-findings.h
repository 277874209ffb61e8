/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "kernel-log.h"
#include "report.h"

/* What the kernel's log means for a report; not for anybody outside core. Measured facts decide
 * whether; the log says why, and decides only where nothing could be measured. A host without a log
 * (NULL) is taken everywhere. All functions return 0 or -ENOMEM. */

/* Adds what the log says of one device. */
int find_device_log(const Host *h, DeviceReport *d);

/* Fills in of r what could not be measured, and adds what contradicts what was. */
int find_host_log(const Host *h, HostReport *r);

/* Appends the log's reasons for a topic as evidence of the last finding. */
int cite_log(const Host *h, LogTopic topic, Findings *findings);

/* Returns: what was measured, else what the log says of it. */
Fact measured_or_logged(const Host *h, Fact measured, Fact (*logged)(const KernelLog *l));
