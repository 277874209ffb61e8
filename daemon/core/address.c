/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "address.h"

/* Returns: the value of a hex digit, or -1. */
static int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Reads min to max hex digits and moves *p behind them. Returns: 0 or -EINVAL. */
static int read_hex(const char **p, int min, int max, uint32_t *ret) {
        uint32_t value = 0;
        int n = 0;

        for (int digit; n < max && (digit = hex_digit(**p)) >= 0; n++, (*p)++)
                value = value << 4 | (uint32_t) digit;
        if (n < min)
                return -EINVAL;
        *ret = value;
        return 0;
}

/* Reads "BB:SS.F" to the end of the text. Returns: 0 or -EINVAL. */
static int read_function(const char *p, uint32_t domain, Address *ret) {
        uint32_t bus, slot, function;

        if (read_hex(&p, 2, 2, &bus) < 0 || *p++ != ':')
                return -EINVAL;
        if (read_hex(&p, 2, 2, &slot) < 0 || slot > 0x1f || *p++ != '.')
                return -EINVAL;
        if (read_hex(&p, 1, 1, &function) < 0 || function > 7 || *p != '\0')
                return -EINVAL;
        *ret = (Address){ .domain = domain, .bus = (uint8_t) bus, .slot = (uint8_t) slot,
                          .function = (uint8_t) function };
        return 0;
}

int address_parse(const char *text, Address *ret) {
        const char *p = text;
        uint32_t domain;

        if (read_hex(&p, 4, 8, &domain) >= 0 && *p == ':')
                return read_function(p + 1, domain, ret);
        return read_function(text, 0, ret);
}

const char *address_format(const Address *a, char buffer[static ADDRESS_TEXT_MAX]) {
        snprintf(buffer, ADDRESS_TEXT_MAX, "%04x:%02x:%02x.%u", a->domain, a->bus,
                 a->slot & 0x1fu, a->function & 7u);
        return buffer;
}

/* Returns: <0, 0 or >0 as a is smaller, equal or larger. */
static int compare(uint32_t a, uint32_t b) {
        return (a > b) - (a < b);
}

int address_compare(const Address *a, const Address *b) {
        int r = compare(a->domain, b->domain);

        if (r == 0)
                r = compare(a->bus, b->bus);
        if (r == 0)
                r = compare(a->slot, b->slot);
        return r != 0 ? r : compare(a->function, b->function);
}

bool address_same_slot(const Address *a, const Address *b) {
        return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot;
}
