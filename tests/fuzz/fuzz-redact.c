/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        return 0;
}
