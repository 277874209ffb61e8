/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "refusals.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "gate-cost.h"

/* The pace, for each user. */
#define EVERY_USEC UINT64_C(10000)
#define AT_A_TIME  10
/* So many answers that the bus has not taken yet: more refusals would only fill memory. The bus
 * itself stops whoever waits for too many answers. */
#define UNSENT_MAX 512

struct Refusals {
        sd_bus *connection;
        const Peers *peers;
        sd_event_source *timer; /* on while something waits */
};

void refusals_now(Refusals *r, sd_bus_message *m, const char *what) {
        uint64_t unsent = 0;

        if (sd_bus_get_n_queued_write(r->connection, &unsent) >= 0 && unsent > UNSENT_MAX)
                return;
        (void) sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED, "%s", what);
}

static void refuse_user(Refusals *r, sd_bus_message *m) {
        refusals_now(r, m, "Too many calls of this user in a short time: try again in some seconds");
}

static int schedule(Refusals *r) {
        int e = sd_event_source_set_time_relative(r->timer, EVERY_USEC);

        return e < 0 ? e : sd_event_source_set_enabled(r->timer, SD_EVENT_ONESHOT);
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata) {
        Refusals *r = userdata;
        bool more = false;

        (void) s;
        (void) usec;
        for (Account *a = peers_accounts(r->peers); a; a = a->next) {
                for (unsigned i = 0; i < AT_A_TIME && a->refused.n > 0; i++) {
                        sd_bus_message *m = message_queue_pop(&a->refused);

                        refuse_user(r, m);
                        sd_bus_message_unref(m);
                }
                more |= a->refused.n > 0;
        }
        return more ? schedule(r) : 0;
}

void refusals_later(Refusals *r, Account *a, sd_bus_message *m) {
        int enabled = SD_EVENT_OFF;

        if (a->refused.n >= ACCOUNT_REFUSED_MAX || !gate_is_within(m, GATE_SMALL_CALL_MAX) ||
            message_queue_push(&a->refused, m) < 0) {
                refuse_user(r, m);
                return;
        }
        (void) sd_event_source_get_enabled(r->timer, &enabled);
        if (enabled == SD_EVENT_OFF)
                (void) schedule(r);
}

int refusals_new(sd_bus *connection, const Peers *peers, Refusals **ret) {
        Refusals *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return -ENOMEM;
        *r = (Refusals) { .connection = connection, .peers = peers };
        e = sd_event_add_time(sd_bus_get_event(connection), &r->timer, CLOCK_MONOTONIC, UINT64_MAX, 1,
                              on_time, r);
        if (e >= 0)
                e = sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        if (e < 0) {
                refusals_free(r);
                return e;
        }
        *ret = r;
        return 0;
}

Refusals *refusals_free(Refusals *r) {
        if (!r)
                return NULL;
        sd_event_source_disable_unref(r->timer);
        free(r);
        return NULL;
}
