/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-sources-journal-fixture.h"

#include "sources/journal-export.h"

#define BANNER "Linux version 6.1.0-99-amd64 (debian-kernel@lists.debian.org)"
#define FILE_NAME "kernel-log.export"
#define KERNEL "_TRANSPORT=kernel\nSYSLOG_FACILITY=0\n"

static void test_cut(void) {
        static const struct {
                const char *text;
                size_t max, want;
        } cases[] = {
                {"abc", 3, 3}, {"abc", 2, 2}, {"abc", 0, 0}, {"", 5, 0},
                {"a\xc3\xa4", 2, 1}, {"a\xc3\xa4", 3, 3},
                {"a\xe2\x82\xac", 2, 1}, {"a\xe2\x82\xac", 3, 1}, {"a\xe2\x82\xac" "b", 4, 4},
                {"\xf0\x9f\x98\x80", 3, 0}, {"a\xf0\x9f\x98\x80", 4, 1},
                /* no UTF-8 at all */
                {"\x80\x80\x80\x80\x80\x80", 5, 5}, {"\x80\x80", 1, 1},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                CHECK(journal_cut(cases[i].text, strlen(cases[i].text), cases[i].max) ==
                      cases[i].want);
}

static void test_line_limits(void) {
        static char message[JOURNAL_MESSAGE_MAX], line[JOURNAL_LINE_MAX];
        char device[JOURNAL_DEVICE_MAX], cursor[JOURNAL_CURSOR_MAX];
        JournalLine l = {.record = {.message = message, .length = sizeof(message),
                                    .device = device, .realtime_usec = UINT64_MAX - 1,
                                    .monotonic_usec = UINT64_MAX - 1},
                         .cursor = cursor}, back;
        size_t n;

        /* All that can be escaped is, and it just fits. */
        memset(message, '\n', sizeof(message));
        memset(device, ' ', sizeof(device));
        device[sizeof(device) - 1] = 0;
        memset(cursor, 'c', sizeof(cursor));
        cursor[sizeof(cursor) - 1] = 0;
        n = journal_line_format(&l, line);
        CHECK(n <= sizeof(line) && line[n - 1] == '\n');
        CHECK(journal_line_parse(line, n - 1, &back) == 0);
        CHECK(back.record.length == sizeof(message) &&
              memcmp(back.record.message, message, sizeof(message)) == 0);
        CHECK(strcmp(back.record.device, device) == 0 && strcmp(back.cursor, cursor) == 0);
        CHECK(back.record.realtime_usec == UINT64_MAX - 1);
}

/* Reads one entry. Returns: what journal_export_next() does. */
static int one(const char *text, size_t n, JournalEntry *ret) {
        return journal_export_next(&text, &n, ret);
}

#define ONE(text, ret) one(text, sizeof(text) - 1, ret)

static void test_export(void) {
        JournalEntry e;

        CHECK(ONE(KERNEL "MESSAGE=text\n\n", &e) == 1 && e.kernel && !e.gap && !e.boot);
        CHECK(e.record.length == 4 && memcmp(e.record.message, "text", 4) == 0);
        CHECK(!e.record.device && e.record.monotonic_usec == JOURNAL_TIME_UNKNOWN);
        /* The kernel's stamp counts, else the journal's. */
        CHECK(ONE(KERNEL "__MONOTONIC_TIMESTAMP=9\nMESSAGE=x\n\n", &e) == 1);
        CHECK(e.record.monotonic_usec == 9);
        CHECK(ONE(KERNEL "__MONOTONIC_TIMESTAMP=9\n_SOURCE_MONOTONIC_TIMESTAMP=0\nMESSAGE=x\n", &e)
              == 1 && e.record.monotonic_usec == 0);
        CHECK(ONE(KERNEL "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n\n", &e) == 1);
        CHECK(e.record.length == 3 && memcmp(e.record.message, "a\nb", 3) == 0);
        /* Not the kernel's. */
        CHECK(ONE("_TRANSPORT=syslog\nSYSLOG_FACILITY=0\nMESSAGE=x\n\n", &e) == 1 && !e.kernel);
        CHECK(ONE("_TRANSPORT=kernel\nSYSLOG_FACILITY=1\nMESSAGE=x\n\n", &e) == 1 && !e.kernel);
        CHECK(ONE("TRANSPORT=kernel\nMESSAGE=x\n\n", &e) == 1 && !e.kernel);
        CHECK(ONE("_TRANSPORT=stdout\n" KERNEL "MESSAGE=x\n\n", &e) == 1 && !e.kernel);
        CHECK(ONE("MESSAGE=x\n\n", &e) == 1 && !e.kernel);
        CHECK(ONE(KERNEL "\n", &e) == 1 && !e.kernel);
        CHECK(ONE("_TRANSPORT=driver\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\n\n", &e) == 1 &&
              e.gap);
        CHECK(ONE("_TRANSPORT=syslog\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\n\n", &e) == 1 &&
              !e.gap);
        /* Not this format. */
        CHECK(ONE("hello world\n", &e) == -EBADMSG);
        CHECK(ONE(KERNEL "MESSAGE=x", &e) == -EBADMSG);
        CHECK(ONE(KERNEL "MESSAGE\n\377\377\377\377\377\377\377\377a\n", &e) == -EBADMSG);
        CHECK(ONE(KERNEL "MESSAGE\n\1\0\0\0\0\0\0\0ab\n", &e) == -EBADMSG);
        CHECK(ONE("", &e) == 0 && ONE("\n\n", &e) == 0);
}

static void open_recorded(Fixture *x) {
        fixture_open(x);
        root_free(x->root);
        CHECK(root_new(x->tree.path, &x->root) == 0);
}

static void record_file(Fixture *x, const JournalRecord *r, size_t n, const char *more) {
        char path[TREE_PATH];
        FILE *f = fopen(tree_path(&x->tree, FILE_NAME, path), "w");

        CHECK(f);
        for (size_t i = 0; i < n; i++)
                CHECK(journal_export_write(f, &r[i]) == 0);
        CHECK(fputs(more, f) >= 0 && fclose(f) == 0);
}

static void test_recorded(void) {
        static const JournalRecord r[] = {
                {BANNER, sizeof(BANNER) - 1, NULL, 0, 1700000000000000},
                {"one\ntwo\0", 8, "+pci:0000:01:00.0", 5, JOURNAL_TIME_UNKNOWN},
                {"", 0, NULL, JOURNAL_TIME_UNKNOWN, JOURNAL_TIME_UNKNOWN},
        };
        Fixture x;

        open_recorded(&x);
        record_file(&x, r, 3, "");
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_PRESENT && x.n_backlog == 3 && x.n_followed == 0);
        for (unsigned i = 0; i < 3; i++) {
                CHECK(x.lengths[i] == r[i].length);
                CHECK(memcmp(x.kept[i], r[i].message, r[i].length) == 0);
                CHECK(strcmp(x.devices[i], r[i].device ? r[i].device : "none") == 0);
                CHECK(x.monotonic[i] == r[i].monotonic_usec && x.realtime[i] == r[i].realtime_usec);
        }
        fixture_run(&x, 200);
        CHECK(x.n_ends == 1 && x.n_lost == 0 && fixture_child() == 0);
        fixture_close(&x);
}

/* What a file means as a whole. */
static void test_recorded_ends(void) {
        static const struct {
                const char *text; /* NULL: no file */
                unsigned n;
                Fact complete;
        } cases[] = {
                {NULL, 0, FACT_UNKNOWN},
                {"", 0, FACT_ABSENT},
                {KERNEL "MESSAGE=late\n\n", 1, FACT_ABSENT},
                {KERNEL "MESSAGE=Linux version 6.1.0\n\n", 1, FACT_PRESENT},
                {"_TRANSPORT=syslog\nMESSAGE=Linux version 6.1.0\n\n", 0, FACT_ABSENT},
                {KERNEL "MESSAGE=Linux version 6.1.0\n\n" KERNEL "MESSAGE=cut", 1, FACT_UNKNOWN},
                {"garbage", 0, FACT_UNKNOWN},
                {KERNEL "_BOOT_ID=1\nMESSAGE=Linux version 6.1.0\n\n"
                 KERNEL "_BOOT_ID=2\nMESSAGE=of another boot\n\n", 1, FACT_ABSENT},
                {KERNEL "MESSAGE=Linux version 6.1.0\n\n"
                 "_TRANSPORT=driver\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\n\n", 1,
                 FACT_ABSENT},
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                Fixture x;

                open_recorded(&x);
                if (cases[i].text)
                        tree_file(&x.tree, FILE_NAME, cases[i].text);
                fixture_start_to_end(&x, 1);
                CHECK(x.complete == cases[i].complete && x.n_backlog == cases[i].n);
                fixture_close(&x);
        }
}

/* A link out of the recording, and a file that is none. */
static void test_recorded_elsewhere(void) {
        char path[TREE_PATH];
        Fixture x;

        open_recorded(&x);
        tree_link(&x.tree, FILE_NAME, "/etc/passwd");
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_UNKNOWN && x.n_backlog == 0);
        fixture_close(&x);
        open_recorded(&x);
        CHECK(mkfifo(tree_path(&x.tree, FILE_NAME, path), 0600) == 0);
        fixture_start_to_end(&x, 1);
        CHECK(x.complete == FACT_UNKNOWN);
        fixture_close(&x);
}

/* The words of the format, and a disk that is full. */
static void test_written(void) {
        static const JournalRecord r = {"a\nb", 3, "+pci:0000:01:00.0", 5, 1700000000000000};
        static char text[512];
        FILE *f = fmemopen(text, sizeof(text), "w");

        CHECK(f && journal_export_write(f, &r) == 0 && fclose(f) == 0);
        CHECK(strcmp(text, "__REALTIME_TIMESTAMP=1700000000000000\n__MONOTONIC_TIMESTAMP=5\n"
                           "_TRANSPORT=kernel\n_KERNEL_DEVICE=+pci:0000:01:00.0\n"
                           "MESSAGE\n\3") == 0);
        f = fopen("/dev/full", "w");
        CHECK(f);
        CHECK(setvbuf(f, NULL, _IONBF, 0) == 0 && journal_export_write(f, &r) == -EIO);
        fclose(f);
}

int main(void) {
        test_cut();
        test_line_limits();
        test_export();
        test_recorded();
        test_recorded_ends();
        test_recorded_elsewhere();
        test_written();
        return 0;
}
