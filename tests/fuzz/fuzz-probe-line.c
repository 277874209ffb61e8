/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line is refused, or it is one that formatting gives back as the same facts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static ProbeLine first, second;
        static char text[PROBE_LINE_MAX];
        size_t n;

        if (probe_line_parse((const char *) data, size, &first) < 0)
                return 0;
        n = probe_line_format(&first, text);
        if (n == 0 || n >= sizeof(text) || text[n - 1] != '\n' || memchr(text, '\n', n - 1))
                abort();
        if (probe_line_parse(text, n - 1, &second) < 0)
                abort();
        if (first.key != second.key || first.fact != second.fact || first.group != second.group ||
            first.number != second.number || strcmp(first.value, second.value) != 0 ||
            address_compare(&first.address, &second.address) != 0)
                abort();
        return 0;
}
