/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "model-probe.h"
#include "sources/switches.h"

/* Long enough for thousands of functions, and for helpers that have to be started first on a machine
 * that is busy; what has not answered by then hangs. */
#define PROBE_TIMEOUT_USEC UINT64_C(8000000)
/* So late, something is wrong here and not with what is read. */
#define STALLED_USEC       UINT64_C(60000000)

/* What one probe is about. */
typedef struct Subject {
        bool all;
        unsigned what; /* ProbeWhat bits */
        AddressList devices;
        GroupList groups;
} Subject;

/* One probe on its way: of gathered hints, or a caller's question. */
typedef struct Run {
        struct Run *next;
        uint64_t since_usec; /* CLOCK_MONOTONIC; 0: it has answered */
        ProbeQueue *queue;
        Probe *probe;
        Subject subject;
        void (*callback)(void *userdata); /* NULL: nobody asked, or has been told */
        void *userdata;
} Run;

struct ProbeQueue {
        sd_event *event;
        const Root *root;
        Host *const *host;
        ProbeAnswered answered;
        void *userdata;
        Subject waiting;          /* what hints gathered */
        uint64_t waiting_usec;    /* since when something waits, CLOCK_MONOTONIC */
        Run *current;             /* the one that answers hints; NULL: none, or it is late */
        Run *runs;                /* all of them */
        AddressList stuck;        /* a child hangs on each of these */
        AddressList held;         /* events of these are not answered now */
        bool settled;             /* the first probe has answered */
        SwitchSource *switches;   /* NULL: a recorded host */
        sd_event_source *starter; /* so that all hints of one turn of the loop go into one probe */
};

static void subject_clear(Subject *s) {
        address_list_clear(&s->devices);
        group_list_clear(&s->groups);
        *s = (Subject){ 0 };
}

static uint64_t now_usec(const ProbeQueue *q) {
        uint64_t now = 0;

        (void) sd_event_now(q->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* A device that a worker is unbinding is not read either: until that ends, what is known of it is
 * what was known before. */
static bool is_stuck(const ProbeQueue *q, const Address *a) {
        return (*q->host && host_find_unbinding(*q->host, a)) || address_list_has(&q->stuck, a);
}

/* Takes the devices out on which a probe hangs. */
static void drop_stuck(const ProbeQueue *q, Subject *s) {
        size_t kept = 0;

        for (size_t i = 0; i < s->devices.n; i++)
                if (!is_stuck(q, &s->devices.items[i]))
                        s->devices.items[kept++] = s->devices.items[i];
        s->devices.n = kept;
        if (kept == 0)
                s->what &= ~(unsigned) (PROBE_DEVICES | PROBE_LOOK | PROBE_CLOSELY);
}

static int subject_start(ProbeQueue *q, Subject *s, ProbeCallback callback, void *userdata,
                         Probe **ret) {
        bool every_device = s->all && q->stuck.n == 0 &&
                            !(*q->host && (*q->host)->n_unbindings > 0);

        address_list_sort(&s->devices);
        group_list_sort(&s->groups);
        if (!every_device)
                drop_stuck(q, s);
        return probe_start(q->event, q->root, s->what, every_device ? NULL : s->devices.items,
                           every_device ? 0 : s->devices.n, s->all ? NULL : s->groups.items,
                           s->all ? 0 : s->groups.n, PROBE_TIMEOUT_USEC, callback, userdata, ret);
}

void probe_queue_unstick(ProbeQueue *q, const Address *a) {
        (void) address_list_drop(&q->stuck, a);
}

static void run_free(Run *run) {
        ProbeQueue *q = run->queue;

        for (Run **i = &q->runs; *i; i = &(*i)->next)
                if (*i == run) {
                        *i = run->next;
                        break;
                }
        probe_free(run->probe);
        subject_clear(&run->subject);
        free(run);
}

/* Has the gathered hints answered. */
static void start_soon(ProbeQueue *q) {
        if (!q->current && q->waiting.what != 0)
                (void) sd_event_source_set_enabled(q->starter, SD_EVENT_ONESHOT);
}

/* Asks again for all that a run was about, but for what hangs. */
static void ask_again(ProbeQueue *q, const Subject *s) {
        for (size_t i = 0; i < s->devices.n; i++)
                (void) address_list_add(&q->waiting.devices, &s->devices.items[i]);
        for (size_t i = 0; i < s->groups.n; i++)
                (void) group_list_add(&q->waiting.groups, s->groups.items[i]);
        q->waiting.all |= s->all;
        if (q->waiting.what == 0)
                q->waiting_usec = now_usec(q);
        q->waiting.what |= s->what & ~(unsigned) PROBE_CLOSELY;
}

/* The time is over: the run stays until its child ends, which may be never. Meanwhile the
 * devices behind the one it hangs on are read by another. */
static void wait_for_child(Run *run, const ProbeResult *result) {
        ProbeQueue *q = run->queue;

        if (!result->stuck || address_list_add(&q->stuck, &result->stuck_at) < 0)
                return;
        ask_again(q, &run->subject);
}

static void on_probed(Probe *p, const ProbeResult *result, void *userdata) {
        Run *run = userdata;
        ProbeQueue *q = run->queue;
        const Subject *s = &run->subject;
        void (*callback)(void *) = run->callback;
        bool everything = s->all;

        (void) p;
        if (result->late) {
                if (result->stuck)
                        probe_queue_unstick(q, &result->stuck_at);
                ask_again(q, s);
                run_free(run);
                start_soon(q);
                return;
        }
        if (q->current == run)
                q->current = NULL;
        q->settled = true;
        run->since_usec = 0;
        run->callback = NULL;
        q->answered(result, &s->devices, &s->groups, s->all || (s->what & PROBE_HOST), q->userdata);
        if (callback)
                callback(run->userdata);
        if (result->running)
                wait_for_child(run, result);
        else
                run_free(run);
        /* Every group has been evaluated anew. What that left behind is two thirds of the memory on
         * a host of thousands of functions, in pieces that only this gives back. */
        if (everything)
                malloc_trim(0);
        start_soon(q);
}

/* Starts a probe of the subject, which is taken over also where that fails. Returns: 0 or -errno. */
static int run_start(ProbeQueue *q, Subject *subject, void (*callback)(void *), void *userdata,
                     Run **ret) {
        Run *run = calloc(1, sizeof(Run));
        int r;

        if (!run) {
                subject_clear(subject);
                return -ENOMEM;
        }
        *run = (Run){ .next = q->runs, .queue = q, .subject = *subject, .callback = callback,
                      .userdata = userdata, .since_usec = now_usec(q) };
        *subject = (Subject){ 0 };
        q->runs = run;
        r = subject_start(q, &run->subject, on_probed, run, &run->probe);
        if (r < 0)
                run_free(run);
        else if (ret)
                *ret = run;
        return r;
}

/* For the first answer everybody waits: it does not wait for a device that hangs. Later ones do, for
 * what is known already is told meanwhile. */
static int start_waiting(sd_event_source *source, void *userdata) {
        ProbeQueue *q = userdata;
        int r;

        (void) source;
        if (q->current || q->waiting.what == 0)
                return 0;
        r = run_start(q, &q->waiting, NULL, NULL, &q->current);
        if (r >= 0 && !q->settled)
                r = probe_expect_pace(q->current->probe);
        return r;
}

/* Notes what is to be probed; the probe starts when it is its turn. */
static int queue(ProbeQueue *q, unsigned what) {
        if (q->waiting.what == 0)
                q->waiting_usec = now_usec(q);
        q->waiting.what |= what;
        return q->current ? 0 : sd_event_source_set_enabled(q->starter, SD_EVENT_ONESHOT);
}

int probe_queue_add_all(ProbeQueue *q, const Host *h) {
        int r = 0;

        q->waiting.all = true;
        for (size_t i = 0; r >= 0 && i < h->n_devices; i++)
                r = address_list_add(&q->waiting.devices, &h->devices[i]->address);
        return r < 0 ? r : queue(q, PROBE_HOST | PROBE_DEVICES | PROBE_LOOK | PROBE_GROUPS |
                                     PROBE_HOLDERS);
}

/* Notes module parameters that were written, or whose module came or went. */
static void check_switches(ProbeQueue *q) {
        if (q->switches)
                switch_source_check(q->switches);
}

/* Which of them it was, and what it says now, is the probe's to say. */
static void on_switch(void *userdata) {
        (void) queue(userdata, PROBE_HOST);
}

int probe_queue_add_uses(ProbeQueue *q, const Host *h) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < h->n_devices; i++)
                r = address_list_add(&q->waiting.devices, &h->devices[i]->address);
        return r < 0 ? r : queue(q, PROBE_LOOK);
}

int probe_queue_add_host(ProbeQueue *q) {
        check_switches(q);
        return queue(q, PROBE_HOST);
}

int probe_queue_add_holders(ProbeQueue *q) {
        q->waiting.all = true;
        return queue(q, PROBE_HOLDERS);
}

int probe_queue_add_group(ProbeQueue *q, unsigned group) {
        int r = group_list_add(&q->waiting.groups, group);

        return r < 0 ? r : queue(q, PROBE_GROUPS | PROBE_HOLDERS);
}

void probe_queue_hold(ProbeQueue *q, const Address *a) {
        (void) address_list_add(&q->held, a);
}

void probe_queue_let_go(ProbeQueue *q, const Address *a) {
        (void) address_list_drop(&q->held, a);
}

static bool is_group_held(const ProbeQueue *q, unsigned group) {
        Device *const *members;
        size_t n = q->held.n > 0 && *q->host ? host_group_members(*q->host, group, &members) : 0;

        for (size_t i = 0; i < n; i++)
                if (address_list_has(&q->held, &members[i]->address))
                        return true;
        return false;
}

int probe_queue_add(ProbeQueue *q, const AddressList *devices, const GroupList *groups) {
        unsigned what = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                if (!address_list_has(&q->held, &devices->items[i])) {
                        what |= PROBE_DEVICES | PROBE_LOOK;
                        r = address_list_add(&q->waiting.devices, &devices->items[i]);
                }
        for (size_t i = 0; r >= 0 && i < groups->n; i++)
                if (!is_group_held(q, groups->items[i])) {
                        what |= PROBE_GROUPS | PROBE_HOLDERS;
                        r = group_list_add(&q->waiting.groups, groups->items[i]);
                }
        return r < 0 || what == 0 ? r : queue(q, what);
}

/* Lists d and the members of its group. Returns: 0 or -ENOMEM. */
static int subject_of_device(Subject *s, const Host *h, const Device *d, unsigned look) {
        Device *const *members;
        size_t n;
        int r;

        s->what = PROBE_DEVICES | look;
        if (d->grouped != FACT_PRESENT)
                return address_list_add(&s->devices, &d->address);
        s->what |= PROBE_GROUPS | PROBE_HOLDERS;
        r = group_list_add(&s->groups, d->group);
        n = host_group_members(h, d->group, &members);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = address_list_add(&s->devices, &members[i]->address);
        return r;
}

/* Returns: true if facts of the host are to be read, or are being read and have not come. */
static bool host_awaited(const ProbeQueue *q) {
        unsigned current = q->current ? q->current->subject.what : 0;

        return (q->waiting.what | current) & PROBE_HOST;
}

int probe_queue_ask(ProbeQueue *q, const Host *h, const Device *d, unsigned look,
                    void (*callback)(void *userdata), void *userdata) {
        Subject subject = { 0 };
        int r = subject_of_device(&subject, h, d, look);

        /* Else the answer would come with what the host was like before. */
        check_switches(q);
        if (host_awaited(q))
                subject.what |= PROBE_HOST;
        if (r < 0) {
                subject_clear(&subject);
                return r;
        }
        return run_start(q, &subject, callback, userdata, NULL);
}

void probe_queue_forget(ProbeQueue *q, void *userdata) {
        for (Run *run = q->runs; run; run = run->next)
                if (run->userdata == userdata)
                        run->callback = NULL;
}

bool probe_queue_moves(const ProbeQueue *q, uint64_t now) {
        if (!q->current && q->waiting.what != 0 && now > q->waiting_usec + STALLED_USEC)
                return false;
        for (const Run *run = q->runs; run; run = run->next)
                if (run->since_usec > 0 && now > run->since_usec + STALLED_USEC)
                        return false;
        return true;
}

int probe_queue_new(sd_event *event, const Root *root, Host *const *host, ProbeAnswered answered,
                    void *userdata, ProbeQueue **ret) {
        ProbeQueue *q = calloc(1, sizeof(ProbeQueue));
        int r;

        if (!q)
                return -ENOMEM;
        *q = (ProbeQueue){ .event = event, .root = root, .host = host, .answered = answered,
                           .userdata = userdata };
        /* Of no lower priority than calls: a caller without pause must not keep it from its turn. */
        r = sd_event_add_defer(event, &q->starter, start_waiting, q);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->starter, SD_EVENT_OFF);
        if (r >= 0 && !root_is_recorded(root))
                r = switch_source_new(event, on_switch, q, &q->switches);
        if (r < 0) {
                probe_queue_free(q);
                return r;
        }
        *ret = q;
        return 0;
}

ProbeQueue *probe_queue_free(ProbeQueue *q) {
        if (!q)
                return NULL;
        while (q->runs)
                run_free(q->runs);
        subject_clear(&q->waiting);
        address_list_clear(&q->stuck);
        address_list_clear(&q->held);
        switch_source_free(q->switches);
        sd_event_source_disable_unref(q->starter);
        free(q);
        return NULL;
}
