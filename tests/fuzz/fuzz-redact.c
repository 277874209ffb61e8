/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *data, size_t size) {
        size_t n = 0, n_again = 0;
        char *once = redact_message(data, size, "myhost", &n), *twice;

        twice = once ? redact_message(once, n, "myhost", &n_again) : NULL;
        if (once && twice && (n != n_again || memcmp(once, twice, n) != 0))
                abort();
        free(once);
        free(twice);
}

/* What was redacted once stays as it is when it is redacted again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = strndup((const char *) data, size), *once, *twice;

        if (!text)
                return 0;
        once = redact_command_line(text, "myhost");
        twice = once ? redact_command_line(once, "myhost") : NULL;
        if (once && twice && strcmp(once, twice) != 0)
                abort();
        free(text);
        free(once);
        free(twice);
        check_message((const char *) data, size);
        return 0;
}
