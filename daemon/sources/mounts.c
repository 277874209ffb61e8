/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* A host that starts containers mounts all the time. */
#define INTERVAL_USEC UINT64_C(1000000)

struct MountSource {
        sd_event_source *files[2], *timer;
        bool resting; /* the last call was a moment ago */
        bool again;   /* something has happened since */
        MountCallback callback;
        void *userdata;
};

static void tell(MountSource *s) {
        s->again = false;
        s->resting = sd_event_source_set_time_relative(s->timer, INTERVAL_USEC) >= 0 &&
                     sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT) >= 0;
        s->callback(s->userdata);
}

static int on_change(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        MountSource *s = userdata;

        if (s->resting)
                s->again = true;
        else
                tell(s);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        MountSource *s = userdata;

        s->resting = false;
        if (s->again)
                tell(s);
        return 0;
}

static int watch(sd_event *event, const Root *root, const char *path, MountSource *s,
                 sd_event_source **ret) {
        int fd = root_open(root, path, O_RDONLY), r;

        if (fd < 0)
                return 0;
        r = sd_event_add_io(event, ret, fd, EPOLLPRI, on_change, s);
        if (r == -EPERM) { /* a plain file, which nothing happens to */
                close(fd);
                return 0;
        }
        if (r < 0) {
                close(fd);
                return r;
        }
        (void) sd_event_source_set_description(*ret, "mounts");
        return sd_event_source_set_io_fd_own(*ret, true);
}

int mount_source_new(sd_event *event, const Root *root, MountCallback callback, void *userdata,
                     MountSource **ret) {
        MountSource *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->callback = callback;
        s->userdata = userdata;
        r = sd_event_add_time_relative(event, &s->timer, CLOCK_MONOTONIC, 0, 0, on_timer, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = watch(event, root, "/proc/self/mountinfo", s, &s->files[0]);
        if (r >= 0)
                r = watch(event, root, "/proc/swaps", s, &s->files[1]);
        if (r < 0) {
                mount_source_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

MountSource *mount_source_free(MountSource *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < 2; i++)
                sd_event_source_disable_unref(s->files[i]);
        sd_event_source_disable_unref(s->timer);
        free(s);
        return NULL;
}
