/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "action-names.h"
#include "names.h"
#include "rebind/record-format.h"

/* Errnos are below this (include/linux/err.h, MAX_ERRNO). */
#define ERRNO_MAX 4095

static int close_line(Writer *w, char **ret, size_t *ret_size) {
        writer_end(w);
        return writer_close(w, ret, ret_size);
}

int log_format_worker(pid_t worker, char **ret, size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "worker %d", (int) worker);
        return close_line(&w, ret, ret_size);
}

int log_format_run(size_t index, char **ret, size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "run %zu", index);
        return close_line(&w, ret, ret_size);
}

int log_format_undo_run(size_t index, const Step *step, char **ret, size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "undo-run %zu", index);
        step_format(&w, step);
        return close_line(&w, ret, ret_size);
}

int log_format_ok(bool undo, size_t index, char **ret, size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "%s %zu", undo ? "undo-ok" : "ok", index);
        return close_line(&w, ret, ret_size);
}

int log_format_fail(bool undo, size_t index, int error, const char *text, char **ret,
                    size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "%s %zu %d", undo ? "undo-fail" : "fail", index, abs(error));
        writer_string(&w, text ? text : "");
        return close_line(&w, ret, ret_size);
}

static const char *const outcome_words[] = {
        [OUTCOME_DONE] = JOB_DONE,
        [OUTCOME_FAILED] = JOB_FAILED,
        [OUTCOME_ROLLED_BACK] = JOB_ROLLED_BACK,
        [OUTCOME_ROLLBACK_FAILED] = JOB_ROLLBACK_FAILED,
};

int log_format_end(Outcome outcome, const char *error, const char *message, char **ret,
                   size_t *ret_size) {
        Writer w;

        if (writer_open(&w) < 0)
                return -ENOMEM;
        writer_words(&w, "end %s", outcome_words[outcome]);
        writer_string(&w, error);
        writer_string(&w, message);
        return close_line(&w, ret, ret_size);
}

static int parse_index(Reader *line, const Transaction *t, size_t *ret) {
        uint64_t index;

        if (reader_number(line, RECORD_STEPS_MAX, &index) < 0 || index >= t->n_steps)
                return -EBADMSG;
        *ret = index;
        return 0;
}

/* What a failed step says is for a person who reads the file; the cause is in the end line. */
static int parse_failure(Reader *line) {
        uint64_t error;
        char *text;
        int r;

        if (reader_number(line, ERRNO_MAX, &error) < 0)
                return -EBADMSG;
        r = reader_string(line, &text);
        if (r < 0)
                return r;
        free(text);
        return reader_done(line);
}

static int parse_forward(Reader *line, Transaction *t, StepState state) {
        size_t i;
        int r;

        r = parse_index(line, t, &i);
        if (r < 0)
                return r;
        if (t->states[i] !=
            (state == STEP_STATE_RUNNING ? STEP_STATE_PENDING : STEP_STATE_RUNNING))
                return -EBADMSG;
        r = state == STEP_STATE_FAILED ? parse_failure(line) : reader_done(line);
        if (r < 0)
                return r;
        t->states[i] = state;
        return 0;
}

static int parse_undo_run(Reader *line, Transaction *t) {
        uint64_t index;
        Step step;
        int r;

        if (reader_number(line, RECORD_STEPS_MAX, &index) < 0)
                return -EBADMSG;
        r = step_parse(line, &step);
        if (r < 0)
                return r;
        free(t->undo.value);
        t->undo = step;
        t->undoing = true;
        return 0;
}

/* Marks what an undo step has taken back: an unbind takes back the bind, a bind the unbind. */
static void mark_undone(Transaction *t, const Step *undo) {
        Action undone = undo->action;

        if (undone == STEP_VERIFY || undone == STEP_LOAD_MODULE)
                return;
        if (undone == STEP_UNBIND)
                undone = STEP_BIND;
        else if (undone == STEP_BIND || undone == STEP_PROBE)
                undone = STEP_UNBIND;
        for (size_t i = 0; i < t->n_steps; i++)
                if (t->steps[i].action == undone && t->states[i] == STEP_STATE_DONE &&
                    address_compare(&t->steps[i].address, &undo->address) == 0)
                        t->states[i] = STEP_STATE_UNDONE;
}

static int parse_undo_end(Reader *line, Transaction *t, bool failed) {
        uint64_t index;
        int r;

        if (!t->undo.value || reader_number(line, RECORD_STEPS_MAX, &index) < 0)
                return -EBADMSG;
        r = failed ? parse_failure(line) : reader_done(line);
        if (r < 0)
                return r;
        if (!failed)
                mark_undone(t, &t->undo);
        free(t->undo.value);
        t->undo = (Step) { 0 };
        return 0;
}

static bool is_error_name(const char *name) {
        size_t prefix = strlen(VFIOD_ERROR_PREFIX);

        if (strncmp(name, VFIOD_ERROR_PREFIX, prefix) != 0 || name[prefix] == '\0')
                return false;
        return name[prefix + strspn(name + prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "abcdefghijklmnopqrstuvwxyz")] == '\0';
}

static int parse_end(Reader *line, Transaction *t) {
        Text error = { 0 }, message = { 0 };
        Outcome outcome = OUTCOME_NONE;
        int r;

        for (Outcome o = OUTCOME_DONE; o <= OUTCOME_ROLLBACK_FAILED; o++)
                if (outcome == OUTCOME_NONE && reader_is(line, outcome_words[o]))
                        outcome = o;
        if (outcome == OUTCOME_NONE)
                return -EBADMSG;
        r = reader_text(line, &error);
        if (r == 0)
                r = reader_text(line, &message);
        if (r == 0)
                r = reader_done(line);
        if (r == 0 && error.value && !is_error_name(error.value))
                r = -EBADMSG;
        if (r < 0) {
                free(error.value);
                free(message.value);
                return r;
        }
        t->outcome = outcome;
        t->error = error.value;
        t->message = message.value;
        for (size_t i = 0; outcome == OUTCOME_DONE && i < t->n_steps; i++)
                t->states[i] = STEP_STATE_DONE;
        /* All is as it was: whatever had been done is not any more. Modules stay loaded. */
        for (size_t i = 0; outcome == OUTCOME_ROLLED_BACK && i < t->n_steps; i++)
                if (t->states[i] == STEP_STATE_DONE && t->steps[i].action != STEP_LOAD_MODULE)
                        t->states[i] = STEP_STATE_UNDONE;
        return 0;
}

/* The worker before is gone. A release is begun anew; of a prepare the step that ran is over, and
 * nobody knows how. */
static void take_over(Transaction *t) {
        for (size_t i = 0; i < t->n_steps; i++)
                if (t->kind == PLAN_RELEASE)
                        t->states[i] = STEP_STATE_PENDING;
                else if (t->states[i] == STEP_STATE_RUNNING)
                        t->states[i] = STEP_STATE_FAILED;
        free(t->undo.value);
        t->undo = (Step) { 0 };
}

static int parse_worker(Reader *line, Transaction *t) {
        uint64_t pid;

        if (reader_number(line, INT_MAX, &pid) < 0 || pid == 0 || reader_done(line) < 0)
                return -EBADMSG;
        if (t->n_workers++ > 0)
                take_over(t);
        t->worker = (pid_t) pid;
        return 0;
}

int log_parse_line(Reader *line, Transaction *t) {
        if (t->outcome != OUTCOME_NONE) /* nothing follows the end */
                return -EBADMSG;
        if (reader_is(line, "worker"))
                return parse_worker(line, t);
        if (reader_is(line, "run"))
                return parse_forward(line, t, STEP_STATE_RUNNING);
        if (reader_is(line, "ok"))
                return parse_forward(line, t, STEP_STATE_DONE);
        if (reader_is(line, "fail"))
                return parse_forward(line, t, STEP_STATE_FAILED);
        if (reader_is(line, "undo-run"))
                return parse_undo_run(line, t);
        if (reader_is(line, "undo-ok"))
                return parse_undo_end(line, t, false);
        if (reader_is(line, "undo-fail"))
                return parse_undo_end(line, t, true);
        if (reader_is(line, "end"))
                return parse_end(line, t);
        return -EBADMSG;
}
