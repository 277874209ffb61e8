/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/setup-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns: a copy of the line that a reader may change; the caller frees it. */
static char *line_of(const uint8_t *data, size_t size) {
        char *line = malloc(size + 1);

        if (!line)
                abort();
        if (size > 0)
                memcpy(line, data, size);
        line[size] = 0;
        return line;
}

/* What is returned must lie in the line, and be what it is said to be. */
static void check_word(const char *line, size_t size, const char *word) {
        if (word < line || word > line + size || !*word)
                abort();
}

/* Each reader has the line as if it stood in its file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *a = NULL, *b = NULL, *line = line_of(data, size);
        uint64_t start, end;

        if (setup_text_frame_buffer(line, &start, &end, &a)) {
                check_word(line, size, a);
                if (end < start)
                        abort();
        }
        free(line);
        line = line_of(data, size);
        if (setup_text_resource(line, &start, &end) && end < start)
                abort();
        if (setup_text_variant(line, &a, &b)) {
                check_word(line, size, a);
                check_word(line, size, b);
        }
        free(line);
        line = line_of(data, size);
        if (setup_text_modprobe(line, &a) != MODPROBE_NOTHING)
                check_word(line, size, a);
        free(line);
        line = line_of(data, size);
        if (setup_text_limit(line, &a, &start))
                check_word(line, size, a);
        free(line);
        line = line_of(data, size);
        (void) setup_text_default_limit(line, &start);
        free(line);
        return 0;
}
