/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/mman.h>

#include "sources/record-log.h"
#include "test-sources-journal-fixture.h"

#define BANNER "Linux version 6.1.0"
#define MISSED "e9bf28e6e834481bb6f48f548ad13606"

/* Returns: the lines of the log of a live root. */
static char *lines_of(const Fixture *x, Fact *ret_complete) {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        RecordLog *l;

        CHECK(f && record_log_new(x->root, x->directory, &l) == 0);
        CHECK(record_log_write(l, "myhost", f) == 0 && fclose(f) == 0);
        CHECK(record_log_left_out(l) == 0);
        *ret_complete = record_log_complete(l);
        record_log_free(l);
        return text;
}

/* What the kernel has said in this boot, and nobody else. */
static void test_live(void) {
        static const Wanted w[] = {
                {.message = BANNER " on myhost"},
                {.message = "forged", .transport = "syslog"},
                {.message = "of a user of /dev/kmsg", .facility = "1"},
                {.message = "of another boot", .boot = "0123456789abcdef0123456789abcdef"},
                {.message = "vfio-pci 0000:01:00.0: a\0b\n\xff", .length = 28,
                 .device = "+pci:0000:01:00.0", .monotonic_usec = 7},
        };
        Fact complete;
        char *text;
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "system", w, 5);
        text = lines_of(&x, &complete);
        CHECK(complete == FACT_PRESENT);
        CHECK(strstr(text, "k MESSAGE=Linux version 6.1.0 on redacted\nk\n"));
        CHECK(strstr(text, "k __MONOTONIC_TIMESTAMP=7\nk _TRANSPORT=kernel\n"
                           "k _KERNEL_DEVICE=+pci:0000:01:00.0\n"
                           "k MESSAGE=vfio-pci 0000:01:00.0: a\\x00b\\n\\xff\nk\n"));
        CHECK(!strstr(text, "forged") && !strstr(text, "kmsg") && !strstr(text, "boot"));
        free(text);
        fixture_close(&x);
}

/* A journal that begins too late, one with a hole, and none. */
static void test_incomplete(void) {
        static const Wanted late = {.message = "late"}, hole[] = {
                {.message = BANNER},
                {.message = "Missed 3 kernel messages", .transport = "driver", .message_id = MISSED},
                {.message = "after it"},
        };
        Fact complete;
        char *text;
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "system", &late, 1);
        text = lines_of(&x, &complete);
        CHECK(complete == FACT_ABSENT && strstr(text, "k MESSAGE=late\nk\n"));
        CHECK(!strstr(text, MISSED));
        free(text);
        fixture_close(&x);

        fixture_open(&x);
        fixture_append(&x, "system", hole, 3);
        text = lines_of(&x, &complete);
        CHECK(complete == FACT_ABSENT);
        CHECK(strstr(text, "k\nk _TRANSPORT=driver\nk MESSAGE_ID=" MISSED "\n"));
        CHECK(strstr(text, BANNER) < strstr(text, MISSED) &&
              strstr(text, MISSED) < strstr(text, "after it"));
        free(text);
        fixture_close(&x);

        fixture_open(&x);
        text = lines_of(&x, &complete);
        CHECK(complete == FACT_UNKNOWN && *text == 0);
        free(text);
        fixture_close(&x);
}

int main(void) {
        test_live();
        test_incomplete();
        return 0;
}
