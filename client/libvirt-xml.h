/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What a libvirt domain takes from the host, read from its XML as it comes in. Knows nothing of
 * libvirt but its published schema; nothing is kept but what is listed here, so that the size of
 * the XML does not matter.
 */

#define DOMAIN_UUID_MAX 63
#define DOMAIN_DEVICES_MAX 4096

/* A PCI device of the host that the domain has a part of its own for. */
typedef struct HostDevice {
        char *address;       /* canonical: 0000:01:00.0 */
        char *driver;        /* <driver model='…'>, or NULL */
        const char *element; /* "hostdev", "interface" or "disk" */
        bool managed;        /* libvirt itself moves it */
} HostDevice;

typedef struct DomainParser DomainParser;

/** Returns: a new parser, or NULL if there is no memory. */
DomainParser *domain_parser_new(void);

/** Frees it. NULL is taken. Returns: NULL. */
DomainParser *domain_parser_free(DomainParser *p);

/**
 * Takes the next piece of the XML; `last` is set with the last one, which may be empty.
 * Returns: 0, -ENOMEM, or -EBADMSG if this cannot be a domain; domain_parser_error() says why.
 */
int domain_parser_feed(DomainParser *p, const char *data, size_t size, bool last);

/** Returns: what is wrong with the XML, as the end of a sentence; "" if nothing is. */
const char *domain_parser_error(const DomainParser *p);

/** Returns: the domain's UUID, or "". */
const char *domain_parser_uuid(const DomainParser *p);

/** Returns: the devices in the order of the XML, each once. They belong to the parser. */
const HostDevice *domain_parser_devices(const DomainParser *p, size_t *ret_n);
