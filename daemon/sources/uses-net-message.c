/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/uses-net.h"
#include "sources/uses-tables.h"

/* What rtnetlink's messages say, and the text that stands for them in a recording. */

/* Since 5.14; the headers may be older than the kernel. */
#define PARENT_DEV_NAME     56
#define PARENT_DEV_BUS_NAME 57

void net_clear(Net *n) {
        free(n->links);
        free(n->uses);
        *n = (Net){ 0 };
}

int net_add_link(Net *n, const NetLink *link) {
        NetLink *grown = reallocarray(n->links, n->n_links + 1, sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        n->links = grown;
        grown[n->n_links++] = *link;
        return 0;
}

int net_add_use(Net *n, int index, UseKind kind, const char *detail, const char *evidence,
                bool of_process) {
        NetUse *grown = reallocarray(n->uses, n->n_uses + 1, sizeof(*grown)), *use;

        if (!grown)
                return -ENOMEM;
        n->uses = grown;
        use = &grown[n->n_uses++];
        *use = (NetUse){ .index = index, .kind = kind, .of_process = of_process };
        snprintf(use->detail, sizeof(use->detail), "%s", detail);
        snprintf(use->evidence, sizeof(use->evidence), "%s", evidence);
        return 0;
}

/* The attributes of a message, or within one. */
typedef struct Attributes {
        const char *at, *end;
} Attributes;

/* Takes the next one. Returns: true and its type, content and size. */
static bool next_attribute(Attributes *a, unsigned *ret_type, const char **ret, size_t *ret_size) {
        struct rtattr header;

        if (a->end - a->at < (ptrdiff_t) sizeof(header))
                return false;
        memcpy(&header, a->at, sizeof(header));
        if (header.rta_len < sizeof(header) || header.rta_len > a->end - a->at)
                return false;
        *ret_type = header.rta_type & NLA_TYPE_MASK;
        *ret = a->at + RTA_LENGTH(0);
        *ret_size = header.rta_len - RTA_LENGTH(0);
        a->at += RTA_ALIGN(header.rta_len) < (size_t) (a->end - a->at)
                         ? RTA_ALIGN(header.rta_len) : (size_t) (a->end - a->at);
        return true;
}

/* Returns: true if the message is long enough for its own header, with that in *head (size bytes)
 * and the attributes behind it. */
static bool open_message(const struct nlmsghdr *m, void *head, size_t size, Attributes *ret) {
        const char *data = (const char *) m + NLMSG_HDRLEN, *end = (const char *) m + m->nlmsg_len;

        if (m->nlmsg_len < NLMSG_HDRLEN + NLMSG_ALIGN(size))
                return false;
        memcpy(head, data, size);
        *ret = (Attributes){ data + NLMSG_ALIGN(size), end };
        return true;
}

static int number(const char *content, size_t size) {
        int value = 0;

        if (size >= sizeof(value))
                memcpy(&value, content, sizeof(value));
        return value;
}

static void copy_text(char *to, size_t room, const char *content, size_t size) {
        snprintf(to, room, "%.*s", (int) (size < INT_MAX ? size : INT_MAX), content);
}

static void take_kind(NetLink *link, const char *content, size_t size) {
        Attributes inner = { content, content + size };
        unsigned type;

        while (next_attribute(&inner, &type, &content, &size))
                if (type == IFLA_INFO_KIND)
                        copy_text(link->kind, sizeof(link->kind), content, size);
}

static int take_link(Net *n, const struct nlmsghdr *m) {
        struct ifinfomsg head;
        NetLink link = { 0 };
        Attributes a;
        const char *content;
        unsigned type;
        size_t size;

        if (!open_message(m, &head, sizeof(head), &a))
                return -EBADMSG;
        link.index = head.ifi_index;
        while (next_attribute(&a, &type, &content, &size)) {
                if (type == IFLA_IFNAME)
                        copy_text(link.name, sizeof(link.name), content, size);
                else if (type == IFLA_MASTER)
                        link.master = number(content, size);
                else if (type == IFLA_LINK)
                        link.lower = number(content, size);
                else if (type == IFLA_LINK_NETNSID)
                        link.lower_elsewhere = true;
                else if (type == IFLA_LINKINFO)
                        take_kind(&link, content, size);
                else if (type == PARENT_DEV_NAME)
                        copy_text(link.parent, sizeof(link.parent), content, size);
                else if (type == PARENT_DEV_BUS_NAME)
                        copy_text(link.bus, sizeof(link.bus), content, size);
        }
        if (link.lower == link.index && !link.lower_elsewhere)
                link.lower = 0; /* stands on itself: it is no part of anything */
        return net_add_link(n, &link);
}

static bool address_text(int family, const char *content, size_t size, char ret[static 64]) {
        return (family == AF_INET || family == AF_INET6) &&
               size >= (family == AF_INET ? 4u : 16u) && inet_ntop(family, content, ret, 64);
}

static int take_address(Net *n, const struct nlmsghdr *m) {
        char text[64] = "", detail[96], evidence[128];
        struct ifaddrmsg head;
        Attributes a;
        const char *content;
        unsigned type;
        size_t size;

        if (!open_message(m, &head, sizeof(head), &a))
                return -EBADMSG;
        if (head.ifa_scope >= RT_SCOPE_LINK)
                return 0;
        while (next_attribute(&a, &type, &content, &size))
                if (type == IFA_LOCAL || (type == IFA_ADDRESS && !*text))
                        (void) address_text(head.ifa_family, content, size, text);
        if (!*text)
                return 0;
        snprintf(detail, sizeof(detail), "%s/%u", text, head.ifa_prefixlen);
        snprintf(evidence, sizeof(evidence), "has the address %s", detail);
        return net_add_use(n, (int) head.ifa_index, USE_NETWORK, detail, evidence, false);
}

static int add_route(Net *n, int index, const char *destination) {
        char evidence[128];

        if (index <= 0)
                return 0;
        snprintf(evidence, sizeof(evidence), "has %s", destination);
        return net_add_use(n, index, USE_NETWORK, destination, evidence, false);
}

/* A route over several interfaces. */
static int take_hops(Net *n, const char *content, size_t size, const char *destination) {
        struct rtnexthop hop;
        int r = 0;

        while (r == 0 && size >= sizeof(hop)) {
                memcpy(&hop, content, sizeof(hop));
                if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > size)
                        return 0;
                r = add_route(n, hop.rtnh_ifindex, destination);
                if ((size_t) RTNH_ALIGN(hop.rtnh_len) >= size)
                        break;
                content += RTNH_ALIGN(hop.rtnh_len);
                size -= RTNH_ALIGN(hop.rtnh_len);
        }
        return r;
}

/* Every interface that is up has routes to its own link. */
static bool is_dull_route(const struct rtmsg *head, const char *destination) {
        return head->rtm_type != RTN_UNICAST || head->rtm_flags & RTM_F_CLONED ||
               (head->rtm_family == AF_INET6 &&
                (strncmp(destination, "fe80:", 5) == 0 || strncmp(destination, "ff00:", 5) == 0));
}

static int take_route(Net *n, const struct nlmsghdr *m) {
        char to[64] = "", text[96];
        const char *content, *hops = NULL;
        size_t size, hops_size = 0;
        struct rtmsg head;
        Attributes a;
        unsigned type;
        int index = 0;

        if (!open_message(m, &head, sizeof(head), &a))
                return -EBADMSG;
        while (next_attribute(&a, &type, &content, &size)) {
                if (type == RTA_DST) {
                        (void) address_text(head.rtm_family, content, size, to);
                } else if (type == RTA_OIF) {
                        index = number(content, size);
                } else if (type == RTA_MULTIPATH) {
                        hops = content;
                        hops_size = size;
                }
        }
        if (is_dull_route(&head, to))
                return 0;
        if (head.rtm_dst_len == 0)
                snprintf(text, sizeof(text), "the default route%s",
                         head.rtm_family == AF_INET6 ? " (IPv6)" : "");
        else
                snprintf(text, sizeof(text), "the route to %s/%u", to, head.rtm_dst_len);
        return hops ? take_hops(n, hops, hops_size, text) : add_route(n, index, text);
}

int net_take_message(Net *n, const struct nlmsghdr *m) {
        switch (m->nlmsg_type) {
        case RTM_NEWLINK:
                return take_link(n, m);
        case RTM_NEWADDR:
                return take_address(n, m);
        case RTM_NEWROUTE:
                return take_route(n, m);
        default:
                return 0;
        }
}

int net_route_interface(const struct nlmsghdr *m) {
        struct rtmsg head;
        Attributes a;
        const char *content;
        unsigned type;
        size_t size;

        if (m->nlmsg_type != RTM_NEWROUTE || !open_message(m, &head, sizeof(head), &a))
                return 0;
        while (next_attribute(&a, &type, &content, &size))
                if (type == RTA_OIF)
                        return number(content, size);
        return 0;
}

static bool parse_index(const char *word, int *ret) {
        char *end;
        unsigned long value;

        *ret = 0;
        if (strcmp(word, "-") == 0)
                return true;
        if (*word < '0' || *word > '9')
                return false;
        errno = 0;
        value = strtoul(word, &end, 10);
        *ret = value <= INT_MAX ? (int) value : 0;
        return *end == 0 && errno == 0 && value <= INT_MAX;
}

static int take_text_link(Net *n, char *words[]) {
        NetLink link = { 0 };

        if (!parse_index(words[1], &link.index) || !parse_index(words[3], &link.master) ||
            !parse_index(words[4], &link.lower))
                return -EBADMSG;
        snprintf(link.name, sizeof(link.name), "%s", words[2]);
        if (strcmp(words[5], "-") != 0)
                snprintf(link.kind, sizeof(link.kind), "%s", words[5]);
        return net_add_link(n, &link);
}

static int take_text_use(Net *n, char *words[]) {
        char detail[96], evidence[192];
        int index;

        if (!parse_index(words[1], &index))
                return -EBADMSG;
        if (strcmp(words[0], "address") == 0) {
                snprintf(evidence, sizeof(evidence), "has the address %s", words[2]);
                return net_add_use(n, index, USE_NETWORK, words[2], evidence, false);
        }
        if (strcmp(words[0], "route") == 0) {
                snprintf(detail, sizeof(detail), "the %s%s",
                         strcmp(words[2], "default") == 0 ? "" : "route to ",
                         strcmp(words[2], "default") == 0 ? "default route" : words[2]);
                return add_route(n, index, detail);
        }
        if (strcmp(words[0], "connection") == 0 || strcmp(words[0], "storage") == 0) {
                snprintf(evidence, sizeof(evidence), "leads to %s", words[2]);
                return net_add_use(n, index, words[0][0] == 'c' ? USE_CONNECTION
                                                                : USE_NETWORK_STORAGE,
                                   words[2], evidence, false);
        }
        return -EBADMSG;
}

int net_take_text(Net *n, char *text) {
        char *words[8];
        int count, r = 0;

        while (r == 0 && (count = table_words(&text, words, 8)) >= 0) {
                if (count == 6 && strcmp(words[0], "link") == 0)
                        r = take_text_link(n, words);
                else if (count == 3)
                        r = take_text_use(n, words);
                else if (count > 0)
                        r = -EBADMSG;
        }
        return r;
}
