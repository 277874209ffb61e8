/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "core/private.h"
#include "message-ids.h"
#include "names.h"
#include "notice.h"

#define FIELDS_MAX 12

/* One record: FIELD=value strings. */
typedef struct Notice {
        int priority;
        struct iovec fields[FIELDS_MAX];
        int n;
} Notice;

__attribute__((format(printf, 2, 3)))
static void add(Notice *n, const char *format, ...) {
        char *text, *shown;
        va_list list;
        int r;

        if (n->n == FIELDS_MAX)
                return;
        va_start(list, format);
        r = vasprintf(&text, format, list);
        va_end(list);
        if (r < 0)
                return;
        /* The journal of the system is root's, and its administrators', to read. */
        shown = private_show(text, true);
        free(text);
        if (shown)
                n->fields[n->n++] = (struct iovec){ shown, strlen(shown) };
}

static void begin(Notice *n, int priority, const char *message_id) {
        *n = (Notice){ .priority = priority };
        add(n, "PRIORITY=%d", priority);
        add(n, "MESSAGE_ID=%s", message_id);
        add(n, "SYSLOG_IDENTIFIER=vfiod");
}

static void add_address(Notice *n, const Address *a) {
        char text[ADDRESS_TEXT_MAX];

        add(n, "VFIOD_ADDRESS=%s", address_format(a, text));
}

/* systemd sets it where stderr is the journal already (systemd.exec(5)). */
static bool is_service(void) {
        const char *stream = getenv("JOURNAL_STREAM");

        return stream && *stream;
}

/* Sends or prints it, and frees its fields. */
static void end(Notice *n) {
        static const char message[] = "MESSAGE=";

        if (is_service())
                (void) sd_journal_sendv(n->fields, n->n);
        for (int i = 0; i < n->n; i++) {
                const char *text = n->fields[i].iov_base;

                if (!is_service() && strncmp(text, message, strlen(message)) == 0)
                        fprintf(stderr, "vfiod: %s\n", text + strlen(message));
                free(n->fields[i].iov_base);
        }
}

/* "0000:01:00.0" or "0000:01:00.0 and 2 more", in buffer. Returns: buffer. */
static const char *members_text(const Transaction *t, char *buffer, size_t size) {
        char text[ADDRESS_TEXT_MAX];

        address_format(&t->address, text);
        if (t->n_members > 1)
                (void) snprintf(buffer, size, "%s and %zu more", text, t->n_members - 1);
        else
                (void) snprintf(buffer, size, "%s", text);
        return buffer;
}

static void add_transaction(Notice *n, const Transaction *t) {
        char text[ADDRESS_TEXT_MAX];

        for (size_t i = 0; i < t->n_members && i < 4; i++)
                add(n, "VFIOD_ADDRESS=%s", address_format(&t->members[i].address, text));
        if (t->n_members == 0)
                add_address(n, &t->address);
        add(n, "VFIOD_JOB=%u", t->id);
        add(n, "VFIOD_GROUP=%u", t->group);
        if (t->claim && *t->claim)
                add(n, "VFIOD_CLAIM=%s", t->claim);
}

static void notice_done(const Transaction *t) {
        bool prepare = t->kind == PLAN_PREPARE;
        char members[64];
        Notice n;

        begin(&n, LOG_NOTICE, prepare ? MESSAGE_ID_PREPARED : MESSAGE_ID_RELEASED);
        add(&n, prepare ? "MESSAGE=%s prepared for VFIO (group %u%s%s)."
                        : "MESSAGE=%s given back to the host (group %u%s%s).",
            members_text(t, members, sizeof(members)), t->group,
            t->claim && *t->claim ? ", for " : "", t->claim && *t->claim ? t->claim : "");
        add_transaction(&n, t);
        end(&n);
}

/* Returns: true if the failed work has left everything as it was. A worker that ended before it
 * began has written no outcome. */
static bool left_all_as_it_was(const Transaction *t) {
        if (t->outcome == OUTCOME_NONE)
                return t->error && strcmp(t->error, VFIOD_ERROR_ROLLBACK_FAILED) != 0;
        return t->outcome == OUTCOME_ROLLED_BACK || t->outcome == OUTCOME_FAILED;
}

void notice_job_ended(const Job *job) {
        const Transaction *t = job->transaction;
        bool restored;
        char members[64];
        Notice n;

        if (t && t->outcome == OUTCOME_DONE) {
                notice_done(t);
                return;
        }
        restored = t && left_all_as_it_was(t);
        begin(&n, restored ? LOG_ERR : LOG_CRIT,
              restored ? MESSAGE_ID_ROLLED_BACK : MESSAGE_ID_ROLLBACK_FAILED);
        add(&n, "MESSAGE=%s of %s failed, %s: %s", t && t->kind == PLAN_RELEASE ? "Release" : "Prepare",
            t ? members_text(t, members, sizeof(members)) : "a device",
            restored ? "all is as it was" : "not all is as it was",
            t && t->message ? t->message : "the worker ended without finishing its work");
        if (t) {
                add(&n, "VFIOD_ERROR=%s", t->error ? t->error : "");
                add_transaction(&n, t);
        }
        end(&n);
}

void notice_job_stuck(const Job *job) {
        const Transaction *t = job->transaction;
        char members[64];
        Notice n;

        begin(&n, LOG_ERR, MESSAGE_ID_STUCK);
        add(&n, "MESSAGE=%s of %s is stuck: the kernel has not ended a write in time. Job %u goes on "
            "when it does; end what still uses the device.",
            t && t->kind == PLAN_RELEASE ? "Release" : "Prepare",
            t ? members_text(t, members, sizeof(members)) : "a device", job->id);
        if (t)
                add_transaction(&n, t);
        end(&n);
}

void notice_device_fault(const Address *a, const char *message) {
        char text[ADDRESS_TEXT_MAX];
        Notice n;

        begin(&n, LOG_WARNING, MESSAGE_ID_DEVICE_FAULT);
        add(&n, "MESSAGE=The IOMMU refused an access of %s: %s", address_format(a, text), message);
        add_address(&n, a);
        end(&n);
}

void notice_configuration(const char *file, unsigned line, const char *message) {
        Notice n;

        begin(&n, LOG_WARNING, MESSAGE_ID_CONFIGURATION);
        if (line > 0)
                add(&n, "MESSAGE=%s:%u: %s", file, line, message);
        else
                add(&n, "MESSAGE=%s: %s", file, message);
        add(&n, "CONFIG_FILE=%s", file);
        add(&n, "CONFIG_LINE=%u", line);
        end(&n);
}

void notice_wish_refused(const Address *a, const char *message) {
        char text[ADDRESS_TEXT_MAX];
        Notice n;

        begin(&n, LOG_WARNING, MESSAGE_ID_WISH_REFUSED);
        add(&n, "MESSAGE=%s is persisted, but was not moved to VFIO: %s", address_format(a, text),
            message);
        add_address(&n, a);
        end(&n);
}
