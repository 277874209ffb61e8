/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/record-text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CRC_DIGITS 8

/* The CRC-32 of zlib and Ethernet, bit by bit: a record is a few kilobytes. */
static uint32_t crc32_of(const char *text, size_t size) {
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < size; i++) {
                crc ^= (uint8_t) text[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
        }
        return ~crc;
}

int writer_open(Writer *w) {
        *w = (Writer) { 0 };
        w->stream = open_memstream(&w->text, &w->size);
        return w->stream ? 0 : -ENOMEM;
}

void writer_words(Writer *w, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        (void) vfprintf(w->stream, format, ap);
        va_end(ap);
}

static bool is_plain(char c) {
        return c > ' ' && c < 0x7f && c != '\\';
}

void writer_string(Writer *w, const char *value) {
        if (!value) {
                writer_words(w, " -");
                return;
        }
        writer_words(w, " =");
        for (const char *p = value; *p; p++)
                if (is_plain(*p))
                        (void) fputc(*p, w->stream);
                else
                        writer_words(w, "\\x%02x", (unsigned) (uint8_t) *p);
}

void writer_address(Writer *w, const Address *a) {
        char buffer[ADDRESS_TEXT_MAX];

        writer_words(w, " %s", a ? address_format(a, buffer) : "-");
}

void writer_end(Writer *w) {
        if (fflush(w->stream) != 0) /* the error stays set on the stream */
                return;
        writer_words(w, " %08" PRIx32 "\n", crc32_of(w->text + w->line, w->size - w->line));
        if (fflush(w->stream) == 0)
                w->line = w->size;
}

int writer_close(Writer *w, char **ret, size_t *ret_size) {
        bool failed = ferror(w->stream);

        if (fclose(w->stream) != 0 || failed) {
                free(w->text);
                return -ENOMEM;
        }
        *ret = w->text;
        *ret_size = w->size;
        return 0;
}

static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_value(const char *text, size_t digits, uint32_t *ret) {
        uint32_t value = 0;

        for (size_t i = 0; i < digits; i++) {
                int digit = hex_digit(text[i]);

                if (digit < 0)
                        return -EBADMSG;
                value = value << 4 | (uint32_t) digit;
        }
        *ret = value;
        return 0;
}

static int line_check(const char *line, size_t length, Reader *ret) {
        size_t body;
        uint32_t crc;

        if (length < CRC_DIGITS + 2)
                return -EBADMSG;
        body = length - CRC_DIGITS - 1;
        if (line[body] != ' ' || hex_value(line + body + 1, CRC_DIGITS, &crc) < 0 ||
            crc != crc32_of(line, body))
                return -EBADMSG;
        *ret = (Reader) { .at = line, .end = line + body };
        return 0;
}

int reader_line(const char *text, size_t size, size_t *offset, Reader *ret) {
        const char *line, *newline;

        if (*offset >= size)
                return 0;
        line = text + *offset;
        newline = memchr(line, '\n', size - *offset);
        if (!newline)
                return 0;
        if (line_check(line, (size_t) (newline - line), ret) < 0)
                return newline + 1 == text + size ? 0 : -EBADMSG;
        *offset = (size_t) (newline + 1 - text);
        return 1;
}

int reader_word(Reader *r, const char **ret, size_t *ret_length) {
        const char *space;
        size_t length;

        if (!r->at || r->at > r->end)
                return -EBADMSG;
        space = memchr(r->at, ' ', (size_t) (r->end - r->at));
        length = (size_t) ((space ? space : r->end) - r->at);
        if (length == 0)
                return -EBADMSG;
        *ret = r->at;
        *ret_length = length;
        r->at = space ? space + 1 : NULL;
        return 0;
}

int reader_number(Reader *r, uint64_t max, uint64_t *ret) {
        const char *word;
        size_t length;
        uint64_t value = 0;
        int e;

        e = reader_word(r, &word, &length);
        if (e < 0)
                return e;
        if (length > 1 && word[0] == '0')
                return -EBADMSG;
        for (size_t i = 0; i < length; i++) {
                if (word[i] < '0' || word[i] > '9' ||
                    __builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (word[i] - '0'), &value))
                        return -EBADMSG;
        }
        if (value > max)
                return -EBADMSG;
        *ret = value;
        return 0;
}

int reader_hex(Reader *r, int digits, uint32_t *ret) {
        const char *word;
        size_t length;
        int e;

        e = reader_word(r, &word, &length);
        if (e < 0)
                return e;
        return length == (size_t) digits ? hex_value(word, length, ret) : -EBADMSG;
}

/* Undoes what writer_string() wrote; a byte that it would have written otherwise is an error. */
static int unescape(const char *word, size_t length, char *out) {
        for (size_t i = 0; i < length; i++) {
                uint32_t value;

                if (is_plain(word[i])) {
                        *out++ = word[i];
                        continue;
                }
                if (word[i] != '\\' || length - i < 4 || word[i + 1] != 'x' ||
                    hex_value(word + i + 2, 2, &value) < 0 || value == 0 || is_plain((char) value))
                        return -EBADMSG;
                *out++ = (char) value;
                i += 3;
        }
        *out = '\0';
        return 0;
}

int reader_string(Reader *r, char **ret) {
        const char *word;
        size_t length;
        char *value;
        int e;

        e = reader_word(r, &word, &length);
        if (e < 0)
                return e;
        if (word[0] != '=')
                return -EBADMSG;
        value = malloc(length);
        if (!value)
                return -ENOMEM;
        e = unescape(word + 1, length - 1, value);
        if (e < 0) {
                free(value);
                return e;
        }
        *ret = value;
        return 0;
}

int reader_text(Reader *r, Text *ret) {
        char *value;
        int e;

        if (reader_none(r)) {
                *ret = (Text) { .fact = FACT_ABSENT };
                return 0;
        }
        e = reader_string(r, &value);
        if (e < 0)
                return e;
        *ret = (Text) { .fact = FACT_PRESENT, .value = value };
        return 0;
}

int reader_address(Reader *r, Address *ret) {
        char text[ADDRESS_TEXT_MAX], canonical[ADDRESS_TEXT_MAX];
        const char *word;
        size_t length;
        Address a;
        int e;

        e = reader_word(r, &word, &length);
        if (e < 0)
                return e;
        if (length >= sizeof(text) || memchr(word, '\0', length))
                return -EBADMSG;
        memcpy(text, word, length);
        text[length] = '\0';
        /* Short and upper-case addresses are for people; a record holds what we printed. */
        if (address_parse(text, &a) < 0 || strcmp(address_format(&a, canonical), text) != 0)
                return -EBADMSG;
        *ret = a;
        return 0;
}

bool reader_is(Reader *r, const char *word) {
        Reader ahead = *r;
        const char *text;
        size_t length;

        if (reader_word(&ahead, &text, &length) < 0 || length != strlen(word) ||
            memcmp(text, word, length) != 0)
                return false;
        *r = ahead;
        return true;
}

bool reader_none(Reader *r) {
        return reader_is(r, "-");
}

int reader_done(const Reader *r) {
        return r->at ? -EBADMSG : 0;
}

void writer_list_head(Writer *w, const char *prefix, size_t n) {
        writer_words(w, "%s 1 %zu", prefix, n);
        writer_end(w);
}

int reader_list_head(const char *text, size_t size, size_t *offset, const char *prefix, uint64_t max,
                     uint64_t *ret) {
        uint64_t version;
        Reader line;

        if (reader_line(text, size, offset, &line) <= 0 || !reader_is(&line, prefix) ||
            reader_number(&line, 1, &version) < 0 || version != 1 ||
            reader_number(&line, max, ret) < 0)
                return -EBADMSG;
        return reader_done(&line);
}
