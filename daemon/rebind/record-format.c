/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/record-format.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "action-names.h"

#define TRANSACTION_PREFIX "vfiod-transaction"

void head_format(Writer *w, const char *prefix, unsigned id, const char *boot_id) {
        writer_words(w, "%s 1 %u %s", prefix, id, boot_id);
        writer_end(w);
}

static bool is_boot_id(const char *word, size_t length) {
        if (length != BOOT_ID_MAX - 1)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!strchr("0123456789abcdef-", word[i]) || word[i] == '\0')
                        return false;
        return true;
}

int head_parse(Reader *line, const char *prefix, unsigned *ret_id,
               char boot_id[static BOOT_ID_MAX]) {
        uint64_t version, id;
        const char *word;
        size_t length;

        if (!reader_is(line, prefix) || reader_number(line, 1, &version) < 0 || version != 1 ||
            reader_number(line, UINT_MAX, &id) < 0 || reader_word(line, &word, &length) < 0 ||
            !is_boot_id(word, length) || reader_done(line) < 0)
                return -EBADMSG;
        memcpy(boot_id, word, length);
        boot_id[length] = '\0';
        *ret_id = (unsigned) id;
        return 0;
}

void member_format(Writer *w, const Managed *m) {
        writer_words(w, "member");
        writer_address(w, &m->address);
        writer_words(w, " %u %04x %04x %04x %04x %06" PRIx32, m->set, m->vendor_id, m->device_id,
                     m->subsystem_vendor_id, m->subsystem_device_id, m->class_code);
        if (m->driver.fact == FACT_UNKNOWN)
                writer_words(w, " ?");
        else
                writer_string(w, m->driver.value);
        writer_string(w, m->driver_override.value);
        writer_string(w, m->moved_to ? m->moved_to : "");
        writer_end(w);
}

static int parse_identity(Reader *line, Managed *m) {
        uint32_t ids[4];

        for (size_t i = 0; i < 4; i++)
                if (reader_hex(line, 4, &ids[i]) < 0)
                        return -EBADMSG;
        m->vendor_id = (uint16_t) ids[0];
        m->device_id = (uint16_t) ids[1];
        m->subsystem_vendor_id = (uint16_t) ids[2];
        m->subsystem_device_id = (uint16_t) ids[3];
        return reader_hex(line, 6, &m->class_code);
}

int member_parse(Reader *line, Managed *ret) {
        Managed m = { 0 };
        uint64_t set;
        int r;

        if (!reader_is(line, "member") || reader_address(line, &m.address) < 0 ||
            reader_number(line, UINT_MAX, &set) < 0 || parse_identity(line, &m) < 0)
                return -EBADMSG;
        m.set = (unsigned) set;
        r = reader_is(line, "?") ? 0 : reader_text(line, &m.driver);
        if (r == 0)
                r = reader_text(line, &m.driver_override);
        if (r == 0)
                r = reader_string(line, &m.moved_to);
        if (r == 0)
                r = reader_done(line);
        if (r < 0) {
                managed_clear(&m);
                return r;
        }
        *ret = m;
        return 0;
}

void step_format(Writer *w, const Step *step) {
        writer_words(w, " %s", action_text(step->action));
        writer_address(w, step->action == STEP_LOAD_MODULE ? NULL : &step->address);
        writer_string(w, step->value ? step->value : "");
}

int step_parse(Reader *line, Step *ret) {
        char action[16];
        const char *word;
        size_t length;
        Step step = { 0 };
        int r;

        if (reader_word(line, &word, &length) < 0 || length >= sizeof(action))
                return -EBADMSG;
        memcpy(action, word, length);
        action[length] = '\0';
        if (strlen(action) != length || action_parse(action, &step.action) < 0)
                return -EBADMSG;
        if (step.action == STEP_LOAD_MODULE ? !reader_none(line)
                                            : reader_address(line, &step.address) < 0)
                return -EBADMSG;
        r = reader_string(line, &step.value);
        if (r == 0)
                r = reader_done(line);
        if (r < 0) {
                free(step.value);
                return r;
        }
        *ret = step;
        return 0;
}

int transaction_format(unsigned id, const char *boot_id, const Plan *plan, uint64_t deadline_usec,
                       char **ret, size_t *ret_size) {
        Writer w;
        int r;

        r = writer_open(&w);
        if (r < 0)
                return r;
        head_format(&w, TRANSACTION_PREFIX, id, boot_id);
        writer_words(&w, "plan %s",
                     plan->kind == PLAN_PREPARE ? JOB_KIND_PREPARE : JOB_KIND_RELEASE);
        writer_address(&w, &plan->address);
        writer_words(&w, " %u %u %" PRIu64 " %zu %zu", plan->group, plan->set, deadline_usec,
                     plan->n_members, plan->n_steps);
        writer_string(&w, plan->claim ? plan->claim : "");
        writer_end(&w);
        for (size_t i = 0; i < plan->n_members; i++)
                member_format(&w, &plan->members[i]);
        for (size_t i = 0; i < plan->n_steps; i++) {
                writer_words(&w, "step");
                step_format(&w, &plan->steps[i]);
                writer_end(&w);
        }
        for (size_t i = 0; i < plan->n_accept; i++) {
                writer_words(&w, "accept");
                writer_string(&w, plan->accept[i]);
                writer_end(&w);
        }
        return writer_close(&w, ret, ret_size);
}

static int parse_plan_line(Reader *line, Transaction *t, size_t *ret_members, size_t *ret_steps) {
        uint64_t group, set, members, steps;
        int r;

        if (!reader_is(line, "plan"))
                return -EBADMSG;
        if (reader_is(line, JOB_KIND_PREPARE))
                t->kind = PLAN_PREPARE;
        else if (reader_is(line, JOB_KIND_RELEASE))
                t->kind = PLAN_RELEASE;
        else
                return -EBADMSG;
        if (reader_address(line, &t->address) < 0 || reader_number(line, UINT_MAX, &group) < 0 ||
            reader_number(line, UINT_MAX, &set) < 0 ||
            reader_number(line, UINT64_MAX, &t->deadline_usec) < 0 ||
            reader_number(line, RECORD_MEMBERS_MAX, &members) < 0 ||
            reader_number(line, RECORD_STEPS_MAX, &steps) < 0)
                return -EBADMSG;
        t->group = (unsigned) group;
        t->set = (unsigned) set;
        *ret_members = members;
        *ret_steps = steps;
        r = reader_string(line, &t->claim);
        return r < 0 ? r : reader_done(line);
}

static int parse_body(const char *text, size_t size, size_t *offset, Transaction *t,
                      size_t n_members, size_t n_steps) {
        Reader line;
        int r;

        /* No line is shorter than this: a small text cannot ask for much memory. */
        if (n_members + n_steps > size / 20)
                return -EBADMSG;
        t->members = calloc(n_members + 1, sizeof(*t->members));
        t->steps = calloc(n_steps + 1, sizeof(*t->steps));
        t->states = calloc(n_steps + 1, sizeof(*t->states));
        if (!t->members || !t->steps || !t->states)
                return -ENOMEM;
        for (; t->n_members < n_members; t->n_members++) {
                if (reader_line(text, size, offset, &line) <= 0)
                        return -EBADMSG;
                r = member_parse(&line, &t->members[t->n_members]);
                if (r < 0)
                        return r;
        }
        for (; t->n_steps < n_steps; t->n_steps++) {
                if (reader_line(text, size, offset, &line) <= 0 || !reader_is(&line, "step"))
                        return -EBADMSG;
                r = step_parse(&line, &t->steps[t->n_steps]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Lines that only some records have, before the first of the log. */
static int parse_accepts(const char *text, size_t size, size_t *offset, Transaction *t) {
        size_t next = *offset;
        Reader line;
        char *accept;
        int r;

        while (reader_line(text, size, &next, &line) > 0 && reader_is(&line, "accept")) {
                r = reader_string(&line, &accept);
                if (r < 0)
                        return r;
                r = reader_done(&line);
                if (r == 0)
                        r = names_add(&t->accept, &t->n_accept, accept);
                free(accept);
                if (r < 0)
                        return r;
                *offset = next;
        }
        return 0; /* what is no such line, the log has to make sense of */
}

static int parse_log(const char *text, size_t size, size_t *offset, Transaction *t) {
        Reader line;
        int r;

        while ((r = reader_line(text, size, offset, &line)) > 0) {
                r = log_parse_line(&line, t);
                if (r < 0)
                        break;
        }
        return r;
}

int transaction_parse_valid(const char *text, size_t size, Transaction **ret, size_t *ret_valid) {
        size_t offset = 0, n_members, n_steps;
        Transaction *t;
        Reader line;
        int r = -EBADMSG;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        if (reader_line(text, size, &offset, &line) > 0)
                r = head_parse(&line, TRANSACTION_PREFIX, &t->id, t->boot_id);
        if (r == 0)
                r = reader_line(text, size, &offset, &line) > 0
                            ? parse_plan_line(&line, t, &n_members, &n_steps)
                            : -EBADMSG;
        if (r == 0)
                r = parse_body(text, size, &offset, t, n_members, n_steps);
        if (r == 0)
                r = parse_accepts(text, size, &offset, t);
        if (r == 0)
                r = parse_log(text, size, &offset, t);
        if (r < 0) {
                transaction_free(t);
                return r;
        }
        *ret = t;
        *ret_valid = offset;
        return 0;
}

int transaction_parse(const char *text, size_t size, Transaction **ret) {
        size_t valid;

        return transaction_parse_valid(text, size, ret, &valid);
}

Transaction *transaction_free(Transaction *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_members; i++)
                managed_clear(&t->members[i]);
        free(t->members);
        steps_free(t->steps, t->n_steps);
        free(t->states);
        names_free(t->accept, t->n_accept);
        free(t->undo.value);
        free(t->claim);
        free(t->error);
        free(t->message);
        free(t);
        return NULL;
}
