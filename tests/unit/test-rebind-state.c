/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebind/record-format.h"
#include "rebind/record-store.h"
#include "rebind/state.h"

/* What outlives a boot: wishes, and how the groups were. */

#define OTHER_BOOT "01234567-89ab-cdef-0123-456789abcdef"

static void put(int fd, const char *name, const char *text) {
        CHECK(state_put(fd, name, text, strlen(text)) == 0);
}

static Device *add_device(Host *h, uint8_t bus, unsigned group) {
        Device *d = device_new(&(Address) { .bus = bus });

        CHECK(d);
        d->ids = FACT_PRESENT;
        d->vendor_id = 0x10de;
        d->device_id = bus;
        d->grouped = FACT_PRESENT;
        d->group = group;
        CHECK(host_put_device(h, d) == 0);
        if (!host_find_group(h, group))
                CHECK(host_put_group(h, group_new(group)) == 0);
        return d;
}

static Host *make_host(void) {
        Host *h = host_new();

        CHECK(h && text_set(&h->kernel_release, "6.1.0-41-amd64") == 0);
        add_device(h, 1, 15);
        add_device(h, 2, 15);
        add_device(h, 3, 16);
        return h;
}

static Wish wish_for(const Host *h, uint8_t bus) {
        const Device *d = host_find_device(h, &(Address) { .bus = bus });

        return (Wish) { .match = WISH_ADDRESS, .address = d->address,
                        .identity = { .given = true, .with_subsystem = true,
                                      .vendor_id = d->vendor_id, .device_id = d->device_id } };
}

static void test_wishes(int fd) {
        Host *h = make_host(), *again = make_host();
        Address with[] = { { .bus = 2 }, { .domain = 0x10000, .bus = 9 } };
        const Address first = { .bus = 1 }, second = { .bus = 2 };
        char *accept[] = { (char *) "in-use@0000:01:00.0" };
        Wish w;

        CHECK(wish_add(fd, h, &(Wish) { .address = first }) == -ENODATA); /* not read yet */
        CHECK(wishes_load(fd, h) == 0 && h->wishes_known == FACT_PRESENT && h->n_wishes == 0);
        w = wish_for(h, 1);
        w.driver = (char *) "vfio-pci";
        w.with = (AddressList) { with, 2 };
        w.accept = accept;
        w.n_accept = 1;
        CHECK(wish_add(fd, h, &w) == 1 && wish_add(fd, h, &w) == 0);
        w = wish_for(h, 2);
        w.group = true;
        CHECK(wish_add(fd, h, &w) == 1);
        CHECK(wishes_load(fd, again) == 0 && again->n_wishes == 2);
        CHECK(strcmp(again->wishes[0].driver, "vfio-pci") == 0 && !again->wishes[1].driver);
        CHECK(again->wishes[0].with.n == 2 &&
              again->wishes[0].with.items[1].domain == 0x10000);
        CHECK(again->wishes[0].n_accept == 1 && strcmp(again->wishes[0].accept[0], accept[0]) == 0);
        CHECK(!again->wishes[0].group && again->wishes[1].group);
        CHECK(host_find_wish(again, &first) == &again->wishes[0]);
        CHECK(!host_find_wish(again, &(Address) { .bus = 3 }));
        host_find_device(again, &first)->device_id++; /* another device at the address */
        CHECK(!host_find_wish(again, &first));

        w.group = false; /* replaces the one for its address */
        CHECK(wish_add(fd, h, &w) == 1 && h->n_wishes == 2);
        CHECK(wish_remove(fd, h, &first) == 1 && wish_remove(fd, h, &first) == 0);
        CHECK(wishes_load(fd, again) == 0 && again->n_wishes == 1);
        CHECK(address_compare(&again->wishes[0].address, &second) == 0 && !again->wishes[0].group);

        /* What cannot be read is not known, and not written over. */
        put(fd, "wishes", "vfiod-wishes 1 0\n");
        CHECK(wishes_load(fd, again) == -EBADMSG && again->wishes_known == FACT_UNKNOWN);
        CHECK(wish_add(fd, again, &w) == -ENODATA && wish_remove(fd, again, &second) == -ENODATA);
        CHECK(unlinkat(fd, "wishes", 0) == 0);
        host_free(h);
        host_free(again);
}

/* A write that fails leaves the old file and the old list. */
static void test_full(int fd, const char *path) {
        char blocked[128];
        Host *h = make_host();
        Wish w = wish_for(h, 1);

        CHECK(wishes_load(fd, h) == 0 && wish_add(fd, h, &w) == 1);
        snprintf(blocked, sizeof(blocked), "%s/wishes.new", path);
        CHECK(mkdir(blocked, 0700) == 0);
        w = wish_for(h, 2);
        CHECK(wish_add(fd, h, &w) == -EISDIR && h->n_wishes == 1);
        CHECK(wish_remove(fd, h, &h->wishes[0].address) == -EISDIR && h->n_wishes == 1);
        CHECK(rmdir(blocked) == 0);
        CHECK(wishes_load(fd, h) == 0 && h->n_wishes == 1 && h->wishes[0].address.bus == 1);
        host_free(h);
}

/* Changes the boot that a file says it is of. */
static void age(int fd, const char *name) {
        char boot_id[BOOT_ID_MAX], *text;
        GroupBefore *groups;
        size_t size, n;
        Writer w;

        CHECK(state_get(fd, name, &text, &size) == 0);
        CHECK(groups_parse(text, size, &groups, &n, boot_id) == 0);
        free(text);
        CHECK(writer_open(&w) == 0);
        head_format(&w, "vfiod-groups", 0, OTHER_BOOT);
        for (size_t i = 0; i < n; i++) {
                writer_words(&w, "group %zu", groups[i].n_members);
                for (size_t j = 0; j < groups[i].n_members; j++)
                        writer_address(&w, &groups[i].members[j]);
                writer_end(&w);
        }
        CHECK(writer_close(&w, &text, &size) == 0 && state_put(fd, name, text, size) == 0);
        free(text);
        groups_before_free(groups, n);
}

static void test_groups(int fd) {
        Host *h = make_host();

        /* The first boot of this kernel, twice: there is nothing to compare with. */
        for (int i = 0; i < 2; i++)
                CHECK(groups_remember(fd, h) == 0 && h->groups_before_known == FACT_ABSENT);
        age(fd, "groups/6.1.0-41-amd64");
        /* The second boot, and the daemon is started three times in it. */
        for (int i = 0; i < 3; i++) {
                CHECK(groups_remember(fd, h) == 0 && h->groups_before_known == FACT_PRESENT);
                CHECK(h->n_groups_before == 2 && h->groups_before[0].n_members == 2);
                CHECK(h->groups_before[0].members[1].bus == 2);
        }
        /* The daemon was killed between the two writes of a first start. */
        CHECK(unlinkat(fd, "groups/6.1.0-41-amd64", 0) == 0);
        CHECK(groups_remember(fd, h) == 0 && h->groups_before_known == FACT_PRESENT);
        /* Another kernel has a record of its own. */
        CHECK(text_set(&h->kernel_release, "6.12.0") == 0);
        CHECK(groups_remember(fd, h) == 0 && h->groups_before_known == FACT_ABSENT);
        /* What cannot be read is not known, and is there again after the next boot. */
        put(fd, "groups/6.12.0", "vfiod-groups 1\n");
        CHECK(groups_remember(fd, h) == -EBADMSG && h->groups_before_known == FACT_UNKNOWN);
        age(fd, "groups/6.12.0");
        CHECK(groups_remember(fd, h) == 0 && h->groups_before_known == FACT_PRESENT);
        for (size_t i = 0; i < 2; i++) {
                CHECK(text_set(&h->kernel_release, i ? "../x" : ".x") == 0);
                CHECK(groups_remember(fd, h) == -EINVAL &&
                      h->groups_before_known == FACT_UNKNOWN);
        }
        host_free(h);
}

/* Returns: the line with its CRC, which the caller frees. */
static char *closed_line(const char *line, size_t *ret_size) {
        char *text;
        Writer w;

        CHECK(writer_open(&w) == 0);
        writer_words(&w, "%s", line);
        writer_end(&w);
        CHECK(writer_close(&w, &text, ret_size) == 0);
        return text;
}

static void test_text(void) {
        static const char *const bad[] = {
                "", "vfiod-wishes 1 1", "vfiod-wishes 2 0", "vfiod-wishes 1 5000", "vfiod-groups 1 0",
        };
        Wish *wishes;
        size_t n;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                size_t size;
                char *text = closed_line(bad[i], &size);

                CHECK(wishes_parse(text, size, &wishes, &n) == -EBADMSG);
                free(text);
        }
        CHECK(wishes_parse("", 0, &wishes, &n) == -EBADMSG);
}

/* What could not be read again is not written. */
static void test_too_many(int fd) {
        Host *h = make_host();
        Wish w = wish_for(h, 1);
        Address *with = calloc(4097, sizeof(Address));

        CHECK(with && wishes_load(fd, h) == 0);
        w.with = (AddressList) { .items = with, .n = 4097 };
        CHECK(wish_add(fd, h, &w) == -E2BIG);
        w.with.n = 4096;
        CHECK(wish_add(fd, h, &w) == 1);
        CHECK(wish_remove(fd, h, &w.address) == 1);
        free(with);
        host_free(h);
}

/* A daemon that starts anew knows what came of the wishes. */
static void test_results(int fd) {
        static const char *const bad[] = { "", "vfiod-wish-results 2 0", "vfiod-wish-results 1 1",
                                           "vfiod-wish-results 1 0 0" };
        const Address first = { .bus = 1 }, second = { .bus = 2, .slot = 3 };
        Host *h = make_host(), *again = make_host();
        const WishResult *result;
        WishResult *results;
        size_t n;

        CHECK(wish_results_load(fd, again) == 0 && again->n_wish_results == 0);
        CHECK(host_set_wish_result(h, &first, true, NULL) == 0);
        CHECK(host_set_wish_result(h, &second, false, "0000:02:03.0: a disk\n\"of it\"") == 0);
        CHECK(wish_results_store(fd, h) == 0);
        CHECK(wish_results_load(fd, again) == 0 && again->n_wish_results == 2);
        result = host_find_wish_result(again, &first);
        CHECK(result && result->late && !result->message);
        result = host_find_wish_result(again, &second);
        CHECK(result && !result->late);
        CHECK(strcmp(result->message, "0000:02:03.0: a disk\n\"of it\"") == 0);
        put(fd, "wish-results", "vfiod-wish-results 1 0\n");
        CHECK(wish_results_load(fd, again) == -EBADMSG && again->n_wish_results == 2);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                size_t size;
                char *text = closed_line(bad[i], &size);

                CHECK(wish_results_parse(text, size, &results, &n) == -EBADMSG);
                free(text);
        }
        host_free(h);
        host_free(again);
}

int main(void) {
        Fixture x;
        int fd;

        fixture_open(&x, 1);
        fd = state_open(x.runtime);
        CHECK(fd >= 0);
        test_wishes(fd);
        test_full(fd, x.runtime);
        test_groups(fd);
        test_results(fd);
        test_too_many(fd);
        test_text();
        close(fd);
        fixture_close(&x);
        return 0;
}
