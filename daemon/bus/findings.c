/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"
#include "objects.h"
#include "utf8.h"

static int append_evidence(sd_bus_message *m, const Finding *f, bool sees) {
        int error = sd_bus_message_open_container(m, 'a', "s");

        for (size_t i = 0; error >= 0 && i < f->n_evidence; i++)
                error = bus_append_seen(m, f->evidence[i], sees);
        return error < 0 ? error : sd_bus_message_close_container(m);
}

static int append_details(sd_bus_message *m, const Finding *f) {
        int error = sd_bus_message_open_container(m, 'a', "{sv}");

        if (error >= 0 && f->address)
                error = sd_bus_message_append(m, "{sv}", "address", "s", f->address);
        if (error >= 0 && f->class != HAZARD_NONE)
                error = sd_bus_message_append(m, "{sv}", "class", "s", hazard_class_text(f->class));
        if (error >= 0 && f->count > 0)
                error = sd_bus_message_append(m, "{sv}", "count", "t", f->count);
        return error < 0 ? error : sd_bus_message_close_container(m);
}

static int append_finding(sd_bus_message *m, const Finding *f, bool sees) {
        int error = sd_bus_message_open_container(m, 'r', "sssassa{sv}");

        if (error >= 0)
                error = sd_bus_message_append(m, "ss", f->id, severity_text(f->severity));
        if (error >= 0)
                error = bus_append_seen(m, f->message, sees);
        if (error >= 0)
                error = append_evidence(m, f, sees);
        if (error >= 0)
                error = bus_append_seen(m, f->remedy, sees);
        if (error >= 0)
                error = append_details(m, f);
        return error < 0 ? error : sd_bus_message_close_container(m);
}

int bus_append_findings(sd_bus_message *m, const Findings *findings, bool sees) {
        int error = sd_bus_message_open_container(m, 'a', VFIOD_SIGNATURE_FINDING);

        for (size_t i = 0; error >= 0 && i < findings->n_items; i++)
                error = append_finding(m, &findings->items[i], sees);
        return error < 0 ? error : sd_bus_message_close_container(m);
}
