/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "private.h"

#include <stdlib.h>
#include <string.h>

char *private_clean(char *text) {
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < 0x20)
                        *p = '?';
        return text;
}

char *private_show(const char *text, int sees) {
        enum { PUBLIC, SHOWN, INSTEAD } part = PUBLIC;
        char *shown = malloc(strlen(text) + 1), *at = shown;

        if (!shown)
                return NULL;
        for (; *text; text++) {
                if (*text == PRIVATE_BEGIN[0])
                        part = SHOWN;
                else if (*text == PRIVATE_ELSE[0])
                        part = part == PUBLIC ? PUBLIC : INSTEAD;
                else if (*text == PRIVATE_END[0])
                        part = PUBLIC;
                else if (part == PUBLIC || (part == SHOWN) == (sees != 0))
                        *at++ = *text;
        }
        *at = '\0';
        return shown;
}
