/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "model-log.h"
#include "sources/journal.h"

/* Lines come in bursts: gather for a moment, and leave others their turn between notices. */
#define GATHER_USEC   UINT64_C(200000)
#define INTERVAL_USEC UINT64_C(1000000)

struct LogWatch {
        sd_event *event;
        KernelLog *log;
        JournalSource *journal;
        sd_event_source *timer;
        uint64_t last_usec; /* of the last notice, CLOCK_MONOTONIC */
        AddressList devices, faulty;
        bool host;
        const LogWatchHandlers *handlers;
        void *userdata;
};

/* Gives notice soon, but not sooner than a second after the last time. */
static void notice(LogWatch *w) {
        uint64_t now, at;
        int enabled;

        if (sd_event_source_get_enabled(w->timer, &enabled) < 0 || enabled != SD_EVENT_OFF ||
            sd_event_now(w->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        at = now + GATHER_USEC;
        if (w->last_usec > 0 && at < w->last_usec + INTERVAL_USEC)
                at = w->last_usec + INTERVAL_USEC;
        (void) sd_event_source_set_time(w->timer, at);
        (void) sd_event_source_set_enabled(w->timer, SD_EVENT_ONESHOT);
}

/* Returns: the last line that was said of the device, or NULL. */
static const char *last_words(const KernelLog *l, const Address *a) {
        const LogProblem *problems;
        size_t n = kernel_log_problems(l, a, &problems);
        const LogProblem *last = NULL;

        for (size_t i = 0; i < n; i++)
                if (!last || (problems[i].monotonic_usec != LOG_TIME_UNKNOWN &&
                              problems[i].monotonic_usec >= last->monotonic_usec))
                        last = &problems[i];
        return last ? last->last : NULL;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        LogWatch *w = userdata;
        AddressList devices = w->devices, faulty = w->faulty;
        bool host = w->host;

        (void) s;
        w->last_usec = usec;
        w->devices = w->faulty = (AddressList){ 0 };
        w->host = false;
        address_list_sort(&devices);
        address_list_sort(&faulty);
        w->handlers->changed(&devices, host, w->userdata);
        for (size_t i = 0; i < faulty.n; i++) {
                const char *words = last_words(w->log, &faulty.items[i]);

                if (words)
                        w->handlers->fault(&faulty.items[i], words, w->userdata);
        }
        address_list_clear(&devices);
        address_list_clear(&faulty);
        return 0;
}

static void on_record(const JournalRecord *record, bool backlog, void *userdata) {
        LogWatch *w = userdata;
        const LogRule *rule;
        LogEvent event;

        if (kernel_log_add(w->log, record->message, record->length, record->device,
                           record->monotonic_usec, &event) < 0 ||
            backlog || event.kind == LOG_NONE || event.kind == LOG_NOISE)
                return;
        rule = log_rule(event.kind);
        if (!event.has_address) {
                w->host = true;
        } else if (address_list_add(&w->devices, &event.address) < 0 ||
                   ((rule->class == LOG_CLASS_FAULT || rule->class == LOG_CLASS_DEVICE) &&
                    address_list_add(&w->faulty, &event.address) < 0)) {
                kernel_log_set_gap(w->log);
        }
        notice(w);
}

static void on_backlog_end(Fact complete, void *userdata) {
        LogWatch *w = userdata;

        /* Without a journal nothing has been read: then nothing is known to be absent from it. */
        if (complete != FACT_UNKNOWN)
                kernel_log_end_backlog(w->log);
        w->handlers->changed(&w->devices, true, w->userdata);
}

static void on_lost(void *userdata) {
        LogWatch *w = userdata;

        kernel_log_set_gap(w->log);
        w->host = true;
        notice(w);
}

static const JournalHandlers journal_handlers = {
        .record = on_record,
        .backlog_end = on_backlog_end,
        .lost = on_lost,
};

static int start(LogWatch *w, const Root *root) {
        int r;

        w->log = kernel_log_new();
        if (!w->log)
                return -ENOMEM;
        r = sd_event_add_time(w->event, &w->timer, CLOCK_MONOTONIC, 0, 0, on_timer, w);
        if (r >= 0)
                r = sd_event_source_set_enabled(w->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = journal_source_new(w->event, root, NULL, &journal_handlers, w, &w->journal);
        return r;
}

int log_watch_new(sd_event *event, const Root *root, const LogWatchHandlers *handlers,
                  void *userdata, LogWatch **ret) {
        LogWatch *w = calloc(1, sizeof(LogWatch));
        int r;

        if (!w)
                return -ENOMEM;
        w->event = sd_event_ref(event);
        w->handlers = handlers;
        w->userdata = userdata;
        r = start(w, root);
        if (r < 0) {
                log_watch_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

LogWatch *log_watch_free(LogWatch *w) {
        if (!w)
                return NULL;
        journal_source_free(w->journal);
        sd_event_source_disable_unref(w->timer);
        kernel_log_free(w->log);
        address_list_clear(&w->devices);
        address_list_clear(&w->faulty);
        sd_event_unref(w->event);
        free(w);
        return NULL;
}

const KernelLog *log_watch_log(const LogWatch *w) {
        return w->log;
}

void log_watch_forget(LogWatch *w, const Address *a) {
        kernel_log_forget_device(w->log, a);
}
