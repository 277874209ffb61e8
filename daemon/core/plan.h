/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/*
 * What would be done to the host: computed from a host and a request, touching nothing. `plan`
 * prints it and `prepare` executes the same value.
 */

typedef enum Action {
        STEP_LOAD_MODULE, STEP_SET_OVERRIDE, STEP_UNBIND, STEP_BIND, STEP_PROBE, STEP_VERIFY,
} Action;

typedef struct Step {
        Action action;
        Address address; /* not of STEP_LOAD_MODULE */
        char *value;     /* as in action-names.h; never NULL */
} Step;

/* One device that a plan moves, as it is before. Same value as in the record of a set. */
typedef Managed PlanMember;

typedef enum PlanKind { PLAN_PREPARE, PLAN_RELEASE } PlanKind;

typedef struct Request {
        Address address;
        const Address *with; /* further members that may move */
        size_t n_with;
        bool group;          /* every member of the group may move */
        const char *driver;  /* NULL: the one that fits best, else vfio-pci */
        const char *claim;   /* who wants it; NULL: "" */
        char *const *accept; /* hazards that are accepted: "ID" or "ID@ADDRESS" */
        size_t n_accept;
        bool from_afar;      /* prepare: disks were not opened to see what is on them */
        bool foreign;        /* release: also what somebody else has put on VFIO */
} Request;

typedef struct Plan {
        PlanKind kind;
        Address address;
        unsigned group;      /* the group everything happens in */
        char *claim;
        unsigned set;        /* release: the set to give back; prepare: the one to join, or 0 */
        PlanMember *members; /* in the order they are moved */
        size_t n_members;
        Step *steps;
        size_t n_steps;
        Findings findings;
        const char *error;   /* why it must not be executed: a name of names.h; NULL if it may be */
        char *error_message; /* names device, driver and cause; NULL if error is */
        bool grantable;      /* a consent or an acceptance would take the error away */
        char **accept;       /* the request's, for who checks once more */
        size_t n_accept;
        bool claim_only;     /* nothing to move, but a claim is added to or dropped from `set` */
        bool kept;           /* release: another claim remains, nothing is moved */
} Plan;

/*
 * Plans to hand request->address to VFIO. Without consent for a further member the plan shows the
 * steps as if it were granted, with a finding that names the option and error set to NeedsConsent.
 * Returns: 0 and the plan in *ret, or -ENOMEM.
 */
int plan_prepare(const Host *h, const Report *r, const Request *request, Plan **ret);

/* Plans to give back the set that holds request->address; a device of no set only if it is foreign.
 * Then its member has a driver that is not known: the kernel chooses. Returns: as plan_prepare(). */
int plan_release(const Host *h, const Report *r, const Request *request, Plan **ret);

/* The steps that undo the members' moves from any point of a prepare, in order: every override to
 * what verification needs, unbind, bind what had a driver, verify, override as it was.
 * Appends to an array. Returns: 0 or -ENOMEM. */
int plan_restore_steps(const PlanMember *members, size_t n_members, Step **steps, size_t *n_steps);

/* NULL is taken. Returns: NULL. */
Plan *plan_free(Plan *p);
Step *steps_free(Step *steps, size_t n_steps);

/* Returns: the word of action-names.h. */
const char *action_text(Action a);
/* Returns: 0 and the action, or -EINVAL. */
int action_parse(const char *text, Action *ret);

/* Copies one member of a set. Returns: 0, or -ENOMEM with *dst zeroed. */
int managed_copy(Managed *dst, const Managed *src);
void managed_clear(Managed *m);
void managed_set_clear(ManagedSet *s);
