/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity.h"

#include <stdio.h>

BusIdentity bus_identity(const Device *d) {
        if (!d || d->ids != FACT_PRESENT)
                return (BusIdentity) { .there = d != NULL };
        return (BusIdentity) { .there = true, .known = FACT_PRESENT, .vendor_id = d->vendor_id,
                               .device_id = d->device_id,
                               .subsystem_vendor_id = d->subsystem_vendor_id,
                               .subsystem_device_id = d->subsystem_device_id,
                               .class_code = d->class_code };
}

bool bus_identity_equal(const BusIdentity *a, const BusIdentity *b) {
        return a->there == b->there && a->known == b->known && a->vendor_id == b->vendor_id &&
               a->device_id == b->device_id && a->subsystem_vendor_id == b->subsystem_vendor_id &&
               a->subsystem_device_id == b->subsystem_device_id && a->class_code == b->class_code;
}

const char *bus_identity_text(const BusIdentity *i, char buffer[static IDENTITY_TEXT_MAX]) {
        if (i->known != FACT_PRESENT)
                return "unknown";
        snprintf(buffer, IDENTITY_TEXT_MAX, "%04x:%04x", i->vendor_id, i->device_id);
        return buffer;
}
