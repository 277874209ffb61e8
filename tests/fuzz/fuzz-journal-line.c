/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/journal-line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_text(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A line is refused, or it is one that formatting gives back as the same record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char copy[4 * JOURNAL_LINE_MAX], text[JOURNAL_LINE_MAX];
        JournalLine first, second;
        size_t n;

        if (size > sizeof(copy))
                return 0;
        memcpy(copy, data, size);
        if (journal_line_parse(copy, size, &first) < 0)
                return 0;
        if (first.record.device && !first.record.device[0])
                abort();
        n = journal_line_format(&first, text);
        if (n == 0 || n > sizeof(text) || text[n - 1] != '\n' || memchr(text, '\n', n - 1))
                abort();
        if (journal_line_parse(text, n - 1, &second) < 0)
                abort();
        if (first.kind != second.kind || !same_text(first.cursor, second.cursor) ||
            !same_text(first.record.device, second.record.device) ||
            first.record.monotonic_usec != second.record.monotonic_usec ||
            first.record.realtime_usec != second.record.realtime_usec ||
            first.record.length != second.record.length ||
            (first.record.length > 0 &&
             memcmp(first.record.message, second.record.message, first.record.length) != 0))
                abort();
        return 0;
}
