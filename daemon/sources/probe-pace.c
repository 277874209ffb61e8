/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/probe-pace.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* A process that can run gets its turn far sooner, whatever it has to share the processor with. */
#define PATIENCE_MIN_USEC UINT64_C(200000)
/* Fine enough for the above; the default of sd-event is a quarter of a second. */
#define ACCURACY_USEC     UINT64_C(10000)
/* A loop that comes to its timer so late did not run, and so perhaps the child did not. */
#define LATE_USEC         UINT64_C(100000)

struct ProbePace {
        sd_event *event;
        sd_event_source *timer;
        void (*stalled)(void *userdata);
        void *userdata;
        uint64_t since_usec; /* when the probe began, CLOCK_MONOTONIC */
        uint64_t step_usec;  /* when the child said something last */
};

uint64_t probe_pace_patience(uint64_t took_usec) {
        return took_usec / 8 > PATIENCE_MIN_USEC ? took_usec / 8 : PATIENCE_MIN_USEC;
}

static uint64_t now_usec(const ProbePace *p) {
        uint64_t now = 0;

        (void) sd_event_now(p->event, CLOCK_MONOTONIC, &now);
        return now;
}

static void wait_until(ProbePace *p, uint64_t usec) {
        if (sd_event_source_set_time(p->timer, usec) >= 0)
                (void) sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        ProbePace *p = userdata;
        uint64_t now = now_usec(p);

        (void) source;
        if (now > usec + LATE_USEC)
                wait_until(p, now + (now - usec)); /* it gets back what was lost */
        else
                p->stalled(p->userdata);
        return 0;
}

void probe_pace_step(ProbePace *p, bool at_device) {
        if (!p)
                return;
        p->step_usec = now_usec(p);
        if (at_device)
                wait_until(p, p->step_usec + probe_pace_patience(p->step_usec - p->since_usec));
        else
                (void) sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
}

int probe_pace_new(sd_event *event, void (*stalled)(void *userdata), void *userdata,
                   ProbePace **ret) {
        ProbePace *p = calloc(1, sizeof(*p));
        int r;

        if (!p)
                return -ENOMEM;
        *p = (ProbePace) { .event = sd_event_ref(event), .stalled = stalled, .userdata = userdata };
        p->since_usec = p->step_usec = now_usec(p);
        r = sd_event_add_time(event, &p->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC, on_timer, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        if (r < 0) {
                probe_pace_free(p);
                return r;
        }
        (void) sd_event_source_set_description(p->timer, "probe-pace");
        *ret = p;
        return 0;
}

ProbePace *probe_pace_free(ProbePace *p) {
        if (!p)
                return NULL;
        sd_event_source_disable_unref(p->timer);
        sd_event_unref(p->event);
        free(p);
        return NULL;
}
