/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "notify-queue.h"

#define MANY_LINES 3

typedef struct Entry {
        Bubble bubble;
        bool waiting;  /* there is news that was not shown */
        bool is_event; /* nothing tells when it is over */
        bool still;    /* is among the problems of this queue_set() */
        bool offered;  /* is part of the one for many that is being shown */
        bool in_many;  /* was last shown as one of many */
        uint64_t last; /* an event: when it happened last */
} Entry;

struct Queue {
        Entry **entries; /* their addresses stay while the array grows */
        size_t n_entries;
        Bubble many;
        Entry *showing; /* handed out, or NULL */
        bool showing_many;
        uint32_t *closed;
        size_t n_closed;
        unsigned tokens;
        uint64_t refilled; /* when the last token came */
};

Queue *queue_new(void) {
        Queue *q = calloc(1, sizeof(Queue));

        if (q)
                q->tokens = QUEUE_TOKENS;
        return q;
}

static void bubble_done(Bubble *bubble) {
        free(bubble->key);
        free(bubble->summary);
        free(bubble->body);
        *bubble = (Bubble){0};
}

static void entry_free(Entry *e) {
        bubble_done(&e->bubble);
        free(e);
}

Queue *queue_free(Queue *q) {
        if (!q)
                return NULL;
        for (size_t i = 0; i < q->n_entries; i++)
                entry_free(q->entries[i]);
        free(q->entries);
        bubble_done(&q->many);
        free(q->closed);
        free(q);
        return NULL;
}

static Entry *entry_find(const Queue *q, const char *key) {
        for (size_t i = 0; i < q->n_entries; i++)
                if (streq(q->entries[i]->bubble.key, key))
                        return q->entries[i];
        return NULL;
}

static Entry *entry_add(Queue *q, const char *key) {
        Entry *e = calloc(1, sizeof(Entry)), **place;

        if (e)
                e->bubble.key = strdup(key);
        place = e && e->bubble.key ? array_grow(&q->entries, &q->n_entries, sizeof(Entry *)) : NULL;
        if (!place) {
                if (e)
                        entry_free(e);
                return NULL;
        }
        *place = e;
        return e;
}

/* Takes the words over; the same words are no news. */
static void entry_take(Entry *e, Problem *problem) {
        if (streq(e->bubble.summary, problem->summary) && streq(e->bubble.body, problem->body))
                return;
        free(e->bubble.summary);
        free(e->bubble.body);
        e->bubble.summary = TAKE_PTR(problem->summary);
        e->bubble.body = TAKE_PTR(problem->body);
        e->bubble.critical = problem->critical;
        e->waiting = true;
}

/* An id that cannot be noted stays on the screen until a person closes it: no harm. */
static void note_closed(Queue *q, uint32_t id) {
        uint32_t *place = id > 0 ? array_grow(&q->closed, &q->n_closed, sizeof(uint32_t)) : NULL;

        if (place)
                *place = id;
}

/* Takes those out that are over. The one that is being shown stays until the server has answered:
 * only then is it known what to close. */
static void drop_entries(Queue *q) {
        size_t kept = 0;
        bool many = false;

        for (size_t i = 0; i < q->n_entries; i++) {
                Entry *e = q->entries[i];

                if (e->still || e->is_event || e == q->showing) {
                        many |= e->in_many;
                        q->entries[kept++] = e;
                        continue;
                }
                note_closed(q, e->bubble.id);
                entry_free(e);
        }
        q->n_entries = kept;
        if (!many && !q->showing_many) {
                note_closed(q, q->many.id);
                q->many.id = 0;
        }
}

int queue_set(Queue *q, ProblemList *problems) {
        int r = 0;

        for (size_t i = 0; i < q->n_entries; i++)
                q->entries[i]->still = false;
        for (size_t i = 0; i < problems->n; i++) {
                Problem *problem = problems->items + i;
                Entry *e = entry_find(q, problem->key);

                if (!e && !problem->keep)
                        e = entry_add(q, problem->key);
                if (e && !problem->keep)
                        entry_take(e, problem);
                if (e)
                        e->still = true;
                else if (!problem->keep)
                        r = -ENOMEM;
        }
        problems_done(problems);
        drop_entries(q);
        return r;
}

int queue_add_event(Queue *q, Problem *problem, uint64_t now) {
        Entry *e = entry_find(q, problem->key);
        bool again = e && now - e->last < QUEUE_FAULT_USEC;

        if (!e)
                e = entry_add(q, problem->key);
        if (e && !again) {
                entry_take(e, problem);
                e->waiting = e->is_event = true;
        }
        if (e)
                e->last = now;
        problem_done(problem);
        return e ? 0 : -ENOMEM;
}

static size_t count_waiting(const Queue *q) {
        size_t n = 0;

        for (size_t i = 0; i < q->n_entries; i++)
                n += q->entries[i]->waiting;
        return n;
}

uint64_t queue_due(const Queue *q, uint64_t now) {
        if (q->showing || q->showing_many || count_waiting(q) == 0)
                return UINT64_MAX;
        return q->tokens > 0 || now - q->refilled >= QUEUE_TOKEN_USEC
                       ? now : q->refilled + QUEUE_TOKEN_USEC;
}

static void refill(Queue *q, uint64_t now) {
        for (; q->tokens < QUEUE_TOKENS && now - q->refilled >= QUEUE_TOKEN_USEC; q->tokens++)
                q->refilled += QUEUE_TOKEN_USEC;
        if (q->tokens == QUEUE_TOKENS)
                q->refilled = now;
}

/* All that waits becomes one. Returns: 0 or -ENOMEM. */
static int make_many(Queue *q, size_t n) {
        _cleanup_(freep) char *summary = NULL, *body = NULL;
        size_t size, shown = 0;
        bool critical = false;
        FILE *out;

        if (asprintf(&summary, "%zu things keep devices from VMs", n) < 0) {
                summary = NULL;
                return -ENOMEM;
        }
        out = open_memstream(&body, &size);
        if (!out)
                return -ENOMEM;
        for (size_t i = 0; i < q->n_entries; i++) {
                const Entry *e = q->entries[i];

                critical |= e->waiting && e->bubble.critical;
                if (e->waiting && shown++ < MANY_LINES)
                        fprintf(out, "%s.\n", e->bubble.summary);
        }
        if (shown > MANY_LINES)
                fprintf(out, "And %zu more.\n", shown - MANY_LINES);
        fputs("All of it: vfioctl status", out);
        if (fclose(out) != 0)
                return -ENOMEM;
        free(q->many.summary);
        free(q->many.body);
        q->many.summary = TAKE_PTR(summary);
        q->many.body = TAKE_PTR(body);
        q->many.critical = critical;
        return 0;
}

static const Bubble *next_many(Queue *q, size_t n) {
        if (make_many(q, n) < 0)
                return NULL;
        for (size_t i = 0; i < q->n_entries; i++) {
                q->entries[i]->offered = q->entries[i]->waiting;
                q->entries[i]->waiting = false;
        }
        q->showing_many = true;
        return &q->many;
}

const Bubble *queue_next(Queue *q, uint64_t now) {
        size_t n = count_waiting(q);

        if (q->showing || q->showing_many || n == 0)
                return NULL;
        refill(q, now);
        if (q->tokens == 0)
                return NULL;
        if (n > QUEUE_SINGLE_MAX || n > q->tokens)
                return next_many(q, n);
        for (size_t i = 0; !q->showing; i++)
                if (q->entries[i]->waiting)
                        q->showing = q->entries[i];
        q->showing->waiting = false;
        return &q->showing->bubble;
}

static void shown_many(Queue *q, uint32_t id) {
        q->showing_many = false;
        q->many.id = id;
        for (size_t i = 0; i < q->n_entries; i++) {
                Entry *e = q->entries[i];

                if (!e->offered)
                        continue;
                /* What it said alone is out of date. */
                note_closed(q, e->bubble.id);
                e->bubble.id = 0;
                e->offered = false;
                e->in_many = true;
        }
}

void queue_shown(Queue *q, uint32_t id) {
        q->tokens -= q->tokens > 0;
        if (q->showing_many)
                shown_many(q, id);
        else if (q->showing) {
                q->showing->bubble.id = id;
                q->showing->in_many = false;
                q->showing = NULL;
        }
        drop_entries(q);
}

void queue_failed(Queue *q) {
        for (size_t i = 0; i < q->n_entries; i++) {
                Entry *e = q->entries[i];

                e->waiting |= e->offered || e == q->showing;
                e->offered = false;
        }
        q->showing = NULL;
        q->showing_many = false;
        drop_entries(q);
}

uint32_t queue_next_closed(Queue *q) {
        return q->n_closed > 0 ? q->closed[--q->n_closed] : 0;
}

void queue_gone(Queue *q, uint32_t id) {
        if (id == 0)
                return;
        if (q->many.id == id)
                q->many.id = 0;
        for (size_t i = 0; i < q->n_entries; i++)
                if (q->entries[i]->bubble.id == id)
                        q->entries[i]->bubble.id = 0;
}

void queue_forget_ids(Queue *q) {
        q->many.id = 0;
        q->n_closed = 0;
        for (size_t i = 0; i < q->n_entries; i++)
                q->entries[i]->bubble.id = 0;
}
