/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/private.h"
#include "utf8.h"

#define SHOWN_CHARACTERS 64

/* The smallest code point that needs n bytes: anything below, written with n, is overlong. */
static const uint32_t smallest[] = { [1] = 0, [2] = 0x80, [3] = 0x800, [4] = 0x10000 };

size_t utf8_next(const char *text, uint32_t *ret) {
        const unsigned char *p = (const unsigned char *) text;
        size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        uint32_t c;

        if (n == 0 || p[0] >= 0xf8)
                return 0;
        c = n == 1 ? p[0] : p[0] & (0x7f >> n);
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80) /* the final NUL ends up here too */
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *ret = c;
        return n;
}

static bool is_printable(uint32_t c) {
        if (c < 0x20 || (c >= 0x7f && c < 0xa0))
                return false;
        /* Line and paragraph separator, direction marks, byte order mark, noncharacters. */
        return !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069) && c != 0x200e &&
               c != 0x200f && c != 0xfeff && (c & 0xfffe) != 0xfffe &&
               !(c >= 0xfdd0 && c <= 0xfdef);
}

bool utf8_is_printable(const char *text) {
        while (*text) {
                uint32_t c;
                size_t n = utf8_next(text, &c);

                if (n == 0 || !is_printable(c))
                        return false;
                text += n;
        }
        return true;
}

const char *utf8_show(const char *text, char buffer[static UTF8_SHOW_MAX]) {
        size_t at = 0, shown = 0;

        /* Each turn writes at most four characters of "\xNN" or four bytes of UTF-8. */
        for (; *text && shown < SHOWN_CHARACTERS; shown++) {
                uint32_t c;
                size_t n = utf8_next(text, &c);

                if (n > 0 && is_printable(c)) {
                        memcpy(buffer + at, text, n);
                        at += n;
                        text += n;
                } else {
                        at += (size_t) sprintf(buffer + at, "\\x%02x", (unsigned char) *text);
                        text++;
                }
        }
        strcpy(buffer + at, *text ? "..." : "");
        return buffer;
}

/* Returns: a copy with U+FFFD for each byte that is no UTF-8, or NULL when memory is short. */
static char *utf8_repair(const char *text) {
        static const char replacement[] = "\xef\xbf\xbd";
        char *copy = malloc(strlen(text) * 3 + 1), *at = copy;

        if (!copy)
                return NULL;
        while (*text) {
                uint32_t c;
                size_t n = utf8_next(text, &c);

                if (n > 0) {
                        memcpy(at, text, n);
                        at += n;
                        text += n;
                } else {
                        memcpy(at, replacement, 3);
                        at += 3;
                        text++;
                }
        }
        *at = '\0';
        return copy;
}

static int append_any(sd_bus_message *m, const char *text) {
        const char *at = text ? text : "";
        size_t n;
        uint32_t c;
        char *copy;
        int error;

        while (*at && (n = utf8_next(at, &c)) > 0)
                at += n;
        if (!*at)
                return sd_bus_message_append_basic(m, 's', text ? text : "");

        copy = utf8_repair(text);
        if (!copy)
                return -ENOMEM;
        error = sd_bus_message_append_basic(m, 's', copy);
        free(copy);
        return error;
}

int bus_append_seen(sd_bus_message *m, const char *text, bool sees) {
        char *shown;
        int r;

        if (!text || !strpbrk(text, PRIVATE_BEGIN PRIVATE_ELSE PRIVATE_END))
                return append_any(m, text);
        shown = private_show(text, sees);
        if (!shown)
                return -ENOMEM;
        r = append_any(m, shown);
        free(shown);
        return r;
}

int bus_append_text(sd_bus_message *m, const char *text) {
        return bus_append_seen(m, text, false);
}
