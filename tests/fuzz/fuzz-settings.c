/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A warning is one line that can be shown on a terminal. */
static void warn(const char *file, unsigned line, const char *message, void *userdata) {
        (void) file;
        (void) line;
        (void) userdata;
        for (const char *c = message; *c; c++)
                if ((unsigned char) *c < ' ' || *c == 0x7f)
                        abort();
}

/* Whatever a file says, every wish that comes out is complete, and the rest is within its limits. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Settings *s = settings_new();

        if (!s)
                return 0;
        (void) settings_parse(s, "fuzz", (const char *) data, size, warn, NULL);
        for (size_t i = 0; i < s->n_wishes; i++)
                if (wish_lacks(&s->wishes[i]) || !s->wishes[i].name || s->wishes[i].line == 0)
                        abort();
        if (s->timeout_usec < 1000000 || s->timeout_usec > UINT64_C(3600000000) ||
            (s->node_mode_set && (s->node_mode & ~(mode_t) 0666)))
                abort();
        settings_free(s);
        return 0;
}
