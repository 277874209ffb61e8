/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * A double of a desktop's notification server on the user's bus. It shows nothing and prints what it
 * is asked, a line for each call:
 *
 *   Notify ID REPLACES URGENCY SUMMARY | BODY      (newlines in the body as \n)
 *   Close ID
 *
 *   fake-notifications CAPABILITY...
 *
 * "refuse" as the first capability: Notify is answered with an error. On a line "dismiss ID" on
 * standard input it tells that a person has closed that one.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

static char **capabilities;
static int n_capabilities;
static bool refuses;
static uint32_t last_id;
static sd_bus *bus;

static int on_capabilities(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message *reply = NULL;
        int r;

        sd_bus_message_new_method_return(m, &reply);
        sd_bus_message_open_container(reply, 'a', "s");
        for (int i = 0; i < n_capabilities; i++)
                sd_bus_message_append(reply, "s", capabilities[i]);
        sd_bus_message_close_container(reply);
        r = sd_bus_send(bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

static int read_urgency(sd_bus_message *m) {
        uint8_t urgency = 1;
        const char *name;

        sd_bus_message_enter_container(m, 'a', "{sv}");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                sd_bus_message_read(m, "s", &name);
                if (strcmp(name, "urgency") == 0)
                        sd_bus_message_read(m, "v", "y", &urgency);
                else
                        sd_bus_message_skip(m, "v");
                sd_bus_message_exit_container(m);
        }
        sd_bus_message_exit_container(m);
        return urgency;
}

static int on_notify(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *application, *icon, *summary, *body;
        uint32_t replaces, id;
        int urgency;

        sd_bus_message_read(m, "susss", &application, &replaces, &icon, &summary, &body);
        sd_bus_message_skip(m, "as");
        urgency = read_urgency(m);
        if (refuses) {
                puts("Refused");
                fflush(stdout);
                return sd_bus_error_set(error, "org.freedesktop.Notifications.MaxNotificationsExceeded",
                                        "too many");
        }
        id = replaces > 0 ? replaces : ++last_id;
        printf("Notify %u %u %d %s | ", id, replaces, urgency, summary);
        for (; *body; body++)
                if (*body == '\n')
                        fputs("\\n", stdout);
                else
                        putchar(*body);
        putchar('\n');
        fflush(stdout);
        return sd_bus_reply_method_return(m, "u", id);
}

static int on_close(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        uint32_t id;

        sd_bus_message_read(m, "u", &id);
        printf("Close %u\n", id);
        fflush(stdout);
        sd_bus_emit_signal(bus, PATH, NAME, "NotificationClosed", "uu", id, 3);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetCapabilities", "", "as", on_capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", on_notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CloseNotification", "u", "", on_close, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("NotificationClosed", "uu", 0),
        SD_BUS_VTABLE_END
};

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        char line[64];
        unsigned id;

        if (!fgets(line, sizeof(line), stdin))
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (sscanf(line, "dismiss %u", &id) == 1)
                sd_bus_emit_signal(bus, PATH, NAME, "NotificationClosed", "uu", id, 2);
        return 0;
}

int main(int argc, char **argv) {
        sd_event *event;

        refuses = argc > 1 && strcmp(argv[1], "refuse") == 0;
        capabilities = argv + 1 + refuses;
        n_capabilities = argc - 1 - refuses;
        setvbuf(stdin, NULL, _IONBF, 0);
        if (sd_event_default(&event) < 0 || sd_bus_open_user(&bus) < 0 ||
            sd_bus_attach_event(bus, event, 0) < 0 ||
            sd_bus_add_object_vtable(bus, NULL, PATH, NAME, vtable, NULL) < 0 ||
            sd_bus_request_name(bus, NAME, 0) < 0) {
                fprintf(stderr, "cannot be on the bus\n");
                return 1;
        }
        /* /dev/null cannot be waited for, and says nothing. */
        (void) sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL);
        puts("ready");
        fflush(stdout);
        return sd_event_loop(event) < 0;
}
