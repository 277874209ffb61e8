/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <string.h>

#include "rebind/record-format.h"

/* Returns: the lines of data, each with its CRC; NULL when memory is short. */
static inline char *close_lines(const char *data, size_t size, size_t *ret_size) {
        const char *at = data, *end = data + size;
        char *text;
        Writer w;

        if (writer_open(&w) < 0)
                return NULL;
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t) (end - at));
                const char *stop = newline ? newline : end;

                (void) fwrite(at, 1, (size_t) (stop - at), w.stream);
                writer_end(&w);
                at = newline ? newline + 1 : end;
        }
        return writer_close(&w, &text, ret_size) < 0 ? NULL : text;
}
