/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"
#include "sources/probe-line.h"

/* Puts what one line of a probe's child says into facts. Not for PROBE_KEY_AT and PROBE_KEY_END,
 * which say nothing of the host. Returns: 0, -ENOMEM, or -EINVAL for what cannot be a line of
 * ours. */
int probe_take(Host *facts, ProbeLine *l);
