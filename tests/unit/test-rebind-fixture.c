/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/private.h"
#include "test-rebind-fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <time.h>
#include <unistd.h>

#include "rebind/worker-internal.h"

static const struct {
        const char *matching, *bound, *override;
} functions[] = {
        { "nouveau", "nouveau", "nouveau" },
        { "xhci_hcd", NULL, NULL },
        { "snd_hda_intel", "snd_hda_intel", NULL },
        { "nvme", "nvme", NULL }, { "nvme", "nvme", NULL }, { "nvme", "nvme", NULL },
        { "nvme", "nvme", "nvme" }, { NULL, NULL, "absent" },
};

static Address address_of(size_t i) {
        return (Address) { .bus = 1, .function = (uint8_t) i };
}

void fixture_open(Fixture *x, size_t n) {
        char address[ADDRESS_TEXT_MAX];

        *x = (Fixture) { .fake = fake_new() };
        x->backend = fake_backend(x->fake);
        fake_add_module(x->fake, "vfio-pci");
        for (size_t i = 0; i < n; i++) {
                Address a = address_of(i);

                fake_add_device(x->fake, address_format(&a, address), GROUP, functions[i].matching,
                                functions[i].bound, functions[i].override);
        }
        strcpy(x->runtime, "/tmp/test-rebind-XXXXXX");
        CHECK(mkdtemp(x->runtime));
        x->runtime_fd = runtime_open(x->runtime);
        CHECK(x->runtime_fd >= 0);
}

void fixture_plan_clear(Fixture *x) {
        for (size_t i = 0; i < x->plan.n_members; i++)
                managed_clear(&x->plan.members[i]);
        free(x->plan.members);
        steps_free(x->plan.steps, x->plan.n_steps);
        free(x->plan.claim);
        names_free(x->plan.accept, x->plan.n_accept);
        x->plan = (Plan) { 0 };
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

void fixture_close(Fixture *x) {
        fixture_plan_clear(x);
        fake_free(x->fake, true);
        close(x->runtime_fd);
        CHECK(nftw(x->runtime, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

static void add_step(Plan *p, Action action, const Address *a, const char *value) {
        p->steps = reallocarray(p->steps, p->n_steps + 1, sizeof(*p->steps));
        CHECK(p->steps);
        p->steps[p->n_steps] = (Step) { .action = action, .value = strdup(value) };
        if (a)
                p->steps[p->n_steps].address = *a;
        p->n_steps++;
}

static void plan_members(Fixture *x, PlanKind kind, size_t n) {
        fixture_plan_clear(x);
        x->plan = (Plan) { .kind = kind, .address = address_of(0), .group = GROUP,
                           .claim = strdup("libvirt:guest 1"), .n_members = n };
        x->plan.members = calloc(n, sizeof(*x->plan.members));
        CHECK(x->plan.members);
        for (size_t i = 0; i < n; i++) {
                Managed *m = &x->plan.members[i];

                *m = (Managed) { .address = address_of(i), .moved_to = strdup("vfio-pci"),
                                 .vendor_id = 0x10de, .device_id = 0x1c03,
                                 .subsystem_vendor_id = 0x1462, .subsystem_device_id = 0x3283,
                                 .class_code = 0x030000 };
                text_unset(&m->driver, FACT_ABSENT);
                text_unset(&m->driver_override, FACT_ABSENT);
                if (functions[i].bound)
                        CHECK(text_set(&m->driver, functions[i].bound) == 0);
                if (functions[i].override)
                        CHECK(text_set(&m->driver_override, functions[i].override) == 0);
        }
}

void fixture_plan_prepare(Fixture *x, size_t n) {
        Plan *p = &x->plan;

        plan_members(x, PLAN_PREPARE, n);
        add_step(p, STEP_LOAD_MODULE, NULL, "vfio-pci");
        for (size_t i = 0; i < n; i++)
                add_step(p, STEP_SET_OVERRIDE, &p->members[i].address, "vfio-pci");
        for (size_t i = 0; i < n; i++)
                if (p->members[i].driver.value)
                        add_step(p, STEP_UNBIND, &p->members[i].address,
                                 p->members[i].driver.value);
        for (size_t i = 0; i < n; i++)
                add_step(p, STEP_BIND, &p->members[i].address, "vfio-pci");
        for (size_t i = 0; i < n; i++)
                add_step(p, STEP_VERIFY, &p->members[i].address, "vfio-pci");
}

void fixture_plan_release(Fixture *x, size_t n) {
        plan_members(x, PLAN_RELEASE, n);
        x->plan.set = 1;
        CHECK(plan_restore_steps(x->plan.members, n, &x->plan.steps, &x->plan.n_steps) == 0);
}

uint64_t fixture_now(void) {
        struct timespec ts;

        CHECK(clock_gettime(CLOCK_BOOTTIME, &ts) == 0);
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

Transaction *fixture_run_until(Fixture *x, uint64_t deadline_usec) {
        Transaction *t;
        unsigned id;

        CHECK(transaction_create(x->runtime_fd, &x->plan, deadline_usec, 0, &id) == 0);
        CHECK(worker_run_on(&x->backend, x->runtime_fd, id) == 0);
        CHECK(transaction_read(x->runtime_fd, id, &t) == 0);
        CHECK(t->outcome != OUTCOME_NONE);
        CHECK(t->worker == getpid() && transaction_is_current(t));
        CHECK(transaction_is_locked(x->runtime_fd, id) == 0);
        CHECK(transaction_remove(x->runtime_fd, id) == 0);
        return t;
}

Transaction *fixture_run(Fixture *x) {
        return fixture_run_until(x, fixture_now() + 60000000);
}

/* Whether root is told these words. */
static bool says(const Transaction *t, const char *words) {
        char *shown = t->message ? private_show(t->message, true) : NULL;
        bool yes = shown && strstr(shown, words);

        free(shown);
        return yes;
}

void expect(const Transaction *t, Outcome outcome, const char *error, const char *words) {
        if (t->outcome == outcome &&
            (error ? t->error && strcmp(t->error, error) == 0 : !t->error) &&
            (!words || says(t, words)))
                return;
        fprintf(stderr, "outcome %d, error %s, message: %s\nexpected %d, %s, %s\n", t->outcome,
                t->error ? t->error : "-", t->message ? t->message : "-", outcome,
                error ? error : "-", words ? words : "-");
        abort();
}

void expect_same(char *before, char *after) {
        if (strcmp(before, after) != 0) {
                fprintf(stderr, "before:\n%safter:\n%s", before, after);
                abort();
        }
        free(before);
        free(after);
}
