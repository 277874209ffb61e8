/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-lines.h"
#include "rebind/state.h"

/*
 * The files of the state directory, as a stranger may leave them. The CRC would keep the fuzzer out of
 * everything behind it, so a text is taken line by line and given its CRCs first.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written as a text that reads the same. */
static void parse_wishes(const char *text, size_t size) {
        Wish *wishes, *again;
        size_t n, n_again, length;
        char *written;

        if (wishes_parse(text, size, &wishes, &n) < 0)
                return;
        if (wishes_format(wishes, n, &written, &length) < 0 ||
            wishes_parse(written, length, &again, &n_again) < 0 || n != n_again ||
            length != size || memcmp(written, text, size) != 0)
                abort();
        free(written);
        wishes_free(wishes, n);
        wishes_free(again, n_again);
}

static void parse_results(const char *text, size_t size) {
        WishResult *results;
        size_t n, length;
        char *written;

        if (wish_results_parse(text, size, &results, &n) < 0)
                return;
        if (wish_results_format(results, n, &written, &length) < 0 || length != size ||
            memcmp(written, text, size) != 0)
                abort();
        free(written);
        wish_results_free(results, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char boot_id[BOOT_ID_MAX], *text;
        GroupBefore *groups;
        size_t n, text_size;

        text = close_lines((const char *) data, size, &text_size);
        if (!text)
                return 0;
        parse_wishes(text, text_size);
        parse_results(text, text_size);
        if (groups_parse(text, text_size, &groups, &n, boot_id) == 0) {
                for (size_t i = 0; i < n; i++)
                        if (groups[i].n_members == 0)
                                abort();
                groups_before_free(groups, n);
        }
        free(text);
        return 0;
}
