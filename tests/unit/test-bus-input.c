/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "bus/utf8.h"
#include "names.h"
#include "test-bus-fixture.h"

#define INVALID SD_BUS_ERROR_INVALID_ARGS
#define NOBODY 65534

/* Whether this run may change anything: only root may. */
static bool root;

static sd_bus_message *manager_call(Fixture *f, const char *member, const char *types, ...) {
        sd_bus_message *m = fixture_message(f, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, member);
        va_list arguments;

        va_start(arguments, types);
        CHECK(sd_bus_message_appendv(m, types, arguments) >= 0);
        va_end(arguments);
        return m;
}

static void get_device_is(Fixture *f, const char *text, const char *path) {
        sd_bus_message *m = fixture_send(f, manager_call(f, "GetDevice", "s", text));
        const char *found;

        CHECK(sd_bus_message_read(m, "o", &found) > 0);
        CHECK_TEXT(found, path);
        sd_bus_message_unref(m);
}

static void test_targets(Fixture *f) {
        static const char *const malformed[] = {
                "", ".", "..", "../../etc/passwd", "0000:01:00", "0000:01:00.8", "0000:01:20.0",
                "0000:01:00.0 ", "0000:01:00.0/driver", "01.00", "a b", "\xc3\xa4",
        };
        char big[VFIOD_STRING_MAX + 1], bigger[VFIOD_STRING_MAX + 2];
        sd_bus_message *m;
        const char *path;

        get_device_is(f, "0000:01:00.0", PATH_GPU);
        get_device_is(f, "01:00.1", PATH_AUDIO);
        get_device_is(f, "10000:E1:00.0", PATH_VMD);
        get_device_is(f, "eth0", PATH_AUDIO);
        for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
                fixture_refused(f, manager_call(f, "GetDevice", "s", malformed[i]), INVALID,
                                "is no PCI address", malformed[i], NULL);
        fixture_refused(f, manager_call(f, "GetDevice", "s", "01:00.0\n\x1b[31m"), INVALID,
                        "'01:00.0\\x0a\\x1b[31m'", NULL);
        memset(big, 'A', sizeof(big));
        big[VFIOD_STRING_MAX] = '\0';
        fixture_refused(f, manager_call(f, "GetDevice", "s", big), INVALID, "AAAA...'", NULL);
        memset(bigger, 'A', sizeof(bigger));
        bigger[VFIOD_STRING_MAX + 1] = '\0';
        fixture_refused(f, manager_call(f, "GetDevice", "s", bigger), INVALID, "4096", NULL);
        fixture_refused(f, manager_call(f, "GetDevice", "s", "09:00.0"), VFIOD_ERROR_NO_SUCH_DEVICE,
                        "0000:09:00.0", "vfioctl list", NULL);
        fixture_refused(f, manager_call(f, "GetDevice", "s", "sdz"), VFIOD_ERROR_NO_SUCH_DEVICE,
                        "'sdz'", NULL);
        fixture_refused(f, manager_call(f, "GetDevice", "s", "md0"), INVALID,
                        "0000:01:00.0, 0000:02:00.0", NULL);
        fixture_refused(f, manager_call(f, "GetDevice", "s", "broken"), SD_BUS_ERROR_IO_ERROR,
                        "'broken'", NULL);

        m = fixture_send(f, manager_call(f, "GetGroup", "u", 15));
        CHECK(sd_bus_message_read(m, "o", &path) > 0);
        CHECK_TEXT(path, VFIOD_PATH_GROUPS "/15");
        sd_bus_message_unref(m);
        fixture_refused(f, manager_call(f, "GetGroup", "u", 4000000000U),
                        VFIOD_ERROR_NO_SUCH_GROUP, "4000000000", NULL);
}

static void test_wrong_signature(Fixture *f) {
        fixture_refused(f, manager_call(f, "GetDevice", "u", 1), INVALID, NULL);
        fixture_refused(f, manager_call(f, "GetGroup", "s", "15"), INVALID, NULL);
        fixture_refused(f, manager_call(f, "GetGroup", "i", -1), INVALID, NULL);
        fixture_refused(f, manager_call(f, "Plan", "s", "01:00.0"), INVALID, NULL);
        fixture_refused(f, manager_call(f, "Prepare", "sa{ss}", "01:00.0", 0), INVALID, NULL);
        fixture_refused(f, manager_call(f, "Release", "sas", "01:00.0", 0), INVALID, NULL);
        fixture_refused(f, manager_call(f, "Rescan", "s", "now"), INVALID, NULL);
}

/* Sends a call that is taken and compares what the handler got. */
static void taken(Fixture *f, sd_bus_message *call, const char *request) {
        sd_bus_message *m = fixture_send(f, call);

        if (sd_bus_message_get_error(m))
                fprintf(stderr, "%s\n", sd_bus_message_get_error(m)->message);
        CHECK(!sd_bus_message_get_error(m));
        CHECK_TEXT(f->request, request);
        sd_bus_message_unref(m);
}

static void test_options(Fixture *f) {
        taken(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 0),
              "plan 0000:01:00.0 group=0 driver=- for=- no-block=0 timeout=20000000");
        taken(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 4, "with", "as", 3, "eth0", "02:00.0",
                              "0000:02:00.0", "group", "b", 1, "driver", "s", "pci-stub", "for",
                              "s", "libvirt:gu\xc3\xa4st"),
              "plan 0000:01:00.0 with=0000:01:00.1 with=0000:02:00.0 group=1 driver=pci-stub "
              "for=libvirt:gu\xc3\xa4st no-block=0 timeout=20000000");
        taken(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "accept", "as", 2,
                              "network-in-use", "tpm@01:00.1"),
              "plan 0000:01:00.0 group=0 accept=network-in-use accept=tpm@01:00.1 driver=- for=- "
              "no-block=0 timeout=20000000");
        if (!root)
                return;
        taken(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 2, "no-block", "b", 1,
                              "timeout-usec", "t", UINT64_C(1)),
              "prepare 0000:01:00.0 group=0 driver=- for=- no-block=1 timeout=1");
        taken(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 2, "for", "s", "x", "timeout-usec",
                              "t", UINT64_MAX),
              "release 0000:01:00.0 group=0 driver=- for=x no-block=0 timeout=3600000000");
        taken(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 3, "wait", "b", 1, "foreign", "b",
                              1, "no-block", "b", 0),
              "release 0000:01:00.0 group=0 wait foreign driver=- for=- no-block=0 "
              "timeout=20000000");
        taken(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 1, "wait", "b", 1),
              "prepare 0000:01:00.0 group=0 wait driver=- for=- no-block=0 timeout=20000000");
}

static void test_bad_options(Fixture *f) {
        static const char *const later[] = { "foreign", "WITH", "" };

        for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
                fixture_refused(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 1, later[i], "b",
                                                1), INVALID, "Unknown option", later[i],
                                "known: with, group, accept, driver, for, persist, no-block, "
                                "wait, timeout-usec", NULL);
        fixture_refused(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 1, "driver", "s",
                                        "nvme"),
                        INVALID, "Unknown option 'driver'; known: for, persist, no-block, wait, foreign, "
                        "timeout-usec", NULL);
        fixture_refused(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 2, "wait", "b", 1,
                                        "no-block", "b", 1),
                        INVALID, "'wait' and 'no-block' exclude each other", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "no-block", "b", 1),
                        INVALID, "known: with, group, accept, driver, for", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "group", "s", "yes"),
                        INVALID, "'group'", "'b', not 's'", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "with", "s", "01:00.1"),
                        INVALID, "'with'", "'as', not 's'", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "accept", "as", 1,
                                        "network-in-us"),
                        INVALID, "'accept'", "'network-in-us' is no hazard", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "accept", "as", 1,
                                        "network-in-use@somewhere"),
                        INVALID, "'network-in-use@somewhere' is no hazard", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "accept", "as", 2,
                                        "tpm", "disk-in-use"),
                        INVALID, "'disk-in-use' cannot be accepted", NULL);
        fixture_refused(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 1, "accept", "as", 1,
                                        "tpm"),
                        INVALID, "Unknown option 'accept'", NULL);
        fixture_refused(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 1, "timeout-usec", "u",
                                        5), INVALID, "'t', not 'u'", NULL);
        fixture_refused(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 1, "timeout-usec", "t",
                                        UINT64_C(0)), INVALID, "must not be 0", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 2, "group", "b", 1, "group",
                                        "b", 1), INVALID, "'group' is given twice", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "with", "as", 1,
                                        "09:00.0"),
                        VFIOD_ERROR_NO_SUCH_DEVICE, "0000:09:00.0", NULL);
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "with", "as", 1, "../x"),
                        INVALID, "'../x'", NULL);
}

static void test_bad_texts(Fixture *f) {
        static const char *const drivers[] = { "", "../vfio-pci", "vfio pci", "vfio.pci", "a\n",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
        static const char *const claims[] = { "", "a\nb", "\x7f", "\xc2\x85", "\xe2\x80\xae" };
        char claim[257];

        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
                fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "driver", "s",
                                                drivers[i]), INVALID, "'driver'", NULL);
        for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
                fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "for", "s",
                                                claims[i]), INVALID, "'for'", NULL);
        memset(claim, 'c', 256);
        claim[256] = '\0';
        fixture_refused(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 1, "for", "s", claim),
                        INVALID, "'for'", NULL);
}

/* Arrays as large as they may be and one more. */
static void test_limits(Fixture *f) {
        static const struct {
                size_t n;
                const char *what;
                bool refused;
        } cases[] = {
                { VFIOD_ARRAY_MAX, "02:00.0", false },
                { VFIOD_ARRAY_MAX + 1, "02:00.0", true },
                { 64, "eth0", false },
                { 65, "eth0", true },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                sd_bus_message *m = manager_call(f, "Plan", "s", "01:00.0");

                CHECK(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
                CHECK(sd_bus_message_open_container(m, 'e', "sv") >= 0);
                CHECK(sd_bus_message_append(m, "s", "with") >= 0);
                CHECK(sd_bus_message_open_container(m, 'v', "as") >= 0);
                CHECK(sd_bus_message_open_container(m, 'a', "s") >= 0);
                for (size_t k = 0; k < cases[i].n; k++)
                        CHECK(sd_bus_message_append(m, "s", cases[i].what) >= 0);
                for (int k = 0; k < 4; k++)
                        CHECK(sd_bus_message_close_container(m) >= 0);
                if (cases[i].refused) {
                        fixture_refused(f, m, SD_BUS_ERROR_LIMITS_EXCEEDED, "'with'", NULL);
                } else {
                        m = fixture_send(f, m);
                        CHECK(!sd_bus_message_get_error(m));
                        sd_bus_message_unref(m);
                }
        }
}

static void test_replies(Fixture *f) {
        const char *a, *b, *c, *d, *e, *g, *result, *job;
        sd_bus_message *m = fixture_send(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 0));

        CHECK(sd_bus_message_read(m, "a(sss)", 2, &a, &b, &c, &d, &e, &g) > 0);
        CHECK_TEXT(a, "load-module");
        CHECK_TEXT(b, "");
        CHECK_TEXT(c, "vfio-pci");
        CHECK_TEXT(d, "unbind");
        CHECK_TEXT(e, "0000:01:00.1");
        CHECK(sd_bus_message_skip(m, "a" VFIOD_SIGNATURE_FINDING) >= 0);
        sd_bus_message_unref(m);

        m = fixture_send(f, fixture_message(f, PATH_AUDIO, VFIOD_INTERFACE_DEVICE, "Refresh"));
        CHECK(!sd_bus_message_get_error(m));
        CHECK_TEXT(f->request, "refresh 0000:01:00.1");
        sd_bus_message_unref(m);
        if (!root)
                return;
        m = fixture_send(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 0));
        CHECK(sd_bus_message_read(m, "so", &result, &job) > 0);
        CHECK_TEXT(result, "done");
        CHECK_TEXT(job, VFIOD_PATH_JOBS "/7");
        sd_bus_message_unref(m);
        m = fixture_send(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 0));
        CHECK(sd_bus_message_read(m, "so", &result, &job) > 0);
        CHECK_TEXT(job, "/");
        sd_bus_message_unref(m);
}

/* An answer that comes late, with a name that is none, and one to a caller that has gone. */
static void test_late(void) {
        Fixture *f = fixture_new(geteuid());
        sd_bus_message *call = manager_call(f, "Prepare", "sa{sv}", "01:00.0", 0);

        f->hold = true;
        CHECK(sd_bus_send(f->client, call, NULL) >= 0);
        sd_bus_message_unref(call);
        fixture_settle(f);
        CHECK(!root || f->held);
        if (f->held) {
                CHECK(bus_reply_error(f->held, "no name at all", "Why \xff") == 0);
                sd_bus_close(f->client);
                while (sd_bus_is_open(f->server) > 0)
                        CHECK(sd_event_run(f->event, UINT64_MAX) >= 0);
                CHECK(bus_reply_error(f->held, VFIOD_ERROR_STUCK, "Why") == 0);
                CHECK(bus_reply_result(f->held, VFIOD_RESULT_DONE, 1) == 0);
                CHECK(bus_reply_plan(f->held, &(Plan){ 0 }) == 0);
                CHECK(bus_reply_empty(f->held) == 0);
        }
        fixture_free(f);
}

/* Nobody but root changes anything, and everybody may look. */
static void test_rights(uid_t uid) {
        Fixture *f = fixture_new(uid);
        sd_bus_message *m;

        fixture_refused(f, manager_call(f, "Prepare", "sa{sv}", "01:00.0", 0),
                        SD_BUS_ERROR_ACCESS_DENIED, "You may not prepare 0000:01:00.0", "no bus",
                        "sudo", "org.vfiod1.prepare", NULL);
        fixture_refused(f, manager_call(f, "Release", "sa{sv}", "01:00.0", 0),
                        SD_BUS_ERROR_ACCESS_DENIED, "You may not release", "org.vfiod1.release", NULL);
        CHECK(f->n_handled == 0);
        get_device_is(f, "01:00.0", PATH_GPU);
        m = fixture_send(f, manager_call(f, "Plan", "sa{sv}", "01:00.0", 0));
        CHECK(!sd_bus_message_get_error(m));
        sd_bus_message_unref(m);
        fixture_free(f);
}

static void test_utf8(void) {
        static const char *const bad[] = {
                "\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                "\xf4\x90\x80\x80", "\xff", "\xf8\x88\x80\x80\x80",
        };
        char shown[UTF8_SHOW_MAX], wide[65 * 4 + 1] = "";
        uint32_t c = 0;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                CHECK(utf8_next(bad[i], &c) == 0);
        CHECK(utf8_next("\xf0\x9f\x98\x80", &c) == 4 && c == 0x1f600);
        CHECK(utf8_next("\xe2\x82\xac", &c) == 3 && c == 0x20ac);
        CHECK_TEXT(utf8_show("a\xff\tb", shown), "a\\xff\\x09b");
        for (int i = 0; i < 65; i++)
                strcat(wide, "\xf0\x9f\x98\x80");
        CHECK(strlen(utf8_show(wide, shown)) == 64 * 4 + 3);
}

int main(void) {
        Fixture *f = fixture_new(geteuid());

        root = geteuid() == 0;
        test_targets(f);
        test_wrong_signature(f);
        test_options(f);
        f->n_handled = 0;
        test_bad_options(f);
        test_bad_texts(f);
        CHECK(f->n_handled == 0);
        test_limits(f);
        test_replies(f);
        fixture_free(f);
        test_late();
        test_rights(root ? NOBODY : geteuid());
        test_utf8();
        return 0;
}
