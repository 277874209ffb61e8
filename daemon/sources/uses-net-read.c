/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "sources/uses-net.h"

/* Talks to rtnetlink. What its messages mean: uses-net-message.c. */

#define ANSWER_MAX 65536
#define DUMP_TRIES 4

typedef struct Question {
        struct nlmsghdr header;
        union {
                struct rtgenmsg dump;
                struct rtmsg route;
        };
        char attributes[64];
} Question;

static int open_socket(void) {
        /* The kernel answers at once; what it does not answer is not waited for. */
        const struct timeval limit = { .tv_sec = 2 };
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), r;

        if (fd < 0)
                return -errno;
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0) {
                r = -errno;
                close(fd);
                return r;
        }
        return fd;
}

static int ask(int fd, const Question *q) {
        const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
        ssize_t n = sendto(fd, q, q->header.nlmsg_len, 0, (const struct sockaddr *) &kernel,
                           sizeof(kernel));

        return n < 0 ? -errno : 0;
}

static int error_of(const struct nlmsghdr *m) {
        const struct nlmsgerr *e = NLMSG_DATA(m);

        if (m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
                return -EBADMSG;
        return e->error;
}

typedef int (*TakeMessage)(const struct nlmsghdr *m, void *userdata);

/* Takes in one datagram. Returns: 1 at the end of the answer, 0 if more follows, or -errno. */
static int take_answer(const char *buffer, size_t size, TakeMessage take, void *userdata) {
        const struct nlmsghdr *m = (const struct nlmsghdr *) (const void *) buffer;

        for (size_t left = size; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
                int r;

                if (m->nlmsg_flags & NLM_F_DUMP_INTR)
                        return -EAGAIN;
                if (m->nlmsg_type == NLMSG_DONE)
                        return 1;
                r = m->nlmsg_type == NLMSG_ERROR ? error_of(m) : take(m, userdata);
                if (r < 0)
                        return r;
                if (!(m->nlmsg_flags & NLM_F_MULTI))
                        return 1;
        }
        return 0;
}

static int listen_to(int fd, TakeMessage take, void *userdata) {
        _Alignas(struct nlmsghdr) static char buffer[ANSWER_MAX];

        for (;;) {
                ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_TRUNC);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? -ETIMEDOUT : -errno;
                if ((size_t) n > sizeof(buffer))
                        return -EMSGSIZE;
                r = take_answer(buffer, (size_t) n, take, userdata);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

static int take_into(const struct nlmsghdr *m, void *userdata) {
        return net_take_message(userdata, m);
}

static int dump(unsigned short type, unsigned char family, Net *n) {
        const Question q = {
                .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)), .nlmsg_type = type,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
                .dump.rtgen_family = family,
        };
        int fd = open_socket(), r;

        if (fd < 0)
                return fd;
        r = ask(fd, &q);
        if (r == 0)
                r = listen_to(fd, take_into, n);
        close(fd);
        return r;
}

/* A kernel without IPv6 knows nothing of it. */
static int dump_all(Net *n) {
        int r = dump(RTM_GETLINK, AF_UNSPEC, n);

        if (r == 0)
                r = dump(RTM_GETADDR, AF_UNSPEC, n);
        if (r == 0)
                r = dump(RTM_GETROUTE, AF_INET, n);
        if (r == 0)
                r = dump(RTM_GETROUTE, AF_INET6, n);
        return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 0 : r;
}

int net_dump(Net *n) {
        int r = -EAGAIN;

        /* Whatever changed meanwhile, a picture that is whole is wanted. */
        for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
                net_clear(n);
                r = dump_all(n);
        }
        return r;
}

static int take_interface(const struct nlmsghdr *m, void *userdata) {
        *(int *) userdata = net_route_interface(m);
        return 0;
}

int net_look_up(const void *address, int family) {
        unsigned short size = family == AF_INET ? 4 : 16;
        Question q = {
                .header = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)) + RTA_SPACE(size),
                            .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
                .route = { .rtm_family = (unsigned char) family,
                           .rtm_dst_len = (unsigned char) (8 * size) },
        };
        struct rtattr destination = { .rta_len = (unsigned short) RTA_LENGTH(size),
                                      .rta_type = RTA_DST };
        char *at = (char *) &q + NLMSG_LENGTH(sizeof(struct rtmsg));
        int fd = open_socket(), r, index = 0;

        if (fd < 0)
                return fd;
        memcpy(at, &destination, sizeof(destination));
        memcpy(at + RTA_LENGTH(0), address, size);
        r = ask(fd, &q);
        if (r == 0)
                r = listen_to(fd, take_interface, &index);
        close(fd);
        return r == -ENETUNREACH || r == -EHOSTUNREACH ? 0 : r < 0 ? r : index;
}

bool net_bus_info(const char *interface, char *ret, size_t size) {
        struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
        struct ifreq request = { .ifr_data = (char *) &info };
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

        if (fd < 0)
                return false;
        snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
        r = ioctl(fd, SIOCETHTOOL, &request);
        close(fd);
        if (r < 0 || !*info.bus_info)
                return false;
        snprintf(ret, size, "%.*s", (int) sizeof(info.bus_info) - 1, info.bus_info);
        return true;
}
