/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "polkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define POLKIT_ALLOW_INTERACTION 1U

struct PolkitQuery {
        sd_bus *bus;
        sd_bus_slot *slot;
        PolkitAnswer answer;
        void *userdata;
        char cancellation[32];
};

static PolkitQuery *query_free(PolkitQuery *q) {
        sd_bus_slot_unref(q->slot);
        sd_bus_unref(q->bus);
        free(q);
        return NULL;
}

/* Has polkit forget the question and close the dialog it may have opened for it. */
static void send_cancel(const PolkitQuery *q) {
        sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(q->bus, &m, POLKIT_NAME, POLKIT_PATH,
                                               POLKIT_INTERFACE, "CancelCheckAuthorization");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", q->cancellation);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                (void) sd_bus_send(q->bus, m, NULL);
        sd_bus_message_unref(m);
}

PolkitQuery *polkit_cancel(PolkitQuery *q) {
        if (!q)
                return NULL;
        send_cancel(q);
        return query_free(q);
}

static PolkitResult result_of_error(const sd_bus_error *e) {
        static const struct {
                const char *name;
                PolkitResult result;
        } known[] = {
                { SD_BUS_ERROR_SERVICE_UNKNOWN, POLKIT_ABSENT },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, POLKIT_ABSENT },
                { "org.freedesktop.DBus.Error.Spawn.ServiceNotFound", POLKIT_ABSENT },
                { "org.freedesktop.systemd1.NoSuchUnit", POLKIT_ABSENT },
                { SD_BUS_ERROR_NO_REPLY, POLKIT_LATE },
                { SD_BUS_ERROR_TIMEOUT, POLKIT_LATE },
        };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (strcmp(e->name, known[i].name) == 0)
                        return known[i].result;
        return POLKIT_FAILED;
}

/* Whatever is unclear is no yes. */
static PolkitResult result_of_reply(sd_bus_message *reply) {
        int authorized, challenge;

        if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
            sd_bus_message_read(reply, "bb", &authorized, &challenge) <= 0)
                return POLKIT_FAILED;
        return authorized ? POLKIT_YES : challenge ? POLKIT_CHALLENGE : POLKIT_NO;
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        PolkitQuery *q = userdata;
        PolkitAnswer answer = q->answer;
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        PolkitResult result = e ? result_of_error(e) : result_of_reply(reply);
        const char *why = result != POLKIT_FAILED ? ""
                          : e && e->message       ? e->message
                                                  : "its answer was not understood";

        (void) error;
        userdata = q->userdata;
        if (result == POLKIT_LATE)
                send_cancel(q);
        query_free(q);
        answer(result, why, userdata); /* sd-bus holds the reply until we return */
        return 1;
}

static int append_details(sd_bus_message *m, const char *const details[]) {
        int r = sd_bus_message_open_container(m, 'a', "{ss}");

        for (size_t i = 0; r >= 0 && details[i]; i += 2)
                r = sd_bus_message_append(m, "{ss}", details[i], details[i + 1]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Two questions at a time must differ, those of an earlier daemon, too. */
static void name_query(PolkitQuery *q) {
        static unsigned long long last;

        snprintf(q->cancellation, sizeof(q->cancellation), "vfiod-%u-%llu", (unsigned) getpid(),
                 ++last);
}

static int build_question(const PolkitQuery *q, const char *subject, const char *action,
                          const char *const details[], bool interactive, sd_bus_message **ret) {
        sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(q->bus, &m, POLKIT_NAME, POLKIT_PATH,
                                               POLKIT_INTERFACE, "CheckAuthorization");

        if (r >= 0)
                r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          subject, action);
        if (r >= 0)
                r = append_details(m, details);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", interactive ? POLKIT_ALLOW_INTERACTION : 0,
                                          q->cancellation);
        if (r < 0) {
                sd_bus_message_unref(m);
                return r;
        }
        *ret = m;
        return 0;
}

int polkit_ask(sd_bus *bus, const char *subject, const char *action, const char *const details[],
               bool interactive, uint64_t timeout_usec, PolkitAnswer answer, void *userdata,
               PolkitQuery **ret) {
        PolkitQuery *q = calloc(1, sizeof(*q));
        sd_bus_message *m = NULL;
        int r;

        if (!q)
                return -ENOMEM;
        *q = (PolkitQuery) { .bus = sd_bus_ref(bus), .answer = answer, .userdata = userdata };
        name_query(q);
        r = build_question(q, subject, action, details, interactive, &m);
        if (r >= 0)
                r = sd_bus_call_async(bus, &q->slot, m, on_reply, q, timeout_usec);
        sd_bus_message_unref(m);
        if (r < 0) {
                query_free(q);
                return r;
        }
        *ret = q;
        return 0;
}
