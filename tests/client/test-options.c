/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>

#include "bus.h"
#include "check.h"
#include "errors.h"
#include "names.h"

static void test_timeouts(void) {
        static const struct {
                const char *text;
                int r;
                uint64_t usec;
        } table[] = {
                {"5", 0, 5000000},       {"5s", 0, 5000000},       {"500ms", 0, 500000},
                {"2min", 0, 120000000},  {"1h", 0, 3600000000},    {"7us", 0, 7},
                {"0", 0, 0},             {"", -EINVAL, 0},         {"-5", -EINVAL, 0},
                {" 5", -EINVAL, 0},      {"+5", -EINVAL, 0},       {"5x", -EINVAL, 0},
                {"s", -EINVAL, 0},       {"1.5", -EINVAL, 0},      {"5 s", -EINVAL, 0},
                {"18446744073709551615", -ERANGE, 0}, {"99999999999999999999999", -ERANGE, 0},
                {"9999999999999999h", -ERANGE, 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                uint64_t usec = 0;

                CHECK(timeout_parse(table[i].text, &usec) == table[i].r);
                CHECK(usec == table[i].usec);
        }
}

static void test_exit_codes(void) {
        static const char *const no[] = {
                VFIOD_ERROR_NO_SUCH_DEVICE, VFIOD_ERROR_NO_SUCH_GROUP, VFIOD_ERROR_NO_GROUP,
                VFIOD_ERROR_NOT_SUPPORTED,  VFIOD_ERROR_NOT_MANAGED,   VFIOD_ERROR_NEEDS_CONSENT,
                VFIOD_ERROR_HAZARD,         VFIOD_ERROR_IN_USE,        VFIOD_ERROR_BUSY,
                VFIOD_ERROR_HOST_NOT_READY, ERROR_TIMED_OUT};
        static const char *const failed[] = {
                VFIOD_ERROR_STUCK, VFIOD_ERROR_DRIVER_UNAVAILABLE, VFIOD_ERROR_VERIFY_FAILED,
                VFIOD_ERROR_ROLLBACK_FAILED, VFIOD_ERROR_READ_ONLY, SD_BUS_ERROR_ACCESS_DENIED,
                SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_LIMITS_EXCEEDED, "x.y", NULL};

        for (size_t i = 0; i < ARRAY_SIZE(no); i++)
                CHECK(error_exit_code(no[i]) == 1);
        for (size_t i = 0; i < ARRAY_SIZE(failed); i++)
                CHECK(error_exit_code(failed[i]) == 4);
        CHECK(error_exit_code(SD_BUS_ERROR_INVALID_ARGS) == 2);
        CHECK(readiness_exit_code("ready") == 0 && readiness_exit_code("degraded") == 0);
        CHECK(readiness_exit_code("blocked") == 1);
        CHECK(readiness_exit_code("unknown") == 3 && readiness_exit_code(NULL) == 3);
}

static void test_next_steps(void) {
        Options here = {0}, there = {.host = "box"};

        CHECK_TEXT(error_next_step(SD_BUS_ERROR_SERVICE_UNKNOWN, &here, NULL),
                   "Start it: systemctl start vfiod");
        CHECK_TEXT(error_next_step(SD_BUS_ERROR_SERVICE_UNKNOWN, &there, NULL),
                   "Start it: systemctl -H box start vfiod");
        CHECK_TEXT(error_next_step(VFIOD_ERROR_NEEDS_CONSENT, &here, "02:00.0"),
                   "See what would move, and how to agree: vfioctl plan 02:00.0");
        CHECK(!error_next_step("x.y", &here, NULL));
}

static int parse(Options *options, int argc, const char *const arguments[]) {
        char *argv[16];

        for (int i = 0; i < argc; i++)
                argv[i] = (char *) arguments[i];
        argv[argc] = NULL;
        optind = 0;
        return options_parse(options, argc, argv);
}

static void test_options(void) {
        const char *const good[] = {"vfioctl", "plan", "--with", "a,b", "01:00.0", "--with=c",
                                    "--timeout=5", "--json"};
        const char *const accept[] = { "vfioctl", "--accept=tpm,watchdog", "--accept", "a@01:00.0" };
        const char *const unknown[] = { "vfioctl", "--waiting" };
        const char *const others[] = { "vfioctl", "--wait", "--foreign" };
        const char *const bare[] = { "vfioctl", "--for" };
        const char *const empty[] = {"vfioctl", "--with", ","};
        Options options;

        CHECK(parse(&options, 8, good) == 6);
        CHECK(options.json && strv_length(options.with) == 3 && options.timeout_usec == 5000000);
        CHECK(!options_unwanted(&options, OPTION_WITH | OPTION_TIMEOUT));
        CHECK(streq(options_unwanted(&options, OPTION_WITH), "timeout"));
        options_done(&options);
        CHECK(parse(&options, 4, accept) >= 0 && strv_length(options.accept) == 3);
        CHECK(streq(options.accept[1], "watchdog") && streq(options.accept[2], "a@01:00.0"));
        CHECK(streq(options_unwanted(&options, OPTION_WITH), "accept"));
        options_done(&options);
        CHECK(parse(&options, 3, others) >= 0 && options.wait && options.foreign);
        CHECK(streq(options_unwanted(&options, OPTION_WAIT), "foreign"));
        CHECK(streq(options_unwanted(&options, OPTION_FOREIGN), "wait"));
        options_done(&options);
        CHECK(parse(&options, 2, unknown) == -EINVAL);
        options_done(&options);
        CHECK(parse(&options, 2, bare) == -EINVAL);
        options_done(&options);
        CHECK(parse(&options, 3, empty) == -EINVAL);
        options_done(&options);
}

/* How long a call may take is the daemon's to say, unless the person has said it. */
static void test_request_timeout(void) {
        Options none = {.timeout_usec = TIMEOUT_NOT_GIVEN}, five = {.timeout_usec = 5000000};
        Options silent = {.timeout_usec = TIMEOUT_NOT_GIVEN, .host = "box", .no_ask_password = true};

        CHECK(bus_request_timeout(&none) == UINT64_MAX);
        CHECK(bus_request_timeout(&silent) == UINT64_MAX);
        CHECK(bus_request_timeout(&five) >= 5000000 + 2 * VFIOD_STUCK_SLACK_USEC);
        CHECK(bus_request_timeout(&five) < UINT64_MAX);
        five.host = "box";
        CHECK(bus_request_timeout(&five) >= 5000000 + VFIOD_POLKIT_INTERACTIVE_USEC);
}

int main(void) {
        test_timeouts();
        test_request_timeout();
        test_exit_codes();
        test_next_steps();
        test_options();
        return 0;
}
