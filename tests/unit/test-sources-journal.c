/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-sources-journal-fixture.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define BANNER "Linux version 6.1.0-99-amd64 (debian-kernel@lists.debian.org)"
#define YESTERDAY "0123456789abcdef0123456789abcdef"
#define MISSED   "e9bf28e6e834481bb6f48f548ad13606"

static void test_backlog_and_follow(void) {
        static const Wanted first[] = {
                {.message = BANNER, .monotonic_usec = 1},
                {.message = "pci 0000:01:00.0: Adding to iommu group 15",
                 .device = "+pci:0000:01:00.0", .monotonic_usec = 345678},
        };
        static const Wanted second[] = {
                {.message = "vfio-pci 0000:01:00.0: Relaying device request to user (#0)",
                 .device = "+pci:0000:01:00.0", .monotonic_usec = 98765432},
        };
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "a", first, N(first));
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 2 && x.n_followed == 0);
        CHECK(strcmp(x.kept[0], BANNER) == 0 && strcmp(x.devices[0], "none") == 0);
        CHECK(strcmp(x.devices[1], "+pci:0000:01:00.0") == 0 && x.monotonic[1] == 345678);
        CHECK(x.realtime[1] == x.realtime[0] + 1);
        fixture_append(&x, "a", second, N(second));
        AWAIT(&x, x.n_followed >= 1);
        CHECK(strcmp(x.kept[2], second[0].message) == 0 && x.monotonic[2] == 98765432);
        fixture_append_many(&x, "a", "more", 5);
        AWAIT(&x, x.n_followed >= 6);
        fixture_run(&x, 300);
        CHECK(x.n_followed == 6 && x.n_backlog == 2 && x.n_lost == 0 && x.n_ends == 1);
        fixture_close(&x);
}

/* What is not the kernel's own word of this boot changes nothing. */
static void test_foreign(void) {
        static const Wanted foreign[] = {
                {.message = "DMAR: forged by logger", .transport = "syslog", .facility = "1"},
                {.message = "DMAR: forged with facility", .transport = "syslog"},
                {.message = "DMAR: forged through stdout", .transport = "stdout"},
                {.message = "DMAR: forged through the socket", .transport = "journal"},
                {.message = "DMAR: forged through /dev/kmsg", .facility = "1"},
                {.message = "Linux version of yesterday", .boot = YESTERDAY},
                {.message = "an id of journald's", .transport = "syslog", .message_id = MISSED},
                {.message = "yesterday", .transport = "driver", .message_id = MISSED,
                 .boot = YESTERDAY},
                {.message = "of journald, another id", .transport = "driver"},
        };
        static const Wanted own[] = {{.message = "DMAR: IOMMU enabled"}};
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "a", foreign, N(foreign));
        fixture_append(&x, "a", own, N(own));
        fixture_start_to_end(&x, 1);
        CHECK(x.n_backlog == 1 && x.complete == FACT_ABSENT);
        CHECK(strcmp(x.kept[0], own[0].message) == 0);
        fixture_append(&x, "a", foreign, N(foreign));
        fixture_append(&x, "a", own, N(own));
        AWAIT(&x, x.n_followed >= 1);
        fixture_run(&x, 300);
        CHECK(x.n_followed == 1 && x.n_lost == 0);
        fixture_close(&x);
}

/* A journal that holds only foreign records: readable, but without a beginning. */
static void test_nothing_of_the_kernel(void) {
        static const Wanted foreign[] = {{.message = "hello", .transport = "syslog"}};
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "a", foreign, N(foreign));
        fixture_start_to_end(&x, 1);
        CHECK(x.n_backlog == 0 && x.complete == FACT_ABSENT);
        fixture_append_many(&x, "a", "late", 3);
        AWAIT(&x, x.n_followed >= 3);
        CHECK(x.n_lost == 0);
        fixture_close(&x);
}

static void test_content(void) {
        static char large[40000];
        static const char binary[] = "nul \0 backslash \\n newline \n end \xff\xfe";
        const Wanted w[] = {
                {.message = "DMAR: [Firmware Bug]: Your BIOS is broken;\nBIOS vendor: X; Ver: Y\n"},
                {.message = binary, .length = sizeof(binary) - 1, .device = "+usb:1 2\\3"},
                {.message = large, .length = sizeof(large)},
                {.message = "after"},
        };
        Fixture x;

        memset(large, 'x', sizeof(large));
        memcpy(large + JOURNAL_MESSAGE_MAX - 1, "\xe2\x82\xac", 3);
        fixture_open(&x);
        fixture_append(&x, "a", w, N(w));
        fixture_start_to_end(&x, 1);
        CHECK(x.n_backlog == 4);
        CHECK(strcmp(x.kept[0], w[0].message) == 0);
        CHECK(x.lengths[1] == sizeof(binary) - 1 && memcmp(x.kept[1], binary, x.lengths[1]) == 0);
        CHECK(strcmp(x.devices[1], "+usb:1 2\\3") == 0);
        CHECK(x.lengths[2] == JOURNAL_MESSAGE_MAX - 1 && strcmp(x.kept[3], "after") == 0);
        fixture_close(&x);
}

/* journald tells that it has missed something. */
static void test_missed(void) {
        static const Wanted w[] = {
                {.message = BANNER},
                {.message = "Missed 7 kernel messages", .transport = "driver",
                 .message_id = MISSED},
                {.message = "after"},
        };
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "a", w, N(w));
        fixture_start_to_end(&x, 1);
        CHECK(x.n_backlog == 2 && x.n_lost == 1 && x.complete == FACT_ABSENT);
        fixture_append(&x, "a", w + 1, 2);
        AWAIT(&x, x.n_followed >= 1);
        CHECK(x.n_lost == 2);
        fixture_close(&x);
}

static void test_rotation_and_vacuum(void) {
        static const Wanted banner[] = {{.message = BANNER}};
        Fixture x;
        pid_t child;
        char name[32];

        fixture_open(&x);
        x.keep_none = true;
        fixture_append(&x, "system", banner, 1);
        fixture_start_to_end(&x, 1);
        fixture_run(&x, 300);
        child = fixture_child();
        for (unsigned i = 0; i < 30; i++) {
                char old[256];

                /* journald renames the file it has written to and begins a new one … */
                snprintf(old, sizeof(old), "%s", fixture_path(&x, "system"));
                snprintf(name, sizeof(name), "system@%u", i);
                CHECK(rename(old, fixture_path(&x, name)) == 0);
                fixture_append_many(&x, "system", "rotated", 10);
                AWAIT(&x, x.n_followed >= 10 * (i + 1));
                /* … and removes what is too old. */
                if (i >= 3) {
                        snprintf(name, sizeof(name), "system@%u", i - 3);
                        CHECK(unlink(fixture_path(&x, name)) == 0);
                }
        }
        CHECK(x.n_followed == 300 && x.n_lost == 0 && fixture_child() == child);
        /* Everything goes, also what it reads. */
        for (unsigned i = 26; i < 30; i++) {
                snprintf(name, sizeof(name), "system@%u", i);
                (void) unlink(fixture_path(&x, name));
        }
        CHECK(unlink(fixture_path(&x, "system")) == 0);
        fixture_run(&x, 300);
        fixture_append_many(&x, "system", "new", 3);
        AWAIT(&x, x.n_followed >= 303);
        fixture_run(&x, 200);
        CHECK(x.n_followed == 303);
        fixture_close(&x);
}

/* The backlog's place is gone when the follower begins. */
static void test_cursor_gone(void) {
        static const Wanted banner[] = {{.message = BANNER}};
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "old", banner, 1);
        fixture_append_many(&x, "old", "old", 5);
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 6);
        /* The follower is not started before the loop runs. */
        CHECK(unlink(fixture_path(&x, "old")) == 0);
        fixture_append_many(&x, "new", "new", 4);
        AWAIT(&x, x.n_followed >= 4);
        fixture_run(&x, 200);
        CHECK(x.n_followed == 4 && x.n_lost == 1);
        fixture_close(&x);
}

/* journald's flush: the records are copied to another file, and the first one is removed. */
static void test_flushed(void) {
        static const Wanted first[] = {
                {.message = BANNER, .monotonic_usec = 1},
                {.message = "second", .monotonic_usec = 2},
                {.message = "third", .monotonic_usec = 3},
        };
        Fixture x;

        fixture_open(&x);
        fixture_append(&x, "runtime", first, N(first));
        fixture_start_to_end(&x, 1);
        fixture_append_again(&x, "system");
        CHECK(unlink(fixture_path(&x, "runtime")) == 0);
        fixture_append_many(&x, "system", "live", 4);
        AWAIT(&x, x.n_followed >= 4);
        fixture_run(&x, 200);
        CHECK(x.n_followed == 4 && x.n_lost == 0 && strcmp(x.kept[3], "live 0") == 0);
        /* The same once more, while the follower reads. */
        fixture_append_again(&x, "copy");
        fixture_append_many(&x, "copy", "more", 4);
        AWAIT(&x, x.n_followed >= 8);
        fixture_run(&x, 200);
        CHECK(x.n_followed == 8 && x.n_lost == 0);
        fixture_close(&x);
}

/* Nothing there; then a directory; then a file that is none; then a journal. */
static void test_missing(void) {
        static const Wanted banner[] = {{.message = BANNER}};
        Fixture x;
        FILE *f;

        fixture_open(&x);
        CHECK(rmdir(x.directory) == 0);
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_UNKNOWN && x.n_lost == 0);
        fixture_run(&x, 200);
        CHECK(mkdir(x.directory, 0755) == 0);
        f = fopen(fixture_path(&x, "garbage"), "w");
        CHECK(f && fputs("LPKSHHRH and then nothing that would be a journal\n", f) >= 0);
        CHECK(fclose(f) == 0);
        fixture_run(&x, 1500);
        CHECK(x.n_ends == 1);
        fixture_append(&x, "a", banner, 1);
        AWAIT(&x, x.n_ends >= 2);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 1 && x.n_lost == 0);
        fixture_append_many(&x, "a", "live", 2);
        AWAIT(&x, x.n_followed >= 2);
        CHECK(x.n_ends == 2 && x.n_lost == 0);
        fixture_close(&x);
}

/* Garbage beside a journal, in all sizes. */
static void test_garbage(void) {
        static const Wanted banner[] = {{.message = BANNER}};
        static char noise[1 << 20];
        Fixture x;

        srand(1);
        for (size_t i = 0; i < sizeof(noise); i++)
                noise[i] = (char) rand();
        fixture_open(&x);
        fixture_append(&x, "a", banner, 1);
        for (unsigned i = 0; i < 4; i++) {
                char name[16];
                FILE *f;

                snprintf(name, sizeof(name), "noise%u", i);
                f = fopen(fixture_path(&x, name), "w");
                if (i >= 2)
                        memcpy(noise, "LPKSHHRH", 8);
                CHECK(f && fwrite(noise, 1, i % 2 ? sizeof(noise) : i, f) <= sizeof(noise));
                CHECK(fclose(f) == 0);
        }
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 1);
        fixture_append_many(&x, "a", "live", 2);
        AWAIT(&x, x.n_followed >= 2);
        fixture_close(&x);
}

int main(void) {
        test_backlog_and_follow();
        test_foreign();
        test_nothing_of_the_kernel();
        test_content();
        test_missed();
        test_rotation_and_vacuum();
        test_cursor_gone();
        test_flushed();
        test_missing();
        test_garbage();
        return 0;
}
