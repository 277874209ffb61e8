/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "check.h"
#include "libvirt-xml.h"

#define UUID "6f1d9c7e-4f0a-4d0c-9d3c-0f6e2a1b3c4d"
#define HEAD "<domain type='kvm' id='3'><name>guest1</name><uuid>" UUID "</uuid><devices>"
#define TAIL "</devices></domain>"

/* The devices as one text: "element address managed driver", or what is wrong. */
static char *parse_pieces(const char *xml, size_t size, size_t piece) {
        DomainParser *p = domain_parser_new();
        const HostDevice *devices;
        char *text = NULL;
        size_t n, length;
        int r = 0;
        FILE *out = open_memstream(&text, &length);

        CHECK(p && out);
        for (size_t at = 0; r == 0 && at < size; at += piece)
                r = domain_parser_feed(p, xml + at, piece < size - at ? piece : size - at, false);
        if (r == 0)
                r = domain_parser_feed(p, NULL, 0, true);
        devices = domain_parser_devices(p, &n);
        if (r < 0)
                fprintf(out, "%s%s", r == -EBADMSG ? "" : "not -EBADMSG: ", domain_parser_error(p));
        for (size_t i = 0; r == 0 && i < n; i++)
                fprintf(out, "%s%s %s%s%s%s", i > 0 ? ", " : "", devices[i].element,
                        devices[i].address, devices[i].managed ? " managed" : "",
                        devices[i].driver ? " " : "", devices[i].driver ? devices[i].driver : "");
        fclose(out);
        domain_parser_free(p);
        return text;
}

static char *parse(const char *xml) {
        char *at_once = parse_pieces(xml, strlen(xml), strlen(xml) + 1), *bytes;

        /* However it comes in, it means the same. */
        bytes = parse_pieces(xml, strlen(xml), 1);
        CHECK(strcmp(at_once, bytes) == 0);
        free(bytes);
        return at_once;
}

static void test_elements(void) {
        CHECK_TEXT(parse(HEAD
                "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
                "<hostdev mode='subsystem' type='pci' managed='no'>"
                "<source><address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/></source>"
                "<alias name='hostdev0'/>"
                "<address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x0'/>"
                "</hostdev>"
                "<interface type='hostdev'><mac address='52:54:00:6d:90:02'/>"
                "<source><address type='pci' domain='0x0000' bus='0x07' slot='0x10' function='0x3'/>"
                "</source><vlan><tag id='42'/></vlan>"
                "<address type='pci' domain='0x0000' bus='0x00' slot='0x0b' function='0x0'/>"
                "</interface>"
                "<disk type='nvme' device='disk'><driver name='qemu' type='raw'/>"
                "<source type='pci' managed='no' namespace='1'>"
                "<address domain='0x0000' bus='0x02' slot='0x00' function='0x0'/></source>"
                "<target dev='vda' bus='virtio'/>"
                "<address type='pci' domain='0x0000' bus='0x08' slot='0x00' function='0x0'/></disk>"
                TAIL),
                "hostdev 0000:01:00.1, interface 0000:07:10.3, disk 0000:02:00.0");
}

static void test_managed(void) {
        CHECK_TEXT(parse(HEAD
                "<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/><source>"
                "<address domain='0' bus='1' slot='0' function='0'/></source></hostdev>"
                "<hostdev type='pci'><source><address bus='1'/></source></hostdev>"
                "<interface type='hostdev' managed='yes'><source>"
                "<address type='pci' bus='0x03'/></source></interface>"
                "<disk type='nvme'><source type='pci' managed='yes' namespace='1'>"
                "<address bus='4'/></source></disk>"
                "<disk type='nvme'><source type='pci' namespace='2'>"
                "<address bus='5'/></source></disk>" TAIL),
                "hostdev 0000:01:00.0 managed, interface 0000:03:00.0 managed, "
                "disk 0000:04:00.0 managed, disk 0000:05:00.0");
        /* A value that is neither is no yes: libvirt would not have taken it. */
        CHECK_TEXT(parse(HEAD "<hostdev type='pci' managed='true'><source><address bus='1'/>"
                         "</source></hostdev>" TAIL), "hostdev 0000:01:00.0");
}

static void test_driver(void) {
        CHECK_TEXT(parse(HEAD
                "<hostdev type='pci'><driver name='vfio' model='mlx5_vfio_pci'/><source>"
                "<address bus='1'/></source></hostdev>"
                "<hostdev type='pci'><source><address bus='2'/></source><driver model='a'/>"
                "</hostdev>"
                "<interface type='hostdev'><source><address bus='3'/></source>"
                "<driver name='vfio'/></interface>" TAIL),
                "hostdev 0000:01:00.0 mlx5_vfio_pci, hostdev 0000:02:00.0 a, "
                "interface 0000:03:00.0");
}

static void test_numbers(void) {
        /* 0x: hexadecimal; 0: octal; else decimal. A domain has up to 32 bits (VMD: 0x10000). */
        CHECK_TEXT(parse(HEAD
                "<hostdev type='pci'><source><address domain='0x10000' bus='0xE1' slot='31' "
                "function='07'/></source></hostdev>"
                "<hostdev type='pci'><source><address domain='1' bus='16' slot='010' "
                "function='0x7'/></source></hostdev>"
                "<hostdev type='pci'><source><address domain='4294967295' bus='255'/></source>"
                "</hostdev>" TAIL),
                "hostdev 10000:e1:1f.7, hostdev 0001:10:08.7, hostdev ffffffff:ff:00.0");
}

static void test_bad_numbers(void) {
        static const char *const bad[] = {
                "bus='256'", "bus='-1'", "bus='+1'", "bus=' 1'", "bus=''", "bus='1x'", "bus='0x'",
                "slot='32'", "function='8'", "domain='4294967296'", "bus='1f'",
                "domain='99999999999999999999999'", "bus='01:00.0'",
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                char xml[512], *got;

                snprintf(xml, sizeof(xml), HEAD "<hostdev type='pci'><source><address %s/></source>"
                         "</hostdev>" TAIL, bad[i]);
                got = parse(xml);
                if (!strstr(got, "in the address of a <hostdev> is no number up to 0x")) {
                        fprintf(stderr, "%s: %s\n", bad[i], got);
                        exit(1);
                }
                free(got);
        }
}

/* What looks like a device of the host and is none. */
static void test_others(void) {
        CHECK_TEXT(parse(
                "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                "<name>a</name>"
                "<metadata><app:x xmlns:app='urn:app'><devices><hostdev type='pci'><source>"
                "<address bus='1'/></source></hostdev></devices></app:x></metadata>"
                "<devices xmlns:o='urn:other'>"
                "<hostdev mode='subsystem' type='usb' managed='no'><source><vendor id='0x04b3'/>"
                "<product id='0x4485'/><address bus='2' device='9'/></source></hostdev>"
                "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source>"
                "<address uuid='c2177883-f1bb-47f0-914d-32a22e3a8804'/></source></hostdev>"
                "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>"
                "<address bus='0' target='0' unit='0'/></source></hostdev>"
                "<hostdev mode='capabilities' type='pci'><source><address bus='3'/></source></hostdev>"
                "<o:hostdev mode='subsystem' type='pci'><source><address bus='3'/></source></o:hostdev>"
                "<interface type='network'><source network='vfs' portid='x'/></interface>"
                "<interface type='hostdev'><source><address type='usb' bus='1' device='2'/></source>"
                "</interface>"
                "<disk type='file'><source file='/x'/><address type='pci' bus='9'/></disk>"
                "<disk type='network'><source protocol='rbd' name='x'><host name='h'/></source></disk>"
                "<controller type='pci' model='pcie-root-port'><address type='pci' bus='1'/>"
                "</controller>"
                "<hostdev type='pci'><address type='pci' bus='7'/></hostdev>"
                "</devices>"
                "<qemu:commandline><qemu:arg value='vfio-pci,host=01:00.0'/></qemu:commandline>"
                "<hostdev type='pci'><source><address bus='8'/></source></hostdev>"
                "</domain>"), "");
        CHECK_TEXT(parse("<domain/>"), "");
}

static void test_disk_chain(void) {
        CHECK_TEXT(parse(HEAD
                "<disk type='file'><driver name='qemu' type='qcow2'/><source file='/top'/>"
                "<backingStore type='nvme'><format type='qcow2'/>"
                "<source type='pci' managed='no' namespace='1'><address bus='1'/></source>"
                "<backingStore type='nvme'><format type='raw'/>"
                "<source type='pci' managed='yes' namespace='1'><address bus='2'/></source>"
                "<backingStore/></backingStore></backingStore>"
                "<mirror type='nvme' job='copy'><source type='pci' namespace='1'>"
                "<address bus='3'/></source></mirror>"
                "<address type='pci' bus='9'/></disk>" TAIL),
                "disk 0000:01:00.0, disk 0000:02:00.0 managed, disk 0000:03:00.0");
}

static void test_twice(void) {
        CHECK_TEXT(parse(HEAD
                "<disk type='nvme'><source type='pci' namespace='1'><address bus='1'/></source></disk>"
                "<disk type='nvme'><source type='pci' namespace='2'><address bus='1'/></source></disk>"
                TAIL), "disk 0000:01:00.0");
}

static void check_error(const char *xml, const char *words) {
        char *got = parse(xml);

        if (!strstr(got, words)) {
                fprintf(stderr, "'%s' has no '%s'\n", got, words);
                exit(1);
        }
        free(got);
}

static void test_refused(void) {
        check_error("", "no element found");
        check_error("<domain><devices>", "no element found");
        check_error("<domain></devices>", "mismatched tag");
        check_error("<network><name>x</name></network>", "it is a <network> and not a <domain>");
        check_error("<domain/><domain/>", "junk after document element");
        check_error("<!DOCTYPE domain [<!ENTITY a 'x'>]><domain>&a;</domain>", "DOCTYPE");
        check_error("<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", "DOCTYPE");
        check_error("<!DOCTYPE d [<!ENTITY a '&b;&b;&b;'><!ENTITY b '&c;&c;&c;'>"
                    "<!ENTITY c SYSTEM 'file:///dev/zero'>]><domain>&a;</domain>", "DOCTYPE");
        check_error("<domain>&undefined;</domain>", "undefined entity");
        check_error("<domain>\xff\xfe</domain>", "not well-formed");
}

/* Any size and shape: 20 MB of text, elements 100,000 deep, and every device there can be. */
static void test_large(void) {
        char *xml = NULL, *got;
        size_t size;
        FILE *out = open_memstream(&xml, &size);

        CHECK(out);
        fputs("<domain><description>", out);
        for (int i = 0; i < 2000000; i++)
                fputs("text &amp; ", out);
        fputs("</description><metadata>", out);
        for (int i = 0; i < 100000; i++)
                fputs("<a>", out);
        for (int i = 0; i < 100000; i++)
                fputs("</a>", out);
        fputs("</metadata><devices>", out);
        for (int i = 0; i < DOMAIN_DEVICES_MAX; i++)
                fprintf(out, "<hostdev type='pci'><source><address domain='%d'/></source></hostdev>",
                        i);
        fputs("</devices></domain>", out);
        fclose(out);
        got = parse_pieces(xml, size, 65536);
        CHECK(strstr(got, "hostdev 0fff:00:00.0"));
        CHECK(!strstr(got, "1000:00:00.0"));
        free(got);
        free(xml);
}

static void test_too_many(void) {
        char *xml = NULL, *got;
        size_t size;
        FILE *out = open_memstream(&xml, &size);

        CHECK(out);
        fputs(HEAD, out);
        for (int i = 0; i <= DOMAIN_DEVICES_MAX; i++)
                fprintf(out, "<hostdev type='pci'><source><address domain='%d'/></source></hostdev>",
                        i);
        fputs(TAIL, out);
        fclose(out);
        got = parse_pieces(xml, size, size);
        CHECK_TEXT(got, "it has more than 4096 devices of the host");
        free(xml);
}

static void test_uuid(void) {
        DomainParser *p = domain_parser_new();
        const char *xml = "<domain><uuid>\n  " UUID " </uuid><x><uuid>1</uuid></x></domain>";

        CHECK(p && domain_parser_feed(p, xml, strlen(xml), true) == 0);
        CHECK(strcmp(domain_parser_uuid(p), UUID) == 0);
        CHECK(!domain_parser_free(p));
        CHECK(!domain_parser_free(NULL));
}

int main(void) {
        test_elements();
        test_managed();
        test_driver();
        test_numbers();
        test_bad_numbers();
        test_others();
        test_disk_chain();
        test_twice();
        test_refused();
        test_large();
        test_too_many();
        test_uuid();
        return 0;
}
