/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/udev.h"

#include <errno.h>
#include <libudev.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* What udevd asks for. */
#define DEFAULT_BUFFER (128 * 1024 * 1024)
/* Events taken in one turn, so that clients are answered in a storm of events. */
#define EVENTS_PER_TURN 1024

/* Platform and AMBA devices can be members of groups, whose bindings count (facts of
 * drivers/base/platform.c and drivers/amba/bus.c). */
static const char *const subsystems[] = {
        "pci", "platform", "amba", "vfio", "vfio-dev", "iommu", "module", "drivers", "misc",
};

struct UdevSource {
        struct udev *udev;
        struct udev_monitor *monitor;
        sd_event_source *input;
        UdevCallback callback;
        void *userdata;
        uint32_t drops;
};

static void say(UdevSource *s, UdevHintKind kind) {
        UdevHint h = {.kind = kind};

        s->callback(&h, s->userdata);
}

/* Returns: how many events the kernel has dropped so far, for this socket. */
static uint32_t count_drops(const UdevSource *s) {
        uint32_t info[SK_MEMINFO_VARS] = {0};
        socklen_t size = sizeof(info);

        if (getsockopt(udev_monitor_get_fd(s->monitor), SOL_SOCKET, SO_MEMINFO, info, &size) < 0)
                return s->drops;
        return info[SK_MEMINFO_DROPS];
}

static void take_event(UdevSource *s, struct udev_device *d) {
        const char *subsystem = udev_device_get_subsystem(d), *devpath = udev_device_get_devpath(d);
        const char *action = udev_device_get_action(d);
        UdevHint h;

        if (!subsystem || !devpath || !udev_hint_of_event(subsystem, devpath, &h))
                return;
        h.bound = h.kind == UDEV_HINT_DEVICE && action && strcmp(action, "bind") == 0 &&
                  strcmp(subsystem, "pci") == 0;
        s->callback(&h, s->userdata);
}

/* Takes in one event. Returns: true if there may be more. */
static bool receive(UdevSource *s, bool *lost) {
        struct udev_device *d;

        errno = 0;
        d = udev_monitor_receive_device(s->monitor);
        if (d) {
                take_event(s, d);
                udev_device_unref(d);
                return true;
        }
        if (errno == EAGAIN || errno == 0)
                return false;
        /* ENOBUFS: events were dropped. Anything else: one could not be read, which comes to the
         * same. */
        *lost = true;
        return true;
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        UdevSource *s = userdata;
        bool lost = false;
        uint32_t drops;

        for (unsigned i = 0; i < EVENTS_PER_TURN; i++)
                if (!receive(s, &lost))
                        break;
        drops = count_drops(s);
        lost |= drops != s->drops;
        s->drops = drops;
        if (lost)
                say(s, UDEV_HINT_LOST);
        say(s, UDEV_HINT_END);
        return 0;
}

static int open_monitor(UdevSource *s, size_t receive_buffer) {
        int r;

        s->udev = udev_new();
        if (!s->udev)
                return -ENOMEM;
        errno = 0;
        s->monitor = udev_monitor_new_from_netlink(s->udev, "kernel");
        if (!s->monitor)
                return errno > 0 ? -errno : -ENOMEM;
        for (size_t i = 0; i < sizeof(subsystems) / sizeof(subsystems[0]); i++) {
                r = udev_monitor_filter_add_match_subsystem_devtype(s->monitor, subsystems[i],
                                                                    NULL);
                if (r < 0)
                        return r;
        }
        /* As large as our rights allow: a small buffer costs rescans, never correctness. */
        (void) udev_monitor_set_receive_buffer_size(
                s->monitor, (int) (receive_buffer ? receive_buffer : DEFAULT_BUFFER));
        return udev_monitor_enable_receiving(s->monitor);
}

int udev_source_new(sd_event *event, size_t receive_buffer, UdevCallback callback, void *userdata,
                    UdevSource **ret) {
        UdevSource *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->callback = callback;
        s->userdata = userdata;
        r = open_monitor(s, receive_buffer);
        if (r >= 0)
                r = sd_event_add_io(event, &s->input, udev_monitor_get_fd(s->monitor), EPOLLIN,
                                    on_input, s);
        if (r >= 0)
                /* Before anything that reads the host on behalf of a client. */
                r = sd_event_source_set_priority(s->input, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                udev_source_free(s);
                return r;
        }
        (void) sd_event_source_set_description(s->input, "udev");
        *ret = s;
        return 0;
}

UdevSource *udev_source_free(UdevSource *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->input);
        udev_monitor_unref(s->monitor);
        udev_unref(s->udev);
        free(s);
        return NULL;
}

size_t udev_source_buffer(const UdevSource *s) {
        int size = 0;
        socklen_t length = sizeof(size);

        if (getsockopt(udev_monitor_get_fd(s->monitor), SOL_SOCKET, SO_RCVBUF, &size,
                       &length) < 0 || size < 0)
                return 0;
        return (size_t) size;
}
