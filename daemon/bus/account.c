/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"

#include <errno.h>
#include <stdlib.h>

#define USEC_PER_POINT (UINT64_C(1000000) / ACCOUNT_POINTS_PER_SECOND)

typedef struct MessageNode {
        struct MessageNode *next;
        sd_bus_message *message;
} MessageNode;

int message_queue_push(MessageQueue *q, sd_bus_message *m) {
        MessageNode *new = calloc(1, sizeof(*new));

        if (!new)
                return -ENOMEM;
        new->message = sd_bus_message_ref(m);
        if (q->last)
                q->last->next = new;
        else
                q->first = new;
        q->last = new;
        q->n++;
        return 0;
}

sd_bus_message *message_queue_pop(MessageQueue *q) {
        MessageNode *node = q->first;
        sd_bus_message *m;

        if (!node)
                return NULL;
        m = node->message;
        q->first = node->next;
        if (!q->first)
                q->last = NULL;
        q->n--;
        free(node);
        return m;
}

void message_queue_clear(MessageQueue *q) {
        sd_bus_message *m;

        while ((m = message_queue_pop(q)))
                sd_bus_message_unref(m);
}

/* Returns: the points there are at that time. */
static unsigned points_at(const Account *a, uint64_t now_usec) {
        uint64_t back = now_usec > a->counted_usec ? (now_usec - a->counted_usec) / USEC_PER_POINT
                                                   : 0;

        return back >= ACCOUNT_POINTS_MAX - a->points ? ACCOUNT_POINTS_MAX
                                                      : a->points + (unsigned) back;
}

bool account_is_idle(const Account *a, uint64_t now_usec) {
        return a->n_peers == 0 && a->reading.n == 0 && a->work.n == 0 && a->refused.n == 0 &&
               a->n_working == 0 && a->n_asking == 0 &&
               points_at(a, now_usec) == ACCOUNT_POINTS_MAX;
}

bool account_charge(Account *a, unsigned points, uint64_t now_usec) {
        unsigned have = points_at(a, now_usec);

        if (points > ACCOUNT_POINTS_MAX)
                points = ACCOUNT_POINTS_MAX;
        if (have < points)
                return false;
        /* What has not made a whole point yet is not lost. */
        a->counted_usec = have == ACCOUNT_POINTS_MAX
                                  ? now_usec
                                  : a->counted_usec +
                                            (uint64_t) (have - a->points) * USEC_PER_POINT;
        a->points = have - points;
        return true;
}
