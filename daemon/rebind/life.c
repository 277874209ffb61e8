/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/life.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebind/job-spawn.h"
#include "rebind/units.h"

/* Room for "vfiod-worker@4294967295-4294967295.service" */
#define UNIT_NAME_MAX 64

struct Life {
        sd_event *event; /* borrowed, as the descriptor */
        int runtime_fd;
        unsigned id;
        unsigned before; /* how many workers the record named when this one was started */
        pid_t child;     /* to be reaped; 0: not ours */
        int pidfd;
        sd_event_source *source;
        sd_event_source *gone; /* it had ended before it could be watched */
        UnitStart *unit; /* until it is up */
        LifeEnded ended;
        void *userdata;
};

Life *life_free(Life *l) {
        if (!l)
                return NULL;
        unit_start_free(l->unit);
        sd_event_source_disable_unref(l->source);
        sd_event_source_disable_unref(l->gone);
        if (l->pidfd >= 0)
                close(l->pidfd);
        free(l);
        return NULL;
}

static Life *life_new(sd_event *event, int runtime_fd, const Transaction *t, LifeEnded ended,
                      void *userdata) {
        Life *l = calloc(1, sizeof(*l));

        if (l)
                *l = (Life) { .event = event, .runtime_fd = runtime_fd, .id = t->id,
                              .before = t->n_workers, .pidfd = -1, .ended = ended,
                              .userdata = userdata };
        return l;
}

static int on_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Life *l = userdata;
        siginfo_t info;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        if (l->child > 0)
                (void) waitid(P_PIDFD, (id_t) fd, &info, WEXITED);
        l->ended(NULL, l->userdata); /* may free it */
        return 0;
}

static int watch(Life *l) {
        return sd_event_add_io(l->event, &l->source, l->pidfd, EPOLLIN, on_end, l);
}

/* Finds the worker by the id that it wrote down. As long as the lock is held it lives, so no other
 * process can have its id; looking at the lock after opening the pidfd therefore proves whose that
 * is. Returns: 0, -ESRCH if there is no worker, or -errno. */
static int attach(Life *l, const Transaction *t) {
        int r;

        if (t->worker <= 0)
                return -ESRCH;
        l->pidfd = pidfd_open(t->worker, 0);
        if (l->pidfd < 0)
                return -errno;
        r = transaction_is_locked(l->runtime_fd, l->id);
        r = r > 0 ? watch(l) : r < 0 ? r : -ESRCH;
        if (r < 0) {
                close(l->pidfd);
                l->pidfd = -1;
        }
        return r;
}

static int on_gone(sd_event_source *s, void *userdata) {
        Life *l = userdata;

        (void) s;
        l->ended(NULL, l->userdata); /* may free it */
        return 0;
}

void life_update(Life *l, const Transaction *t) {
        if (l->pidfd >= 0 || l->gone || t->n_workers <= l->before)
                return;
        /* One that was quick has ended already. What systemd says of its unit may never come, so that
         * is told from here, when whoever calls is done. */
        if (attach(l, t) == -ESRCH)
                (void) sd_event_add_defer(l->event, &l->gone, on_gone, l);
}

/* The unit is up once its worker has written down who it is. */
static void on_unit(bool up, const char *why, void *userdata) {
        Life *l = userdata;
        Transaction *t;

        l->unit = unit_start_free(l->unit);
        if (l->pidfd < 0 && transaction_read(l->runtime_fd, l->id, &t) >= 0) {
                life_update(l, t);
                transaction_free(t);
        }
        if (l->pidfd < 0)
                l->ended(up ? NULL : why, l->userdata);
}

/* Each attempt is a unit of another name: systemd may not have seen yet that the one before ended. */
static int start_unit(Life *l, Units *units) {
        char name[UNIT_NAME_MAX];

        snprintf(name, sizeof(name), "vfiod-worker@%u-%u.service", l->id, l->before + 1);
        return unit_start(units, name, on_unit, l, &l->unit);
}

int life_start(const JobContext *context, const Transaction *t, LifeEnded ended, void *userdata,
               Life **ret) {
        Life *l = life_new(context->event, context->runtime_fd, t, ended, userdata);
        int r;

        if (!l)
                return -ENOMEM;
        if (context->units)
                r = start_unit(l, context->units);
        else
                r = worker_spawn(context->executable, context->root_path, context->runtime_path,
                                 l->id, &l->child, &l->pidfd);
        if (r < 0) {
                life_free(l);
                return r;
        }
        *ret = l;
        return context->units ? 0 : l->pidfd < 0 ? -EMFILE : watch(l);
}

int life_find(sd_event *event, int runtime_fd, const Transaction *t, LifeEnded ended,
              void *userdata, Life **ret) {
        Life *l = life_new(event, runtime_fd, t, ended, userdata);
        int r;

        if (!l)
                return -ENOMEM;
        r = attach(l, t);
        if (r < 0) {
                life_free(l);
                return r;
        }
        *ret = l;
        return 0;
}
