/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "sources/journal-internal.h"
#include "sources/journal-process.h"
#include "sources/journal-recorded.h"

/* How long to wait before a child that failed is replaced: doubled each time, until one has lived
 * for as long as the longest wait. */
#define DELAY_MIN_USEC UINT64_C(1000000)
#define DELAY_MAX_USEC UINT64_C(60000000)
/* After so many children in a row that brought nothing, what they fail at is left out. */
#define FRUITLESS_MAX  5

static void stop_child(JournalSource *s) {
        s->input = sd_event_source_disable_unref(s->input);
        s->process = journal_process_end(s->process);
        s->n = 0;
}

static int schedule(JournalSource *s, uint64_t delay_usec) {
        int r = sd_event_source_set_time_relative(s->start, delay_usec);

        return r < 0 ? r : sd_event_source_set_enabled(s->start, SD_EVENT_ONESHOT);
}

/* Goes on with what comes from now on. */
static void leave_out(JournalSource *s) {
        if (!s->gap)
                journal_say_lost(s);
        s->n_fruitless = 0;
        s->following = true;
        s->position = (JournalPosition) {
                .realtime_usec = journal_now(s, CLOCK_REALTIME),
                .monotonic_usec = JOURNAL_TIME_UNKNOWN,
        };
}

/* The child is gone, or none could be started. */
static int replace_child(JournalSource *s) {
        uint64_t delay;

        stop_child(s);
        if (journal_now(s, CLOCK_MONOTONIC) - s->started_usec >= DELAY_MAX_USEC) {
                s->delay_usec = DELAY_MIN_USEC;
                s->n_fruitless = 0;
        }
        journal_say_failed(s);
        if (++s->n_fruitless >= FRUITLESS_MAX)
                leave_out(s);
        delay = s->delay_usec;
        s->delay_usec = delay < DELAY_MAX_USEC / 2 ? 2 * delay : DELAY_MAX_USEC;
        return schedule(s, delay);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        JournalSource *s = userdata;
        int r = journal_take_input(s, fd);

        if (r == 0)
                return 0;
        if (r < 0)
                return replace_child(s);
        stop_child(s);
        s->following = true;
        journal_say_end(s, fact_of(s->begins && !s->gap));
        return schedule(s, 0);
}

/* Returns: 0 or -errno. */
static int start_child(JournalSource *s) {
        JournalTask task = {
                .directory = s->directory, .follow = s->following, .position = s->position};
        int fd = journal_process_start(s->event, &task, &s->process), r;

        if (fd < 0)
                return fd;
        r = sd_event_add_io(s->event, &s->input, fd, EPOLLIN, on_input, s);
        if (r < 0) {
                close(fd);
                return r;
        }
        sd_event_source_set_io_fd_own(s->input, true);
        (void) sd_event_source_set_description(s->input, "journal-input");
        return 0;
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata) {
        JournalSource *s = userdata;

        if (s->recorded) {
                journal_recorded_deliver(s->text, s->n_text, &s->handlers, s->userdata);
                free(s->text);
                s->text = NULL;
                return 0;
        }
        s->started_usec = journal_now(s, CLOCK_MONOTONIC);
        return start_child(s) < 0 ? replace_child(s) : 0;
}

/* Returns: 0 or -errno. */
static int set_up(JournalSource *s, const Root *root, const char *directory) {
        int r;

        s->recorded = root_is_recorded(root);
        if (s->recorded) {
                /* One that cannot be read is one that is not there: nothing is known then. */
                r = journal_recorded_read(root, &s->text, &s->n_text);
                if (r == -ENOMEM)
                        return r;
        } else if (directory) {
                s->directory = strdup(directory);
                if (!s->directory)
                        return -ENOMEM;
        }
        /* From the loop, even the first time: no handler is called by journal_source_new(). */
        r = sd_event_add_time_relative(s->event, &s->start, CLOCK_MONOTONIC, 0, 1000, on_start, s);
        if (r >= 0)
                (void) sd_event_source_set_description(s->start, "journal-start");
        return r < 0 ? r : 0;
}

int journal_source_new(sd_event *event, const Root *root, const char *directory,
                       const JournalHandlers *handlers, void *userdata, JournalSource **ret) {
        JournalSource *s = calloc(1, sizeof(*s));
        int r;

        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->handlers = *handlers;
        s->userdata = userdata;
        s->delay_usec = DELAY_MIN_USEC;
        r = set_up(s, root, directory);
        if (r < 0) {
                journal_source_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

JournalSource *journal_source_free(JournalSource *s) {
        if (!s)
                return NULL;
        stop_child(s);
        sd_event_source_disable_unref(s->start);
        sd_event_unref(s->event);
        free(s->directory);
        free(s->text);
        free(s);
        return NULL;
}

uint64_t journal_source_dropped(const JournalSource *s) {
        return s->n_dropped;
}
