/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-lines.h"

/*
 * Records as a crash or a stranger may leave them. The CRC would keep the fuzzer out of everything
 * behind it, so a text that begins with "raw\n" is given to the parsers as it is, and any other is
 * taken line by line and given its CRCs first.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *text, size_t size) {
        char boot_id[BOOT_ID_MAX];
        ManagedSet set;
        Transaction *t;
        size_t valid;

        if (transaction_parse_valid(text, size, &t, &valid) == 0) {
                if (valid > size || t->n_steps > size || t->n_members > size)
                        abort();
                for (size_t i = 0; i < t->n_steps; i++)
                        if (!t->steps[i].value)
                                abort();
                transaction_free(t);
        }
        if (set_parse(text, size, &set, boot_id) == 0)
                managed_set_clear(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *input = (const char *) data;
        size_t text_size;
        char *text;

        if (size >= 4 && memcmp(input, "raw\n", 4) == 0) {
                parse(input + 4, size - 4);
                return 0;
        }
        text = close_lines(input, size, &text_size);
        if (text)
                parse(text, text_size);
        free(text);
        return 0;
}
