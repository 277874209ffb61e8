/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/journal-export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_text(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What writing makes of a record is read as the same record, and as nothing else. */
static void check_round_trip(const JournalEntry *e) {
        static char text[4 * JOURNAL_MESSAGE_MAX];
        const char *at = text;
        JournalEntry again;
        size_t n;
        FILE *f = fmemopen(text, sizeof(text), "w");

        if (!f || journal_export_write(f, &e->record) < 0 || fflush(f) != 0)
                abort();
        n = (size_t) ftell(f);
        fclose(f);
        if (journal_export_next(&at, &n, &again) != 1 || !again.kernel || again.gap || again.boot)
                abort();
        if (again.record.length != e->record.length ||
            memcmp(again.record.message, e->record.message, e->record.length) != 0 ||
            again.record.monotonic_usec != e->record.monotonic_usec ||
            again.record.realtime_usec != e->record.realtime_usec ||
            !same_text(again.record.device, e->record.device))
                abort();
        if (journal_export_next(&at, &n, &again) != 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *at = (const char *) data, *end = at + size;
        size_t n = size;
        JournalEntry e;
        int r;

        while ((r = journal_export_next(&at, &n, &e)) > 0) {
                if (n != (size_t) (end - at) || e.record.length > JOURNAL_MESSAGE_MAX)
                        abort();
                if (e.kernel)
                        check_round_trip(&e);
        }
        if (n != (size_t) (end - at) || (r == 0) != (n == 0))
                abort();
        return 0;
}
