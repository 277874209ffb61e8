/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "hold.h"
#include "names.h"
#include "plan-parts.h"
#include "rules.h"

int plan_restore_steps(const PlanMember *members, size_t n_members, Step **steps, size_t *n_steps) {
        int r = 0;

        /* A member recorded without a driver is never bound nor probed; its override is left
         * pointing at VFIO until it is off it, so that no autoprobe takes it. */
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (members[i].driver.fact == FACT_PRESENT && *members[i].moved_to)
                        r = steps_add(steps, n_steps, STEP_SET_OVERRIDE, &members[i].address,
                                      members[i].driver.value);
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (*members[i].moved_to)
                        r = steps_add(steps, n_steps, STEP_UNBIND, &members[i].address,
                                      members[i].moved_to);
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (members[i].driver.fact == FACT_PRESENT)
                        r = steps_add(steps, n_steps, STEP_BIND, &members[i].address,
                                      members[i].driver.value);
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (members[i].driver.fact != FACT_UNKNOWN)
                        r = steps_add(steps, n_steps, STEP_VERIFY, &members[i].address,
                                      text_or_empty(&members[i].driver));
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (*members[i].moved_to)
                        r = steps_add(steps, n_steps, STEP_SET_OVERRIDE, &members[i].address,
                                      text_or_empty(&members[i].driver_override));
        /* Which driver it had is not known: the kernel chooses. */
        for (size_t i = 0; r >= 0 && i < n_members; i++)
                if (members[i].driver.fact == FACT_UNKNOWN)
                        r = steps_add(steps, n_steps, STEP_PROBE, &members[i].address, "");
        return r;
}

/* Returns: true if the device is there and still is the one that was moved. */
static bool still_there(const Host *h, const Managed *m) {
        return host_find_device(h, &m->address) && managed_is_same(h, m);
}

/* Refuses where it cannot be told what a member is or which group it is in: then neither can be told
 * whether it is ours and whether it is in use. Returns: 1, 0 or -ENOMEM. */
static int refuse_unknown(const Host *h, Plan *p, const ManagedSet *set) {
        char text[ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < set->n_members; i++) {
                const Device *d = host_find_device(h, &set->members[i].address);

                if (!d || (d->ids == FACT_PRESENT && d->grouped == FACT_PRESENT &&
                           host_find_group(h, d->group)))
                        continue;
                return plan_refuse(p, VFIOD_ERROR_HOST_NOT_READY,
                                   "%s cannot be released: what it is, or its group, could not be "
                                   "read.", address_format(&d->address, text)) < 0 ? -ENOMEM : 1;
        }
        return 0;
}

/* What was held at boot goes to the driver that the kernel chooses. */
static void let_choose(Managed *m) {
        if (!managed_was_held(m))
                return;
        text_unset(&m->driver, FACT_UNKNOWN);
        text_unset(&m->driver_override, FACT_ABSENT);
}

/* Copies the set's members that still exist into the plan. Returns: 0 or -ENOMEM. */
static int add_members(const Host *h, Plan *p, const ManagedSet *set) {
        p->n_members = 0;
        p->members = calloc(set->n_members, sizeof(Managed));
        if (!p->members)
                return -ENOMEM;
        for (size_t i = 0; i < set->n_members; i++) {
                if (!still_there(h, &set->members[i]))
                        continue;
                if (managed_copy(&p->members[p->n_members], &set->members[i]) < 0)
                        return -ENOMEM;
                let_choose(&p->members[p->n_members++]);
        }
        return 0;
}

/* Takes out the steps that have nothing to do because the member is off VFIO already. */
static void drop_idle_steps(const Host *h, Plan *p) {
        size_t kept = 0;

        for (size_t i = 0; i < p->n_steps; i++) {
                Step *s = &p->steps[i];
                const Device *d = host_find_device(h, &s->address);
                bool idle = (s->action == STEP_UNBIND && d && !text_is(&d->driver, s->value)) ||
                            (s->action == STEP_BIND && d && text_is(&d->driver, s->value));

                if (idle)
                        free(s->value);
                else
                        p->steps[kept++] = *s;
        }
        p->n_steps = kept;
}

/* Refuses if a member of the set may not be touched now. Returns: 1, 0 or -ENOMEM. */
static int check_members(const Host *h, const Report *r, Plan *p) {
        for (size_t i = 0; i < p->n_members; i++) {
                const Managed *m = &p->members[i];
                const DeviceReport *d = report_find_device(r, &m->address);
                const GroupReport *g = d && d->device->grouped == FACT_PRESENT
                                               ? report_find_group(r, d->device->group)
                                               : NULL;
                int refused = g ? plan_check_group(p, g) : 0;

                if (g && i == 0)
                        p->group = g->group->id;
                if (refused == 0 && d && *m->moved_to && text_is(&d->device->driver, m->moved_to))
                        refused = plan_check_functions(p, h, d);
                if (refused != 0)
                        return refused;
        }
        return 0;
}

static int plan_set(const Host *h, const Report *r, Plan *p, const ManagedSet *set) {
        int result;

        p->set = set->id;
        if (claims_left(h, set, &p->address, p->claim) > 0) {
                p->kept = true;
                p->claim_only = claims_dropped(set, &p->address, p->claim) > 0;
                return 0;
        }
        result = refuse_unknown(h, p, set);
        if (result == 0)
                result = add_members(h, p, set);
        if (result == 0)
                result = check_members(h, r, p);
        if (result != 0)
                return result < 0 ? result : 0;
        result = plan_restore_steps(p->members, p->n_members, &p->steps, &p->n_steps);
        drop_idle_steps(h, p);
        return result;
}

/* A device that was held and has not been moved. Returns: 0 or -ENOMEM. */
static int plan_held(const Host *h, const Report *r, Plan *p, const DeviceReport *d) {
        Managed m;
        int result;

        managed_of_device(d->device, "", &m);
        p->members = calloc(1, sizeof(Managed));
        if (!p->members || managed_copy(p->members, &m) < 0)
                return -ENOMEM;
        p->n_members = 1;
        let_choose(p->members);
        result = check_members(h, r, p);
        if (result != 0)
                return result < 0 ? result : 0;
        result = steps_add(&p->steps, &p->n_steps, STEP_SET_OVERRIDE, &m.address, "");
        return result < 0 ? result : steps_add(&p->steps, &p->n_steps, STEP_PROBE, &m.address, "");
}

/* Nothing of ours is on the device: whose is it? */
static int plan_unmanaged(const Host *h, const Report *r, Plan *p, const DeviceReport *d,
                          bool foreign) {
        char text[ADDRESS_TEXT_MAX];

        address_format(&p->address, text);
        if (!d)
                return plan_refuse(p, VFIOD_ERROR_NO_SUCH_DEVICE,
                                   "There is no PCI device %s. See vfioctl list.", text);
        if (device_is_held(d->device))
                return plan_held(h, r, p, d);
        if (d->state != STATE_VFIO && d->state != STATE_BUSY && d->state != STATE_STUB)
                return 0;
        if (foreign)
                return plan_foreign(p, h, r, d);
        return plan_refuse(p, VFIOD_ERROR_NOT_MANAGED,
                           "%s is on %s, but vfiod did not put it there: whoever did has to give it "
                           "back, or you say that it is foreign (vfioctl release --foreign).", text,
                           d->device->driver.value);
}

int plan_release(const Host *h, const Report *r, const Request *request, Plan **ret) {
        Plan *p = plan_new(PLAN_RELEASE, request);
        const ManagedSet *set = host_find_set(h, &request->address);
        int result;

        if (!p)
                return -ENOMEM;
        if (set)
                result = plan_set(h, r, p, set);
        else
                result = plan_unmanaged(h, r, p, report_find_device(r, &request->address),
                                        request->foreign);
        if (result < 0) {
                plan_free(p);
                return result;
        }
        *ret = p;
        return 0;
}
