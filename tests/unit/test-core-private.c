/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core-fixture.h"
#include "core/private.h"

static void check(const char *text, const char *root, const char *others) {
        char *seen = private_show(text, 1), *hidden = private_show(text, 0);

        CHECK(seen && hidden);
        if (strcmp(seen, root) != 0 || strcmp(hidden, others) != 0) {
                fprintf(stderr, "root: '%s' instead of '%s'; others: '%s' instead of '%s'\n", seen,
                        root, hidden, others);
                abort();
        }
        free(seen);
        free(hidden);
}

static void test_show(void) {
        check("", "", "");
        check("nothing private", "nothing private", "nothing private");
        check("held by " PRIVATE("qemu (process 4)", "a process") ".", "held by qemu (process 4).",
              "held by a process.");
        check(PRIVATE("a", "") PRIVATE("b", "c"), "ab", "c");
        check(PRIVATE("", ""), "", "");
        /* Cut short: what is left of it is shown to nobody who may not see the whole. */
        check("x " PRIVATE_BEGIN "secret", "x secret", "x ");
        check("x " PRIVATE_BEGIN "secret" PRIVATE_ELSE "pub", "x secret", "x pub");
        /* Marks without a beginning mean nothing, and are shown to nobody. */
        check("a" PRIVATE_ELSE "b" PRIVATE_END "c", "abc", "abc");
}

/* A process calls itself so that its name ends the private part. */
static void test_clean(void) {
        char name[] = "q" PRIVATE_END PRIVATE_ELSE "e\x1b\nmu", text[64];

        snprintf(text, sizeof(text), PRIVATE("%s (process 4)", "a process"), private_clean(name));
        CHECK(strcmp(name, "q??e??mu") == 0);
        check(text, "q??e??mu (process 4)", "a process");
}

int main(void) {
        test_show();
        test_clean();
        return 0;
}
