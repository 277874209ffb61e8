/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/netlink.h>
#include <net/if.h>

#include "core/address.h"
#include "core/uses.h"
#include "sources/root.h"

/* The network of one name space: interfaces, what stands on what, and what each is used for. */

typedef struct NetLink {
        int index;
        int master;          /* the bond, bridge ... that it is a part of; 0: none */
        int lower;           /* the interface that a VLAN, macvlan ... stands on; 0: none */
        bool lower_elsewhere; /* lower is one of another name space */
        char name[IF_NAMESIZE];
        char kind[16];       /* bond, bridge, vlan ...; "" for hardware */
        char parent[64], bus[16]; /* the device it is an interface of, as the kernel says */
        bool has_function;
        Address function;
} NetLink;

typedef struct NetUse {
        int index; /* of the interface */
        UseKind kind;
        char detail[96];
        char evidence[192];
        bool of_process;
} NetUse;

typedef struct Net {
        NetLink *links;
        size_t n_links;
        NetUse *uses;
        size_t n_uses;
} Net;

void net_clear(Net *n);
/* Return: 0 or -ENOMEM. */
int net_add_link(Net *n, const NetLink *link);
int net_add_use(Net *n, int index, UseKind kind, const char *detail, const char *evidence,
                bool of_process);

/* Takes in one message of a dump (RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE), which is whole: its
 * length was checked. Addresses and routes that every interface has by itself (scope link) are no
 * uses. Pure. Returns: 0, -EBADMSG or -ENOMEM. */
int net_take_message(Net *n, const struct nlmsghdr *message);
/* Reads the interface from the answer to a look-up of a route. Pure. Returns: its index, or 0. */
int net_route_interface(const struct nlmsghdr *message);
/* Takes in the text that stands for all this in a recording: lines "link INDEX NAME MASTER LOWER
 * KIND", "address INDEX TEXT", "route INDEX TEXT", "connection INDEX TEXT", "storage INDEX TEXT",
 * with "-" for what there is not. Cuts the text up. Pure. Returns: 0, -EBADMSG or -ENOMEM. */
int net_take_text(Net *n, char *text);

/* Dumps the name space that the calling process is in. Returns: 0 or -errno. */
int net_dump(Net *n);
/* Asks the kernel over which interface it reaches an address (4 or 16 bytes). Returns: its index,
 * 0 if it does not, or -errno. */
int net_look_up(const void *address, int family);
/* Asks a driver on which bus its interface is, as kernels before 5.14 do not tell by themselves.
 * Returns: true and the text, "0000:01:00.0" or "virtio0". */
bool net_bus_info(const char *interface, char *ret, size_t size);

/* One line of /proc/net/tcp or tcp6. */
typedef struct TcpLine {
        int family;
        unsigned char remote[16]; /* in the order of the network */
        unsigned local_port, remote_port;
        unsigned state;           /* 1: established (include/net/tcp_states.h) */
        unsigned long inode;
} TcpLine;
/* Pure. Returns: true if it is such a line. */
bool net_parse_tcp(const char *line, TcpLine *ret);
