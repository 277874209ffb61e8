/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"

/*
 * Bringing a report up to date for what was named must give what a whole evaluation gives, and must
 * announce exactly what differs: tried on random changes of a small host.
 */

static const char *const drivers[] = { NULL, "vfio-pci", "nvme", "pci-stub", "shpchp" };

static unsigned pick(unsigned n) {
        return (unsigned) rand() % n;
}

static Address random_address(void) {
        return (Address){ .bus = (uint8_t) pick(3), .slot = (uint8_t) pick(2),
                          .function = (uint8_t) pick(2) };
}

/* Puts a random device at a random address, or takes it away. Returns: the address. */
static Address mutate(Host *h) {
        Address a = random_address();
        char text[ADDRESS_TEXT_MAX];
        Device *d;

        if (pick(4) == 0) {
                host_remove_device(h, &a);
                return a;
        }
        d = add_device(h, address_format(&a, text), (int) pick(4) - 1, drivers[pick(5)]);
        d->device_id = (uint16_t) pick(2);
        d->bridge = fact_of(pick(6) == 0);
        if (pick(4) == 0) {
                Device *vf = device_copy(d);

                vf->virtual_function = FACT_PRESENT;
                vf->physical_function = random_address();
                CHECK(host_put_device(h, vf) == 0);
        }
        return a;
}

/* Compares what callers see of two reports. */
static void check_same(const Report *a, const Report *b) {
        CHECK(a->n_devices == b->n_devices && a->n_groups == b->n_groups);
        for (size_t i = 0; i < a->n_devices; i++) {
                const DeviceReport *x = a->devices[i], *y = b->devices[i];

                CHECK(address_compare(&x->device->address, &y->device->address) == 0);
                CHECK(x->device->device_id == y->device->device_id);
                CHECK(text_equal(&x->device->driver, &y->device->driver));
                CHECK(x->role == y->role && x->state == y->state && x->readiness == y->readiness);
                CHECK(x->n_virtual_functions == y->n_virtual_functions);
                CHECK(findings_equal(&x->findings, &y->findings));
        }
        for (size_t i = 0; i < a->n_groups; i++) {
                const GroupReport *x = a->groups[i], *y = b->groups[i];

                CHECK(x->group->id == y->group->id && x->verdict == y->verdict);
                CHECK(x->n_members == y->n_members && x->n_blockers == y->n_blockers);
                CHECK(findings_equal(&x->findings, &y->findings));
                for (size_t j = 0; j < x->n_members; j++)
                        CHECK(x->members[j] == report_find_device(a, &x->members[j]->device->address));
        }
}

static bool same_changes(const Changes *a, const Changes *b) {
        if (a->n_items != b->n_items)
                return false;
        for (size_t i = 0; i < a->n_items; i++) {
                const Change *x = &a->items[i], *y = &b->items[i];

                if (x->kind != y->kind || x->group != y->group ||
                    x->verdict_changed != y->verdict_changed ||
                    address_compare(&x->address, &y->address) != 0 ||
                    memcmp(x->properties, y->properties, sizeof(x->properties)) != 0)
                        return false;
        }
        return true;
}

static void test_random(unsigned seed) {
        Host *h = good_host();
        Report *incremental, *whole;

        srand(seed);
        for (unsigned id = 0; id < 3; id++)
                add_group(h, id);
        incremental = report_of(h);
        whole = report_of(h);
        for (int round = 0; round < 60; round++) {
                Changes a = { 0 }, b = { 0 };
                Address touched[3];
                size_t n = 1 + pick(3);

                for (size_t i = 0; i < n; i++)
                        touched[i] = mutate(h);
                CHECK(report_update(incremental, h, touched, n, NULL, 0, &a) == 0);
                CHECK(report_update_all(&whole, h, &b) == 0);
                check_same(incremental, whole);
                CHECK(same_changes(&a, &b));
                changes_clear(&a);
                changes_clear(&b);
        }
        report_free(incremental);
        report_free(whole);
        host_free(h);
}

/* Another device at the address of one that went: said as going and coming. */
static void test_replaced(void) {
        Host *h = good_host();
        Address a = at("01:00.0");
        Changes c = { 0 };
        Report *r;

        add_group(h, 1);
        add_device(h, "01:00.0", 1, "nvme");
        r = report_of(h);
        add_device(h, "01:00.0", 1, "nvme")->device_id = 0x4711;
        CHECK(report_update(r, h, &a, 1, NULL, 0, &c) == 0);
        CHECK(c.n_items == 2);
        CHECK(c.items[0].kind == CHANGE_DEVICE_REMOVED && c.items[1].kind == CHANGE_DEVICE_ADDED);
        changes_clear(&c);

        /* The group goes with its last member. */
        host_remove_device(h, &a);
        h->groups[0]->others_known = FACT_PRESENT; /* the kernel still has the empty group */
        CHECK(report_update(r, h, &a, 1, NULL, 0, &c) == 0);
        CHECK(c.n_items == 2);
        CHECK(c.items[0].kind == CHANGE_DEVICE_REMOVED);
        CHECK(c.items[1].kind == CHANGE_GROUP_REMOVED && c.items[1].verdict_changed);
        changes_clear(&c);
        report_free(r);
        host_free(h);
}

static void test_properties(void) {
        Host *h = good_host();
        Address a = at("01:00.0");
        Changes c = { 0 };
        Report *r;

        add_group(h, 1);
        add_device(h, "01:00.0", 1, "nvme");
        r = report_of(h);
        CHECK(report_update(r, h, &a, 1, NULL, 0, &c) == 0);
        CHECK(c.n_items == 0); /* nothing differs, nothing is said */
        add_device(h, "01:00.0", 1, "vfio-pci");
        CHECK(report_update(r, h, &a, 1, NULL, 0, &c) == 0);
        CHECK(c.n_items == 2);
        CHECK(c.items[0].kind == CHANGE_DEVICE);
        CHECK_STRING(c.items[0].properties[0], "Driver");
        CHECK(c.items[1].kind == CHANGE_GROUP && c.items[1].verdict_changed);
        CHECK_STRING(c.items[1].properties[0], "Verdict");
        changes_clear(&c);
        report_free(r);
        host_free(h);
}

int main(void) {
        for (unsigned seed = 1; seed <= 200; seed++)
                test_random(seed);
        test_replaced();
        test_properties();
        return 0;
}
