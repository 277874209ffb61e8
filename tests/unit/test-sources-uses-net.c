/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include "sources/uses-net.h"
#include "test-sources-uses.h"

/* The network: what stands on what, and what rtnetlink says of it. */

static void interface(Looked *l, const char *address, const char *name) {
        char file[128], target[256];

        snprintf(file, sizeof(file), "sys/class/net/%s", name);
        snprintf(target, sizeof(target), "../../devices/pci0000:00/%s/net/%s", address, name);
        tree_link(&l->tree, file, target);
}

static Looked nic_tree(const char *network) {
        Looked l = uses_tree();

        uses_device(&l, DISK, "0x020000\n");
        uses_device(&l, NIC, "0x020000\n");
        interface(&l, DISK, "enp2s0");
        interface(&l, NIC, "enp3s0");
        tree_file(&l.tree, ".network", network);
        return l;
}

static void test_plain(void) {
        Looked l = nic_tree("link 2 enp2s0 - - -\nlink 3 enp3s0 - - -\n"
                            "address 3 10.0.0.5/24\nroute 3 default\nconnection 3 10.0.0.9\n"
                            "storage 3 10.0.0.8\n");
        const Use *use;

        uses_run(&l);
        CHECK(l.uses[0].n_items == 0);
        use = uses_expect(&l, 1, USE_NETWORK, "enp3s0: has the address 10.0.0.5/24");
        CHECK(strcmp(use->object, "enp3s0") == 0 && strcmp(use->detail, "10.0.0.5/24") == 0);
        uses_expect(&l, 1, USE_NETWORK, "enp3s0: has the default route");
        uses_expect(&l, 1, USE_CONNECTION, "10.0.0.9");
        uses_expect(&l, 1, USE_NETWORK_STORAGE, "10.0.0.8");
        uses_end(&l);
}

/* An address on a VLAN on a bridge over a bond of both. */
static void test_stack(void) {
        Looked l = nic_tree("link 2 enp2s0 4 - -\nlink 3 enp3s0 4 - -\nlink 4 bond0 5 - bond\n"
                            "link 5 br0 - - bridge\nlink 6 br0.7 - 5 vlan\n"
                            "address 6 192.0.2.1/24\nroute 5 198.51.100.0/24\n");

        uses_run(&l);
        for (size_t i = 0; i < 2; i++) {
                uses_expect(&l, i, USE_NETWORK, "br0.7 has the address 192.0.2.1/24, over enp");
                uses_expect(&l, i, USE_NETWORK, "br0 has the route to 198.51.100.0/24, over enp");
                uses_expect(&l, i, USE_NETWORK, "is a part of bond0 (bond)");
        }
        uses_end(&l);
}

/* What stands on an interface is a use without any address; what is beside it is none. */
static void test_no_address(void) {
        Looked l = nic_tree("link 2 enp2s0 - - -\nlink 3 enp3s0 - - -\nlink 7 macvtap0 - 3 macvtap\n"
                            "link 8 br1 - - bridge\naddress 8 10.9.9.9/8\n");

        uses_run(&l);
        CHECK(l.uses[0].n_items == 0 && l.uses[1].n_items == 1);
        uses_expect(&l, 1, USE_NETWORK, "enp3s0: carries macvtap0 (macvtap)");
        uses_end(&l);
}

/* Interfaces that sysfs shows and nobody tells of are in a name space that was not looked at. */
static void test_unlisted(void) {
        Looked l = nic_tree("link 2 enp2s0 - - -\n");

        uses_run(&l);
        CHECK(l.uses[0].looked[USES_NETWORK] == FACT_PRESENT);
        CHECK(l.uses[1].looked[USES_NETWORK] == FACT_UNKNOWN);
        uses_expect(&l, 1, USE_NOT_LOOKED, "the network of enp3s0 could not be read");
        uses_end(&l);
}

static void test_unreadable(void) {
        static const char *const texts[] = { "nonsense\n", "link x enp2s0 - - -\n", NULL };

        for (size_t i = 0; i < 3; i++) {
                Looked l = nic_tree(texts[i] ? texts[i] : "");

                if (!texts[i]) {
                        char path[TREE_PATH];

                        CHECK(unlink(tree_path(&l.tree, ".network", path)) == 0);
                }
                uses_run(&l);
                CHECK(l.uses[0].looked[USES_NETWORK] == FACT_UNKNOWN);
                CHECK(l.uses[1].looked[USES_NETWORK] == FACT_UNKNOWN);
                uses_end(&l);
        }
}

/* A message of rtnetlink in the making. */
typedef struct Message {
        _Alignas(8) char data[512];
} Message;

static struct nlmsghdr *begin(Message *m, unsigned short type, const void *head, size_t size) {
        struct nlmsghdr *h = (struct nlmsghdr *) (void *) m->data;

        memset(m, 0, sizeof(*m));
        h->nlmsg_type = type;
        h->nlmsg_len = (unsigned) NLMSG_SPACE(size);
        memcpy(m->data + NLMSG_HDRLEN, head, size);
        return h;
}

static void attribute(struct nlmsghdr *h, unsigned short type, const void *data, size_t size) {
        struct rtattr a = { .rta_type = type, .rta_len = (unsigned short) RTA_LENGTH(size) };
        char *at = (char *) h + h->nlmsg_len;

        memcpy(at, &a, sizeof(a));
        memcpy(at + RTA_LENGTH(0), data, size);
        h->nlmsg_len += (unsigned) RTA_SPACE(size);
}

static void test_link_message(void) {
        const struct ifinfomsg head = { .ifi_index = 7 };
        const int master = 9, lower = 3;
        struct nlmsghdr *h;
        char kind[64];
        Net n = { 0 };
        Message m;
        struct rtattr inner = { .rta_type = IFLA_INFO_KIND,
                                .rta_len = (unsigned short) RTA_LENGTH(5) };

        h = begin(&m, RTM_NEWLINK, &head, sizeof(head));
        attribute(h, IFLA_IFNAME, "enp1s0", 7);
        attribute(h, IFLA_MASTER, &master, sizeof(master));
        attribute(h, IFLA_LINK, &lower, sizeof(lower));
        memcpy(kind, &inner, sizeof(inner));
        memcpy(kind + RTA_LENGTH(0), "vlan", 5);
        attribute(h, IFLA_LINKINFO, kind, RTA_LENGTH(5));
        attribute(h, 56, "0000:01:00.0", 13);
        attribute(h, 57, "pci", 4);
        CHECK(net_take_message(&n, h) == 0 && n.n_links == 1);
        CHECK(n.links[0].index == 7 && n.links[0].master == 9 && n.links[0].lower == 3);
        CHECK(strcmp(n.links[0].name, "enp1s0") == 0 && strcmp(n.links[0].kind, "vlan") == 0);
        CHECK(strcmp(n.links[0].parent, "0000:01:00.0") == 0 && strcmp(n.links[0].bus, "pci") == 0);
        h->nlmsg_len = NLMSG_HDRLEN + 3;
        CHECK(net_take_message(&n, h) == -EBADMSG);
        net_clear(&n);
}

static void take_address(Net *n, int family, unsigned char scope, const char *text) {
        struct ifaddrmsg head = { .ifa_family = (unsigned char) family, .ifa_prefixlen = 24,
                                  .ifa_scope = scope, .ifa_index = 4 };
        unsigned char bytes[16];
        struct nlmsghdr *h;
        Message m;

        CHECK(inet_pton(family, text, bytes) == 1);
        h = begin(&m, RTM_NEWADDR, &head, sizeof(head));
        attribute(h, family == AF_INET ? IFA_LOCAL : IFA_ADDRESS, bytes,
                  family == AF_INET ? 4 : 16);
        CHECK(net_take_message(n, h) == 0);
}

static void test_address_messages(void) {
        Net n = { 0 };

        take_address(&n, AF_INET, RT_SCOPE_UNIVERSE, "192.0.2.7");
        take_address(&n, AF_INET6, RT_SCOPE_LINK, "fe80::1");
        take_address(&n, AF_INET, RT_SCOPE_HOST, "127.0.0.1");
        take_address(&n, AF_INET6, RT_SCOPE_UNIVERSE, "2001:db8::1");
        CHECK(n.n_uses == 2 && n.uses[0].index == 4);
        CHECK(strcmp(n.uses[0].detail, "192.0.2.7/24") == 0);
        CHECK(strcmp(n.uses[1].detail, "2001:db8::1/24") == 0);
        net_clear(&n);
}

static struct nlmsghdr *route(Message *m, unsigned char type, unsigned char bits, int family,
                              const char *to) {
        struct rtmsg head = { .rtm_family = (unsigned char) family, .rtm_dst_len = bits,
                              .rtm_type = type };
        struct nlmsghdr *h = begin(m, RTM_NEWROUTE, &head, sizeof(head));
        unsigned char bytes[16];

        if (to) {
                CHECK(inet_pton(family, to, bytes) == 1);
                attribute(h, RTA_DST, bytes, family == AF_INET ? 4 : 16);
        }
        return h;
}

static void test_route_messages(void) {
        struct rtnexthop hops[2] = { { .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 5 },
                                     { .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 6 } };
        const int index = 3;
        struct nlmsghdr *h;
        Net n = { 0 };
        Message m;

        h = route(&m, RTN_UNICAST, 0, AF_INET, NULL);
        attribute(h, RTA_OIF, &index, sizeof(index));
        CHECK(net_take_message(&n, h) == 0 && n.n_uses == 1 && n.uses[0].index == 3);
        CHECK(strcmp(n.uses[0].detail, "the default route") == 0);
        CHECK(net_route_interface(h) == 3);
        h = route(&m, RTN_UNICAST, 0, AF_INET6, NULL);
        attribute(h, RTA_MULTIPATH, hops, sizeof(hops));
        CHECK(net_take_message(&n, h) == 0 && n.n_uses == 3);
        CHECK(n.uses[1].index == 5 && n.uses[2].index == 6);
        hops[1].rtnh_len = 60000;
        h = route(&m, RTN_UNICAST, 0, AF_INET6, NULL);
        attribute(h, RTA_MULTIPATH, hops, sizeof(hops));
        CHECK(net_take_message(&n, h) == 0 && n.n_uses == 4);
        h = route(&m, RTN_UNICAST, 64, AF_INET6, "fe80::");
        attribute(h, RTA_OIF, &index, sizeof(index));
        CHECK(net_take_message(&n, h) == 0 && n.n_uses == 4);
        h = route(&m, RTN_LOCAL, 32, AF_INET, "192.0.2.7");
        attribute(h, RTA_OIF, &index, sizeof(index));
        CHECK(net_take_message(&n, h) == 0 && n.n_uses == 4);
        net_clear(&n);
}

static void test_tcp_lines(void) {
        TcpLine t;

        CHECK(net_parse_tcp("   0: 0502000A:0016 0202000A:D431 01 00000000:00000000 02:000A1B2C "
                            "00000000     0        0 12345 4 ffff 20 4 31 10 -1", &t));
        CHECK(t.family == AF_INET && t.local_port == 22 && t.remote_port == 0xd431);
        CHECK(t.state == 1 && t.inode == 12345);
        CHECK(memcmp(t.remote, "\x0a\x00\x02\x02", 4) == 0);
        CHECK(net_parse_tcp(" 12: 0000000000000000FFFF00000502000A:0016 "
                            "0000000000000000FFFF00000202000A:D431 01 00000000:00000000 "
                            "02:000A1B2C 00000000 0 0 999 4 f", &t));
        CHECK(t.family == AF_INET6 && t.inode == 999);
        CHECK(memcmp(t.remote, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x00\x02\x02", 16) == 0);
        CHECK(!net_parse_tcp("  sl  local_address rem_address   st tx_queue rx_queue tr", &t));
        CHECK(!net_parse_tcp(" 0: 05:0016 0202:D431 01 0:0 0:0 0 0 0 5", &t));
        CHECK(!net_parse_tcp("", &t));
}

/* This machine has a loopback interface, which is a use of nothing. */
static void test_live(void) {
        bool loopback = false;
        Net n = { 0 };
        int r = net_dump(&n);

        CHECK(r == 0);
        for (size_t i = 0; i < n.n_links; i++)
                loopback |= strcmp(n.links[i].name, "lo") == 0;
        CHECK(loopback);
        net_clear(&n);
}

int main(void) {
        test_plain();
        test_stack();
        test_no_address();
        test_unlisted();
        test_unreadable();
        test_link_message();
        test_address_messages();
        test_route_messages();
        test_tcp_lines();
        test_live();
        return 0;
}
