/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A bus name org.vfiod1 that takes Prepare and Release, prints what it was asked, a line for each,
 * and answers as it was told:
 *
 *   fake-requests "METHOD ADDRESS ANSWER"... "Group ADDRESS NUMBER"... "Persisted ADDRESS"...
 *
 * ANSWER is a result ("done"), a result and what a job does ("done moving ADDRESS,ADDRESS"), the name of
 * an error and its message, "late" and a message for Stuck, which comes as late as the daemon may say
 * so, "silence", or "patience": that, and "gone" is printed when the caller does not wait any more. A rule
 * is used up by one call, unless it begins with "*"; what no rule is about is answered "done". Every
 * device is there; it is in no group, and not persisted, unless that is said.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "action-names.h"
#include "names.h"

#define MOVING " moving "

/* How much later than its slack vfiod's timer may be (STUCK_ACCURACY_USEC). */
#define ACCURACY_USEC UINT64_C(100000)

static sd_event *event;
static sd_bus *bus;
static char **rules;
static int n_rules;
static const char *moved; /* by the one job */

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

static int on_gone(sd_bus_track *track, void *userdata) {
        sd_bus_track_unref(track);
        puts("gone");
        return fflush(stdout) == EOF ? -EIO : 0;
}

static int be_patient(sd_bus_message *m) {
        sd_bus_track *track;
        int r = sd_bus_track_new(bus, &track, on_gone, NULL);

        return r < 0 ? r : sd_bus_track_add_sender(track, m) < 0 ? -EIO : 1;
}

/* Answers with a result, or an error and its message. */
static int give_answer(sd_bus_message *m, const char *answer, sd_bus_error *error) {
        const char *rest = strchr(answer, ' ');
        char word[128];

        if (!rest)
                return sd_bus_reply_method_return(m, "so", answer, "/");
        snprintf(word, sizeof(word), "%.*s", (int) (rest - answer), answer);
        if (strncmp(rest, MOVING, strlen(MOVING)) != 0)
                return sd_bus_error_set(error, word, rest + 1);
        moved = rest + strlen(MOVING);
        return sd_bus_reply_method_return(m, "so", word, VFIOD_PATH_JOBS "/1");
}

static int on_request(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *method = sd_bus_message_get_member(m), *address, *answer;
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
        if (strcmp(answer, "patience") == 0)
                return be_patient(m);
        if (strncmp(answer, "late ", 5) == 0)
                return answer_late(m, answer + 5, timeout_usec);
        return give_answer(m, answer, error);
}

static int on_get_device(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *address;
        char *path = NULL;
        int r;

        sd_bus_message_read(m, "s", &address);
        if (sd_bus_path_encode(VFIOD_PATH_DEVICES, address, &path) < 0)
                return -ENOMEM;
        r = sd_bus_reply_method_return(m, "o", path);
        free(path);
        return r;
}

/* Returns: what a rule says of a device, or NULL. */
static const char *find_word(const char *what, const char *address) {
        size_t n = strlen(what);

        for (int i = 0; i < n_rules; i++)
                if (rules[i] && strncmp(rules[i], what, n) == 0 &&
                    strncmp(rules[i] + n, address, strlen(address)) == 0)
                        return rules[i] + n + strlen(address);
        return NULL;
}

static int get_device(sd_bus *b, const char *path, const char *interface, const char *property,
                      sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char *address = userdata, group[128] = "/";
        const char *word;
        int r;

        if (strcmp(property, "Persisted") == 0)
                r = sd_bus_message_append(m, "b", find_word("Persisted ", address) != NULL);
        else {
                word = find_word("Group ", address);
                if (word)
                        snprintf(group, sizeof(group), VFIOD_PATH_GROUPS "/%s", word + 1);
                r = sd_bus_message_append(m, "o", group);
        }
        return r;
}

static int find_device(sd_bus *b, const char *path, const char *interface, void *userdata, void **ret,
                       sd_bus_error *error) {
        static char *address; /* of the one that is being asked */

        free(address);
        address = NULL;
        if (sd_bus_path_decode(path, VFIOD_PATH_DEVICES, &address) <= 0)
                return 0;
        *ret = address;
        return 1;
}

static int get_job(sd_bus *b, const char *path, const char *interface, const char *property,
                   sd_bus_message *m, void *userdata, sd_bus_error *error) {
        char list[256], *state, *address;

        sd_bus_message_open_container(m, 'a', "(ssss)");
        snprintf(list, sizeof(list), "%s", moved ? moved : "");
        for (address = strtok_r(list, ",", &state); address; address = strtok_r(NULL, ",", &state))
                sd_bus_message_append(m, "(ssss)", ACTION_UNBIND, address, "vfio-pci", STEP_DONE);
        return sd_bus_message_close_container(m);
}

static const sd_bus_vtable device_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Group", "o", get_device, 0, 0),
        SD_BUS_PROPERTY("Persisted", "b", get_device, 0, 0),
        SD_BUS_VTABLE_END
};
static const sd_bus_vtable job_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Steps", "a(ssss)", get_job, 0, 0),
        SD_BUS_VTABLE_END
};
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Prepare", "sa{sv}", "so", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Release", "sa{sv}", "so", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetDevice", "s", "o", on_get_device, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END
};

int main(int argc, char **argv) {
        rules = argv + 1;
        n_rules = argc - 1;
        if (sd_event_default(&event) < 0 || sd_bus_open_system(&bus) < 0 ||
            sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, vtable,
                                     NULL) < 0 ||
            sd_bus_add_fallback_vtable(bus, NULL, VFIOD_PATH_DEVICES, VFIOD_INTERFACE_DEVICE,
                                       device_vtable, find_device, NULL) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_JOBS "/1", VFIOD_INTERFACE_JOB,
                                     job_vtable, NULL) < 0 ||
            sd_bus_request_name(bus, VFIOD_BUS_NAME, 0) < 0) {
                fprintf(stderr, "cannot be on the bus\n");
                return 1;
        }
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event) < 0;
}
