/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "output.h"
#include "render.h"
#include "verbs.h"

int verb_check(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(output_done) Output output = {0};
        _cleanup_(host_done) Host host = {0};
        int r;

        r = bus_get_host(call->bus, &host, &error);
        if (r < 0)
                return fail(call->options, NULL, &error, r);

        if (call->options->json)
                r = json_print(json_host(&host));
        else {
                r = output_begin(&output);
                if (r < 0)
                        return fail(call->options, NULL, NULL, r);
                render_host_sheet(output.file, &output.style, &host);
                r = output_end(&output, call->options);
        }
        return r < 0 ? EXIT_FAILED : readiness_exit_code(host.readiness);
}
