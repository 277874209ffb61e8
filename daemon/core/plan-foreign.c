/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "names.h"
#include "plan-parts.h"

/* Returns: 1 if the request must be refused, 0 if not, or -ENOMEM. */
static int check(Plan *p, const DeviceReport *d, const GroupReport *g) {
        const Device *v = d->device;
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        address_format(&p->address, text);
        if (v->ids != FACT_PRESENT || !g)
                r = plan_refuse(p, VFIOD_ERROR_HOST_NOT_READY,
                                "%s cannot be released: what it is, or its group, could not be "
                                "read.", text);
        else if (d->managed_by == MANAGER_KERNEL_IDS)
                r = plan_refuse(p, VFIOD_ERROR_NOT_SUPPORTED,
                                "%s cannot be released: %s takes every device with its ids, and "
                                "would take it again at once. Take them out of that driver's ids= "
                                "and restart.", text, v->driver.value);
        else if (v->driver_override.fact == FACT_UNKNOWN)
                r = plan_refuse(p, VFIOD_ERROR_STUCK,
                                "%s cannot be released: its driver_override could not be read, so "
                                "it cannot be told whether that keeps it on %s. Stop what still "
                                "uses it.", text, v->driver.value);
        else
                return plan_check_group(p, g);
        return r < 0 ? r : 1;
}

/* The one member: what it is bound to afterwards is for the kernel to choose, so its driver is not
 * known. An override that does not name the driver it is on is not what put it there, and stays. */
static int add_member(Plan *p, const Device *d) {
        const Text none = { .fact = FACT_ABSENT };
        bool keeps = text_is(&d->driver_override, d->driver.value);
        Managed m = { .address = d->address, .driver_override = keeps ? none : d->driver_override,
                      .moved_to = d->driver.value, .vendor_id = d->vendor_id,
                      .device_id = d->device_id, .subsystem_vendor_id = d->subsystem_vendor_id,
                      .subsystem_device_id = d->subsystem_device_id,
                      .class_code = d->class_code };

        p->members = calloc(1, sizeof(Managed));
        if (!p->members || managed_copy(&p->members[0], &m) < 0)
                return -ENOMEM;
        p->n_members = 1;
        return keeps ? steps_add(&p->steps, &p->n_steps, STEP_SET_OVERRIDE, &d->address, "") : 0;
}

int plan_foreign(Plan *p, const Host *h, const Report *r, const DeviceReport *d) {
        const Device *v = d->device;
        const GroupReport *g = v->grouped == FACT_PRESENT ? report_find_group(r, v->group) : NULL;
        int result = check(p, d, g);

        if (result == 0)
                result = plan_check_functions(p, h, d);
        if (result != 0)
                return result < 0 ? result : 0;
        p->group = g->group->id;
        result = add_member(p, v);
        if (result == 0)
                result = steps_add(&p->steps, &p->n_steps, STEP_UNBIND, &v->address,
                                   v->driver.value);
        return result < 0 ? result
                          : steps_add(&p->steps, &p->n_steps, STEP_PROBE, &v->address, "");
}
