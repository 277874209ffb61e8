/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/private.h"
#include "test-rebind-fixture.h"

#include <errno.h>

#include "names.h"

/* Every write of a prepare, of its rollback and of a release failing: what can be restored is, and
 * what cannot is named. */

static unsigned n_cases;

/* Returns: how many writes the prepare or release makes. */
static unsigned count_writes(size_t n, PlanKind kind) {
        unsigned before, writes;
        Fixture x;

        fixture_open(&x, n);
        fixture_plan_prepare(&x, n);
        transaction_free(fixture_run(&x));
        before = x.fake->n_writes;
        fixture_plan_release(&x, n);
        transaction_free(fixture_run(&x));
        writes = x.fake->n_writes - before;
        fixture_close(&x);
        return kind == PLAN_PREPARE ? before : writes;
}

/* Write number `at` of a prepare fails once. */
static void test_failing_write(size_t n, unsigned at, int error) {
        Transaction *t;
        char *before;
        Fixture x;

        n_cases++;
        fixture_open(&x, n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, n);
        x.fake->fail_at = at;
        x.fake->fail_error = error;
        t = fixture_run(&x);
        if (at == 1)
                expect(t, OUTCOME_FAILED, VFIOD_ERROR_DRIVER_UNAVAILABLE, "vfio-pci");
        else
                expect(t, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                       "; everything is as it was");
        if (at > 1)
                CHECK(strstr(t->message, "0000:01:00."));
        for (size_t i = 0; at > 1 && i < t->n_steps; i++)
                CHECK(t->steps[i].action == STEP_LOAD_MODULE || t->states[i] != STEP_STATE_DONE);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* Write `at` and all after it fail: nothing can be restored, and that is said. */
static void test_failing_rollback(size_t n, unsigned at, int error) {
        char *before, *after;
        Transaction *t;
        Fixture x;

        n_cases++;
        fixture_open(&x, n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, n);
        x.fake->fail_at = at;
        x.fake->fail_error = error;
        x.fake->fail_after = true;
        t = fixture_run(&x);
        after = fake_state(x.fake);
        if (strcmp(before, after) == 0)
                CHECK(t->outcome == OUTCOME_FAILED || t->outcome == OUTCOME_ROLLED_BACK);
        else
                expect(t, OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED,
                       "not everything could be restored: 0000:01:00.0");
        transaction_free(t);

        /* What recovery will do: the same restore, once writes succeed again. */
        x.fake->fail_at = 0;
        fixture_plan_release(&x, n);
        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        free(after);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* Write `at` of a release fails once: the other members are given back, and a second release
 * gives back the rest. */
static void test_failing_release(size_t n, unsigned at, int error) {
        char *before, *after, *line;
        Transaction *t;
        Fixture x;
        unsigned changed = 0;

        n_cases++;
        fixture_open(&x, n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, n);
        transaction_free(fixture_run(&x));
        fixture_plan_release(&x, n);
        x.fake->fail_at = x.fake->n_writes + at;
        x.fake->fail_error = error;
        t = fixture_run(&x);
        after = fake_state(x.fake);
        if (strcmp(before, after) == 0)
                expect(t, OUTCOME_DONE, NULL, NULL);
        else if (t->outcome == OUTCOME_FAILED)
                expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "nothing was changed");
        else
                expect(t, OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED, "0000:01:00.");
        for (line = after; *line; line = strchr(line, '\n') + 1) {
                size_t length = strcspn(line, "\n");

                line[length] = '\0';
                if (!strstr(before, line))
                        changed++;
                line[length] = '\n';
        }
        CHECK(changed <= 1);
        transaction_free(t);
        free(after);

        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* What happens once, at the first write of that kind, while the worker is at it. */
static struct {
        FakeWrite at;
        void (*happens)(FakeSysfs *f);
        bool done, written; /* written: a write to the first function came afterwards */
} event;

static int on_write(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        if (event.done && a && a->function == 0)
                event.written = true;
        if (!event.done && write == event.at) {
                event.done = true;
                event.happens(f);
        }
        return 0;
}

/* Another device, as new as the kernel makes them. */
static void replace(FakeSysfs *f) {
        fake_remove_device(f, "0000:01:00.0");
        fake_add_device(f, "0000:01:00.0", GROUP, "nvidia", "nvidia", NULL);
        fake_write(f, "0000:01:00.0", "device", "0x1c04\n");
}

static void replace_third(FakeSysfs *f) {
        fake_remove_device(f, "0000:01:00.2");
        fake_add_device(f, "0000:01:00.2", GROUP, "nvidia", "nvidia", NULL);
        fake_write(f, "0000:01:00.2", "device", "0x1c04\n");
}

static void appear(FakeSysfs *f) {
        fake_add_device(f, "0000:01:00.3", GROUP, NULL, NULL, NULL);
}

static void take_other(FakeSysfs *f) {
        fake_set_driver(f, "0000:01:01.0", "e1000e");
}

static void vanish_other(FakeSysfs *f) {
        fake_remove_device(f, "0000:01:01.0");
}

static void use(FakeSysfs *f) {
        fake_add_holder(f, GROUP, 4711, "qemu-system-x86\n");
}

/* Returns: the state afterwards, and before in *ret_before. */
static char *run_event(FakeWrite at, void (*happens)(FakeSysfs *f), Outcome outcome,
                       const char *error, const char *words, char **ret_before) {
        Transaction *t;
        char *after;
        Fixture x;

        fixture_open(&x, 3);
        fake_add_device(x.fake, "0000:01:01.0", GROUP, "e1000e", NULL, NULL);
        *ret_before = fake_state(x.fake);
        fixture_plan_prepare(&x, 3);
        memset(&event, 0, sizeof(event));
        event.at = at;
        event.happens = happens;
        x.fake->before = on_write;
        t = fixture_run(&x);
        CHECK(event.done);
        expect(t, outcome, error, words);
        transaction_free(t);
        after = fake_state(x.fake);
        fixture_close(&x);
        return after;
}

static void test_replaced(void) {
        char *before, *after;

        after = run_event(FAKE_MODULE, replace, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED,
                          "0000:01:00.0 is another device now", &before);
        CHECK(!event.written && strstr(after, "0000:01:00.0 nvidia - 15\n"));
        free(before);
        free(after);
        /* Taken from under the write itself: what reached the new device is taken back. */
        after = run_event(FAKE_OVERRIDE, replace, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                          "0000:01:00.0 is another device now", &before);
        CHECK(strstr(after, "0000:01:00.0 nvidia - 15\n"));
        free(before);
        free(after);
        after = run_event(FAKE_UNBIND, replace, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                          "0000:01:00.0", &before);
        CHECK(!event.written && strstr(after, "0000:01:00.0 nvidia - 15\n"));
        free(before);
        free(after);
        after = run_event(FAKE_UNBIND, replace_third, OUTCOME_ROLLED_BACK,
                          VFIOD_ERROR_VERIFY_FAILED, "0000:01:00.2 is another device now", &before);
        CHECK(strstr(after, "0000:01:00.2 nvidia - 15\n"));
        CHECK(strstr(after, "0000:01:00.0 nouveau nouveau 15\n"));
        free(before);
        free(after);
}

static void test_others(void) {
        char *before, *after;

        after = run_event(FAKE_BIND, appear, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                          "0000:01:00.3 appeared in group 15; everything is", &before);
        CHECK(strstr(after, "0000:01:00.0 nouveau nouveau 15\n"));
        free(before);
        free(after);
        after = run_event(FAKE_BIND, take_other, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                          "0000:01:01.0 was bound to e1000e meanwhile; everything is", &before);
        CHECK(strstr(after, "0000:01:00.0 nouveau nouveau 15\n"));
        free(before);
        free(after);
        after = run_event(FAKE_BIND, vanish_other, OUTCOME_DONE, NULL, NULL, &before);
        CHECK(strstr(after, "0000:01:00.0 vfio-pci vfio-pci 15\n"));
        free(before);
        free(after);
}

static void test_use(void) {
        char *before, *after, *shown;
        Transaction *t;
        Fixture x;

        after = run_event(FAKE_MODULE, use, OUTCOME_FAILED, VFIOD_ERROR_IN_USE,
                          "in use by qemu-system-x86 (process 4711); nothing was", &before);
        expect_same(before, after);
        after = run_event(FAKE_OVERRIDE, use, OUTCOME_ROLLED_BACK, VFIOD_ERROR_IN_USE,
                          "in use by qemu-system-x86 (process 4711); everything is", &before);
        expect_same(before, after);

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        transaction_free(fixture_run(&x));
        fixture_plan_release(&x, 2);
        event.done = false;
        x.fake->before = on_write;
        t = fixture_run(&x);
        expect(t, OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED,
               "(process 4711); not everything was given back: 0000:01:00.0 is bound to vfio-pci");
        transaction_free(t);
        before = fake_state(x.fake);
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_IN_USE, "(process 4711); nothing was changed");
        shown = private_show(t->message, false);
        CHECK(shown && strstr(shown, "in use by a process; nothing was changed"));
        CHECK(!strstr(shown, "4711") && !strstr(shown, "qemu"));
        free(shown);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

int main(void) {
        static const size_t sizes[] = { 1, 2, 8 };
        static const int errors[] = { -EIO, -EBUSY, -ENODEV };

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                unsigned prepare = count_writes(sizes[i], PLAN_PREPARE);
                unsigned release = count_writes(sizes[i], PLAN_RELEASE);

                for (size_t e = 0; e < 3; e++) {
                        for (unsigned at = 1; at <= prepare; at++) {
                                test_failing_write(sizes[i], at, errors[e]);
                                test_failing_rollback(sizes[i], at, errors[e]);
                        }
                        for (unsigned at = 1; at <= release; at++)
                                test_failing_release(sizes[i], at, errors[e]);
                }
        }
        test_replaced();
        test_others();
        test_use();
        printf("%u failing writes\n", n_cases);
        return 0;
}
