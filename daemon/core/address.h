/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The address of a PCI function as the kernel names it in sysfs: "%04x:%02x:%02x.%d", where %04x is
 * a minimum: domains behind VMD start at 0x10000 (drivers/pci/controller/vmd.c,
 * vmd_find_free_domain()), so the domain has four to eight hex digits.
 */
typedef struct Address {
        uint32_t domain;
        uint8_t bus;
        uint8_t slot;     /* 0 to 31 */
        uint8_t function; /* 0 to 7 */
} Address;

/* Room for the longest address and its NUL: "ffffffff:ff:1f.7". */
#define ADDRESS_TEXT_MAX 17

/* Reads an address: canonical ("0000:01:00.0", four to eight hex digits of domain) or short
 * ("01:00.0", domain 0). Upper-case digits are taken, white space and anything before or behind
 * are not. Returns: 0, or -EINVAL with *ret untouched. */
int address_parse(const char *text, Address *ret);

/* Writes the canonical text into buffer. Returns: buffer. */
const char *address_format(const Address *a, char buffer[static ADDRESS_TEXT_MAX]);

/* Returns: <0, 0 or >0 in the order domain, bus, slot, function. */
int address_compare(const Address *a, const Address *b);

/* Returns: true if both are functions of one slot. */
bool address_same_slot(const Address *a, const Address *b);
