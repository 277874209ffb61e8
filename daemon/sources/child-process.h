/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

/* What the children that read for the daemon have in common: how they begin, and how the loop hears
 * that they have ended. */

/* For the child: every signal as it is by default, and none blocked. */
void child_reset_signals(void);
/* For the child: closes all descriptors but two, which may be the same; what a hanging child holds
 * open, it holds for as long. Nothing that is opened later takes the place of a standard stream. */
void child_keep_only(int a, int b);

/* Lets the loop reap pid. A pidfd asks for no signal to be blocked, unlike sd_event_add_child(). The
 * name, which must outlive the source, is for who looks at the loop. A source that was made floating
 * goes when the child has ended. Returns: 0 and the source, or -errno. */
int child_watch(sd_event *event, pid_t pid, const char *name, sd_event_source **ret);
