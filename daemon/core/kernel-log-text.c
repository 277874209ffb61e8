/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "kernel-log.h"

/* Reads one character of more than one byte. Returns: its length, or 0 if it is no UTF-8: too
 * long a form, a surrogate, no character at all, or a control character. */
static size_t utf8_length(const unsigned char *p, size_t n) {
        static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
        size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
        uint32_t c;

        if (p[0] < 0xc2 || p[0] > 0xf4 || n < length)
                return 0;
        c = p[0] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3fu);
        }
        if (c < least[length] || c > 0x10ffff || (c & 0xfffff800) == 0xd800)
                return 0;
        /* D-Bus takes no noncharacters (sd-bus, unichar_is_valid()). */
        if ((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
                return 0;
        return length;
}

size_t log_text_clean(const char *text, size_t n, char *buffer, size_t size) {
        const unsigned char *p = (const unsigned char *) text;
        size_t used = 0, length;

        while (n > 0) {
                length = p[0] < 0x80 ? 1 : utf8_length(p, n);
                if (used + (length > 0 ? length : 1) >= size)
                        break;
                if (length > 1)
                        memcpy(buffer + used, p, length);
                else if (length == 1)
                        buffer[used] = p[0] < ' ' || p[0] == 0x7f ? ' ' : (char) p[0];
                else
                        buffer[used] = '?';
                length = length > 0 ? length : 1;
                used += length;
                p += length;
                n -= length;
        }
        while (used > 0 && buffer[used - 1] == ' ')
                used--;
        buffer[used] = '\0';
        if (buffer[0] == ' ') {
                size_t skip = strspn(buffer, " ");

                used -= skip;
                memmove(buffer, buffer + skip, used + 1);
        }
        return used;
}

char *log_text_copy(const char *text, size_t n) {
        char buffer[LOG_TEXT_MAX + 1];

        (void) log_text_clean(text, n, buffer, sizeof(buffer));
        return strdup(buffer);
}
