/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A bus name org.vfiod1 that takes Prepare and Release, prints what it was asked, a line for each,
 * and answers as it was told:
 *
 *   fake-requests "METHOD ADDRESS ANSWER"...
 *
 * ANSWER is a result ("done"), the name of an error and its message, "late" and a message for Stuck,
 * which comes as late as the daemon may say so, or "silence". A rule is used up by one call, unless it
 * begins with "*"; what no rule is about is answered "done".
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "names.h"

/* How much later than its slack vfiod's timer may be (STUCK_ACCURACY_USEC). */
#define ACCURACY_USEC UINT64_C(100000)

static sd_event *event;
static char **rules;
static int n_rules;

/* A call that is answered late. */
typedef struct Late {
        sd_bus_message *call;
        const char *message;
} Late;

static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        Late *late = userdata;

        sd_bus_reply_method_errorf(late->call, VFIOD_ERROR_STUCK, "%s", late->message);
        sd_bus_message_unref(late->call);
        free(late);
        return 0;
}

static int answer_late(sd_bus_message *call, const char *message, uint64_t timeout_usec) {
        Late *late = malloc(sizeof(*late));

        if (!late)
                return -ENOMEM;
        *late = (Late){sd_bus_message_ref(call), message};
        return sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC,
                                          timeout_usec + VFIOD_STUCK_SLACK_USEC + ACCURACY_USEC, 1,
                                          on_late, late) < 0 ? -ENOMEM : 1;
}

/* Prints one option as NAME=VALUE; of a deadline only that there is one. */
static void print_option(sd_bus_message *m, uint64_t *timeout_usec) {
        const char *name, *type, *text;

        sd_bus_message_read(m, "s", &name);
        printf(" %s", name);
        sd_bus_message_peek_type(m, NULL, &type);
        sd_bus_message_enter_container(m, 'v', type);
        if (strcmp(type, "s") == 0) {
                sd_bus_message_read(m, "s", &text);
                printf("=%s", text);
        } else if (strcmp(type, "t") == 0)
                sd_bus_message_read(m, "t", timeout_usec);
        else if (strcmp(type, "as") == 0) {
                const char *separator = "=";

                sd_bus_message_enter_container(m, 'a', "s");
                while (sd_bus_message_read(m, "s", &text) > 0) {
                        printf("%s%s", separator, text);
                        separator = ",";
                }
                sd_bus_message_exit_container(m);
        }
        sd_bus_message_exit_container(m);
}

/* Returns: the answer, or NULL for the usual one. */
static const char *find_rule(const char *method, const char *address) {
        char head[128];

        snprintf(head, sizeof(head), "%s %s ", method, address);
        for (int i = 0; i < n_rules; i++) {
                bool stays = rules[i] && *rules[i] == '*';
                const char *rule = rules[i] ? rules[i] + stays : "";

                if (strncmp(rule, head, strlen(head)) != 0)
                        continue;
                if (!stays)
                        rules[i] = NULL;
                return rule + strlen(head);
        }
        return NULL;
}

static int on_request(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *method = sd_bus_message_get_member(m), *address, *answer, *space;
        uint64_t timeout_usec = 0;

        sd_bus_message_read(m, "s", &address);
        printf("%s %s", method, address);
        sd_bus_message_enter_container(m, 'a', "{sv}");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                print_option(m, &timeout_usec);
                sd_bus_message_exit_container(m);
        }
        putchar('\n');
        fflush(stdout);
        answer = find_rule(method, address);
        if (!answer)
                answer = VFIOD_RESULT_DONE;
        if (strcmp(answer, "silence") == 0)
                return 1;
        if (strncmp(answer, "late ", 5) == 0)
                return answer_late(m, answer + 5, timeout_usec);
        space = strchr(answer, ' ');
        if (!space)
                return sd_bus_reply_method_return(m, "so", answer, "/");
        {
                char *name = strndup(answer, (size_t) (space - answer));
                int r = sd_bus_error_set(error, name, space + 1);

                free(name);
                return r;
        }
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Prepare", "sa{sv}", "so", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Release", "sa{sv}", "so", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END
};

int main(int argc, char **argv) {
        sd_bus *bus;

        rules = argv + 1;
        n_rules = argc - 1;
        if (sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
            sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, vtable,
                                     NULL) < 0 ||
            sd_bus_request_name(bus, VFIOD_BUS_NAME, 0) < 0) {
                fprintf(stderr, "cannot be on the bus\n");
                return 1;
        }
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event) < 0;
}
