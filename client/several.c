/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "names.h"
#include "several.h"

int several_resolve(const Call *call, char ***ret) {
        _cleanup_(strv_freep) char **resolved = NULL;

        for (char **name = call->arguments; *name; name++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_(freep) char *path = NULL, *address = NULL;
                int r;

                r = bus_find_device(call->bus, *name, true, &error, &path);
                if (r >= 0) {
                        address = bus_path_address(path);
                        r = address ? strv_append(&resolved, address) : -ENOMEM;
                }
                if (r < 0)
                        return fail(call->options, *name, &error, r);
        }
        *ret = TAKE_PTR(resolved);
        return EXIT_YES;
}

static int64_t group_of(sd_bus *bus, const char *name) {
        _cleanup_(device_done) Device device = DEVICE_INIT;
        _cleanup_(freep) char *path = NULL;

        if (bus_find_device(bus, name, true, NULL, &path) < 0 ||
            bus_get_device(bus, path, &device, NULL) < 0)
                return -1;
        return device.group_id;
}

int64_t *several_groups(const Call *call) {
        int64_t *groups = calloc((size_t) call->n_arguments, sizeof(int64_t));

        for (int i = 0; groups && i < call->n_arguments; i++)
                groups[i] = group_of(call->bus, call->arguments[i]);
        return groups;
}

bool several_waits(const int64_t groups[], int n, int i) {
        for (int later = i + 1; later < n; later++)
                if (groups[i] >= 0 && groups[later] == groups[i])
                        return true;
        return false;
}

bool several_outweighs(const char *result, const char *other) {
        static const char *const order[] = {VFIOD_RESULT_UNCHANGED, VFIOD_RESULT_DONE,
                                            VFIOD_RESULT_QUEUED, VFIOD_RESULT_KEPT};
        size_t a = 0, b = 0;

        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                a = streq(order[i], result) ? i + 1 : a;
                b = streq(order[i], other) ? i + 1 : b;
        }
        return a > b;
}
