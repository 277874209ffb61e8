/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"
#include "notify-queue.h"

#define SECOND USEC_PER_SEC

static uint64_t now;
static unsigned n_shown, last_id;

/* Takes over the problems of these numbers, each as often as it stands there; 0 ends them. A number
 * above 1000 is the same problem in other words; a negative one is being changed by a job. */
static void set(Queue *q, const int *numbers) {
        ProblemList problems = {0};

        for (; *numbers; numbers++) {
                Problem *p = array_grow(&problems.items, &problems.n, sizeof(Problem));
                int n = abs(*numbers);

                CHECK(p && asprintf(&p->key, "group %d", n % 1000) > 0);
                CHECK(asprintf(&p->summary, "lost %d", n) > 0 && asprintf(&p->body, "body %d", n) > 0);
                p->keep = *numbers < 0;
        }
        CHECK(queue_set(q, &problems) == 0);
        CHECK(problems.n == 0 && !problems.items);
}

#define SET(q, ...) set((q), (const int[]){__VA_ARGS__ __VA_OPT__(, ) 0})

/* Shows what is due now. Returns: "ID SUMMARY" of each, "-ID" of what is closed. */
static char *flush(Queue *q) {
        const Bubble *bubble;
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        uint32_t id;

        CHECK(out);
        while ((bubble = queue_next(q, now))) {
                CHECK(!queue_next(q, now)); /* one at a time */
                CHECK(queue_due(q, now) == UINT64_MAX);
                id = bubble->id > 0 ? bubble->id : ++last_id;
                fprintf(out, "%s%u %s", ftell(out) > 0 ? ", " : "", id, bubble->summary);
                n_shown++;
                queue_shown(q, id);
        }
        while ((id = queue_next_closed(q)) > 0)
                fprintf(out, "%s-%u", ftell(out) > 0 ? ", " : "", id);
        fclose(out);
        return text;
}

static Queue *start(void) {
        Queue *q = queue_new();

        CHECK(q);
        now = 1000 * SECOND;
        n_shown = last_id = 0;
        CHECK(queue_due(q, now) == UINT64_MAX);
        CHECK_TEXT(flush(q), "");
        return q;
}

static void test_one(void) {
        Queue *q = start();

        SET(q, 1);
        CHECK(queue_due(q, now) == now);
        CHECK_TEXT(flush(q), "1 lost 1");
        CHECK(queue_due(q, now) == UINT64_MAX);
        SET(q, 1); /* the same is no news, however often it is found */
        SET(q, 1);
        CHECK_TEXT(flush(q), "");
        SET(q, -1); /* a job works on it: what was said stands */
        CHECK_TEXT(flush(q), "");
        SET(q, 1001); /* news replace what was said */
        CHECK_TEXT(flush(q), "1 lost 1001");
        SET(q, );
        CHECK_TEXT(flush(q), "-1");
        SET(q, 1);
        CHECK_TEXT(flush(q), "2 lost 1");
        queue_free(q);
}

static void test_over_before_shown(void) {
        Queue *q = start();

        SET(q, 1);
        SET(q, );
        CHECK(queue_due(q, now) == UINT64_MAX);
        CHECK_TEXT(flush(q), "");
        /* Over while the server is being asked: it is closed as soon as its number is known. */
        SET(q, 2);
        CHECK(queue_next(q, now));
        SET(q, );
        queue_shown(q, 7);
        CHECK_TEXT(flush(q), "-7");
        /* A job begins before anything was shown: nothing is known about it. */
        SET(q, -3);
        CHECK_TEXT(flush(q), "");
        queue_free(q);
}

static void test_many(void) {
        Queue *q = start();
        const Bubble *bubble;

        SET(q, 1, 2);
        CHECK_TEXT(flush(q), "1 lost 1, 2 lost 2");
        now += 3600 * SECOND;
        SET(q, 1, 1002, 3, 4, 5, 6);
        bubble = queue_next(q, now);
        CHECK(bubble && !bubble->key && bubble->id == 0);
        CHECK(strcmp(bubble->body, "lost 1002.\nlost 3.\nlost 4.\nAnd 2 more.\n"
                                   "All of it: vfioctl status") == 0);
        queue_shown(q, ++last_id);
        /* What 2 said alone is out of date. */
        CHECK_TEXT(flush(q), "-2");
        SET(q, 1, 3, 4, 5, 6, 7, 8, 9);
        CHECK_TEXT(flush(q), "3 3 things keep devices from VMs");
        SET(q, 1, 9);
        CHECK_TEXT(flush(q), "");
        SET(q, 1); /* none of the many is left */
        CHECK_TEXT(flush(q), "-3");
        queue_free(q);
}

/* A thousand that come one after the other, three every second. */
static void test_thousand(void) {
        int numbers[1001] = {0};
        Queue *q = start();

        for (int i = 0; i < 999; i++) {
                numbers[i] = i + 1;
                if (i % 3 == 2) {
                        set(q, numbers);
                        free(flush(q));
                        now += SECOND / 5;
                }
        }
        CHECK(n_shown >= 2 && n_shown <= 5);
        /* What was not shown is not lost. */
        CHECK(queue_due(q, now) > now && queue_due(q, now) <= now + QUEUE_TOKEN_USEC);
        now = queue_due(q, now);
        free(flush(q));
        CHECK(n_shown <= 5);
        CHECK(queue_due(q, now) == UINT64_MAX);
        queue_free(q);
}

/* One that flaps for an hour costs no more than the tokens allow. */
static void test_flapping(void) {
        Queue *q = start();

        for (int i = 0; i < 3600; i++) {
                SET(q, i % 2 ? 1 : 1001);
                free(flush(q));
                now += SECOND;
        }
        CHECK(n_shown <= QUEUE_TOKENS + 3600 / (QUEUE_TOKEN_USEC / SECOND));
        CHECK(last_id == 1);
        queue_free(q);
}

static void test_failed(void) {
        Queue *q = start();

        SET(q, 1);
        for (int i = 0; i < 10; i++) { /* costs nothing */
                CHECK(queue_next(q, now));
                queue_failed(q);
        }
        CHECK_TEXT(flush(q), "1 lost 1");
        SET(q, 1, 2, 3, 4);
        CHECK(queue_next(q, now));
        queue_failed(q);
        CHECK_TEXT(flush(q), "2 3 things keep devices from VMs");
        SET(q, 1001, 2, 3, 4);
        CHECK(queue_next(q, now));
        SET(q, );
        queue_failed(q);
        CHECK_TEXT(flush(q), "-1, -2");
        queue_free(q);
}

static void test_server(void) {
        Queue *q = start();

        SET(q, 1);
        CHECK_TEXT(flush(q), "1 lost 1");
        queue_gone(q, 0);
        queue_gone(q, 1); /* a person has closed it: read, and not shown again */
        CHECK_TEXT(flush(q), "");
        SET(q, 1001);
        CHECK_TEXT(flush(q), "2 lost 1001");
        queue_forget_ids(q); /* another server: the number means nothing to it */
        SET(q, 1002, 1);
        CHECK_TEXT(flush(q), "3 lost 1, 4 lost 1002");
        queue_forget_ids(q);
        SET(q, );
        CHECK_TEXT(flush(q), "");
        queue_free(q);
}

static void add_fault(Queue *q, const char *words) {
        Problem problem = {.key = strdup("fault 0000:01:00.0"), .summary = strdup(words),
                           .body = strdup("body"), .critical = true};

        CHECK(problem.key && problem.summary && problem.body);
        CHECK(queue_add_event(q, &problem, now) == 0);
        CHECK(!problem.key);
}

static void test_events(void) {
        Queue *q = start();

        add_fault(q, "a");
        SET(q, ); /* nothing tells that it is over */
        CHECK_TEXT(flush(q), "1 a");
        for (int i = 0; i < 10000; i++) {
                now += SECOND;
                add_fault(q, "b");
                CHECK_TEXT(flush(q), "");
        }
        now += QUEUE_FAULT_USEC;
        add_fault(q, "b");
        CHECK_TEXT(flush(q), "1 b");
        now += QUEUE_FAULT_USEC;
        add_fault(q, "b"); /* the same words, but it has happened again */
        CHECK_TEXT(flush(q), "1 b");
        queue_free(q);
}

int main(void) {
        test_one();
        test_over_before_shown();
        test_many();
        test_thousand();
        test_flapping();
        test_failed();
        test_server();
        test_events();
        CHECK(!queue_free(NULL));
        return 0;
}
