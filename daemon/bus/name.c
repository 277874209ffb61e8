/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "names.h"

/* A machine that is busy starting lets a child wait for its turn; a second vfiod is rare. */
#define WAIT_USEC UINT64_C(5000000)

struct BusName {
        BusNamed named;
        void *userdata;
        sd_bus *connection;
        sd_bus_slot *slot;
        sd_event_source *timer;
        int fd; /* the connection's, once more */
};

static void end(BusName *n, int error) {
        n->slot = sd_bus_slot_unref(n->slot);
        n->timer = sd_event_source_disable_unref(n->timer);
        n->named(error, n->userdata);
}

/* The bus sends NameAcquired to the new owner only (D-Bus Specification, org.freedesktop.DBus), for the
 * unique name, too. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(m), *name;

        (void) error;
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus", "NameAcquired") > 0 && sender &&
            strcmp(sender, "org.freedesktop.DBus") == 0 &&
            sd_bus_message_read(m, "s", &name) >= 0 && strcmp(name, VFIOD_BUS_NAME) == 0)
                end(userdata, 0);
        return 0;
}

static int on_timeout(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) s;
        (void) usec;
        end(userdata, -EEXIST);
        return 0;
}

/* Listens first. A filter and no match: the signal is ours alone, so the bus need not be asked for it,
 * and a match does not see what comes before the bus has answered that. Returns: 0 or -errno. */
static int listen_for_it(BusName *n) {
        int r = sd_bus_add_filter(n->connection, &n->slot, on_message, n);

        if (r >= 0)
                r = sd_event_add_time_relative(sd_bus_get_event(n->connection), &n->timer,
                                               CLOCK_MONOTONIC, WAIT_USEC, 0, on_timeout, n);
        return r < 0 ? r : 0;
}

/* Returns: 0 or -errno. */
static int keep_descriptor(BusName *n) {
        int fd = sd_bus_get_fd(n->connection);

        if (fd < 0)
                return fd;
        n->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        return n->fd < 0 ? -errno : 0;
}

int bus_name_request(sd_bus *connection, BusNamed named, void *userdata, BusName **ret) {
        BusName *n = *ret = calloc(1, sizeof(*n));
        int r;

        if (!n)
                return -ENOMEM;
        *n = (BusName) { .named = named, .userdata = userdata, .connection = sd_bus_ref(connection),
                         .fd = -1 };
        r = keep_descriptor(n);
        if (r == 0)
                r = listen_for_it(n);
        if (r == 0)
                r = sd_bus_request_name(connection, VFIOD_BUS_NAME, SD_BUS_NAME_QUEUE);
        if (r > 0)
                end(n, 0);
        return r < 0 ? r : 0;
}

BusName *bus_name_free(BusName *n) {
        if (!n)
                return NULL;
        sd_bus_slot_unref(n->slot);
        sd_event_source_disable_unref(n->timer);
        /* A child that was forked and has not run yet has the connection, too: by closing it here alone
         * the name would stay. */
        if (n->fd >= 0) {
                (void) shutdown(n->fd, SHUT_RDWR);
                close(n->fd);
        }
        sd_bus_unref(n->connection);
        free(n);
        return NULL;
}
