/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/journal-reader.h"

int reader_flush(Reader *x) {
        size_t done = 0;

        while (done < x->n) {
                ssize_t k = write(x->pipe, x->buffer + done, x->n - done);

                if (k < 0 && errno != EINTR)
                        return -errno;
                done += k > 0 ? (size_t) k : 0;
        }
        x->n = 0;
        return 0;
}

static int say(Reader *x, const JournalLine *l) {
        int r = 0;

        if (sizeof(x->buffer) - x->n < JOURNAL_LINE_MAX)
                r = reader_flush(x);
        if (r == 0)
                x->n += journal_line_format(l, x->buffer + x->n);
        return r;
}

int reader_say(Reader *x, JournalLineKind kind) {
        JournalLine l = {.kind = kind};

        return say(x, &l);
}

/* Returns: 1 and the value of a field, 0 if the record does not have it, or -errno. */
static int get_field(sd_journal *j, const char *name, const char **ret, size_t *ret_length) {
        size_t length, prefix = strlen(name) + 1;
        const void *data;
        int r = sd_journal_get_data(j, name, &data, &length);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (length < prefix)
                return -EBADMSG;
        *ret = (const char *) data + prefix;
        *ret_length = length - prefix;
        return 1;
}

/* Returns: 0 or -errno. */
static int get_device(sd_journal *j, char device[static JOURNAL_DEVICE_MAX]) {
        const char *text;
        size_t n;
        int r = get_field(j, "_KERNEL_DEVICE", &text, &n);

        device[0] = 0;
        if (r <= 0)
                return r;
        /* What is longer, or no text, is no device of ours. */
        if (n < JOURNAL_DEVICE_MAX && !memchr(text, 0, n)) {
                memcpy(device, text, n);
                device[n] = 0;
        }
        return 0;
}

/* The journal's own stamp of an early record is that of journald's start. */
static int get_monotonic(sd_journal *j, uint64_t *ret) {
        const char *text;
        char number[32];
        sd_id128_t boot;
        size_t n;
        int r = get_field(j, "_SOURCE_MONOTONIC_TIMESTAMP", &text, &n);

        if (r < 0)
                return r;
        if (r > 0 && n > 0 && n < sizeof(number)) {
                char *end;

                memcpy(number, text, n);
                number[n] = 0;
                errno = 0;
                *ret = strtoull(number, &end, 10);
                if (errno == 0 && *end == 0 && number[0] != '-' && *ret != JOURNAL_TIME_UNKNOWN)
                        return 0;
        }
        return sd_journal_get_monotonic_usec(j, ret, &boot);
}

int reader_is_at_position(Reader *x) {
        uint64_t realtime, monotonic;
        int r = sd_journal_get_realtime_usec(x->journal, &realtime);

        if (r >= 0)
                r = get_monotonic(x->journal, &monotonic);
        if (r < 0)
                return r;
        return realtime == x->position.realtime_usec && monotonic == x->position.monotonic_usec;
}

/* Takes the place of the current record as position. Returns: 1, 0 if the record is to be left out,
 * or -errno. */
static int get_position(Reader *x) {
        JournalPosition p = {0};
        char *cursor;
        int r = sd_journal_get_realtime_usec(x->journal, &p.realtime_usec);

        if (r >= 0)
                r = get_monotonic(x->journal, &p.monotonic_usec);
        if (r >= 0)
                r = sd_journal_get_cursor(x->journal, &cursor);
        if (r < 0)
                return r;
        r = snprintf(p.cursor, sizeof(p.cursor), "%s", cursor);
        free(cursor);
        if (r <= 0 || (size_t) r >= sizeof(p.cursor) || strpbrk(p.cursor, " \\\n"))
                return -EBADMSG;
        if (x->skip && (p.realtime_usec < x->position.realtime_usec ||
                        (p.realtime_usec == x->position.realtime_usec &&
                         p.monotonic_usec <= x->position.monotonic_usec)))
                return 0;
        x->skip = false;
        x->position = p;
        return 1;
}

/* Returns: 1 and the line, 0 if there is nothing to say, or -errno. message is last: a value is
 * only valid until the next one is asked for. */
static int get_line(Reader *x, char device[static JOURNAL_DEVICE_MAX], JournalLine *ret) {
        JournalRecord *record = &ret->record;
        const char *text;
        size_t n;
        int r = get_position(x);

        if (r <= 0)
                return r;
        r = get_field(x->journal, "_TRANSPORT", &text, &n);
        if (r <= 0)
                return r;
        *ret = (JournalLine) {.kind = JOURNAL_LINE_RECORD, .cursor = x->position.cursor};
        if (n != strlen("kernel") || memcmp(text, "kernel", n) != 0) {
                ret->kind = JOURNAL_LINE_LOST;
                return 1;
        }
        r = get_device(x->journal, device);
        if (r >= 0)
                r = get_field(x->journal, "MESSAGE", &text, &n);
        if (r <= 0)
                return r;
        record->message = text;
        record->length = journal_cut(text, n, JOURNAL_MESSAGE_MAX);
        record->device = device[0] ? device : NULL;
        record->monotonic_usec = x->position.monotonic_usec;
        record->realtime_usec = x->position.realtime_usec;
        return 1;
}

int reader_say_entry(Reader *x) {
        char device[JOURNAL_DEVICE_MAX];
        JournalLine l;
        int r = get_line(x, device, &l);

        if (r > 0) {
                x->broken = false;
                return say(x, &l);
        }
        /* One entry that is corrupt, or packed in a way that is not known here, is one that is
         * missing; those around it may be fine. Several in a row are said to be missing once. */
        if (r == -EBADMSG || r == -EPROTONOSUPPORT || r == -EOPNOTSUPP || r == -E2BIG) {
                r = x->broken ? 0 : reader_say(x, JOURNAL_LINE_LOST);
                x->broken = true;
        }
        return r;
}
