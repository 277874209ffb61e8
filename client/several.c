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
