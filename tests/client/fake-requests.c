/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A bus name org.vfiod1 that takes Prepare and Release, prints what it was asked, a line for each,
 * and answers as it was told:
 *
 *   fake-requests "METHOD ADDRESS ANSWER"...
 *
 * ANSWER is a result ("done"), the name of an error and its message, or "silence". A rule is used up
 * by one call, unless it begins with "*"; what no rule is about is answered "done".
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "names.h"

static char **rules;
static int n_rules;

/* Prints one option as NAME=VALUE; of a deadline only that there is one. */
static void print_option(sd_bus_message *m) {
        const char *name, *type, *text;
        uint64_t number;

        sd_bus_message_read(m, "s", &name);
        printf(" %s", name);
        sd_bus_message_peek_type(m, NULL, &type);
        sd_bus_message_enter_container(m, 'v', type);
        if (strcmp(type, "s") == 0) {
                sd_bus_message_read(m, "s", &text);
                printf("=%s", text);
        } else if (strcmp(type, "t") == 0)
                sd_bus_message_read(m, "t", &number);
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

        sd_bus_message_read(m, "s", &address);
        printf("%s %s", method, address);
        sd_bus_message_enter_container(m, 'a', "{sv}");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                print_option(m);
                sd_bus_message_exit_container(m);
        }
        putchar('\n');
        fflush(stdout);
        answer = find_rule(method, address);
        if (!answer)
                answer = VFIOD_RESULT_DONE;
        if (strcmp(answer, "silence") == 0)
                return 1;
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
        if (sd_bus_open_system(&bus) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, VFIOD_PATH_MANAGER, VFIOD_INTERFACE_MANAGER, vtable,
                                     NULL) < 0 ||
            sd_bus_request_name(bus, VFIOD_BUS_NAME, 0) < 0) {
                fprintf(stderr, "cannot be on the bus\n");
                return 1;
        }
        puts("ready");
        fflush(stdout);
        for (;;) {
                int r = sd_bus_process(bus, NULL);

                if (r < 0 || (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0))
                        return 1;
        }
}
