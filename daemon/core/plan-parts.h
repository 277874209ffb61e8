/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "plan.h"

/* What planning a prepare and a release share; not for anybody outside core. */

/* Returns: an empty plan for the request, or NULL when memory is short. */
Plan *plan_new(PlanKind kind, const Request *request);

/* Sets why the plan must not be executed; error is a name of names.h. Returns: 0 or -ENOMEM. */
int plan_refuse(Plan *p, const char *error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Appends a step; address is NULL for a step that has none. Returns: 0 or -ENOMEM. */
int steps_add(Step **steps, size_t *n, Action action, const Address *address, const char *value);

/* Fills *ret with the device as it is now, to be moved to a driver (""; none). All is borrowed. */
void managed_of_device(const Device *d, const char *moved_to, Managed *ret);

/* Refuses what no plan of that group may do: its members are in use, or an unbind has not ended.
 * Returns: 1 if refused, 0 if not, or -ENOMEM. */
int plan_check_group(Plan *p, const GroupReport *g);

/* Refuses to unbind a device whose virtual functions would go with it, or may. Returns: as above. */
int plan_check_functions(Plan *p, const Host *h, const DeviceReport *d);

/* plan-foreign.c: adds the steps that give the device, which is on VFIO by somebody else's doing, back
 * to whatever driver the kernel chooses, or refuses that. Returns: 0 or -ENOMEM. */
int plan_foreign(Plan *p, const Host *h, const Report *r, const DeviceReport *d);

/* plan-hazards.c: adds what the host would lose by the plan's unbinds, less what is accepted, and
 * refuses what stays. Returns: 0 or -ENOMEM. */
int plan_check_hazards(Plan *p, const Host *h);

/* plan-disks.c: says of each disk of the plan that it was not opened, which refuses nothing.
 * Returns: 0 or -ENOMEM. */
int plan_note_disks(Plan *p, const Host *h);
