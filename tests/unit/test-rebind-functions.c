/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>

#include "names.h"

/* Virtual functions that were made between the plan and the first unbind: they would vanish with it. */

#define PHYSICAL "0000:01:00.0"

/* Two are made when the first override is written: all that was looked at before is old then. */
static int make_functions(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        (void) a;
        (void) value;
        CHECK(write != FAKE_UNBIND);
        if (write == FAKE_OVERRIDE && f->n_writes <= 2) {
                fake_write(f, PHYSICAL, "virtfn0", "");
                fake_write(f, PHYSICAL, "virtfn1", "");
        }
        return 0;
}

static bool unbinds_pend(const Transaction *t) {
        for (size_t i = 0; i < t->n_steps; i++)
                if (t->steps[i].action == STEP_UNBIND && t->states[i] != STEP_STATE_PENDING)
                        return false;
        return true;
}

static void test_prepare(void) {
        Transaction *t;
        char *before;
        Fixture x;

        fixture_open(&x, 3);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 3);
        x.fake->before = make_functions;
        t = fixture_run(&x);
        expect(t, OUTCOME_ROLLED_BACK, VFIOD_ERROR_NOT_SUPPORTED,
               PHYSICAL " has 2 virtual functions");
        CHECK(unbinds_pend(t));
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* Three functions that are on VFIO. */
static void open_moved(Fixture *x) {
        Transaction *t;

        fixture_open(x, 3);
        fixture_plan_prepare(x, 3);
        t = fixture_run(x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        fixture_plan_release(x, 3);
}

/* They were there before the worker began: nothing is written. */
static void test_release(void) {
        unsigned writes;
        Transaction *t;
        char *before;
        Fixture x;

        open_moved(&x);
        before = fake_state(x.fake);
        fake_write(x.fake, PHYSICAL, "virtfn7", "");
        writes = x.fake->n_writes;
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_NOT_SUPPORTED, "write 0 to its sriov_numvfs");
        CHECK(x.fake->n_writes == writes);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* They came while it wrote overrides: nobody is taken from VFIO. */
static void test_release_late(void) {
        Transaction *t;
        char *state;
        Fixture x;

        open_moved(&x);
        x.fake->n_writes = 0;
        x.fake->before = make_functions;
        t = fixture_run(&x);
        expect(t, OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED,
               PHYSICAL " has 2 virtual functions");
        CHECK(unbinds_pend(t));
        state = fake_state(x.fake);
        CHECK(strstr(state, PHYSICAL " vfio-pci ") && strstr(state, "0000:01:00.2 vfio-pci "));
        free(state);
        transaction_free(t);
        fixture_close(&x);
}

/* A member that the host has already is not unbound: its virtual functions stay. */
static void test_release_off(void) {
        Transaction *t;
        Fixture x;

        open_moved(&x);
        fake_set_driver(x.fake, PHYSICAL, "nouveau");
        fake_write(x.fake, PHYSICAL, "virtfn0", "");
        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        fixture_close(&x);
}

static int cannot_count(void *userdata, const Address *a, unsigned *ret) {
        (void) userdata;
        (void) a;
        (void) ret;
        return -EIO;
}

/* Unknown is not no. */
static void test_unknown(void) {
        Transaction *t;
        char *before;
        Fixture x;

        open_moved(&x);
        before = fake_state(x.fake);
        x.backend.count_functions = cannot_count;
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_NOT_SUPPORTED, "could not be read");
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

int main(void) {
        test_prepare();
        test_release();
        test_release_late();
        test_release_off();
        test_unknown();
        return 0;
}
