/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/setup.h"
#include "sources/probe-line.h"

/* Takes a line about the host's setup into s. Pure. Returns: 1 if it was one, 0 if it is about
 * something else, -ENOMEM, or -EINVAL for a value that the child does not write. */
int probe_take_setup(Setup *s, ProbeLine *l);
