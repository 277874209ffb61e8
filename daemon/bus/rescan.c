/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rescan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "account.h"
#include "bus.h"

/* So much is between two. Those that only others than root ask for get one part in so many of the
 * loop's time: half of what a user may have by account.h, for what the children find is taken in
 * afterwards. */
#define EVERY_USEC   UINT64_C(1000000)
#define ONE_PART_IN  40
#define LONGEST_USEC UINT64_C(10000000) /* a caller waits for an answer for 25 s */
/* Each keeps a message; and what a user may ask is bounded before. Root is not. */
#define WAITING_MAX  256

struct Rescans {
        RescanHost rescan;
        void *userdata;
        sd_event_source *timer; /* on while something waits */
        MessageQueue waiting;
        uint64_t not_before_usec; /* of the next one */
        uint64_t others_usec;     /* ... that root has not asked for */
        uint64_t due_usec;        /* when the timer runs out; valid while something waits */
};

static uint64_t now_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail with this clock and pointer */
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

static uint64_t pace_of(uint64_t took_usec) {
        uint64_t pace = took_usec * ONE_PART_IN;

        return pace < EVERY_USEC ? EVERY_USEC : pace < LONGEST_USEC ? pace : LONGEST_USEC;
}

/* Makes one, for all that wait. Returns: 0 or -errno. */
static int run(Rescans *r) {
        uint64_t began = now_usec(), ended;
        sd_bus_message *m;
        int e = r->rescan(r->userdata);

        ended = now_usec();
        r->not_before_usec = ended + EVERY_USEC;
        r->others_usec = ended + pace_of(ended - began);
        (void) sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        while ((m = message_queue_pop(&r->waiting))) {
                if (e < 0)
                        (void) sd_bus_reply_method_errno(m, e, NULL);
                else
                        (void) bus_reply_empty(m);
                sd_bus_message_unref(m);
        }
        return e;
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) s;
        (void) usec;
        (void) run(userdata); /* whoever waits is told */
        return 0;
}

static uint64_t not_before(const Rescans *r, bool root) {
        return root ? r->not_before_usec : r->others_usec;
}

static int keep(Rescans *r, sd_bus_message *m, bool root, sd_bus_error *error) {
        uint64_t until_usec = not_before(r, root);
        int e;

        if (!root && r->waiting.n >= WAITING_MAX)
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls wait for the next rescan: try again in "
                                        "some seconds");
        if (r->waiting.n == 0 || until_usec < r->due_usec)
                r->due_usec = until_usec;
        e = message_queue_push(&r->waiting, m);
        if (e >= 0)
                e = sd_event_source_set_time(r->timer, r->due_usec);
        return e < 0 ? e : sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

int rescans_ask(Rescans *r, sd_bus_message *m, bool root, sd_bus_error *error) {
        int e;

        if (now_usec() < not_before(r, root))
                return keep(r, m, root, error);
        e = run(r);
        return e < 0 ? e : bus_reply_empty(m);
}

int rescans_new(sd_event *event, RescanHost rescan, void *userdata, Rescans **ret) {
        Rescans *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return -ENOMEM;
        *r = (Rescans) { .rescan = rescan, .userdata = userdata };
        e = sd_event_add_time(event, &r->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_time, r);
        if (e >= 0)
                e = sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        if (e < 0) {
                rescans_free(r);
                return e;
        }
        *ret = r;
        return 0;
}

Rescans *rescans_free(Rescans *r) {
        if (!r)
                return NULL;
        sd_event_source_disable_unref(r->timer);
        message_queue_clear(&r->waiting);
        free(r);
        return NULL;
}
