/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "options.h"

/* A helper that asks for a password on this terminal, where polkit wants one and no desktop asks. */
typedef struct Agent {
        pid_t pid; /* 0: none runs */
} Agent;

/**
 * Starts polkit's agent for this process and waits until it is registered. Does nothing for root,
 * without a terminal, for another host or bus, or with --no-ask-password. That there is none to
 * start is no failure: polkit may not need one, and says so if it does.
 */
void agent_start(Agent *agent, const Options *options);

/** Ends it; for _cleanup_. */
void agent_stop(Agent *agent);
