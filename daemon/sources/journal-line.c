/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal-line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const words[JOURNAL_LINE_MAX_KIND_] = {
        [JOURNAL_LINE_RECORD] = "record",
        [JOURNAL_LINE_LOST] = "lost",
        [JOURNAL_LINE_MISSING] = "missing",
        [JOURNAL_LINE_END] = "end",
};

size_t journal_cut(const char *text, size_t n, size_t max) {
        size_t cut = max;

        if (n <= max)
                return n;
        /* A character has at most three bytes that go on; more of them are no UTF-8 anyway. */
        for (int i = 0; i < 3 && cut > 0 && ((unsigned char) text[cut] & 0xc0) == 0x80; i++)
                cut--;
        return ((unsigned char) text[cut] & 0xc0) == 0x80 ? max : cut;
}

bool journal_begins(const JournalRecord *record) {
        static const char words_of_kernel[] = "Linux version ";
        size_t n = strlen(words_of_kernel);

        return record->length > n && memcmp(record->message, words_of_kernel, n) == 0;
}

/* Takes the next word off *text, which a space must follow, and ends it with a NUL. Returns: the
 * word, or NULL. */
static char *next_word(char **text, const char *end, size_t size) {
        char *word = *text, *space = memchr(word, ' ', (size_t) (end - word));
        size_t n;

        if (!space)
                return NULL;
        n = (size_t) (space - word);
        if (n == 0 || n >= size || memchr(word, 0, n))
                return NULL;
        *space = 0;
        *text = space + 1;
        return word;
}

static bool parse_time(const char *word, uint64_t *ret) {
        uint64_t value = 0;

        if (!word)
                return false;
        if (strcmp(word, "-") == 0) {
                *ret = JOURNAL_TIME_UNKNOWN;
                return true;
        }
        for (const char *c = word; *c; c++) {
                unsigned digit = (unsigned) (*c - '0');

                /* What stands for an unknown time is no time. */
                if (*c < '0' || *c > '9' || value > (UINT64_MAX - 1 - digit) / 10)
                        return false;
                value = 10 * value + digit;
        }
        *ret = value;
        return true;
}

/* Undoes the escapes of n bytes where they are. Returns: true and the new length. */
static bool unescape(char *text, size_t n, bool spaces, size_t *ret) {
        size_t to = 0;

        for (size_t from = 0; from < n; from++) {
                char plain = text[from];

                if (plain == '\n')
                        return false;
                if (plain == '\\') {
                        if (++from == n)
                                return false;
                        plain = text[from] == 'n'           ? '\n' :
                                text[from] == '\\'          ? '\\' :
                                spaces && text[from] == 's' ? ' ' : 0;
                        if (!plain)
                                return false;
                }
                text[to++] = plain;
        }
        *ret = to;
        return true;
}

static bool parse_device(char *word, const char **ret) {
        size_t n;

        if (!word)
                return false;
        *ret = NULL;
        if (strcmp(word, "-") == 0)
                return true;
        if (!unescape(word, strlen(word), true, &n) || n >= JOURNAL_DEVICE_MAX)
                return false;
        word[n] = 0;
        *ret = word;
        return true;
}

static int parse_record(char *text, char *end, JournalLine *ret) {
        JournalRecord *r = &ret->record;

        if (!parse_time(next_word(&text, end, 32), &r->monotonic_usec) ||
            !parse_time(next_word(&text, end, 32), &r->realtime_usec))
                return -EINVAL;
        ret->cursor = next_word(&text, end, JOURNAL_CURSOR_MAX);
        if (!ret->cursor || strpbrk(ret->cursor, "\\\n"))
                return -EINVAL;
        if (!parse_device(next_word(&text, end, (size_t) 2 * JOURNAL_DEVICE_MAX), &r->device))
                return -EINVAL;
        r->message = text;
        if (!unescape(text, (size_t) (end - text), false, &r->length) ||
            r->length > JOURNAL_MESSAGE_MAX)
                return -EINVAL;
        return 0;
}

int journal_line_parse(char *line, size_t n, JournalLine *ret) {
        *ret = (JournalLine) {0};
        for (int i = 0; i < JOURNAL_LINE_MAX_KIND_; i++) {
                size_t length = strlen(words[i]);

                if (n < length || memcmp(line, words[i], length) != 0)
                        continue;
                ret->kind = (JournalLineKind) i;
                if (i != JOURNAL_LINE_RECORD)
                        return n == length ? 0 : -EINVAL;
                if (n == length || line[length] != ' ')
                        return -EINVAL;
                return parse_record(line + length + 1, line + n, ret);
        }
        return -EINVAL;
}

static size_t put_time(uint64_t usec, char *to) {
        if (usec == JOURNAL_TIME_UNKNOWN)
                return (size_t) sprintf(to, "- ");
        return (size_t) sprintf(to, "%" PRIu64 " ", usec);
}

static size_t put_escaped(const char *text, size_t n, bool spaces, char *to) {
        size_t k = 0;

        for (size_t i = 0; i < n; i++) {
                char c = text[i];

                if (c == '\n' || c == '\\' || (spaces && c == ' ')) {
                        to[k++] = '\\';
                        c = c == '\n' ? 'n' : c == ' ' ? 's' : c;
                }
                to[k++] = c;
        }
        return k;
}

size_t journal_line_format(const JournalLine *l, char buffer[static JOURNAL_LINE_MAX]) {
        const JournalRecord *r = &l->record;
        size_t n = (size_t) sprintf(buffer, "%s", words[l->kind]);

        if (l->kind == JOURNAL_LINE_RECORD) {
                buffer[n++] = ' ';
                n += put_time(r->monotonic_usec, buffer + n);
                n += put_time(r->realtime_usec, buffer + n);
                n += (size_t) sprintf(buffer + n, "%s ", l->cursor);
                if (r->device && strcmp(r->device, "-") != 0)
                        n += put_escaped(r->device, strlen(r->device), true, buffer + n);
                else
                        buffer[n++] = '-';
                buffer[n++] = ' ';
                n += put_escaped(r->message, r->length, false, buffer + n);
        }
        buffer[n++] = '\n';
        return n;
}
