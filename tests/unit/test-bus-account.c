/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus/account.h"
#include "test-bus-fixture.h"

#define SECOND UINT64_C(1000000)

static Account account_new(uint64_t now) {
        return (Account) { .uid = 1000, .points = ACCOUNT_POINTS_MAX, .counted_usec = now };
}

/* A burst is taken, then what comes back with time and no more. */
static void test_burst(void) {
        Account a = account_new(SECOND);
        unsigned taken = 0;

        while (account_charge(&a, 1, SECOND))
                taken++;
        CHECK(taken == ACCOUNT_POINTS_MAX);
        taken = 0;
        while (account_charge(&a, 1, 2 * SECOND))
                taken++;
        CHECK(taken == ACCOUNT_POINTS_PER_SECOND);
        taken = 0;
        while (account_charge(&a, 1, 3600 * SECOND))
                taken++;
        CHECK(taken == ACCOUNT_POINTS_MAX);
}

/* Who asks often loses nothing by rounding, and gains nothing. */
static void test_often(void) {
        Account a = account_new(0);
        unsigned taken = 0;

        CHECK(account_charge(&a, ACCOUNT_POINTS_MAX, 0));
        for (uint64_t now = 0; now < 10 * SECOND + 777; now += 777)
                taken += account_charge(&a, 1, now);
        CHECK(taken == 10 * ACCOUNT_POINTS_PER_SECOND);
}

/* A refused call costs nothing, one that costs more than there can be is possible at times, and a
 * clock that seems to go back gives nothing. */
static void test_edges(void) {
        Account a = account_new(SECOND);

        CHECK(account_charge(&a, ACCOUNT_POINTS_MAX - 1, SECOND));
        CHECK(!account_charge(&a, 2, SECOND));
        CHECK(account_charge(&a, 1, SECOND));
        CHECK(!account_charge(&a, 1, 0));
        CHECK(!account_charge(&a, 100 * ACCOUNT_POINTS_MAX, 4 * SECOND));
        CHECK(account_charge(&a, 100 * ACCOUNT_POINTS_MAX, 5 * SECOND));
        CHECK(!account_is_idle(&a, 5 * SECOND));
        CHECK(account_is_idle(&a, 9 * SECOND));
        a.n_asking = 1;
        CHECK(!account_is_idle(&a, 9 * SECOND));
}

int main(void) {
        test_burst();
        test_often();
        test_edges();
        return 0;
}
