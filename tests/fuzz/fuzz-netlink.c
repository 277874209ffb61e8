/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/uses-net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message whose length was checked, with anything in it: nothing behind its end is read, and
 * every text ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct nlmsghdr *message;
        Net n = { 0 };

        if (size < sizeof(*message) || size > 65536)
                return 0;
        message = malloc(size);
        if (!message)
                return 0;
        memcpy(message, data, size);
        message->nlmsg_len = (unsigned) size;
        (void) net_take_message(&n, message);
        (void) net_route_interface(message);
        for (size_t i = 0; i < n.n_links; i++)
                if (strnlen(n.links[i].name, sizeof(n.links[i].name)) == sizeof(n.links[i].name) ||
                    strnlen(n.links[i].kind, sizeof(n.links[i].kind)) == sizeof(n.links[i].kind))
                        abort();
        net_clear(&n);
        free(message);
        return 0;
}
