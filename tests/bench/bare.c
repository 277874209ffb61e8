/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a client can do to have what vfioctl list shows: one call, and its answer walked
 * through once. What vfioctl takes is held against it. */
#include <systemd/sd-bus.h>

int main(void) {
        sd_bus *bus = NULL;
        sd_bus_message *reply = NULL;
        int r = sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_call_method(bus, "org.vfiod1", "/org/vfiod1",
                                       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                       NULL, &reply, NULL);
        if (r >= 0)
                r = sd_bus_message_skip(reply, "a{oa{sa{sv}}}");
        sd_bus_message_unref(reply);
        sd_bus_unref(bus);
        return r < 0;
}
