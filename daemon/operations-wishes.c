/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "operations-internal.h"
#include "rebind/state.h"

static int add(Operation *op) {
        Host *h = model_host(op->owner->model);
        const Device *d = host_find_device(h, &op->request.address);
        Wish w = { .match = WISH_ADDRESS, .address = op->request.address,
                   .driver = op->request.driver, .group = op->request.group,
                   .with = { .items = op->request.with, .n = op->request.n_with },
                   .accept = op->request.accept, .n_accept = op->request.n_accept };

        if (!d || d->ids != FACT_PRESENT)
                return -ENODEV;
        w.identity = (WishIds){ .given = true, .with_subsystem = true, .vendor_id = d->vendor_id,
                                .device_id = d->device_id,
                                .subsystem_vendor_id = d->subsystem_vendor_id,
                                .subsystem_device_id = d->subsystem_device_id };
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
        if (r > 0) {
                operations_mark_wishes(o);
                (void) model_touch(o->model, &op->request.address, 1);
        }
        return r;
}

bool operation_forgets_unmanaged(const Operation *op, const Plan *plan) {
        return op->kind == OPERATION_RELEASE && op->request.persist &&
               strcmp(plan->error, VFIOD_ERROR_NOT_MANAGED) == 0 &&
               host_find_wish(model_host(op->owner->model), &op->request.address);
}

int operations_forget_wish(Operations *o, sd_bus_message *m, const Address *a) {
        int r = o->state_fd < 0 ? o->state_fd
                                : wish_remove(o->state_fd, model_host(o->model), a);

        if (r < 0)
                return r;
        /* That a device is missing is a finding of the host. */
        if (r > 0) {
                operations_mark_wishes(o);
                (void) model_rescan(o->model);
        }
        return bus_reply_result(m, r > 0 ? VFIOD_RESULT_DONE : VFIOD_RESULT_UNCHANGED, 0);
}
