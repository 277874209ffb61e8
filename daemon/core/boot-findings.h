/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/* Adds a finding for each word that matters here and that the next boot would have otherwise than
 * this one, or that was written down and has not reached the boot loader yet. Returns: 0 or
 * -ENOMEM. */
int find_boot(const Host *h, Findings *findings);
