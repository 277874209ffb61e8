/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "operations-internal.h"
#include "rebind/state.h"

static int add(Operation *op) {
        Host *h = model_host(op->owner->model);
        const Device *d = host_find_device(h, &op->request.address);
        Wish w = { .address = op->request.address, .driver = op->request.driver,
                   .with = op->request.with, .n_with = op->request.n_with,
                   .group = op->request.group };

        if (!d || d->ids != FACT_PRESENT)
                return -ENODEV;
        w.vendor_id = d->vendor_id;
        w.device_id = d->device_id;
        w.subsystem_vendor_id = d->subsystem_vendor_id;
        w.subsystem_device_id = d->subsystem_device_id;
        w.class_code = d->class_code;
        return wish_add(op->owner->state_fd, h, &w);
}

int operation_keep_wish(Operation *op) {
        Operations *o = op->owner;
        int r;

        if (!op->request.persist)
                return 0;
        if (o->state_fd < 0)
                return o->state_fd;
        r = op->kind == OPERATION_PREPARE
                    ? add(op)
                    : wish_remove(o->state_fd, model_host(o->model), &op->request.address);
        if (r > 0)
                (void) model_touch(o->model, &op->request.address, 1);
        return r;
}
