/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "output.h"
#include "render.h"
#include "verbs.h"

int verb_list(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(output_done) Output output = {0};
        _cleanup_(model_done) Model model = {0};
        ListOptions list = {.all = call->options->all, .class = call->options->class};
        int r;

        if (list.class && !class_is_known(list.class))
                return fail_usage(call->options,
                                  "--class is gpu, net, nvme, usb or audio, not '%s'", list.class);
        r = bus_get_model(call->bus, &model, &error);
        if (r < 0)
                return fail(call->options, NULL, &error, r);

        if (call->options->json)
                return json_print(json_groups(&model, list.class)) < 0 ? EXIT_FAILED : EXIT_YES;
        r = output_begin(&output);
        if (r < 0)
                return fail(call->options, NULL, NULL, r);
        render_groups(output.file, &output.style, &model, &list);
        return output_end(&output, call->options) < 0 ? EXIT_FAILED : EXIT_YES;
}
