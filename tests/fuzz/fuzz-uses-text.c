/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sources/uses-console.h"
#include "sources/uses-net.h"
#include "sources/uses-tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tables of words (crypttab, kdump.conf), /proc/net/tcp, /proc/consoles, the network of a
 * recording: none reads beyond its text, and what they give back is within bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1), *copy, *rest, *words[4], name[32];
        bool enabled;
        Net n = { 0 };
        TcpLine t;
        int count;

        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = 0;
        (void) input_is_keyboard(text);
        if (console_parse(text, name, &enabled) && strlen(name) == 0)
                abort();
        if (net_parse_tcp(text, &t) && t.family != AF_INET && t.family != AF_INET6)
                abort();
        copy = strdup(text);
        rest = copy;
        while (copy && (count = table_words(&rest, words, 4)) >= 0)
                for (int i = 0; i < count; i++)
                        if (!*words[i] || strpbrk(words[i], " \t\n"))
                                abort();
        free(copy);
        (void) net_take_text(&n, text);
        net_clear(&n);
        free(text);
        return 0;
}
