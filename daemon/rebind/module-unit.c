/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "rebind/backend.h"
#include "rebind/units.h"

/* Room for the longest name of a module and what stands around it */
#define UNIT_NAME_MAX 96

typedef struct Load {
        sd_event *event;
        int result;
} Load;

static void on_loaded(bool up, const char *why, void *userdata) {
        Load *l = userdata;

        if (!up)
                fprintf(stderr, "vfiod: %s\n", why);
        l->result = up ? 0 : -ENOENT;
        (void) sd_event_exit(l->event, 0);
}

/* Returns: as module_load_unit(). */
static int load(sd_event *event, sd_bus *bus, const char *unit) {
        Load l = { .event = event, .result = -EIO };
        UnitStart *start = NULL;
        Units *units = NULL;
        int r;

        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(bus, true);
        if (r >= 0)
                r = units_new(bus, &units);
        if (r >= 0)
                r = unit_start(units, unit, on_loaded, &l, &start);
        if (r >= 0)
                r = sd_event_loop(event);
        unit_start_free(start);
        units_free(units);
        (void) sd_bus_detach_event(bus);
        return r < 0 ? r : l.result;
}

int module_load_unit(const char *module) {
        char unit[UNIT_NAME_MAX];
        sd_event *event = NULL;
        sd_bus *bus = NULL;
        int r;

        if (!module_name_is_valid(module))
                return -EINVAL;
        snprintf(unit, sizeof(unit), "vfiod-module@%s.service", module);
        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = load(event, bus, unit);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
        return r < 0 ? r : 0;
}
