/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/record-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel-log.h"
#include "sources/journal-export.h"
#include "sources/record.h"

/* A journal of many gigabytes on a disk that turns takes this long. */
#define READ_USEC UINT64_C(60000000)

/* One entry as export text. */
typedef struct Chunk {
        char *text;
        size_t n;
} Chunk;

struct RecordLog {
        Chunk *chunks; /* those from n_head to first_tail were left out */
        size_t n_chunks, room, n_head, first_tail;
        size_t head_size, tail_size;
        bool head_full;
        uint64_t n_left_out;
        Fact complete;
        bool ended;
        int error;
};

/* Keeps a chunk, and drops those that it pushes out. Returns: 0 or -ENOMEM, with it still the
 * caller's. */
static int keep(RecordLog *l, const Chunk *c) {
        if (l->n_chunks == l->room) {
                size_t room = l->room ? 2 * l->room : 1024;
                Chunk *chunks = reallocarray(l->chunks, room, sizeof(*chunks));

                if (!chunks)
                        return -ENOMEM;
                l->chunks = chunks;
                l->room = room;
        }
        l->chunks[l->n_chunks++] = *c;
        l->head_full = l->head_full || l->head_size + c->n > RECORD_LOG_PART_MAX;
        if (!l->head_full) {
                l->head_size += c->n;
                l->n_head = l->first_tail = l->n_chunks;
                return 0;
        }
        l->tail_size += c->n;
        while (l->tail_size > RECORD_LOG_PART_MAX) {
                Chunk *old = &l->chunks[l->first_tail++];

                l->tail_size -= old->n;
                l->n_left_out++;
                free(old->text);
                *old = (Chunk) {0};
        }
        return 0;
}

/* Adds a record, or with NULL that some are missing. */
static void add(RecordLog *l, const JournalRecord *record) {
        Chunk c = {0};
        FILE *f = l->error < 0 ? NULL : open_memstream(&c.text, &c.n);
        int r;

        if (!f) {
                l->error = -ENOMEM;
                return;
        }
        r = record ? journal_export_write(f, record) : journal_export_write_gap(f);
        if (fclose(f) != 0 || r < 0 || keep(l, &c) < 0) {
                l->error = -ENOMEM;
                free(c.text);
        }
}

static void on_record(const JournalRecord *record, bool backlog, void *userdata) {
        add(userdata, record);
}

static void on_lost(void *userdata) {
        add(userdata, NULL);
}

static void on_end(Fact complete, void *userdata) {
        RecordLog *l = userdata;

        l->complete = complete;
        l->ended = true;
}

/* Returns: 0 or -errno. */
static int read_all(RecordLog *l, sd_event *event) {
        uint64_t start, now;
        int r = sd_event_now(event, CLOCK_MONOTONIC, &start);

        now = start;
        while (r >= 0 && !l->ended && now - start < READ_USEC) {
                r = sd_event_run(event, READ_USEC - (now - start));
                if (r >= 0)
                        r = sd_event_now(event, CLOCK_MONOTONIC, &now);
        }
        return r < 0 ? r : 0;
}

int record_log_new(const Root *root, const char *directory, RecordLog **ret) {
        static const JournalHandlers handlers = {on_record, on_end, on_lost};
        RecordLog *l = calloc(1, sizeof(*l));
        JournalSource *source = NULL;
        sd_event *event = NULL;
        int r = l ? sd_event_new(&event) : -ENOMEM;

        if (r >= 0)
                r = journal_source_new(event, root, directory, &handlers, l, &source);
        if (r >= 0)
                r = read_all(l, event);
        journal_source_free(source);
        /* What is left in the loop is its child, which ends now. */
        if (source && !root_is_recorded(root))
                (void) sd_event_run(event, UINT64_C(1000000));
        sd_event_unref(event);
        /* A log that ends too early, and one that is there and holds nothing. */
        if (r >= 0 && (l->complete == FACT_UNKNOWN ? l->n_chunks > 0
                                                   : l->complete == FACT_ABSENT && l->n_chunks == 0))
                add(l, NULL);
        r = r < 0 ? r : l->error;
        if (r < 0) {
                record_log_free(l);
                return r;
        }
        *ret = l;
        return 0;
}

RecordLog *record_log_free(RecordLog *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->n_chunks; i++)
                free(l->chunks[i].text);
        free(l->chunks);
        free(l);
        return NULL;
}

Fact record_log_complete(const RecordLog *l) {
        return l->complete;
}

uint64_t record_log_left_out(const RecordLog *l) {
        return l->n_left_out;
}

static bool is_field(const JournalField *f, const char *name) {
        return f->name_length == strlen(name) && memcmp(f->name, name, f->name_length) == 0;
}

/* Redacts a message. A host may be called by a word that the kernel uses, such as "iommu": what a
 * line means must not change. Returns: as redact_message(). */
static char *redact_meaning(const JournalField *f, const char *host_name, size_t *ret_length) {
        char *text = redact_message(f->value, f->length, host_name, ret_length);
        LogEvent before, after;

        if (!text || log_classify(f->value, f->length, NULL, &before) ==
                             log_classify(text, *ret_length, NULL, &after))
                return text;
        free(text);
        return redact_message(f->value, f->length, NULL, ret_length);
}

/* Returns: as redact_message(). */
static char *redact_value(const JournalField *f, const char *host_name, size_t *ret_length) {
        if (is_field(f, "MESSAGE"))
                return redact_meaning(f, host_name, ret_length);
        if (!is_field(f, "MESSAGE_ID")) /* looks like a machine's, and is everybody's */
                return redact_message(f->value, f->length, NULL, ret_length);
        *ret_length = f->length;
        return strndup(f->value, f->length);
}

static int write_chunk(const char *text, size_t n, const char *host_name, FILE *to) {
        JournalField f;

        while (journal_export_field(&text, &n, &f) > 0) {
                size_t length;
                char *value = redact_value(&f, host_name, &length);

                if (!value)
                        return -ENOMEM;
                fprintf(to, "k %.*s=", (int) f.name_length, f.name);
                record_escape(to, value, length, false);
                fputc('\n', to);
                free(value);
        }
        fputs("k\n", to);
        return 0;
}

static int write_gap(const char *host_name, FILE *to) {
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);
        int r = f ? journal_export_write_gap(f) : -ENOMEM;

        if (f && fclose(f) != 0)
                r = -ENOMEM;
        if (r >= 0)
                r = write_chunk(text, n, host_name, to);
        free(text);
        return r < 0 ? -ENOMEM : 0;
}

int record_log_write(const RecordLog *l, const char *host_name, FILE *to) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n_chunks; i++) {
                if (i == l->n_head && l->n_left_out > 0)
                        r = write_gap(host_name, to);
                if (r >= 0 && l->chunks[i].text)
                        r = write_chunk(l->chunks[i].text, l->chunks[i].n, host_name, to);
        }
        return r;
}
