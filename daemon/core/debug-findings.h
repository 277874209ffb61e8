/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/* Adds, for people who ask, figures that nothing else depends on: the size and use of the bounce
 * buffer, and what VT-d's own registers say. Nothing where they could not be read. Returns: 0 or
 * -ENOMEM. */
int find_debug_values(const Host *h, Findings *findings);
