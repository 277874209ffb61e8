/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "finding-ids.h"
#include "hold.h"
#include "names.h"
#include "plan-parts.h"
#include "rules.h"
#include "variants.h"

typedef struct Planner {
        const Host *h;
        const Report *r;
        const Request *request;
        const DeviceReport *d;
        const GroupReport *g;
        const char *driver; /* named by the request, as sysfs has it; NULL: the best for each */
        Plan *p;
} Planner;

/* What a blocker finding of the device means for a prepare. */
static const struct Refusal {
        const char *finding;
        const char *error;
        bool known; /* not where the finding only says that it could not be told */
} refusals[] = {
        { FINDING_NOT_A_CANDIDATE, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_NO_IOMMU_GROUP, VFIOD_ERROR_NO_GROUP },
        { FINDING_NOIOMMU, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_BLOCKED_BY_PLATFORM, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_PF_WITH_VFS, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_VF_TOKEN_REQUIRED, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_FIRMWARE_MAPPING, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_DENYLIST, VFIOD_ERROR_NOT_SUPPORTED },
        { FINDING_NO_INTERRUPT_REMAPPING, VFIOD_ERROR_HOST_NOT_READY },
        { FINDING_NO_BACKEND, VFIOD_ERROR_HOST_NOT_READY, true },
        { FINDING_DEVICE_FACTS_UNKNOWN, VFIOD_ERROR_HOST_NOT_READY },
        { FINDING_VIABILITY_UNKNOWN, VFIOD_ERROR_HOST_NOT_READY },
};

/* Returns: 1 if refused, 0 if not, or -ENOMEM. */
static int refuse_by_findings(const Planner *pl) {
        char text[ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
                const Finding *f = findings_find(&pl->d->findings, refusals[i].finding);

                if (!f || (refusals[i].known && f->severity != SEVERITY_BLOCKER))
                        continue;
                if (plan_refuse(pl->p, refusals[i].error, "%s cannot be prepared: %s%s%s",
                                address_format(&pl->request->address, text), f->message,
                                *f->remedy ? " " : "", f->remedy) < 0)
                        return -ENOMEM;
                return 1;
        }
        return 0;
}

/* Returns: true if the device is bound to what the request wants. Without a driver named, any VFIO
 * driver will do. */
static bool on_target(const Planner *pl, const Device *d) {
        if (d->driver.fact != FACT_PRESENT)
                return false;
        return pl->driver ? strcmp(d->driver.value, pl->driver) == 0
                          : is_vfio_driver(d->driver.value, d);
}

/* Returns: the driver that a member goes to. A variant is for the device it was named for, and for
 * those that it is made for as well. */
static const char *driver_for(const Planner *pl, const Device *d) {
        if (pl->driver && (d == pl->d->device || is_stub_driver(pl->driver) ||
                           strcmp(pl->driver, "vfio-pci") == 0 ||
                           variant_fits(pl->h, d, pl->driver) == FACT_PRESENT))
                return pl->driver;
        return variant_best(pl->h, d);
}

/* Appends d to the members that move. Returns: 0 or -ENOMEM; a refusal is set where its override
 * could not be read, since what cannot be recorded cannot be given back. */
static int add_member(const Planner *pl, const DeviceReport *d, const char *moved_to) {
        const Device *v = d->device;
        Managed *grown, new;
        char text[ADDRESS_TEXT_MAX], member[ADDRESS_TEXT_MAX];

        if (v->driver_override.fact == FACT_UNKNOWN)
                return plan_refuse(pl->p, VFIOD_ERROR_STUCK,
                                   "%s cannot be prepared: driver_override of %s could not be "
                                   "read, so it could not be restored.",
                                   address_format(&pl->request->address, text),
                                   address_format(&v->address, member));
        managed_of_device(v, moved_to, &new);
        grown = reallocarray(pl->p->members, pl->p->n_members + 1, sizeof(Managed));
        if (!grown)
                return -ENOMEM;
        pl->p->members = grown;
        if (managed_copy(&grown[pl->p->n_members], &new) < 0)
                return -ENOMEM;
        pl->p->n_members++;
        return 0;
}

/* Returns: true if the request lets this member move. */
static bool consented(const Request *request, const Address *a) {
        if (request->group)
                return true;
        for (size_t i = 0; i < request->n_with; i++)
                if (address_compare(&request->with[i], a) == 0)
                        return true;
        return false;
}

static int compare_members(const void *a, const void *b) {
        return address_compare(&((const Managed *) a)->address, &((const Managed *) b)->address);
}

/* Returns: true if the member is held for somebody who moves along: it blocks nothing, but is wanted
 * where the others go. */
static bool is_held_along(const Planner *pl, const DeviceReport *m) {
        return m != pl->d && device_is_held(m->device) &&
               (same_slot_functions(m->device, pl->d->device) ||
                consented(pl->request, &m->device->address));
}

/* Chooses who moves: the device, and what blocks its group, in the order of their addresses. Sets *ret_asked if a member moves only
 * with a consent that was not given. Returns: 0 or -ENOMEM. */
static int choose_members(const Planner *pl, bool *ret_asked) {
        int r = 0;

        if (!on_target(pl, pl->d->device))
                r = add_member(pl, pl->d, driver_for(pl, pl->d->device));
        for (size_t i = 0; r >= 0 && i < pl->g->n_blockers; i++) {
                const Blocker *b = &pl->g->blockers[i];
                const DeviceReport *m = b->report;

                if (!m || m == pl->d)
                        continue;
                /* Its virtual functions, wherever they are, would go with it. */
                r = plan_check_functions(pl->p, pl->h, m);
                if (r != 0)
                        return r < 0 ? r : 0;
                if (blocker_kind(b, pl->d->device) == BLOCKER_CONSENT &&
                    !consented(pl->request, &m->device->address))
                        *ret_asked = true;
                r = add_member(pl, m, m->role == ROLE_BRIDGE ? "" : driver_for(pl, m->device));
        }
        for (size_t i = 0; r >= 0 && i < pl->g->n_members; i++)
                if (is_held_along(pl, pl->g->members[i]))
                        r = add_member(pl, pl->g->members[i],
                                       driver_for(pl, pl->g->members[i]->device));
        if (pl->p->n_members > 1)
                qsort(pl->p->members, pl->p->n_members, sizeof(Managed), compare_members);
        return r;
}

/* Returns: true if the driver is registered. */
static bool driver_registered(const Host *h, const char *driver) {
        for (size_t i = 0; i < h->n_drivers; i++)
                if (strcmp(h->drivers[i], driver) == 0)
                        return true;
        return false;
}

/* A driver that is not there has to be loaded, once. Returns: 0 or -ENOMEM. */
static int add_modules(const Planner *pl) {
        Plan *p = pl->p;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_members; i++) {
                const char *driver = p->members[i].moved_to;
                bool needed = *driver && !driver_registered(pl->h, driver);

                for (size_t j = 0; j < i; j++)
                        needed &= strcmp(p->members[j].moved_to, driver) != 0;
                if (needed)
                        r = steps_add(&p->steps, &p->n_steps, STEP_LOAD_MODULE, NULL, driver);
        }
        return r;
}

/* All overrides, then all unbinds, then all binds, then all verifications: see the header of
 * rebind/worker.h for why. Returns: 0 or -ENOMEM. */
static int add_steps(const Planner *pl) {
        static const Action phases[] = { STEP_SET_OVERRIDE, STEP_UNBIND, STEP_BIND, STEP_VERIFY };
        Plan *p = pl->p;
        int r = add_modules(pl);

        for (size_t phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++)
                for (size_t i = 0; r >= 0 && i < p->n_members; i++) {
                        const Managed *m = &p->members[i];
                        const char *value = m->moved_to;

                        if (phases[phase] == STEP_UNBIND) {
                                if (m->driver.fact != FACT_PRESENT)
                                        continue;
                                value = m->driver.value;
                        } else if (phases[phase] != STEP_VERIFY && *m->moved_to == '\0')
                                continue; /* a bridge is only unbound */
                        r = steps_add(&p->steps, &p->n_steps, phases[phase], &m->address, value);
                }
        return r;
}

/* The device's findings, but the question for consent only if it is still open. What the host would
 * lose is the whole plan's matter. */
static int add_findings(const Planner *pl, bool asked) {
        for (size_t i = 0; i < pl->d->findings.n_items; i++) {
                const Finding *f = &pl->d->findings.items[i];
                Findings one = { .items = (Finding *) f, .n_items = 1 };
                int r;

                if (f->class != HAZARD_NONE ||
                    (!asked && strcmp(f->id, FINDING_MEMBER_NEEDS_CONSENT) == 0))
                        continue;
                r = findings_append(&pl->p->findings, &one);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int refuse_for_consent(const Planner *pl) {
        const Finding *f = findings_find(&pl->d->findings, FINDING_MEMBER_NEEDS_CONSENT);
        char text[ADDRESS_TEXT_MAX];

        pl->p->grantable = true;
        return plan_refuse(pl->p, VFIOD_ERROR_NEEDS_CONSENT,
                           "%s cannot be prepared alone: %s If that is what you want: %s",
                           address_format(&pl->request->address, text), f ? f->message : "",
                           f ? f->remedy : "");
}

/* Returns: true if the driver that the request names gives the device to a VM or keeps it from its
 * own: vfio-pci, the stub, or what an alias says is made for it. Where aliases could not be read, a
 * name with VFIO in it has to do, as all variants have. */
static bool is_choice(const Planner *pl) {
        const Device *d = pl->d->device;

        if (!pl->driver || strcmp(pl->driver, "vfio-pci") == 0 || is_stub_driver(pl->driver))
                return true;
        /* Where it is already, it need not be told. */
        if (text_is(&d->driver, pl->driver) && is_vfio_driver(pl->driver, d))
                return true;
        switch (variant_fits(pl->h, d, pl->driver)) {
        case FACT_PRESENT:
                return true;
        case FACT_ABSENT:
                return false;
        default:
                return strstr(pl->driver, "vfio");
        }
}

/* Returns: 1 if the driver named gives no device to a VM, or if the device is on another VFIO driver
 * than that, 0 if not, or -ENOMEM. */
static int refuse_other_driver(const Planner *pl) {
        const Device *d = pl->d->device;
        char text[ADDRESS_TEXT_MAX];

        if (!is_choice(pl))
                return plan_refuse(pl->p, VFIOD_ERROR_NOT_SUPPORTED,
                                   "%s cannot be prepared for %s: it is no VFIO driver for this "
                                   "device. Leave it out: then vfiod takes %s.",
                                   address_format(&d->address, text), pl->driver,
                                   variant_best(pl->h, d)) < 0
                               ? -ENOMEM : 1;
        if (!pl->driver || d->driver.fact != FACT_PRESENT || on_target(pl, d) ||
            !is_vfio_driver(d->driver.value, d))
                return 0;
        return plan_refuse(pl->p, VFIOD_ERROR_NOT_SUPPORTED,
                           "%s cannot be prepared for %s: it is on %s already. Release it first.",
                           address_format(&d->address, text), pl->driver,
                           d->driver.value) < 0 ? -ENOMEM : 1;
}

/* Two sets in one group would each be given back while the other needs the group: what moves joins
 * the set that is there. A device that is where it should be only adds its claim. */
static void note_set(const Planner *pl) {
        const ManagedSet *set = host_find_set(pl->h, &pl->request->address);

        if (!set && pl->p->n_steps > 0)
                set = host_find_group_set(pl->h, pl->p->group);
        if (!set)
                return;
        pl->p->set = set->id;
        pl->p->claim_only = pl->p->n_steps == 0 &&
                            !claim_find(set, &pl->request->address, pl->p->claim);
}

static int plan_members(const Planner *pl) {
        bool asked = false;
        int r = choose_members(pl, &asked);

        if (r >= 0 && !pl->p->error)
                r = add_steps(pl);
        if (r >= 0)
                r = add_findings(pl, asked);
        if (r >= 0 && !pl->p->error)
                r = plan_check_hazards(pl->p, pl->h);
        if (r >= 0 && pl->request->from_afar)
                r = plan_note_disks(pl->p, pl->h);
        if (r >= 0 && asked && (!pl->p->error || pl->p->grantable))
                r = refuse_for_consent(pl);
        note_set(pl);
        return r;
}

/* Returns: 1 if the request must be refused, 0 if not, or -ENOMEM. */
static int check_request(Planner *pl) {
        char text[ADDRESS_TEXT_MAX];
        int r;

        pl->d = report_find_device(pl->r, &pl->request->address);
        if (!pl->d)
                return plan_refuse(pl->p, VFIOD_ERROR_NO_SUCH_DEVICE,
                                   "There is no PCI device %s. See vfioctl list.",
                                   address_format(&pl->request->address, text)) < 0 ? -ENOMEM : 1;
        if (pl->d->device->grouped == FACT_PRESENT)
                pl->g = report_find_group(pl->r, pl->d->device->group);
        if (pl->g && pl->d->role == ROLE_ENDPOINT) {
                pl->p->group = pl->g->group->id;
                r = plan_check_group(pl->p, pl->g);
                if (r != 0)
                        return r;
        }
        r = refuse_by_findings(pl);
        if (r != 0)
                return r;
        if (!pl->g)
                return plan_refuse(pl->p, VFIOD_ERROR_NO_GROUP,
                                   "%s cannot be prepared: it is in no IOMMU group.",
                                   address_format(&pl->request->address, text)) < 0 ? -ENOMEM : 1;
        return refuse_other_driver(pl);
}

int plan_prepare(const Host *h, const Report *r, const Request *request, Plan **ret) {
        Planner pl = { .h = h, .r = r, .request = request,
                       .driver = request->driver ? variant_name(h, request->driver) : NULL,
                       .p = plan_new(PLAN_PREPARE, request) };
        int refused;

        if (!pl.p)
                return -ENOMEM;
        refused = check_request(&pl);
        if (refused == 0)
                refused = plan_members(&pl);
        else if (refused > 0 && pl.d)
                refused = findings_append(&pl.p->findings, &pl.d->findings);
        if (refused < 0) {
                plan_free(pl.p);
                return -ENOMEM;
        }
        *ret = pl.p;
        return 0;
}
