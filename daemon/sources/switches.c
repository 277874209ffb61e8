/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/switches.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

/* What each back end calls the way around missing interrupt remapping
 * (drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/device.c). */
static const char *const parameters[] = {
        "vfio_iommu_type1/parameters/allow_unsafe_interrupts",
        "iommufd/parameters/allow_unsafe_interrupts",
};

#define N_PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

struct SwitchSource {
        sd_event_source *input;
        int fd;
        char *modules;             /* /sys/module */
        int watches[N_PARAMETERS]; /* -1: not watched */
        SwitchCallback callback;
        void *userdata;
};

/* Watches what there is. A module that was loaded again has another file in the old one's place,
 * with another watch. Returns: true if a watch is new, or one is gone. */
static bool add_watches(SwitchSource *s) {
        bool changed = false;

        for (size_t i = 0; i < N_PARAMETERS; i++) {
                char path[PATH_MAX];
                int watch;

                if ((size_t) snprintf(path, sizeof(path), "%s/%s", s->modules, parameters[i]) >=
                    sizeof(path))
                        continue;
                watch = inotify_add_watch(s->fd, path, IN_MODIFY);
                if (watch == s->watches[i])
                        continue;
                if (s->watches[i] >= 0)
                        (void) inotify_rm_watch(s->fd, s->watches[i]);
                s->watches[i] = watch;
                changed = true;
        }
        return changed;
}

/* Whatever comes means: read again. Returns: true if anything came. */
static bool drain(SwitchSource *s) {
        _Alignas(struct inotify_event) char buffer[4096];
        bool any = false;

        while (read(s->fd, buffer, sizeof(buffer)) > 0)
                any = true;
        return any;
}

void switch_source_check(SwitchSource *s) {
        bool changed = drain(s);

        changed |= add_watches(s);
        if (changed)
                s->callback(s->userdata);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        switch_source_check(userdata);
        return 0;
}

static int start(SwitchSource *s, sd_event *event, const char *modules) {
        int r;

        s->modules = strdup(modules);
        if (!s->modules)
                return -ENOMEM;
        s->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (s->fd < 0)
                return -errno;
        (void) add_watches(s);
        r = sd_event_add_io(event, &s->input, s->fd, EPOLLIN, on_input, s);
        if (r >= 0)
                (void) sd_event_source_set_description(s->input, "module-parameters");
        return r;
}

int switch_source_new_in(sd_event *event, const char *modules, SwitchCallback callback,
                         void *userdata, SwitchSource **ret) {
        SwitchSource *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = -1;
        for (size_t i = 0; i < N_PARAMETERS; i++)
                s->watches[i] = -1;
        s->callback = callback;
        s->userdata = userdata;
        r = start(s, event, modules);
        if (r < 0) {
                switch_source_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

int switch_source_new(sd_event *event, SwitchCallback callback, void *userdata,
                      SwitchSource **ret) {
        return switch_source_new_in(event, "/sys/module", callback, userdata, ret);
}

SwitchSource *switch_source_free(SwitchSource *s) {
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->input);
        if (s->fd >= 0)
                close(s->fd);
        free(s->modules);
        free(s);
        return NULL;
}
