/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "sources/probe-line.h"
#include "sources/probe-pace.h"
#include "sources/probe-process.h"
#include "sources/probe-take.h"

struct Probe {
        sd_event_source *input, *timer;
        ProbePace *pace; /* NULL: it may take all of its time */
        ProbeCallback callback;
        void *userdata;
        ProbeResult result;
        Host *facts;
        Address *devices;
        unsigned *groups;
        bool reading_device; /* the child has said at which device it is */
        bool ended;          /* it has said that it is done */
        bool answered;       /* the callback has had its answer */
        size_t n;
        char buffer[4 * PROBE_LINE_MAX];
};

/* Gives the answer; after this p may be gone. */
static void finish(Probe *p, bool child_hangs) {
        if (!child_hangs)
                p->input = sd_event_source_disable_unref(p->input);
        p->timer = sd_event_source_disable_unref(p->timer);
        p->pace = probe_pace_free(p->pace);
        p->answered = true;
        p->result.complete = p->ended;
        p->result.running = child_hangs;
        p->result.stuck = child_hangs && p->reading_device && !p->ended;
        p->result.facts = p->facts;
        p->callback(p, &p->result, p->userdata);
}

/* Takes in what one line says. Returns: 0 or -errno. */
static int take_line(Probe *p, ProbeLine *l) {
        switch (l->key) {
        case PROBE_KEY_AT:
                p->reading_device = true;
                p->result.stuck_at = l->address;
                return 0;
        case PROBE_KEY_END:
                p->ended = true;
                return 0;
        default:
                return probe_take(p->facts, l);
        }
}

/* Takes in the whole lines of the buffer. Returns: 0 or -errno: what cannot be a line of ours. */
static int take_lines(Probe *p) {
        ProbeLine l;
        char *text = p->buffer, *end;
        int error;

        for (;;) {
                size_t left = p->n - (size_t) (text - p->buffer);

                end = memchr(text, '\n', left);
                if (!end)
                        break;
                error = probe_line_parse(text, (size_t) (end - text), &l);
                if (error == 0)
                        error = take_line(p, &l);
                if (error < 0)
                        return error;
                text = end + 1;
        }
        p->n -= (size_t) (text - p->buffer);
        memmove(p->buffer, text, p->n);
        return p->n == sizeof(p->buffer) ? -EMSGSIZE : 0;
}

/* The child of a probe that was given up has ended. */
static void finish_late(Probe *p) {
        p->input = sd_event_source_disable_unref(p->input);
        p->result.late = true;
        p->callback(p, &p->result, p->userdata);
}

/* Takes in what there is. Returns: true if there will be no more. */
static bool take_input(Probe *p, int fd) {
        ssize_t n = read(fd, p->buffer + p->n, sizeof(p->buffer) - p->n);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return false;
        if (n <= 0)
                return true;
        if (p->answered)
                return false; /* too late to be told, and perhaps not true any more */
        p->n += (size_t) n;
        if (take_lines(p) < 0 || p->ended)
                return true;
        probe_pace_step(p->pace, p->reading_device);
        return false;
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Probe *p = userdata;

        if (!take_input(p, fd))
                return 0;
        if (p->answered)
                finish_late(p);
        else
                finish(p, false);
        return 0;
}

/* Where the whole machine stood still, the time is over although the child is not to blame: what it
 * has written by now still counts. */
static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        Probe *p = userdata;
        int fd = sd_event_source_get_io_fd(p->input), left = 0;
        bool over = false;

        while (!over && ioctl(fd, FIONREAD, &left) == 0 && left > 0)
                over = take_input(p, fd);
        finish(p, !over);
        return 0;
}

/* What it has said meanwhile is a step, too, and on_input() takes that in. */
static void on_stalled(void *userdata) {
        Probe *p = userdata;
        int left = 0;

        if (ioctl(sd_event_source_get_io_fd(p->input), FIONREAD, &left) < 0 || left == 0)
                finish(p, true);
}

int probe_expect_pace(Probe *p) {
        return probe_pace_new(sd_event_source_get_event(p->input), on_stalled, p, &p->pace);
}

/* Copies n elements. Returns: 0 or -ENOMEM. */
static int copy(const void *from, size_t n, size_t size, void *ret) {
        void *to = NULL;

        if (n > 0) {
                to = reallocarray(NULL, n, size);
                if (!to)
                        return -ENOMEM;
                memcpy(to, from, n * size);
        }
        *(void **) ret = to;
        return 0;
}

static int add_sources(Probe *p, sd_event *event, int fd, uint64_t timeout_usec) {
        int r = sd_event_add_io(event, &p->input, fd, EPOLLIN, on_input, p);

        if (r < 0) {
                close(fd);
                return r;
        }
        sd_event_source_set_io_fd_own(p->input, true);
        (void) sd_event_source_set_description(p->input, "probe-input");
        if (timeout_usec == UINT64_MAX)
                return 0;
        r = sd_event_add_time_relative(event, &p->timer, CLOCK_MONOTONIC, timeout_usec, 0,
                                       on_timeout, p);
        if (r >= 0)
                (void) sd_event_source_set_description(p->timer, "probe-timeout");
        return r;
}

/* The task is only needed until the child has its own copy of it. */
static int start_child(const Probe *p, sd_event *event, const Root *root) {
        ProbeTask *t = calloc(1, sizeof(*t));
        int fd;

        if (!t)
                return -ENOMEM;
        t->root = root;
        t->what = p->result.what;
        t->devices = p->devices;
        t->n_devices = p->result.n_devices;
        t->groups = p->groups;
        t->n_groups = p->result.n_groups;
        fd = probe_process_start(event, t);
        free(t);
        return fd;
}

int probe_start(sd_event *event, const Root *root, unsigned what, const Address *devices,
                size_t n_devices, const unsigned *groups, size_t n_groups, uint64_t timeout_usec,
                ProbeCallback callback, void *userdata, Probe **ret) {
        Probe *p = calloc(1, sizeof(*p));
        int r = -ENOMEM, fd;

        if (!p)
                return -ENOMEM;
        p->facts = host_new();
        if (!p->facts || copy(devices, n_devices, sizeof(*devices), &p->devices) < 0 ||
            copy(groups, n_groups, sizeof(*groups), &p->groups) < 0)
                goto fail;
        p->callback = callback;
        p->userdata = userdata;
        p->result = (ProbeResult) {.what = what, .devices = p->devices, .n_devices = n_devices,
                                   .groups = p->groups, .n_groups = n_groups};
        fd = r = start_child(p, event, root);
        if (r >= 0)
                r = add_sources(p, event, fd, timeout_usec);
        if (r < 0)
                goto fail;
        *ret = p;
        return 0;
fail:
        probe_free(p);
        return r;
}

Probe *probe_free(Probe *p) {
        if (!p)
                return NULL;
        sd_event_source_disable_unref(p->input);
        sd_event_source_disable_unref(p->timer);
        probe_pace_free(p->pace);
        host_free(p->facts);
        free(p->devices);
        free(p->groups);
        free(p);
        return NULL;
}
