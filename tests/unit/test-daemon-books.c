/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commit.h"
#include "core/claims.h"

/* The books on who moved what: what prepares in one group make of their set, on disk and in memory. */

/* A transaction about the first n functions, for one of them, that has ended. */
static Transaction *ended(Fixture *x, PlanKind kind, size_t n, uint8_t function, unsigned set,
                          Outcome outcome) {
        Transaction *t;
        unsigned id;

        if (kind == PLAN_PREPARE)
                fixture_plan_prepare(x, n);
        else
                fixture_plan_release(x, n);
        x->plan.address.function = function;
        x->plan.set = set;
        CHECK(transaction_create(x->runtime_fd, &x->plan, UINT64_MAX, 0, &id) == 0);
        CHECK(transaction_read(x->runtime_fd, id, &t) == 0);
        t->outcome = outcome;
        t->n_workers = 1;
        return t;
}

/* Aborts unless memory and disk have one set of so many members and claims; 0: none. */
static void expect_set(Fixture *x, const Host *h, size_t members, size_t claims) {
        Host *disk = host_new();
        size_t bad;

        CHECK(disk && sets_load(x->runtime_fd, disk, &bad) == 0 && bad == 0);
        CHECK(disk->n_sets == (members > 0) && h->n_sets == disk->n_sets);
        if (members > 0) {
                CHECK(disk->sets[0].n_members == members && h->sets[0].n_members == members);
                CHECK(disk->sets[0].n_claims == claims && h->sets[0].n_claims == claims);
        }
        host_free(disk);
}

static void commit(Fixture *x, Host *h, Transaction *t) {
        CHECK(commit_transaction(x->runtime_fd, h, t) == 0);
        CHECK(transaction_remove(x->runtime_fd, t->id) == -ENOENT); /* it is in the books now */
        transaction_free(t);
}

int main(void) {
        const Plan drop = { .kind = PLAN_RELEASE, .address = { .bus = 1 },
                            .claim = (char *) "libvirt:guest 1", .set = 1 };
        Plan again = drop;
        Host *h = host_new();
        char blocked[128];
        Transaction *t;
        Fixture x;

        fixture_open(&x, 3);
        snprintf(blocked, sizeof(blocked), "%s/sets/.new", x.runtime);
        commit(&x, h, ended(&x, PLAN_PREPARE, 2, 0, 0, OUTCOME_DONE));
        expect_set(&x, h, 2, 1);
        commit(&x, h, ended(&x, PLAN_PREPARE, 3, 2, 1, OUTCOME_DONE));
        expect_set(&x, h, 3, 2); /* it has joined */
        commit(&x, h, ended(&x, PLAN_PREPARE, 3, 2, 1, OUTCOME_FAILED));
        commit(&x, h, ended(&x, PLAN_PREPARE, 3, 2, 1, OUTCOME_ROLLED_BACK));
        expect_set(&x, h, 3, 2);

        /* What cannot be written is not so. */
        CHECK(mkdir(blocked, 0700) == 0);
        CHECK(commit_claim(x.runtime_fd, h, &drop) == -EISDIR);
        again.kind = PLAN_PREPARE;
        again.claim = (char *) "another";
        CHECK(commit_claim(x.runtime_fd, h, &again) == -EISDIR);
        expect_set(&x, h, 3, 2);
        t = ended(&x, PLAN_PREPARE, 3, 1, 1, OUTCOME_DONE);
        CHECK(commit_transaction(x.runtime_fd, h, t) == -EISDIR);
        CHECK(rmdir(blocked) == 0);
        commit(&x, h, t);
        expect_set(&x, h, 3, 3);

        CHECK(commit_claim(x.runtime_fd, h, &drop) == 0);
        expect_set(&x, h, 3, 2);
        commit(&x, h, ended(&x, PLAN_RELEASE, 3, 0, 1, OUTCOME_ROLLBACK_FAILED));
        expect_set(&x, h, 3, 2); /* to be tried again */
        commit(&x, h, ended(&x, PLAN_RELEASE, 3, 0, 1, OUTCOME_DONE));
        expect_set(&x, h, 0, 0);

        /* Nobody began with it: nothing was moved. */
        t = ended(&x, PLAN_PREPARE, 2, 0, 0, OUTCOME_NONE);
        t->n_workers = 0;
        commit(&x, h, t);
        expect_set(&x, h, 0, 0);
        commit(&x, h, ended(&x, PLAN_PREPARE, 2, 0, 0, OUTCOME_NONE));
        expect_set(&x, h, 2, 1); /* somebody did, and what it moved has an owner */
        host_free(h);
        fixture_close(&x);
        return 0;
}
