/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "metrics.h"
#include "output.h"
#include "render.h"
#include "verbs.h"

static json_t *json_status(const Host *host, const Model *model) {
        json_t *status = json_host(host);

        json_object_set_new(status, "groups", json_groups(model, NULL));
        return status;
}

/* No pager: this is for programs. */
static int finish_metrics(void) {
        return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_YES;
}

int verb_status(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(output_done) Output output = {0};
        _cleanup_(host_done) Host host = {0};
        _cleanup_(model_done) Model model = {0};
        ListOptions list = {.all = call->options->all};
        int r;

        if ((r = bus_get_host(call->bus, &host, &error)) < 0 ||
            (r = bus_get_model(call->bus, &model, &error)) < 0) {
                if (call->options->metrics)
                        metrics_print_down(stdout);
                return fail(call->options, NULL, &error, r);
        }

        if (call->options->metrics) {
                metrics_print(stdout, &host, &model);
                return finish_metrics();
        }
        if (call->options->json)
                return json_print(json_status(&host, &model)) < 0 ? EXIT_FAILED : EXIT_YES;
        r = output_begin(&output);
        if (r < 0)
                return fail(call->options, NULL, NULL, r);
        render_host_line(output.file, &output.style, &host);
        render_host_marks(output.file, &output.style, &host);
        fputc('\n', output.file);
        render_groups(output.file, &output.style, &model, &list);
        return output_end(&output, call->options) < 0 ? EXIT_FAILED : EXIT_YES;
}
