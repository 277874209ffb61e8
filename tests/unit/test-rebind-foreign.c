/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/plan.h"
#include "names.h"
#include "test-rebind-fixture.h"

/* The release of a device that somebody else has put on VFIO: what it had before nobody knows. */

#define DEVICE "0000:01:00.0"

typedef struct Case {
        Fixture x;
        Plan plan;
        Managed member;
        Step steps[3];
} Case;

static Step step(Action action, const char *value) {
        return (Step) { .action = action, .address = { .bus = 1 }, .value = strdup(value) };
}

/* matching: the driver that the kernel would choose. */
static void open_case(Case *c, const char *matching) {
        *c = (Case) { .plan = { .kind = PLAN_RELEASE, .address = { .bus = 1 }, .group = GROUP } };
        fixture_open(&c->x, 0);
        fake_add_driver(c->x.fake, "vfio-pci");
        fake_add_device(c->x.fake, DEVICE, GROUP, matching, "vfio-pci", "vfio-pci");
        fixture_plan_prepare(&c->x, 1); /* for the identity that the fixture's devices have */
        CHECK(managed_copy(&c->member, &c->x.plan.members[0]) == 0);
        text_unset(&c->member.driver, FACT_UNKNOWN);
        text_unset(&c->member.driver_override, FACT_ABSENT);
        fixture_plan_clear(&c->x);
        c->steps[0] = step(STEP_SET_OVERRIDE, "");
        c->steps[1] = step(STEP_UNBIND, "vfio-pci");
        c->steps[2] = step(STEP_PROBE, "");
}

/* Runs it. Returns: what there is afterwards; the caller frees both. */
static char *run_case(Case *c, Transaction **ret) {
        fixture_plan_clear(&c->x);
        c->x.plan = c->plan;
        c->x.plan.claim = strdup("");
        c->x.plan.members = calloc(1, sizeof(Managed));
        c->x.plan.steps = calloc(3, sizeof(Step));
        CHECK(c->x.plan.claim && c->x.plan.members && c->x.plan.steps);
        CHECK(managed_copy(&c->x.plan.members[0], &c->member) == 0);
        c->x.plan.n_members = 1;
        for (size_t i = 0; i < 3; i++) {
                c->x.plan.steps[i] = c->steps[i];
                c->x.plan.steps[i].value = strdup(c->steps[i].value);
        }
        c->x.plan.n_steps = 3;
        *ret = fixture_run(&c->x);
        return fake_state(c->x.fake);
}

static void close_case(Case *c) {
        for (size_t i = 0; i < 3; i++)
                free(c->steps[i].value);
        managed_clear(&c->member);
        fixture_close(&c->x);
}

/* Whatever the kernel chooses is right, also nothing; but not the driver that had it. */
static void test_chosen(void) {
        static const struct {
                const char *matching, *after, *error, *words;
                Outcome outcome;
        } rows[] = {
                { "nvme", DEVICE " nvme - 15\n", NULL, NULL, OUTCOME_DONE },
                { NULL, DEVICE " - - 15\n", NULL, NULL, OUTCOME_DONE },
                { "vfio-pci", DEVICE " vfio-pci - 15\n", VFIOD_ERROR_ROLLBACK_FAILED, "its ids",
                  OUTCOME_ROLLBACK_FAILED },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                Transaction *t;
                char *state;
                Case c;

                open_case(&c, rows[i].matching);
                state = run_case(&c, &t);
                expect(t, rows[i].outcome, rows[i].error, rows[i].words);
                if (strcmp(state, rows[i].after) != 0)
                        fprintf(stderr, "%s instead of %s", state, rows[i].after);
                CHECK(strcmp(state, rows[i].after) == 0);
                free(state);
                transaction_free(t);
                close_case(&c);
        }
}

/* Done once more, as by a worker that takes over, it finds nothing to do. */
static void test_again(void) {
        Transaction *t;
        char *state;
        Case c;

        open_case(&c, "nvme");
        free(run_case(&c, &t));
        transaction_free(t);
        state = run_case(&c, &t);
        expect(t, OUTCOME_DONE, NULL, NULL);
        CHECK(strcmp(state, DEVICE " nvme - 15\n") == 0);
        free(state);
        transaction_free(t);
        close_case(&c);
}

/* A process that holds the group keeps it, and nothing is written. */
static void test_held(void) {
        unsigned writes;
        Transaction *t;
        char *state;
        Case c;

        open_case(&c, "nvme");
        fake_add_holder(c.x.fake, GROUP, 42, "qemu");
        writes = c.x.fake->n_writes;
        state = run_case(&c, &t);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_IN_USE, "nothing was changed");
        CHECK(c.x.fake->n_writes == writes);
        CHECK(strcmp(state, DEVICE " vfio-pci vfio-pci 15\n") == 0);
        free(state);
        transaction_free(t);
        close_case(&c);
}

/* Only a release may leave open what a device had, and only of what it takes from a driver. */
static void test_senseless(void) {
        Transaction *t;
        Case c;

        open_case(&c, "nvme");
        c.plan.kind = PLAN_PREPARE;
        free(run_case(&c, &t));
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "makes no sense");
        transaction_free(t);
        c.plan.kind = PLAN_RELEASE;
        c.member.moved_to[0] = '\0';
        free(run_case(&c, &t));
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "makes no sense");
        transaction_free(t);
        close_case(&c);
}

int main(void) {
        test_chosen();
        test_again();
        test_held();
        test_senseless();
        return 0;
}
