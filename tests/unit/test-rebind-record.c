/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test-rebind-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"
#include "rebind/record-format.h"

/* Records: what is written is read back, damage is told, a torn end is passed over. */

#define BOOT "01234567-89ab-cdef-0123-456789abcdef"

static void append(char **text, size_t *size, char *line, size_t length) {
        *text = realloc(*text, *size + length + 1);
        CHECK(*text);
        memcpy(*text + *size, line, length);
        *size += length;
        (*text)[*size] = '\0';
        free(line);
}

/* A whole record of two members: one step done, one failed, all undone. */
static char *make_record(Fixture *x, size_t *ret_size) {
        char *text, *line;
        size_t size, length;
        Step undo;

        fixture_plan_prepare(x, 2);
        CHECK(transaction_format(7, BOOT, &x->plan, UINT64_MAX, &text, &size) == 0);
        CHECK(log_format_worker(4711, &line, &length) == 0);
        append(&text, &size, line, length);
        for (size_t i = 0; i < 3; i++) {
                CHECK(log_format_run(i, &line, &length) == 0);
                append(&text, &size, line, length);
                CHECK((i < 2 ? log_format_ok(false, i, &line, &length)
                             : log_format_fail(false, i, -EIO, "no\nway", &line, &length)) == 0);
                append(&text, &size, line, length);
        }
        undo = x->plan.steps[1];
        CHECK(log_format_undo_run(0, &undo, &line, &length) == 0);
        append(&text, &size, line, length);
        CHECK(log_format_ok(true, 0, &line, &length) == 0);
        append(&text, &size, line, length);
        CHECK(log_format_end(OUTCOME_ROLLBACK_FAILED, VFIOD_ERROR_ROLLBACK_FAILED,
                             "all \xff\x01 gone", &line, &length) == 0);
        append(&text, &size, line, length);
        *ret_size = size;
        return text;
}

static void test_round_trip(Fixture *x) {
        Transaction *t;
        size_t size;
        char *text = make_record(x, &size);

        CHECK(transaction_parse(text, size, &t) == 0);
        CHECK(t->id == 7 && t->worker == 4711 && strcmp(t->boot_id, BOOT) == 0);
        CHECK(!transaction_is_current(t));
        CHECK(t->kind == PLAN_PREPARE && t->group == GROUP && t->deadline_usec == UINT64_MAX);
        CHECK(t->n_members == 2 && t->n_steps == x->plan.n_steps);
        CHECK(text_equal(&t->members[0].driver, &x->plan.members[0].driver));
        CHECK(t->members[1].driver.fact == FACT_ABSENT && t->members[1].class_code == 0x030000);
        CHECK(t->states[0] == STEP_STATE_DONE && t->states[1] == STEP_STATE_UNDONE);
        CHECK(t->states[2] == STEP_STATE_FAILED && t->states[3] == STEP_STATE_PENDING);
        CHECK(t->outcome == OUTCOME_ROLLBACK_FAILED);
        CHECK(strcmp(t->message, "all \xff\x01 gone") == 0);
        CHECK(strcmp(t->error, VFIOD_ERROR_ROLLBACK_FAILED) == 0);
        transaction_free(t);
        free(text);
}

/* Cut anywhere, the record is what its whole lines say, or no head at all. */
static void test_torn(Fixture *x) {
        size_t size, valid, whole = 0, heads = 0;
        char *text = make_record(x, &size);

        for (size_t cut = 0; cut < size; cut++) {
                Transaction *t;
                int r = transaction_parse_valid(text, cut, &t, &valid);

                if (cut > 0 && text[cut - 1] == '\n')
                        whole = cut;
                CHECK(r == 0 || r == -EBADMSG);
                if (r < 0) {
                        CHECK(heads == 0);
                        continue;
                }
                heads++;
                CHECK(valid == whole && t->outcome == OUTCOME_NONE);
                transaction_free(t);
        }
        CHECK(heads > 100);
        free(text);
}

/* Every bit of every byte: never taken for what was written. */
static void test_damage(Fixture *x) {
        size_t size, last;
        char *text = make_record(x, &size);

        /* Without the newline before it the last line is longer, and just as torn. */
        for (last = size - 2; text[last] != '\n'; last--)
                ;
        for (size_t i = 0; i < size * 8; i++) {
                Transaction *t;
                int r;

                text[i / 8] ^= (char) (1 << i % 8);
                r = transaction_parse(text, size, &t);
                CHECK(i / 8 >= last ? r == 0 : r == -EBADMSG);
                if (r == 0) {
                        CHECK(t->outcome == OUTCOME_NONE);
                        transaction_free(t);
                }
                text[i / 8] ^= (char) (1 << i % 8);
        }
        free(text);
}

/* Lines that are whole and mean nothing. */
static void test_wrong_lines(Fixture *x) {
        static const char *const lines[] = {
                "run 99", "run -1", "run 01", "ok 1", "fail 1 5 =x", "run", "run 0 x", "", "end",
                "end done", "end done - - -", "end done =x -", "end failed =org.vfiod1.Error. -",
                "end failed =evil.Name =x", "undo-ok 0", "undo-run 0 bind 0:1:0.0 =x",
                "undo-run 0 bind 01:00.0 =x", "undo-run 0 fly 0000:01:00.0 =x",
                "undo-run 0 bind 0000:01:00.0 x", "undo-run 0 bind 0000:01:00.0 =\\x41",
                "undo-run 0 bind 0000:01:00.0 =\\x00", "undo-run 0 load-module 0000:01:00.0 =x",
                "worker 0", "worker 99999999999", "step bind 0000:01:00.0 =x", "run  0", "run 0 ",
        };
        size_t size, length;
        char *head;

        CHECK(transaction_format(7, BOOT, &x->plan, 0, &head, &size) == 0);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                char *text = strdup(head), *line;
                size_t all = size;
                Transaction *t;
                Writer w;

                CHECK(writer_open(&w) == 0);
                writer_words(&w, "%s", lines[i]);
                writer_end(&w);
                CHECK(writer_close(&w, &line, &length) == 0);
                append(&text, &all, line, length);
                CHECK(log_format_run(0, &line, &length) == 0);
                append(&text, &all, line, length);
                if (transaction_parse(text, all, &t) != -EBADMSG) {
                        fprintf(stderr, "taken: %s\n", lines[i]);
                        abort();
                }
                free(text);
        }
        free(head);
}

/* Any byte in a driver's name or a claim comes back. */
static void test_escapes(Fixture *x) {
        char every[4096], *text;
        Transaction *t;
        size_t size;

        for (size_t i = 0; i < sizeof(every) - 1; i++)
                every[i] = (char) (i % 255 + 1);
        every[sizeof(every) - 1] = '\0';
        fixture_plan_prepare(x, 2);
        free(x->plan.claim);
        x->plan.claim = strdup(every);
        CHECK(text_set(&x->plan.members[0].driver, every) == 0);
        CHECK(text_set(&x->plan.members[0].driver_override, "-") == 0);
        CHECK(text_set(&x->plan.members[1].driver_override, "") == 0);
        CHECK(transaction_format(1, BOOT, &x->plan, 0, &text, &size) == 0);
        CHECK(transaction_parse(text, size, &t) == 0);
        CHECK(strcmp(t->claim, every) == 0);
        for (size_t i = 0; i < 2; i++) {
                CHECK(text_equal(&t->members[i].driver, &x->plan.members[i].driver));
                CHECK(text_equal(&t->members[i].driver_override,
                                 &x->plan.members[i].driver_override));
        }
        transaction_free(t);
        free(text);
}

static void put_file(Fixture *x, const char *name, const char *text) {
        int fd = openat(x->runtime_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
        close(fd);
}

static void test_store(Fixture *x) {
        Transaction *t;
        struct stat st;
        unsigned id;

        fixture_plan_prepare(x, 2);
        CHECK(transaction_create(x->runtime_fd, &x->plan, 5, 0, &id) == 0 && id == 1);
        CHECK(transaction_create(x->runtime_fd, &x->plan, 5, 0, &id) == 0 && id == 2);
        CHECK(transaction_remove(x->runtime_fd, 1) == 0);
        put_file(x, "txn/07", "x");
        put_file(x, "txn/99999999999", "x");
        put_file(x, "txn/3x", "x");
        CHECK(transaction_create(x->runtime_fd, &x->plan, 5, 0, &id) == 0 && id == 3);
        CHECK(fstatat(x->runtime_fd, "txn/3", &st, 0) == 0 && (st.st_mode & 07777) == 0600);
        CHECK(faccessat(x->runtime_fd, "txn/.new", F_OK, 0) < 0);
        CHECK(transaction_read(x->runtime_fd, 3, &t) == 0 && t->id == 3);
        CHECK(t->deadline_usec == 5 && t->worker == 0 && transaction_is_current(t));
        transaction_free(t);
        CHECK(transaction_read(x->runtime_fd, 4, &t) == -ENOENT);
        CHECK(symlinkat("3", x->runtime_fd, "txn/4") == 0);
        CHECK(transaction_read(x->runtime_fd, 4, &t) == -ELOOP);
        CHECK(linkat(x->runtime_fd, "txn/3", x->runtime_fd, "txn/5", 0) == 0);
        CHECK(transaction_read(x->runtime_fd, 5, &t) == -EBADMSG);
        CHECK(mkdirat(x->runtime_fd, "txn/6", 0700) == 0);
        CHECK(transaction_read(x->runtime_fd, 6, &t) == -EBADMSG);
        CHECK(transaction_remove(x->runtime_fd, 9) == -ENOENT);
}

static void test_sets(Fixture *x) {
        Claim claims[] = { { { .bus = 1 }, (char *) "" },
                           { { .bus = 2 }, (char *) "libvirt:guest 1\n\\x41" } };
        ManagedSet set = { .id = 12, .members = x->plan.members, .n_members = 2, .claims = claims,
                           .n_claims = 2, .asked = &x->plan.members[0].address, .n_asked = 1 };
        Host *h = host_new();
        size_t bad, size;
        char *text;

        CHECK(h && set_store(x->runtime_fd, &set) == 0);
        set.n_claims = 1;
        CHECK(set_store(x->runtime_fd, &set) == 0); /* the later one counts */
        set.n_claims = 2;
        set.id = 3;
        CHECK(set_store(x->runtime_fd, &set) == 0);
        put_file(x, "sets/5", "nonsense\n");
        set.id = 6;
        CHECK(set_format(&set, BOOT, &text, &size) == 0);
        put_file(x, "sets/6", text); /* of another boot */
        text[size - 3] = '\0';
        put_file(x, "sets/7", text); /* torn */
        free(text);
        CHECK(sets_load(x->runtime_fd, h, &bad) == 0 && bad == 3);
        CHECK(h->n_sets == 2 && h->sets[0].id == 3 && h->sets[1].id == 12);
        CHECK(h->sets[0].n_claims == 2 && strcmp(h->sets[0].claims[1].name, claims[1].name) == 0 &&
              h->sets[0].claims[1].device.bus == 2);
        CHECK(h->sets[0].n_asked == 1 &&
              address_compare(h->sets[0].asked, &x->plan.members[0].address) == 0);
        CHECK(h->sets[1].n_claims == 1 && h->sets[1].n_members == 2);
        CHECK(text_equal(&h->sets[1].members[0].driver, &x->plan.members[0].driver));
        CHECK(set_remove(x->runtime_fd, 3) == 0 && set_remove(x->runtime_fd, 3) == -ENOENT);
        host_free(h);
}

int main(void) {
        Fixture x;

        fixture_open(&x, 2);
        test_round_trip(&x);
        test_torn(&x);
        test_damage(&x);
        test_wrong_lines(&x);
        test_escapes(&x);
        test_store(&x);
        test_sets(&x);
        fixture_close(&x);
        return 0;
}
