/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-export.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* MESSAGE_ID of "Missed … kernel messages" (systemd: sd-messages.h, SD_MESSAGE_JOURNAL_MISSED). */
#define MISSED_ID "e9bf28e6e834481bb6f48f548ad13606"

/* What of an entry does not reach the caller. */
typedef struct Seen {
        JournalField transport, facility, message, device, boot, id, realtime, monotonic, source_monotonic;
} Seen;

static const struct Wanted {
        const char *name;
        size_t offset;
} wanted[] = {
        {"_TRANSPORT", offsetof(Seen, transport)},
        {"SYSLOG_FACILITY", offsetof(Seen, facility)},
        {"MESSAGE", offsetof(Seen, message)},
        {"_KERNEL_DEVICE", offsetof(Seen, device)},
        {"_BOOT_ID", offsetof(Seen, boot)},
        {"MESSAGE_ID", offsetof(Seen, id)},
        {"__REALTIME_TIMESTAMP", offsetof(Seen, realtime)},
        {"__MONOTONIC_TIMESTAMP", offsetof(Seen, monotonic)},
        {"_SOURCE_MONOTONIC_TIMESTAMP", offsetof(Seen, source_monotonic)},
};

static bool name_is_valid(const char *name, size_t n) {
        if (n == 0 || n > JOURNAL_FIELD_NAME_MAX || (name[0] >= '0' && name[0] <= '9'))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!(name[i] >= 'A' && name[i] <= 'Z') && !(name[i] >= '0' && name[i] <= '9') &&
                    name[i] != '_')
                        return false;
        return true;
}

/* Reads the field at text. Returns: what follows it, or NULL. */
static const char *next_field(const char *text, const char *end, JournalField *ret) {
        const char *newline = memchr(text, '\n', (size_t) (end - text)), *equals;
        uint64_t length;

        if (!newline)
                return NULL;
        equals = memchr(text, '=', (size_t) (newline - text));
        ret->name = text;
        ret->name_length = (size_t) ((equals ? equals : newline) - text);
        if (!name_is_valid(ret->name, ret->name_length))
                return NULL;
        if (equals) {
                ret->value = equals + 1;
                ret->length = (size_t) (newline - ret->value);
                return newline + 1;
        }
        text = newline + 1;
        if ((size_t) (end - text) < sizeof(length))
                return NULL;
        memcpy(&length, text, sizeof(length));
        length = le64toh(length);
        text += sizeof(length);
        /* One newline comes after it. */
        if (length >= (uint64_t) (end - text) || text[length] != '\n')
                return NULL;
        ret->value = text;
        ret->length = (size_t) length;
        return text + length + 1;
}

static void keep(Seen *seen, const JournalField *f) {
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
                JournalField *to = (JournalField *) ((char *) seen + wanted[i].offset);

                if (strlen(wanted[i].name) == f->name_length &&
                    memcmp(wanted[i].name, f->name, f->name_length) == 0 && !to->value)
                        *to = *f;
        }
}

static bool field_is(const JournalField *f, const char *text) {
        return f->value && f->length == strlen(text) && memcmp(f->value, text, f->length) == 0;
}

static uint64_t time_of(const JournalField *f) {
        uint64_t value = 0;

        if (!f->value || f->length == 0)
                return JOURNAL_TIME_UNKNOWN;
        for (size_t i = 0; i < f->length; i++) {
                unsigned digit = (unsigned) (f->value[i] - '0');

                if (digit > 9 || value > (UINT64_MAX - 1 - digit) / 10)
                        return JOURNAL_TIME_UNKNOWN;
                value = 10 * value + digit;
        }
        return value;
}

static void fill(const Seen *seen, JournalEntry *ret) {
        const JournalField *device = &seen->device;
        JournalRecord *r = &ret->record;

        *ret = (JournalEntry) {0};
        ret->gap = field_is(&seen->transport, "driver") && field_is(&seen->id, MISSED_ID);
        ret->boot = seen->boot.value;
        ret->boot_length = seen->boot.length;
        r->realtime_usec = time_of(&seen->realtime);
        r->monotonic_usec = time_of(&seen->source_monotonic);
        if (r->monotonic_usec == JOURNAL_TIME_UNKNOWN)
                r->monotonic_usec = time_of(&seen->monotonic);
        if (device->value && device->length > 0 && device->length < sizeof(ret->device) &&
            !memchr(device->value, 0, device->length)) {
                memcpy(ret->device, device->value, device->length);
                r->device = ret->device;
        }
        if (!seen->message.value)
                return;
        ret->kernel = field_is(&seen->transport, "kernel") &&
                (!seen->facility.value || field_is(&seen->facility, "0"));
        r->message = seen->message.value;
        r->length = journal_cut(r->message, seen->message.length, JOURNAL_MESSAGE_MAX);
}

int journal_export_next(const char **text, size_t *n, JournalEntry *ret) {
        const char *at = *text, *end = *text + *n;
        size_t n_fields = 0;
        Seen seen = {0};
        JournalField f;

        while (at < end && *at == '\n')
                at++;
        if (at == end) {
                *text = at;
                *n = 0;
                return 0;
        }
        while (at < end && *at != '\n') {
                at = n_fields++ < JOURNAL_FIELDS_MAX ? next_field(at, end, &f) : NULL;
                if (!at)
                        return -EBADMSG;
                keep(&seen, &f);
        }
        fill(&seen, ret);
        *text = at;
        *n = (size_t) (end - at);
        return 1;
}

int journal_export_field(const char **text, size_t *n, JournalField *ret) {
        const char *end = *text + *n, *next;

        if (*n == 0 || **text == '\n')
                return 0;
        next = next_field(*text, end, ret);
        if (!next)
                return -EBADMSG;
        *text = next;
        *n = (size_t) (end - next);
        return 1;
}

/* A value that is one line of plain text is written as such, so that a recording can be read; all
 * else with its length. */
static bool write_field(FILE *to, const char *name, const char *value, size_t n) {
        uint64_t length = htole64(n);
        bool plain = true;

        for (size_t i = 0; i < n; i++)
                plain = plain && (value[i] == '\t' || (value[i] >= ' ' && value[i] <= '~'));
        if (plain)
                return fprintf(to, "%s=", name) > 0 && fwrite(value, 1, n, to) == n &&
                        fputc('\n', to) != EOF;
        return fprintf(to, "%s\n", name) > 0 && fwrite(&length, sizeof(length), 1, to) == 1 &&
                fwrite(value, 1, n, to) == n && fputc('\n', to) != EOF;
}

static bool write_time(FILE *to, const char *name, uint64_t usec) {
        return usec == JOURNAL_TIME_UNKNOWN || fprintf(to, "%s=%" PRIu64 "\n", name, usec) > 0;
}

int journal_export_write(FILE *to, const JournalRecord *record) {
        if (!write_time(to, "__REALTIME_TIMESTAMP", record->realtime_usec) ||
            !write_time(to, "__MONOTONIC_TIMESTAMP", record->monotonic_usec) ||
            fputs("_TRANSPORT=kernel\n", to) == EOF ||
            (record->device &&
             !write_field(to, "_KERNEL_DEVICE", record->device, strlen(record->device))) ||
            !write_field(to, "MESSAGE", record->message, record->length) ||
            fputc('\n', to) == EOF)
                return -EIO;
        return 0;
}

int journal_export_write_gap(FILE *to) {
        return fputs("_TRANSPORT=driver\nMESSAGE_ID=" MISSED_ID "\nMESSAGE=Missed kernel messages\n\n",
                     to) == EOF ? -EIO : 0;
}
