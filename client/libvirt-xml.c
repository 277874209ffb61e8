/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <expat.h>
#include <stdarg.h>
#include <stdint.h>

#include "libvirt-xml.h"
#include "util.h"

/* Expat takes lengths as int. */
#define PIECE_MAX (1U << 20)

/* Expat 2.8 has a second one, that counts beyond an int (meson.build). */
#ifndef XML_LINE_NUMBER
#define XML_LINE_NUMBER XML_GetCurrentLineNumber
#endif

/* Depths in the document, the root being 1. */
enum { DEPTH_DOMAIN = 1, DEPTH_SECTION, DEPTH_PART, DEPTH_CHILD };

struct DomainParser {
        XML_Parser expat;
        unsigned depth;
        bool in_devices, in_uuid;
        HostDevice part;       /* the <hostdev>, <interface> or <disk> we are in, if any */
        unsigned source_depth; /* of the <source> we are in that is a PCI device, or 0 */
        bool source_managed;   /* a disk says so at each of its sources */
        char uuid[DOMAIN_UUID_MAX + 1];
        size_t uuid_length;
        HostDevice *devices;
        size_t n_devices;
        int r;
        char error[200];
};

static void device_done(HostDevice *d) {
        free(d->address);
        free(d->driver);
        *d = (HostDevice){0};
}

/* Ends the parsing; the first cause stays. */
static void stop(DomainParser *p, int r, const char *format, ...) _printf_(3, 4);

static void stop(DomainParser *p, int r, const char *format, ...) {
        va_list ap;

        if (p->r < 0)
                return;
        p->r = r;
        va_start(ap, format);
        vsnprintf(p->error, sizeof(p->error), format, ap);
        va_end(ap);
        XML_StopParser(p->expat, XML_FALSE);
}

/* Returns: the attribute's value, or NULL. Names with a namespace look different. */
static const char *attribute(const XML_Char **attributes, const char *name) {
        for (; attributes[0]; attributes += 2)
                if (streq(attributes[0], name))
                        return attributes[1];
        return NULL;
}

static bool attribute_is(const XML_Char **attributes, const char *name, const char *value) {
        return streq(attribute(attributes, name), value);
}

/* A number as libvirt reads it (virXMLPropUInt, base 0): hexadecimal with 0x, octal with 0, else
 * decimal; without the attribute, 0. */
static bool read_number(DomainParser *p, const XML_Char **attributes, const char *name,
                        unsigned long max, unsigned long *ret) {
        const char *text = attribute(attributes, name);
        char *end;

        *ret = 0;
        if (!text)
                return true;
        errno = 0;
        *ret = strtoul(text, &end, 0);
        /* strtoul() takes signs and blanks, which are in no address. */
        if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *ret <= max)
                return true;
        stop(p, -EBADMSG, "%s='%.32s' in the address of a <%s> is no number up to 0x%lx", name,
             text, p->part.element, max);
        return false;
}

/* Adds the device unless it is there: a disk's mirror may name what its chain does. */
static void add_device(DomainParser *p, const char *address, bool managed) {
        HostDevice *d;

        for (size_t i = 0; i < p->n_devices; i++)
                if (streq(p->devices[i].address, address))
                        return;
        if (p->n_devices == DOMAIN_DEVICES_MAX) {
                stop(p, -EBADMSG, "it has more than %d devices of the host", DOMAIN_DEVICES_MAX);
                return;
        }
        d = array_grow(&p->devices, &p->n_devices, sizeof(HostDevice));
        if (!d) {
                stop(p, -ENOMEM, "out of memory");
                return;
        }
        d->element = p->part.element;
        d->managed = managed;
        d->address = strdup(address);
        if (p->part.driver)
                d->driver = strdup(p->part.driver);
        if (!d->address || (p->part.driver && !d->driver))
                stop(p, -ENOMEM, "out of memory");
}

static void begin_address(DomainParser *p, const XML_Char **attributes) {
        unsigned long domain, bus, slot, function;
        const char *type = attribute(attributes, "type");
        char address[32];

        /* An <interface> can take a USB device as well. */
        if ((type && !streq(type, "pci")) ||
            !read_number(p, attributes, "domain", UINT32_MAX, &domain) ||
            !read_number(p, attributes, "bus", 0xff, &bus) ||
            !read_number(p, attributes, "slot", 0x1f, &slot) ||
            !read_number(p, attributes, "function", 7, &function))
                return;
        snprintf(address, sizeof(address), "%04lx:%02lx:%02lx.%lx", domain, bus, slot, function);
        if (streq(p->part.element, "disk")) {
                add_device(p, address, p->source_managed);
                return;
        }
        /* Kept until the part ends: its <driver> may come later. */
        free(p->part.address);
        p->part.address = strdup(address);
        if (!p->part.address)
                stop(p, -ENOMEM, "out of memory");
}

static void begin_part(DomainParser *p, const char *name, const XML_Char **attributes) {
        const char *mode = attribute(attributes, "mode");

        if (streq(name, "hostdev") && attribute_is(attributes, "type", "pci") &&
            (!mode || streq(mode, "subsystem")))
                p->part.element = "hostdev";
        else if (streq(name, "interface") && attribute_is(attributes, "type", "hostdev"))
                p->part.element = "interface";
        else if (streq(name, "disk"))
                p->part.element = "disk";
        p->part.managed = attribute_is(attributes, "managed", "yes");
}

/* What is below a part. Its own <address> is the one in the guest; the host's is in its <source>. A
 * disk may have such a source at any depth: in its backing chain, or in a mirror. */
static void begin_below_part(DomainParser *p, const char *name, const XML_Char **attributes) {
        bool disk = streq(p->part.element, "disk");

        if (p->source_depth > 0 && p->depth == p->source_depth + 1 && streq(name, "address"))
                begin_address(p, attributes);
        else if (streq(name, "source") &&
                 (disk ? attribute_is(attributes, "type", "pci") : p->depth == DEPTH_CHILD)) {
                p->source_depth = p->depth;
                p->source_managed = attribute_is(attributes, "managed", "yes");
        } else if (!disk && p->depth == DEPTH_CHILD && streq(name, "driver") &&
                   attribute(attributes, "model")) {
                free(p->part.driver);
                p->part.driver = strdup(attribute(attributes, "model"));
                if (!p->part.driver)
                        stop(p, -ENOMEM, "out of memory");
        }
}

static void XMLCALL on_begin(void *userdata, const XML_Char *name, const XML_Char **attributes) {
        DomainParser *p = userdata;

        p->depth++;
        if (p->depth == DEPTH_DOMAIN && !streq(name, "domain"))
                stop(p, -EBADMSG, "it is a <%.32s> and not a <domain>", name);
        else if (p->depth == DEPTH_SECTION) {
                p->in_devices = streq(name, "devices");
                p->in_uuid = streq(name, "uuid");
        } else if (p->depth == DEPTH_PART && p->in_devices)
                begin_part(p, name, attributes);
        else if (p->part.element)
                begin_below_part(p, name, attributes);
}

static void XMLCALL on_end(void *userdata, const XML_Char *name) {
        DomainParser *p = userdata;

        (void) name;
        if (p->depth == p->source_depth)
                p->source_depth = 0;
        if (p->depth == DEPTH_SECTION)
                p->in_devices = p->in_uuid = false;
        if (p->depth == DEPTH_PART) {
                if (p->part.address)
                        add_device(p, p->part.address, p->part.managed);
                device_done(&p->part);
        }
        p->depth--;
}

static void XMLCALL on_text(void *userdata, const XML_Char *text, int length) {
        DomainParser *p = userdata;

        if (!p->in_uuid || p->depth != DEPTH_SECTION)
                return;
        for (int i = 0; i < length && p->uuid_length < DOMAIN_UUID_MAX; i++)
                if (strchr("0123456789abcdefABCDEF-", text[i]))
                        p->uuid[p->uuid_length++] = text[i];
}

/* libvirt never writes one, and it is where entities are made that grow without bounds or are read
 * from elsewhere. */
static void XMLCALL on_doctype(void *userdata, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset) {
        (void) name;
        (void) system_id;
        (void) public_id;
        (void) has_internal_subset;
        stop(userdata, -EBADMSG, "it has a DOCTYPE, which libvirt never writes");
}

DomainParser *domain_parser_new(void) {
        DomainParser *p = calloc(1, sizeof(DomainParser));

        if (!p)
                return NULL;
        /* With namespaces: what others keep in <metadata> has names of its own. */
        p->expat = XML_ParserCreateNS(NULL, '\n');
        if (!p->expat)
                return domain_parser_free(p);
        XML_SetUserData(p->expat, p);
        XML_SetElementHandler(p->expat, on_begin, on_end);
        XML_SetCharacterDataHandler(p->expat, on_text);
        XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
        return p;
}

DomainParser *domain_parser_free(DomainParser *p) {
        if (!p)
                return NULL;
        if (p->expat)
                XML_ParserFree(p->expat);
        for (size_t i = 0; i < p->n_devices; i++)
                device_done(p->devices + i);
        free(p->devices);
        device_done(&p->part);
        free(p);
        return NULL;
}

static int parse(DomainParser *p, const char *data, size_t size, bool last) {
        enum XML_Error cause;

        if (p->r < 0)
                return p->r;
        /* Stopped by ourselves it fails as well, and the cause is known. */
        if (XML_Parse(p->expat, data, (int) size, last) != XML_STATUS_OK && p->r == 0) {
                cause = XML_GetErrorCode(p->expat);
                p->r = cause == XML_ERROR_NO_MEMORY ? -ENOMEM : -EBADMSG;
                snprintf(p->error, sizeof(p->error), "line %lu: %s",
                         (unsigned long) XML_LINE_NUMBER(p->expat),
                         XML_ErrorString(cause));
        }
        return p->r;
}

int domain_parser_feed(DomainParser *p, const char *data, size_t size, bool last) {
        while (size > PIECE_MAX) {
                if (parse(p, data, PIECE_MAX, false) < 0)
                        return p->r;
                data += PIECE_MAX;
                size -= PIECE_MAX;
        }
        return parse(p, data, size, last);
}

const char *domain_parser_error(const DomainParser *p) {
        return p->error;
}

const char *domain_parser_uuid(const DomainParser *p) {
        return p->uuid;
}

const HostDevice *domain_parser_devices(const DomainParser *p, size_t *ret_n) {
        *ret_n = p->n_devices;
        return p->devices;
}
