/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gate-cost.h"

#include <errno.h>
#include <string.h>

#include "account.h"
#include "names.h"

/* However large the host, some of the dearest calls can be made in a row. */
#define COST_MAX        (ACCOUNT_POINTS_MAX / 4)
#define DEPTH_MAX       8 /* a{sv} with an array in it, and some */

static const struct Cost {
        const char *interface, *member;
        unsigned fixed;
        unsigned devices_per_point; /* 0: it costs the same however many there are */
        bool work;
} costs[] = {
        { "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", 2, 3, false },
        { "org.freedesktop.DBus.Introspectable", "Introspect", 2, 32, false },
        { "org.freedesktop.DBus.Properties", "GetAll", 2, 0, false },
        { VFIOD_INTERFACE_MANAGER, "GetDevice", 2, 0, false }, /* a name is looked up in sysfs */
        { VFIOD_INTERFACE_MANAGER, "Rescan", 200, 1, false },
        { VFIOD_INTERFACE_MANAGER, "Plan", 50, 0, true },
        { VFIOD_INTERFACE_DEVICE, "Refresh", 50, 0, true },
        { VFIOD_INTERFACE_MANAGER, "Prepare", 10, 0, false },  /* before polkit is asked */
        { VFIOD_INTERFACE_MANAGER, "Release", 10, 0, false },
};

/* A call may leave out the interface: then any that has the member is meant. */
static const struct Cost *find_cost(sd_bus_message *m) {
        const char *interface = sd_bus_message_get_interface(m);
        const char *member = sd_bus_message_get_member(m);

        for (size_t i = 0; member && i < sizeof(costs) / sizeof(costs[0]); i++)
                if (strcmp(costs[i].member, member) == 0 &&
                    (!interface || strcmp(costs[i].interface, interface) == 0))
                        return &costs[i];
        return NULL;
}

unsigned gate_cost(sd_bus_message *m, size_t n_devices) {
        const struct Cost *c = find_cost(m);
        size_t points = 1;

        if (c)
                points = c->fixed + (c->devices_per_point ? n_devices / c->devices_per_point : 0);
        return points < COST_MAX ? (unsigned) points : COST_MAX;
}

bool gate_is_work(sd_bus_message *m) {
        const struct Cost *c = find_cost(m);

        return c && c->work;
}

/* Steps over one basic value. Returns: how much it takes up, or -errno. */
static int basic_size(sd_bus_message *m, char type) {
        union {
                const char *text;
                uint64_t number;
        } value;
        int r = sd_bus_message_read_basic(m, type, &value);

        if (r < 0)
                return r;
        if (type != SD_BUS_TYPE_STRING && type != SD_BUS_TYPE_OBJECT_PATH &&
            type != SD_BUS_TYPE_SIGNATURE)
                return 8;
        return 8 + (int) strnlen(value.text, GATE_CALL_MAX);
}

/* Steps over what is left in the container, while *left of the size is. Returns: 0 or -errno. */
static int measure(sd_bus_message *m, int *left, unsigned depth) {
        const char *contents;
        char type;
        int r;

        while ((r = sd_bus_message_peek_type(m, &type, &contents)) > 0) {
                if (*left <= 0 || depth > DEPTH_MAX)
                        return -E2BIG;
                if (contents) {
                        *left -= 8;
                        r = sd_bus_message_enter_container(m, type, contents);
                        if (r > 0)
                                r = measure(m, left, depth + 1);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                } else {
                        r = basic_size(m, type);
                        *left -= r > 0 ? r : 0;
                }
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : *left < 0 ? -E2BIG : 0;
}

bool gate_is_within(sd_bus_message *m, int size) {
        bool within = measure(m, &size, 0) >= 0;

        return sd_bus_message_rewind(m, true) >= 0 && within;
}
