/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>

/*
 * What each user may ask of the daemon. By user and not by connection: everybody may have hundreds
 * of connections. A call costs points, about one for each tenth of a millisecond that it keeps the
 * loop busy; points come back with time.
 */

#define ACCOUNT_POINTS_MAX        2000 /* a burst: a script over some hundred devices */
#define ACCOUNT_POINTS_PER_SECOND 500  /* 5 % of the loop's time */
#define ACCOUNT_QUEUED_MAX        1024 /* calls that wait for their turn, small ones */
#define ACCOUNT_WORK_QUEUED_MAX   8    /* of them those that start a child process */
#define ACCOUNT_WORK_RUNNING_MAX  1
#define ACCOUNT_ASKING_MAX        4    /* questions to polkit at a time */
#define ACCOUNT_REFUSED_MAX       2048 /* calls that wait for being refused, small ones */

/* Calls in the order they came. */
typedef struct MessageQueue {
        struct MessageNode *first, *last;
        size_t n;
} MessageQueue;

/* Appends a reference. Returns: 0 or -ENOMEM. */
int message_queue_push(MessageQueue *q, sd_bus_message *m);
/* Returns: the oldest, which the caller unreferences, or NULL. */
sd_bus_message *message_queue_pop(MessageQueue *q);
void message_queue_clear(MessageQueue *q);

typedef struct Account {
        struct Account *next;
        uid_t uid;
        unsigned n_peers; /* connections known to be this user's */
        unsigned points;
        uint64_t counted_usec; /* when points was right */
        MessageQueue reading, work, refused;
        unsigned n_working, n_asking;
} Account;

/* Returns: whether it may be forgotten at that time: nothing waits, and all points are back. */
bool account_is_idle(const Account *a, uint64_t now_usec);
/* Takes points for a call; at most all there can be. Returns: true, or false if they are not there;
 * then none are taken. */
bool account_charge(Account *a, unsigned points, uint64_t now_usec);
