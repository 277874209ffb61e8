/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "model-probe.h"

/* Long enough for thousands of functions; what has not answered by then hangs. */
#define PROBE_TIMEOUT_USEC UINT64_C(2000000)

/* What one probe is about. */
typedef struct Subject {
        bool all;
        unsigned what; /* ProbeWhat bits */
        AddressList devices;
        GroupList groups;
} Subject;

/* A question of a caller, answered by a probe of its own. */
typedef struct Ask {
        struct Ask *next;
        ProbeQueue *queue;
        Probe *probe;
        Subject subject;
        void (*callback)(void *userdata);
        void *userdata;
} Ask;

struct ProbeQueue {
        sd_event *event;
        const Root *root;
        ProbeAnswered answered;
        void *userdata;
        Subject waiting, running;
        AddressList stuck; /* a child hangs on each of these */
        Probe *probe;
        sd_event_source *starter; /* so that all hints of one turn of the loop go into one probe */
        Ask *asks;
};

static void subject_clear(Subject *s) {
        address_list_clear(&s->devices);
        group_list_clear(&s->groups);
        *s = (Subject){ 0 };
}

static bool is_stuck(const ProbeQueue *q, const Address *a) {
        for (size_t i = 0; i < q->stuck.n; i++)
                if (address_compare(&q->stuck.items[i], a) == 0)
                        return true;
        return false;
}

/* Takes the devices out on which a probe hangs. */
static void drop_stuck(const ProbeQueue *q, Subject *s) {
        size_t kept = 0;

        for (size_t i = 0; i < s->devices.n; i++)
                if (!is_stuck(q, &s->devices.items[i]))
                        s->devices.items[kept++] = s->devices.items[i];
        s->devices.n = kept;
        if (kept == 0)
                s->what &= ~(unsigned) PROBE_DEVICES;
}

static int subject_start(ProbeQueue *q, Subject *s, ProbeCallback callback, void *userdata,
                         Probe **ret) {
        bool every_device = s->all && q->stuck.n == 0;

        address_list_sort(&s->devices);
        group_list_sort(&s->groups);
        if (!every_device)
                drop_stuck(q, s);
        return probe_start(q->event, q->root, s->what, every_device ? NULL : s->devices.items,
                           every_device ? 0 : s->devices.n, s->all ? NULL : s->groups.items,
                           s->all ? 0 : s->groups.n, PROBE_TIMEOUT_USEC, callback, userdata, ret);
}

/* Remembers the device a probe hangs on, and has those behind it read by another one. */
static void note_stuck(ProbeQueue *q, const ProbeResult *result, const AddressList *devices) {
        if (!result->stuck || address_list_add(&q->stuck, &result->stuck_at) < 0)
                return;
        for (size_t i = 0; i < devices->n; i++)
                (void) address_list_add(&q->waiting.devices, &devices->items[i]);
        q->waiting.what |= devices->n > 0 ? PROBE_DEVICES : 0;
}

void probe_queue_unstick(ProbeQueue *q, const Address *a) {
        size_t kept = 0;

        for (size_t i = 0; i < q->stuck.n; i++)
                if (address_compare(&q->stuck.items[i], a) != 0)
                        q->stuck.items[kept++] = q->stuck.items[i];
        q->stuck.n = kept;
}

static void on_queue_probed(Probe *p, const ProbeResult *result, void *userdata) {
        ProbeQueue *q = userdata;
        Subject s = q->running;

        (void) p;
        q->running = (Subject){ 0 };
        q->answered(result, &s.devices, &s.groups, s.all || (s.what & PROBE_HOST), q->userdata);
        note_stuck(q, result, &s.devices);
        q->probe = probe_free(q->probe); /* holds the result */
        subject_clear(&s);
        if (q->waiting.what != 0)
                sd_event_source_set_enabled(q->starter, SD_EVENT_ONESHOT);
}

static int start_waiting(sd_event_source *source, void *userdata) {
        ProbeQueue *q = userdata;

        (void) source;
        if (q->probe || q->waiting.what == 0)
                return 0;
        q->running = q->waiting;
        q->waiting = (Subject){ 0 };
        return subject_start(q, &q->running, on_queue_probed, q, &q->probe);
}

/* Notes what is to be probed; the probe starts when the loop has nothing else to do. */
static int queue(ProbeQueue *q, unsigned what) {
        q->waiting.what |= what;
        return q->probe ? 0 : sd_event_source_set_enabled(q->starter, SD_EVENT_ONESHOT);
}

int probe_queue_add_all(ProbeQueue *q, const Host *h) {
        int r = 0;

        q->waiting.all = true;
        for (size_t i = 0; r >= 0 && i < h->n_devices; i++)
                r = address_list_add(&q->waiting.devices, &h->devices[i]->address);
        return r < 0 ? r : queue(q, PROBE_HOST | PROBE_DEVICES | PROBE_GROUPS | PROBE_HOLDERS);
}

int probe_queue_add_host(ProbeQueue *q) {
        return queue(q, PROBE_HOST);
}

int probe_queue_add_holders(ProbeQueue *q) {
        q->waiting.all = true;
        return queue(q, PROBE_HOLDERS);
}

int probe_queue_add_group(ProbeQueue *q, unsigned group) {
        int r = group_list_add(&q->waiting.groups, group);

        return r < 0 ? r : queue(q, PROBE_HOLDERS);
}

int probe_queue_add(ProbeQueue *q, const AddressList *devices, const GroupList *groups) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                r = address_list_add(&q->waiting.devices, &devices->items[i]);
        for (size_t i = 0; r >= 0 && i < groups->n; i++)
                r = group_list_add(&q->waiting.groups, groups->items[i]);
        if (r < 0)
                return r;
        return queue(q, (devices->n ? PROBE_DEVICES : 0) |
                                (groups->n ? PROBE_GROUPS | PROBE_HOLDERS : 0));
}

static void ask_free(Ask *ask) {
        probe_free(ask->probe);
        subject_clear(&ask->subject);
        free(ask);
}

static void on_ask_probed(Probe *p, const ProbeResult *result, void *userdata) {
        Ask *ask = userdata;
        ProbeQueue *q = ask->queue;

        (void) p;
        for (Ask **i = &q->asks; *i; i = &(*i)->next)
                if (*i == ask) {
                        *i = ask->next;
                        break;
                }
        q->answered(result, &ask->subject.devices, &ask->subject.groups, false, q->userdata);
        note_stuck(q, result, &ask->subject.devices);
        if (q->waiting.what != 0 && !q->probe)
                sd_event_source_set_enabled(q->starter, SD_EVENT_ONESHOT);
        if (ask->callback)
                ask->callback(ask->userdata);
        ask_free(ask);
}

/* Lists d and the members of its group. Returns: 0 or -ENOMEM. */
static int subject_of_device(Subject *s, const Host *h, const Device *d) {
        Device *const *members;
        size_t n;
        int r;

        s->what = PROBE_DEVICES;
        if (d->grouped != FACT_PRESENT)
                return address_list_add(&s->devices, &d->address);
        s->what |= PROBE_GROUPS | PROBE_HOLDERS;
        r = group_list_add(&s->groups, d->group);
        n = host_group_members(h, d->group, &members);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = address_list_add(&s->devices, &members[i]->address);
        return r;
}

int probe_queue_ask(ProbeQueue *q, const Host *h, const Device *d, void (*callback)(void *userdata),
                    void *userdata) {
        Ask *ask = calloc(1, sizeof(Ask));
        int r;

        if (!ask)
                return -ENOMEM;
        *ask = (Ask){ .queue = q, .callback = callback, .userdata = userdata };
        r = subject_of_device(&ask->subject, h, d);
        if (r >= 0)
                r = subject_start(q, &ask->subject, on_ask_probed, ask, &ask->probe);
        if (r < 0) {
                ask_free(ask);
                return r;
        }
        ask->next = q->asks;
        q->asks = ask;
        return 0;
}

void probe_queue_forget(ProbeQueue *q, void *userdata) {
        for (Ask *ask = q->asks; ask; ask = ask->next)
                if (ask->userdata == userdata)
                        ask->callback = NULL;
}

int probe_queue_new(sd_event *event, const Root *root, ProbeAnswered answered, void *userdata,
                    ProbeQueue **ret) {
        ProbeQueue *q = calloc(1, sizeof(ProbeQueue));
        int r;

        if (!q)
                return -ENOMEM;
        *q = (ProbeQueue){ .event = event, .root = root, .answered = answered,
                           .userdata = userdata };
        r = sd_event_add_defer(event, &q->starter, start_waiting, q);
        if (r >= 0)
                r = sd_event_source_set_priority(q->starter, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_enabled(q->starter, SD_EVENT_OFF);
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
        while (q->asks) {
                Ask *next = q->asks->next;

                ask_free(q->asks);
                q->asks = next;
        }
        probe_free(q->probe);
        subject_clear(&q->waiting);
        subject_clear(&q->running);
        address_list_clear(&q->stuck);
        sd_event_source_disable_unref(q->starter);
        free(q);
        return NULL;
}
