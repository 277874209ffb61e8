/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "notify-server.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"

#define SPAWN "org.freedesktop.DBus.Error.Spawn."

enum { URGENCY_NORMAL = 1, URGENCY_CRITICAL = 2 };
enum { EXPIRE_BY_SERVER = -1 };

struct Server {
        sd_bus *bus;
        const ServerHandlers *handlers;
        void *userdata;
        sd_bus_slot *owner, *closed, *call; /* call: what is under way */
        bool asked_capabilities, markup;
        const Bubble *bubble; /* to be sent when the capabilities are known */
};

static int send_notify(Server *s);

char *server_escape(const char *text) {
        char *escaped = NULL;
        size_t size;
        FILE *out = open_memstream(&escaped, &size);

        if (!out)
                return NULL;
        for (; *text; text++)
                if (*text == '&')
                        fputs("&amp;", out);
                else if (*text == '<')
                        fputs("&lt;", out);
                else if (*text == '>')
                        fputs("&gt;", out);
                else
                        fputc(*text, out);
        if (fclose(out) != 0) {
                free(escaped);
                return NULL;
        }
        return escaped;
}

static bool is_absent(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               (error && error->name && startswith(error->name, SPAWN));
}

/* error: NULL if it is none of the bus's. */
static void fail(Server *s, const sd_bus_error *error) {
        bool absent = is_absent(error);

        s->bubble = NULL;
        s->call = sd_bus_slot_unref(s->call);
        s->handlers->failed(absent, s->userdata);
}

static int on_notified(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Server *s = userdata;
        uint32_t id;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "u", &id) < 0) {
                fail(s, sd_bus_message_get_error(m));
                return 0;
        }
        s->call = sd_bus_slot_unref(s->call);
        s->handlers->shown(id, s->userdata);
        return 0;
}

static int on_capabilities(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Server *s = userdata;
        const char *capability;

        if (sd_bus_message_is_method_error(m, NULL) ||
            sd_bus_message_enter_container(m, 'a', "s") < 0) {
                fail(s, sd_bus_message_get_error(m));
                return 0;
        }
        s->asked_capabilities = true;
        s->markup = false;
        while (sd_bus_message_read(m, "s", &capability) > 0)
                s->markup |= streq(capability, "body-markup");
        s->call = sd_bus_slot_unref(s->call);
        if (send_notify(s) < 0)
                fail(s, NULL);
        return 0;
}

static int append_notify(const Server *s, const Bubble *bubble, sd_bus_message *m) {
        _cleanup_(freep) char *escaped = s->markup ? server_escape(bubble->body) : NULL;

        if (s->markup && !escaped)
                return -ENOMEM;
        return sd_bus_message_append(m, "susssasa{sv}i", "vfiod", bubble->id, "dialog-warning",
                                     bubble->summary, escaped ? escaped : bubble->body, 0, 2,
                                     "urgency", "y",
                                     bubble->critical ? URGENCY_CRITICAL : URGENCY_NORMAL,
                                     "category", "s", "device.error", EXPIRE_BY_SERVER);
}

static int send_notify(Server *s) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const Bubble *bubble = TAKE_PTR(s->bubble);
        int r;

        if ((r = sd_bus_message_new_method_call(s->bus, &m, NAME, PATH, NAME, "Notify")) < 0 ||
            (r = append_notify(s, bubble, m)) < 0)
                return r;
        return sd_bus_call_async(s->bus, &s->call, m, on_notified, s, 0);
}

int server_show(Server *s, const Bubble *bubble) {
        int r;

        s->bubble = bubble;
        if (s->asked_capabilities)
                r = send_notify(s);
        else
                r = sd_bus_call_method_async(s->bus, &s->call, NAME, PATH, NAME, "GetCapabilities",
                                             on_capabilities, s, NULL);
        if (r < 0)
                s->bubble = NULL;
        return r < 0 ? r : 0;
}

void server_close(Server *s, uint32_t id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        /* Nobody waits for the answer, and no server is started for it. */
        if (sd_bus_message_new_method_call(s->bus, &m, NAME, PATH, NAME, "CloseNotification") < 0 ||
            sd_bus_message_append(m, "u", id) < 0 || sd_bus_message_set_auto_start(m, false) < 0 ||
            sd_bus_message_set_expect_reply(m, false) < 0)
                return;
        (void) sd_bus_send(s->bus, m, NULL);
}

static int on_closed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Server *s = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "u", &id) >= 0)
                s->handlers->gone(id, s->userdata);
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Server *s = userdata;
        const char *owner;

        s->asked_capabilities = false;
        if (sd_bus_message_read(m, "sss", NULL, NULL, &owner) >= 0 && *owner)
                s->handlers->changed(s->userdata);
        return 0;
}

int server_new(sd_bus *bus, const ServerHandlers *handlers, void *userdata, Server **ret) {
        Server *s = calloc(1, sizeof(Server));
        int r;

        if (!s)
                return -ENOMEM;
        s->bus = sd_bus_ref(bus);
        s->handlers = handlers;
        s->userdata = userdata;
        if ((r = sd_bus_add_match(bus, &s->owner,
                                  "type='signal',sender='org.freedesktop.DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                  "arg0='" NAME "'", on_owner, s)) < 0 ||
            (r = sd_bus_match_signal(bus, &s->closed, NAME, PATH, NAME, "NotificationClosed",
                                     on_closed, s)) < 0)
                goto fail;
        *ret = s;
        return 0;
fail:
        server_free(s);
        return r;
}

Server *server_free(Server *s) {
        if (!s)
                return NULL;
        sd_bus_slot_unref(s->owner);
        sd_bus_slot_unref(s->closed);
        sd_bus_slot_unref(s->call);
        sd_bus_unref(s->bus);
        free(s);
        return NULL;
}
