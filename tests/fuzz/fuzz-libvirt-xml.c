/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libvirt-xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static DomainParser *parse(const uint8_t *data, size_t size, size_t piece, int *ret) {
        DomainParser *p = domain_parser_new();

        if (!p)
                abort();
        *ret = 0;
        for (size_t at = 0; *ret == 0 && at < size; at += piece)
                *ret = domain_parser_feed(p, (const char *) data + at,
                                          piece < size - at ? piece : size - at, false);
        if (*ret == 0)
                *ret = domain_parser_feed(p, NULL, 0, true);
        return p;
}

/* Canonical, for it becomes an argument of a call. */
static void check_address(const char *address) {
        unsigned domain, bus, slot, function;
        char again[32];

        if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4 || bus > 0xff ||
            slot > 0x1f || function > 7)
                abort();
        snprintf(again, sizeof(again), "%04x:%02x:%02x.%x", domain, bus, slot, function);
        if (strcmp(again, address) != 0)
                abort();
}

/* However it comes in it means the same, and what is refused says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        int r_whole, r_pieces;
        DomainParser *whole = parse(data, size, size + 1, &r_whole);
        DomainParser *pieces = parse(data, size, 7, &r_pieces);
        const HostDevice *a, *b;
        size_t n_a, n_b;

        a = domain_parser_devices(whole, &n_a);
        b = domain_parser_devices(pieces, &n_b);
        if (r_whole != r_pieces || (r_whole < 0) != (*domain_parser_error(whole) != '\0'))
                abort();
        if (r_whole == 0 && (n_a != n_b || n_a > DOMAIN_DEVICES_MAX ||
                             strcmp(domain_parser_uuid(whole), domain_parser_uuid(pieces)) != 0))
                abort();
        for (size_t i = 0; r_whole == 0 && i < n_a; i++) {
                check_address(a[i].address);
                if (strcmp(a[i].address, b[i].address) != 0 || a[i].managed != b[i].managed ||
                    strcmp(a[i].element, b[i].element) != 0)
                        abort();
        }
        domain_parser_free(whole);
        domain_parser_free(pieces);
        return 0;
}
