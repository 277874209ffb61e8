/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/nodes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Attributes: udevd gives a node its owner a moment after the kernel has made it. */
#define NODE_EVENTS \
        (IN_OPEN | IN_CLOSE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_ATTRIB | IN_ONLYDIR)

struct NodeSource {
        sd_event_source *input;
        int fd;
        char *dev, *vfio, *devices; /* /dev, /dev/vfio, /dev/vfio/devices */
        int dev_watch, vfio_watch, devices_watch; /* -1: not watched */
        NodeCallback callback;
        void *userdata;
};

bool node_group(const char *name, unsigned *ret) {
        unsigned long id;
        char *end;

        if (strncmp(name, "noiommu-", 8) == 0)
                name += 8;
        if (*name < '0' || *name > '9')
                return false;
        errno = 0;
        id = strtoul(name, &end, 10);
        if (errno != 0 || *end != 0 || id >= UINT_MAX)
                return false;
        *ret = (unsigned) id;
        return true;
}

/* Watches what there is of the three directories. /dev itself is watched only while there is no
 * /dev/vfio: every node that any driver makes would wake us. */
static int add_watches(NodeSource *s) {
        if (s->vfio_watch < 0)
                s->vfio_watch = inotify_add_watch(s->fd, s->vfio, NODE_EVENTS);
        if (s->vfio_watch < 0) {
                if (errno != ENOENT && errno != ENOTDIR)
                        return -errno;
                if (s->dev_watch < 0)
                        s->dev_watch = inotify_add_watch(s->fd, s->dev, IN_CREATE | IN_ONLYDIR);
                if (s->dev_watch < 0)
                        return -errno;
                /* It may have come between the two. */
                s->vfio_watch = inotify_add_watch(s->fd, s->vfio, NODE_EVENTS);
        }
        if (s->vfio_watch < 0)
                return 0;
        if (s->dev_watch >= 0) {
                inotify_rm_watch(s->fd, s->dev_watch);
                s->dev_watch = -1;
        }
        if (s->devices_watch < 0)
                s->devices_watch = inotify_add_watch(s->fd, s->devices, NODE_EVENTS);
        return 0;
}

static void take_event(NodeSource *s, const struct inotify_event *e) {
        unsigned group;

        if (e->mask & IN_Q_OVERFLOW) {
                s->callback(UINT_MAX, s->userdata);
                return;
        }
        /* The watch is gone: its directory is. Watches that we took off are forgotten already. */
        if (e->mask & IN_IGNORED) {
                if (e->wd != s->vfio_watch && e->wd != s->devices_watch)
                        return;
                if (e->wd == s->vfio_watch)
                        s->vfio_watch = -1;
                else
                        s->devices_watch = -1;
                s->callback(UINT_MAX, s->userdata);
                return;
        }
        if (e->wd == s->devices_watch && e->len > 0) {
                s->callback(UINT_MAX, s->userdata);
        } else if (e->wd == s->vfio_watch && e->len > 0) {
                /* "vfio", the container, says nothing of any group. */
                if (node_group(e->name, &group))
                        s->callback(group, s->userdata);
                else if (strcmp(e->name, "devices") == 0)
                        s->callback(UINT_MAX, s->userdata);
        } else if (e->wd == s->dev_watch && e->len > 0 && strcmp(e->name, "vfio") == 0) {
                s->callback(UINT_MAX, s->userdata);
        }
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        NodeSource *s = userdata;
        _Alignas(struct inotify_event) char buffer[8192];
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        for (ssize_t i = 0; i < n;) {
                const struct inotify_event *e = (const struct inotify_event *) (buffer + i);

                i += (ssize_t) (sizeof(*e) + e->len);
                take_event(s, e);
        }
        (void) add_watches(s);
        return 0;
}

static int start(NodeSource *s, sd_event *event, const char *dev) {
        int r;

        s->dev = strdup(dev);
        if (!s->dev || asprintf(&s->vfio, "%s/vfio", dev) < 0)
                return -ENOMEM;
        if (asprintf(&s->devices, "%s/vfio/devices", dev) < 0)
                return -ENOMEM;
        s->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (s->fd < 0)
                return -errno;
        r = add_watches(s);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &s->input, s->fd, EPOLLIN, on_input, s);
        if (r >= 0)
                (void) sd_event_source_set_description(s->input, "vfio-nodes");
        return r;
}

int node_source_new_in(sd_event *event, const char *dev, NodeCallback callback, void *userdata,
                       NodeSource **ret) {
        NodeSource *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = s->dev_watch = s->vfio_watch = s->devices_watch = -1;
        s->callback = callback;
        s->userdata = userdata;
        r = start(s, event, dev);
        if (r < 0) {
                node_source_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

int node_source_new(sd_event *event, NodeCallback callback, void *userdata, NodeSource **ret) {
        return node_source_new_in(event, "/dev", callback, userdata, ret);
}

NodeSource *node_source_free(NodeSource *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->input);
        if (s->fd >= 0)
                close(s->fd);
        free(s->dev);
        free(s->vfio);
        free(s->devices);
        free(s);
        return NULL;
}
