/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "core-fixture.h"

int main(void) {
        static const struct {
                const char *text, *canonical; /* NULL: must be refused */
        } cases[] = {
                { "0000:01:00.0", "0000:01:00.0" },
                { "01:00.0", "0000:01:00.0" },
                { "10000:e1:00.0", "10000:e1:00.0" }, /* behind VMD */
                { "ffffffff:FF:1f.7", "ffffffff:ff:1f.7" },
                { "0001:0A:1F.7", "0001:0a:1f.7" },
                { "", NULL }, { "01", NULL }, { "01:00", NULL }, { "01:00.", NULL },
                { "1:00.0", NULL }, { "000:01:00.0", NULL }, { "0000:1:00.0", NULL },
                { "0000:01:0.0", NULL }, { "01:00.8", NULL }, { "01:20.0", NULL },
                { "01:00.0 ", NULL }, { " 01:00.0", NULL }, { "01:00.0\n", NULL },
                { "01:00.00", NULL }, { "100000000:01:00.0", NULL }, { "../01:00.0", NULL },
                { "0000:01:00.0/..", NULL }, { "0000-01:00.0", NULL }, { "0x00:01:00.0", NULL },
                { "+1:00.0", NULL }, { "0000:01:00,0", NULL }, { "0000:0000:01:00.0", NULL },
        };
        char text[ADDRESS_TEXT_MAX];
        Address a, b;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                int r = address_parse(cases[i].text, &a);

                if ((r == 0) != (cases[i].canonical != NULL))
                        fprintf(stderr, "'%s': %d\n", cases[i].text, r);
                CHECK(r == (cases[i].canonical ? 0 : -EINVAL));
                if (cases[i].canonical)
                        CHECK_STRING(address_format(&a, text), cases[i].canonical);
        }
        a = at("0000:01:00.0");
        b = at("0000:01:00.1");
        CHECK(address_compare(&a, &b) < 0 && address_compare(&b, &a) > 0);
        CHECK(address_same_slot(&a, &b));
        b = at("10000:01:00.0");
        CHECK(address_compare(&a, &b) < 0 && !address_same_slot(&a, &b));
        return 0;
}
