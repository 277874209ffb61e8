/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "gate-cost.h"
#include "peers.h"
#include "refusals.h"

/* Of one connection, while it is being learned whose it is; and of all. */
#define HELD_MAX       256
#define HELD_TOTAL_MAX 1024
/* Children that work for others than root at a time. */
#define WORKING_MAX    4
/* So many calls are read before one that waits has its turn, else a flood would keep all others'
 * from being answered. */
#define READ_IN_A_ROW  32
/* So long others wait for work of root's at most. */
#define YIELD_USEC     UINT64_C(100000)
/* As long as polkit itself keeps an authorization. */
#define TRUST_USEC     UINT64_C(300000000)

/* A call that is being worked on. */
typedef struct Work {
        struct Work *next;
        sd_bus_message *message;
        Account *account;
} Work;

struct Gate {
        sd_bus *connection;
        sd_bus_slot *filter;
        sd_event_source *turn;     /* on while something waits for its turn */
        sd_event_source *yielding; /* on while it waits for root, too */
        Refusals *refusals;
        GateSize size;
        void *userdata;
        Peers *peers;
        sd_bus_message *passing; /* its turn has come; sd-bus has it in its queue */
        const Account *last;     /* whose turn was the last one */
        uint64_t last_turn_usec;
        Work *work;
        unsigned n_working, n_root_working; /* for others than root, for root */
        unsigned n_held;
        unsigned n_read;         /* since the last turn */
};

static uint64_t now(const Gate *g) {
        uint64_t usec = 0;

        (void) sd_event_now(sd_bus_get_event(g->connection), CLOCK_MONOTONIC, &usec);
        return usec;
}

/* While a child works for root, no other is started: they would share the processors. */
static bool may_work(const Gate *g, const Account *a) {
        return g->n_root_working == 0 && a->n_working < ACCOUNT_WORK_RUNNING_MAX &&
               g->n_working < WORKING_MAX;
}

/* Returns: the queue of the account whose first call can be let through now, or NULL. */
static MessageQueue *queue_of(const Gate *g, Account *a) {
        if (a->reading.n > 0)
                return &a->reading;
        return a->work.n > 0 && may_work(g, a) ? &a->work : NULL;
}

/* Returns: the next account behind the last one that had its turn, of which something can be let
 * through now; or NULL. */
static Account *next_account(const Gate *g) {
        Account *first = peers_accounts(g->peers), *start = first, *a;

        for (a = first; a; a = a->next)
                if (a == g->last && a->next)
                        start = a->next;
        for (a = start; a; a = a->next)
                if (queue_of(g, a))
                        return a;
        for (a = first; a != start; a = a->next)
                if (queue_of(g, a))
                        return a;
        return NULL;
}

/* While a child works for root, the answer must not wait for a long one to somebody else; but not for
 * ever, for a child may hang. */
static bool yields_to_root(const Gate *g) {
        return g->n_root_working > 0 && now(g) < g->last_turn_usec + YIELD_USEC;
}

/* Lets the next call through: sd-bus gives it to the filter again, and then to its object. */
static void take_turn(Gate *g) {
        Account *a = g->passing || yields_to_root(g) ? NULL : next_account(g);
        sd_bus_message *m = a ? message_queue_pop(queue_of(g, a)) : NULL;
        int r;

        g->n_read = 0;
        if (!m)
                return;
        g->last = a;
        g->last_turn_usec = now(g);
        r = sd_bus_enqueue_for_read(g->connection, m);
        if (r >= 0)
                g->passing = m; /* sd-bus holds it */
        else
                (void) sd_bus_reply_method_errno(m, r, NULL);
        sd_bus_message_unref(m);
}

static void schedule(Gate *g) {
        bool waits = next_account(g), yields = waits && yields_to_root(g);

        (void) sd_event_source_set_enabled(g->turn, waits && !yields ? SD_EVENT_ON : SD_EVENT_OFF);
        if (yields && sd_event_source_set_time_relative(g->yielding, YIELD_USEC) >= 0)
                (void) sd_event_source_set_enabled(g->yielding, SD_EVENT_ONESHOT);
}

static int on_turn(sd_event_source *s, void *userdata) {
        (void) s;
        take_turn(userdata);
        schedule(userdata);
        return 0;
}

static int on_yielded(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) s;
        (void) usec;
        schedule(userdata);
        return 0;
}

/* Returns: 1, as the call is taken care of. */
static int refuse(const Gate *g, sd_bus_message *m, const char *what) {
        refusals_now(g->refusals, m, what);
        return 1;
}

/* Puts the call to those of its user, or refuses it. Returns: 0 if it is to be answered at once,
 * else 1. */
static int admit(Gate *g, Account *a, sd_bus_message *m) {
        bool work = gate_is_work(m);
        MessageQueue *q = work ? &a->work : &a->reading;

        if (!account_charge(a, gate_cost(m, g->size(g->userdata)), now(g))) {
                refusals_later(g->refusals, a, m);
                return 1;
        }
        /* One that is too large to be kept is mostly refused, by whoever reads it and by its cause. */
        if (!gate_is_within(m, work ? GATE_CALL_MAX : GATE_SMALL_CALL_MAX))
                return 0;
        if (q->n >= (work ? ACCOUNT_WORK_QUEUED_MAX : ACCOUNT_QUEUED_MAX) ||
            message_queue_push(q, m) < 0)
                return refuse(g, m, "Too many calls of this user wait for an answer: try again "
                                    "when one has come");
        schedule(g);
        return 1;
}

/* Keeps the call until it is known whose it is. Returns: 1. */
static int hold(Gate *g, Peer *p, sd_bus_message *m) {
        int size = p->held.n == 0 ? GATE_CALL_MAX : GATE_SMALL_CALL_MAX;

        if (p->held.n >= HELD_MAX || g->n_held >= HELD_TOTAL_MAX || !gate_is_within(m, size) ||
            message_queue_push(&p->held, m) < 0)
                return refuse(g, m, "Too many calls, or too large a one, before the bus has told "
                                    "whose this connection is: try again");
        g->n_held++;
        return 1;
}

static void on_learned(Peer *p, void *userdata) {
        Gate *g = userdata;
        sd_bus_message *m;

        while ((m = message_queue_pop(&p->held))) {
                int r = p->account ? sd_bus_enqueue_for_read(g->connection, m) : -EACCES;

                g->n_held--;
                if (r < 0)
                        (void) sd_bus_reply_method_errorf(
                                m, SD_BUS_ERROR_ACCESS_DENIED,
                                "The bus does not tell whose this connection is: nothing can be "
                                "answered on it. Connect anew");
                sd_bus_message_unref(m);
        }
}

/* Returns: 0 to have an object answer the call, 1 if it is taken care of, or -errno. */
static int on_call(Gate *g, sd_bus_message *m) {
        Peer *p;
        int r = peers_get(g->peers, m, now(g), &p);

        if (r == -EBUSY)
                return refuse(g, m, "Too many connections call at once: try again in some seconds");
        if (r < 0)
                return r;
        if (!p->account)
                return hold(g, p, m);
        if (p->account->uid == 0)
                return 0;
        r = admit(g, p->account, m);
        if (r > 0 && ++g->n_read >= READ_IN_A_ROW)
                take_turn(g);
        return r;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Gate *g = userdata;
        uint8_t type;
        int r;

        (void) error;
        if (sd_bus_message_get_type(m, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL)
                return 0;
        if (m == g->passing) {
                g->passing = NULL;
                return 0;
        }
        r = on_call(g, m);
        if (r == 0)
                bench_received(gate_account(g, m), m);
        return r;
}

Account *gate_account(const Gate *g, sd_bus_message *m) {
        const Peer *p = peers_find(g->peers, m);

        return p ? p->account : NULL;
}

int gate_work_begin(Gate *g, sd_bus_message *m) {
        Account *a = gate_account(g, m);
        Work *w = a ? calloc(1, sizeof(*w)) : NULL;

        if (!w)
                return a ? -ENOMEM : -EACCES;
        *w = (Work) { .next = g->work, .message = sd_bus_message_ref(m), .account = a };
        g->work = w;
        a->n_working++;
        *(a->uid == 0 ? &g->n_root_working : &g->n_working) += 1;
        return 0;
}

static void work_free(Gate *g, Work *w) {
        w->account->n_working--;
        *(w->account->uid == 0 ? &g->n_root_working : &g->n_working) -= 1;
        sd_bus_message_unref(w->message);
        free(w);
}

void gate_work_end(Gate *g, const sd_bus_message *m) {
        for (Work **i = &g->work; *i; i = &(*i)->next)
                if ((*i)->message == m) {
                        Work *w = *i;

                        *i = w->next;
                        work_free(g, w);
                        schedule(g);
                        return;
                }
}

void gate_trust(Gate *g, sd_bus_message *m) {
        Peer *p = peers_find(g->peers, m);

        if (p)
                p->trusted_usec = now(g) + TRUST_USEC;
}

bool gate_sees(const Gate *g, sd_bus_message *m) {
        const Peer *p = peers_find(g->peers, m);

        return p && p->account && (p->account->uid == 0 || p->account->uid == geteuid() ||
                                   now(g) < p->trusted_usec);
}

int gate_new(sd_bus *connection, GateSize size, void *userdata, Gate **ret) {
        Gate *g = calloc(1, sizeof(*g));
        int r;

        if (!g)
                return -ENOMEM;
        g->connection = connection;
        g->size = size;
        g->userdata = userdata;
        r = peers_new(connection, on_learned, g, &g->peers);
        if (r >= 0)
                r = sd_event_add_defer(sd_bus_get_event(connection), &g->turn, on_turn, g);
        if (r >= 0)
                r = sd_event_source_set_enabled(g->turn, SD_EVENT_OFF);
        if (r >= 0)
                r = refusals_new(connection, g->peers, &g->refusals);
        if (r >= 0)
                r = sd_event_add_time(sd_bus_get_event(connection), &g->yielding, CLOCK_MONOTONIC,
                                      UINT64_MAX, 1, on_yielded, g);
        if (r >= 0)
                r = sd_event_source_set_enabled(g->yielding, SD_EVENT_OFF);
        /* Behind the bus: first all is read, so that root's is found. */
        if (r >= 0)
                r = sd_event_source_set_priority(g->turn, SD_EVENT_PRIORITY_NORMAL + 1);
        if (r >= 0)
                r = sd_bus_add_filter(connection, &g->filter, on_message, g);
        if (r < 0) {
                gate_free(g);
                return r;
        }
        *ret = g;
        return 0;
}

Gate *gate_free(Gate *g) {
        if (!g)
                return NULL;
        sd_bus_slot_unref(g->filter);
        sd_event_source_disable_unref(g->turn);
        sd_event_source_disable_unref(g->yielding);
        refusals_free(g->refusals);
        while (g->work) {
                Work *w = g->work;

                g->work = w->next;
                work_free(g, w);
        }
        peers_free(g->peers);
        free(g);
        return NULL;
}
