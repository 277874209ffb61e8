/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lists.h"
#include "core-fixture.h"

/* Lists of addresses: in the order in which they came, until they are sorted. */

static Address on_bus(uint8_t bus) {
        return (Address){ .bus = bus };
}

/* As a queue is used: what is taken out makes room that is used again. */
static void test_queue(void) {
        AddressList l = { 0 };
        Address a;

        CHECK(!address_list_take(&l, &a));
        for (uint8_t round = 0; round < 20; round++) {
                for (uint8_t i = 0; i < 5; i++)
                        CHECK(address_list_add(&l, &(Address){ .bus = i }) == 0);
                for (uint8_t i = 0; i < 4; i++)
                        CHECK(address_list_take(&l, &a) && a.bus == (4 * round + i) % 5);
        }
        CHECK(l.n == 20);
        address_list_clear(&l);
        CHECK(l.n == 0 && !l.items);
}

static void test_drop(void) {
        const Address second = on_bus(2), other = on_bus(9);
        AddressList l = { 0 };
        Address a;

        for (uint8_t bus = 1; bus <= 3; bus++)
                CHECK(address_list_add(&l, &(Address){ .bus = bus }) == 0);
        CHECK(address_list_has(&l, &second) && !address_list_has(&l, &other));
        CHECK(address_list_drop(&l, &second) && !address_list_drop(&l, &second));
        CHECK(!address_list_drop(&l, &other) && !address_list_has(&l, &second));
        CHECK(address_list_take(&l, &a) && a.bus == 1);
        CHECK(address_list_take(&l, &a) && a.bus == 3);
        CHECK(!address_list_take(&l, &a));
        for (uint8_t i = 0; i < 6; i++)
                CHECK(address_list_add(&l, i % 2 ? &second : &other) == 0);
        CHECK(address_list_drop(&l, &second) && l.n == 3 && !address_list_has(&l, &second));
        address_list_clear(&l);
}

int main(void) {
        test_queue();
        test_drop();
        return 0;
}
