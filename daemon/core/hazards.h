/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/* What would be lost if a device were taken from the host: findings made of its uses. */

/* Adds the findings about the device's own uses, whatever it is bound to. asked: the device that a
 * prepare names; the remedy of a finding that can be accepted is the whole command.
 * Returns: 0 or -ENOMEM. */
int hazard_findings(const Device *d, const Address *asked, Findings *f);

/* The same for one that would be taken along with `asked`, as asked's findings: what can be
 * accepted is so for the member; what is never done is a finding on asked that names the member.
 * Returns: 0 or -ENOMEM. */
int hazard_findings_of_member(const Device *member, const Device *asked, Findings *f);

/* Returns: true if the device is the host's to lose: an endpoint that is on no driver of VFIO's. */
bool hazard_applies(const Device *d);

/* Returns: true if one of accept, "ID" or "ID@ADDRESS", names the finding. */
bool hazard_is_accepted(const Finding *f, char *const *accept, size_t n_accept);
/* Reads the id of "ID" or "ID@ADDRESS". Returns: its class, or HAZARD_NONE for another text. */
HazardClass hazard_class_of(const char *accept);
