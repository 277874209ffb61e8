/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "names.h"
#include "rebind/worker-internal.h"

/* The worker on a fake sysfs: what succeeds, what is refused, what a surprise does. */

static const size_t sizes[] = { 1, 2, 8 };
#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void test_success(size_t n) {
        char *before, *prepared;
        Transaction *t;
        Fixture x;

        fixture_open(&x, n);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, n);
        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        for (size_t i = 0; i < t->n_steps; i++)
                CHECK(t->states[i] == STEP_STATE_DONE);
        CHECK(strcmp(t->claim, "libvirt:guest 1") == 0 && t->group == GROUP);
        transaction_free(t);
        prepared = fake_state(x.fake);
        CHECK(strstr(prepared, "0000:01:00.0 vfio-pci vfio-pci 15\n"));
        free(prepared);

        fixture_plan_release(&x, n);
        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

static int slow_unbind(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        const struct timespec moment = { .tv_nsec = 400000000L };

        if (write == FAKE_UNBIND && strcmp(value, "nouveau") == 0)
                (void) nanosleep(&moment, NULL);
        return 0;
}

static void test_deadline(void) {
        Transaction *t;
        char *before;
        Fixture x;

        fixture_open(&x, 3);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 3);
        t = fixture_run_until(&x, fixture_now() - 1);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_STUCK, "nothing was changed");
        CHECK(x.fake->n_writes == 0);
        transaction_free(t);

        x.fake->before = slow_unbind;
        t = fixture_run_until(&x, fixture_now() + 300000);
        expect(t, OUTCOME_ROLLED_BACK, VFIOD_ERROR_STUCK,
               "unbinding 0000:01:00.0 from nouveau lasted beyond the time limit; everything is");
        transaction_free(t);
        expect_same(before, fake_state(x.fake));

        /* A release is completed. */
        before = fake_state(x.fake);
        x.fake->before = NULL;
        transaction_free(fixture_run(&x));
        fixture_plan_release(&x, 3);
        t = fixture_run_until(&x, fixture_now() - 1);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* What happens to the second function just before the first unbind. */
static const char *surprise;

static int do_surprise(FakeSysfs *f, FakeWrite write, const Address *a, const char *value) {
        if (write != FAKE_OVERRIDE || a->function != 2 || !surprise)
                return 0;
        if (strcmp(surprise, "device") == 0)
                fake_write(f, "0000:01:00.0", "device", "0x1c04\n");
        else if (strcmp(surprise, "group") == 0)
                fake_set_group(f, "0000:01:00.0", 16);
        else if (strcmp(surprise, "driver") == 0)
                fake_set_driver(f, "0000:01:00.0", "nvidia");
        else
                fake_remove_device(f, "0000:01:00.0");
        surprise = NULL;
        return 0;
}

static void test_surprise(const char *what, Outcome outcome, const char *error, const char *words) {
        Transaction *t;
        char *after;
        Fixture x;

        fixture_open(&x, 3);
        fixture_plan_prepare(&x, 3);
        surprise = what;
        x.fake->before = do_surprise;
        t = fixture_run(&x);
        expect(t, outcome, error, words);
        CHECK(strstr(t->message, "0000:01:00.0"));
        for (size_t i = 0; i < t->n_steps; i++)
                CHECK(t->steps[i].action != STEP_UNBIND || t->states[i] == STEP_STATE_PENDING);
        transaction_free(t);
        after = fake_state(x.fake);
        CHECK(strstr(after, "0000:01:00.1 - - 15\n"));
        CHECK(strstr(after, "0000:01:00.2 snd_hda_intel - 15\n"));
        free(after);
        fixture_close(&x);
}

static void test_surprises(void) {
        test_surprise("device", OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                      "is another device now (10de:1c04 instead of 10de:1c03)");
        test_surprise("gone", OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                      "is not there any more; everything else is as it was");
        test_surprise("group", OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                      "is in IOMMU group 16 now instead of 15");
        test_surprise("driver", OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED,
                      "has driver nvidia now instead of nouveau; not everything");
}

/* The plan is older than what the host is by now: nothing is written at all. */
static void test_stale_plan(void) {
        Transaction *t;
        Fixture x;

        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        fake_write(x.fake, "0000:01:00.1", "driver_override", "pci-stub\n");
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED,
               "0000:01:00.1 has driver_override pci-stub now instead of none; nothing was");
        CHECK(x.fake->n_writes == 0);
        transaction_free(t);
        fixture_close(&x);
}

static void test_driver_missing(void) {
        Transaction *t;
        char *before;
        Fixture x;

        fixture_open(&x, 2);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 2);
        free(x.plan.steps[0].value);
        x.plan.steps[0].value = strdup("vfio-absent");
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_DRIVER_UNAVAILABLE, "the module vfio-absent");
        transaction_free(t);

        /* No step to load it, and it is not there. */
        x.plan.steps[0].action = STEP_VERIFY;
        x.plan.steps[0].address = x.plan.members[0].address;
        free(x.plan.steps[0].value);
        x.plan.steps[0].value = strdup("vfio-pci");
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_DRIVER_UNAVAILABLE,
               "there is no PCI driver vfio-pci");
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* A plan that core would not make is not executed, whatever it would do. */
static void test_foreign_plans(void) {
        static const struct { Action action; const char *value; unsigned function; } bad[] = {
                { STEP_BIND, "../../evil", 0 },    { STEP_BIND, "nvme", 0 },
                { STEP_UNBIND, "nvme", 0 },        { STEP_SET_OVERRIDE, "a\nb", 0 },
                { STEP_LOAD_MODULE, "-r", 0 },     { STEP_LOAD_MODULE, "a b", 0 },
                { STEP_BIND, "vfio-pci", 7 },      { STEP_PROBE, "", 0 },
                { STEP_VERIFY, "nouveau", 0 },
        };
        Transaction *t;
        Fixture x;

        fixture_open(&x, 1);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                fixture_plan_prepare(&x, 1);
                free(x.plan.steps[1].value);
                x.plan.steps[1] = (Step) { .action = bad[i].action, .value = strdup(bad[i].value),
                                           .address = { .bus = 1,
                                                        .function = (uint8_t) bad[i].function } };
                t = fixture_run(&x);
                /* "-r" is made of letters that a name may have; "--" keeps it a name. */
                if (strcmp(bad[i].value, "-r") == 0)
                        expect(t, OUTCOME_FAILED, VFIOD_ERROR_DRIVER_UNAVAILABLE, "-r");
                else
                        expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "makes no sense");
                transaction_free(t);
        }
        /* A release does not give a driver to what had none. */
        fixture_close(&x);
        fixture_open(&x, 2);
        fixture_plan_prepare(&x, 2);
        transaction_free(fixture_run(&x));
        fixture_plan_release(&x, 2);
        x.plan.steps[1].action = STEP_BIND;
        x.plan.steps[1].address = x.plan.members[1].address;
        t = fixture_run(&x);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_VERIFY_FAILED, "makes no sense");
        transaction_free(t);
        fixture_close(&x);
}

/* A bridge is unbound, gets no override, and is bound again. */
static void test_bridge(void) {
        char *before, *prepared;
        Transaction *t;
        Fixture x;

        fixture_open(&x, 1);
        before = fake_state(x.fake);
        for (int release = 0; release < 2; release++) {
                Managed *m;

                release ? fixture_plan_release(&x, 1) : fixture_plan_prepare(&x, 1);
                m = &x.plan.members[0];
                free(m->moved_to);
                m->moved_to = strdup("");
                steps_free(x.plan.steps, x.plan.n_steps);
                x.plan.steps = NULL;
                x.plan.n_steps = 0;
                if (release)
                        CHECK(plan_restore_steps(m, 1, &x.plan.steps, &x.plan.n_steps) == 0);
                else {
                        x.plan.steps = calloc(2, sizeof(Step));
                        x.plan.steps[0] = (Step) { .action = STEP_UNBIND, .address = m->address,
                                                   .value = strdup("nouveau") };
                        x.plan.steps[1] = (Step) { .action = STEP_VERIFY, .address = m->address,
                                                   .value = strdup("") };
                        x.plan.n_steps = 2;
                }
                t = fixture_run(&x);
                expect(t, OUTCOME_DONE, NULL, NULL);
                transaction_free(t);
                prepared = fake_state(x.fake);
                CHECK(strcmp(prepared, release ? before : "0000:01:00.0 - nouveau 15\n") == 0);
                free(prepared);
        }
        free(before);
        fixture_close(&x);
}

/* Loading the module takes a device that already points at it: the bind has nothing left to do,
 * and a rollback knows that the device had no driver. */
static void test_taken_by_module(unsigned fail_at) {
        Transaction *t;
        char *before;
        Fixture x;

        fixture_open(&x, 2);
        fake_write(x.fake, "0000:01:00.1", "driver_override", "vfio-pci\n");
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 2);
        CHECK(text_set(&x.plan.members[1].driver_override, "vfio-pci") == 0);
        x.fake->fail_at = fail_at;
        x.fake->fail_error = -EIO;
        t = fixture_run(&x);
        if (fail_at)
                expect(t, OUTCOME_ROLLED_BACK, VFIOD_ERROR_VERIFY_FAILED,
                       "everything is as it was");
        else {
                expect(t, OUTCOME_DONE, NULL, NULL);
                transaction_free(t);
                fixture_plan_release(&x, 2);
                CHECK(text_set(&x.plan.members[1].driver_override, "vfio-pci") == 0);
                steps_free(x.plan.steps, x.plan.n_steps);
                x.plan.steps = NULL;
                x.plan.n_steps = 0;
                CHECK(plan_restore_steps(x.plan.members, 2, &x.plan.steps, &x.plan.n_steps) == 0);
                t = fixture_run(&x);
                expect(t, OUTCOME_DONE, NULL, NULL);
        }
        transaction_free(t);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

static void test_given_back_by_hand(void) {
        Transaction *t;
        Fixture x;

        fixture_open(&x, 8);
        fixture_plan_prepare(&x, 8);
        transaction_free(fixture_run(&x));
        fixture_plan_release(&x, 8);
        fake_set_driver(x.fake, "0000:01:00.2", "snd_hda_intel");
        fake_remove_device(x.fake, "0000:01:00.3");
        t = fixture_run(&x);
        expect(t, OUTCOME_DONE, NULL, NULL);
        transaction_free(t);
        fixture_close(&x);
}

/* No room for the record: nothing is begun that could not be written down. */
static void test_no_room(void) {
        struct rlimit none = { .rlim_cur = 1024, .rlim_max = RLIM_INFINITY }, was;
        char *before;
        unsigned id;
        Fixture x;

        fixture_open(&x, 2);
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 2);
        CHECK(transaction_create(x.runtime_fd, &x.plan, UINT64_MAX, 0, &id) == 0);
        CHECK(getrlimit(RLIMIT_FSIZE, &was) == 0 && signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        for (rlim_t size = 256; size < 4096; size += 16) {
                none.rlim_cur = size;
                CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
                (void) worker_run_on(&x.backend, x.runtime_fd, id);
                CHECK(setrlimit(RLIMIT_FSIZE, &was) == 0);
                CHECK(x.fake->n_writes == 0);
        }
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

/* A recorded host is not written to, whatever asks for it. */
static void test_plain_directory(void) {
        Transaction *t;
        char *before;
        unsigned id;
        Fixture x;

        fixture_open(&x, 1);
        fake_add_driver(x.fake, "vfio-pci");
        before = fake_state(x.fake);
        fixture_plan_prepare(&x, 1);
        fake_write(x.fake, "0000:01:00.0", "driver_override", "nouveau\n");
        CHECK(transaction_create(x.runtime_fd, &x.plan, UINT64_MAX, 0, &id) == 0);
        CHECK(worker_run(x.fake->root, x.runtime_fd, id) == 0);
        CHECK(transaction_read(x.runtime_fd, id, &t) == 0);
        expect(t, OUTCOME_FAILED, VFIOD_ERROR_DRIVER_UNAVAILABLE, "EROFS");
        transaction_free(t);
        /* Once begun, it is not begun again. */
        CHECK(worker_run_on(&x.backend, x.runtime_fd, id) == -EALREADY);
        CHECK(worker_run_on(&x.backend, x.runtime_fd, id + 1) == -ENOENT);
        expect_same(before, fake_state(x.fake));
        fixture_close(&x);
}

int main(void) {
        for (size_t i = 0; i < N_SIZES; i++)
                test_success(sizes[i]);
        test_deadline();
        test_surprises();
        test_stale_plan();
        test_driver_missing();
        test_foreign_plans();
        test_bridge();
        for (unsigned at = 0; at <= 5; at++)
                if (at != 1)
                        test_taken_by_module(at);
        test_given_back_by_hand();
        test_no_room();
        test_plain_directory();
        return 0;
}
