/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-line.h"
#include "test-sources-tree.h"

static ProbeLine in, out;
static char text[PROBE_LINE_MAX];

static void check_round_trip(void) {
        size_t n = probe_line_format(&in, text);

        CHECK(n > 0 && text[n - 1] == '\n' && strlen(text) == n);
        CHECK(!memchr(text, '\n', n - 1));
        CHECK(probe_line_parse(text, n - 1, &out) == 0);
        CHECK(out.key == in.key && out.fact == in.fact && out.number == in.number);
        CHECK(strcmp(out.value, in.value) == 0);
}

static void test_round_trips(void) {
        for (int key = 0; key < PROBE_KEY_MAX_; key++)
                for (int fact = 0; fact <= FACT_PRESENT; fact++) {
                        in = (ProbeLine) {.key = (ProbeKey) key, .fact = (Fact) fact, .number = 7};
                        strcpy(in.value, " a\\b\nc \xff ");
                        check_round_trip();
                }
        in = (ProbeLine) {.key = PROBE_KEY_OVERRIDE, .address = {0x10000, 0xe1, 0x1f, 7}};
        in.number = 4294967295u;
        memset(in.value, '\\', sizeof(in.value) - 1);
        check_round_trip();
        CHECK(address_compare(&in.address, &out.address) == 0);
        in = (ProbeLine) {.key = PROBE_KEY_HOLDER, .group = 4294967295u, .fact = FACT_PRESENT};
        check_round_trip();
        CHECK(out.group == in.group);
}

static void test_refused(void) {
        static const char *const bad[] = {
                "", "end", "end -", "end - yes", "end - yes 0", "end x yes 0 ", "end - maybe 0 ",
                "end - yes x ", "end - yes -1 ", "end - yes 4294967296 ", "nothing - yes 0 ",
                "override - yes 0 x", "override 0000:00:20.0 yes 0 x", "name x yes 0 ",
                "name -1 yes 0 ", "end  yes 0 ", "end - yes  ", "end - yes 0 \\", "end - yes 0 \\x",
                "  ", "override 0000:00:00.0 yes 0", "END - yes 0 ",
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                CHECK(probe_line_parse(bad[i], strlen(bad[i]), &out) == -EINVAL);
        CHECK(probe_line_parse("end - yes 0 \0", 13, &out) == -EINVAL);
        CHECK(probe_line_parse("end - yes 0 a\nb", 15, &out) == -EINVAL);
        CHECK(probe_line_parse("end - yes 0 trailing", 12, &out) == 0 && out.value[0] == 0);
}

int main(void) {
        test_round_trips();
        test_refused();
        return 0;
}
