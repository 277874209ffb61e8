/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "host.h"

Device *device_new(const Address *address) {
        Device *d = calloc(1, sizeof(Device));

        if (!d)
                return NULL;
        d->n_ref = 1;
        d->address = *address;
        d->numa_node = -1;
        return d;
}

Device *device_ref(Device *d) {
        d->n_ref++;
        return d;
}

Device *device_unref(Device *d) {
        if (!d || --d->n_ref > 0)
                return NULL;
        free(d->driver.value);
        free(d->vfio_device_name.value);
        free(d->driver_override.value);
        free(d->power_state.value);
        free(d->reset_methods.value);
        free(d->node_access.value);
        uses_clear(&d->uses);
        free(d);
        return NULL;
}

Device *device_copy(const Device *d) {
        Device *copy = malloc(sizeof(Device));

        if (!copy)
                return NULL;
        *copy = *d;
        copy->n_ref = 1;
        /* Each of these leaves a text that can be freed, also where it fails. */
        int r = text_copy(&copy->driver, &d->driver);
        r |= text_copy(&copy->vfio_device_name, &d->vfio_device_name);
        r |= text_copy(&copy->driver_override, &d->driver_override);
        r |= text_copy(&copy->power_state, &d->power_state);
        r |= text_copy(&copy->reset_methods, &d->reset_methods);
        r |= text_copy(&copy->node_access, &d->node_access);
        r |= uses_copy(&copy->uses, &d->uses);
        return r < 0 ? device_unref(copy) : copy;
}

bool device_same_identity(const Device *a, const Device *b) {
        return a->ids == FACT_PRESENT && b->ids == FACT_PRESENT && a->vendor_id == b->vendor_id &&
               a->device_id == b->device_id && a->subsystem_vendor_id == b->subsystem_vendor_id &&
               a->subsystem_device_id == b->subsystem_device_id && a->class_code == b->class_code;
}
