/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include "names.h"

/* What the host began to need between the plan and the first unbind. */

static Transaction *run_with(Fixture *x, UseKind kind, const char *address, const char *accept) {
        Transaction *t;

        fixture_plan_prepare(x, 3);
        if (accept)
                CHECK(names_add(&x->plan.accept, &x->plan.n_accept, accept) == 0);
        CHECK(address_parse(address, &x->fake->used) == 0);
        x->fake->use = kind;
        x->fake->use_detail = "that";
        t = fixture_run(x);
        x->fake->use_detail = NULL;
        return t;
}

static void test_refused(UseKind kind, const char *address, const char *accept, const char *words) {
        Transaction *t;
        char *before;
        Fixture x;

        fixture_open(&x, 3);
        before = fake_state(x.fake);
        t = run_with(&x, kind, address, accept);
        expect(t, OUTCOME_ROLLED_BACK, VFIOD_ERROR_HAZARD, words);
        for (size_t i = 0; i < t->n_steps; i++)
                CHECK(t->steps[i].action != STEP_UNBIND || t->states[i] == STEP_STATE_PENDING);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

static void test_taken(UseKind kind, const char *address, const char *accept) {
        Transaction *t;
        Fixture x;

        fixture_open(&x, 3);
        t = run_with(&x, kind, address, accept);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        fixture_close(&x);
}

int main(void) {
        /* 0000:01:00.2 is on snd_hda_intel, 0000:01:00.1 has no driver. */
        test_refused(USE_MOUNT, "0000:01:00.2", NULL, "0000:01:00.2 is needed by the host: It holds that");
        test_refused(USE_MOUNT, "0000:01:00.2", "disk-in-use", "It holds that");
        test_refused(USE_SOUND, "0000:01:00.2", NULL, "Its sound card is held open: that (thing)");
        test_refused(USE_SOUND, "0000:01:00.2", "sound-in-use@01:00.0", "Its sound card is held open");
        test_refused(USE_NOT_LOOKED, "0000:01:00.0", NULL, "could not be looked at");
        test_taken(USE_SOUND, "0000:01:00.2", "sound-in-use");
        test_taken(USE_SOUND, "0000:01:00.2", "sound-in-use@0000:01:00.2");
        test_taken(USE_NOT_LOOKED, "0000:01:00.0", "network-in-use@01:00.0");
        test_refused(USE_LAST_CONSOLE, "0000:01:00.1", NULL, "It carries the host's last console");
        return 0;
}
