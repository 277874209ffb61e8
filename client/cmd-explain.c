/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "bus.h"
#include "explain.h"
#include "output.h"
#include "verbs.h"

#define ERROR_NO_SUCH_NAME "org.vfiod1.Error.NoSuchTopic"
#define NEAREST_MAX 3

/* The texts are worth showing without a daemon, too; then it is said that values are missing. */
static int read_values(const Call *call, ExplainValues *v) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = -ENOTCONN;

        if (call->bus && (r = bus_get_host(call->bus, &v->host, &error)) >= 0 &&
            (r = bus_get_model(call->bus, &v->model, &error)) >= 0) {
                v->known = true;
                r = explain_values_derive(v);
                if (r < 0)
                        return r;
        } else {
                const char *cause = !call->bus                                ? "no bus"
                                    : sd_bus_error_is_set(&error) && error.message ? error.message
                                                                                   : strerror(-r);

                host_done(&v->host);
                model_done(&v->model);
                if (asprintf(&v->missing, "Its values are missing: vfiod does not answer (%s).",
                             cause) < 0)
                        return -ENOMEM;
                text_clean(v->missing);
        }
        return 0;
}

static int unknown(const Options *options, const char *name) {
        const char *nearest[NEAREST_MAX];
        size_t n = explain_nearest(name, nearest, NEAREST_MAX), size;
        _cleanup_(freep) char *message = NULL;
        FILE *out = open_memstream(&message, &size);

        if (!out)
                return fail(options, NULL, NULL, -ENOMEM);
        fprintf(out, "there is nothing to explain by the name '%s'.", name);
        for (size_t i = 0; i < n; i++)
                fprintf(out, "%s%s%s", i == 0 ? " Near it: " : ", ", nearest[i],
                        i + 1 == n ? "." : "");
        fputs(" All names: vfioctl explain", out);
        fclose(out);
        if (!message)
                return fail(options, NULL, NULL, -ENOMEM);
        if (options->json)
                json_print_error(ERROR_NO_SUCH_NAME, text_clean(message));
        else
                say("%s", message);
        return EXIT_NO;
}

static int print_list(const Options *options) {
        _cleanup_(output_done) Output output = {0};
        int r;

        if (options->json)
                return json_print(explain_json_list()) < 0 ? EXIT_FAILED : EXIT_YES;
        r = output_begin(&output);
        if (r < 0)
                return fail(options, NULL, NULL, r);
        explain_render_list(output.file, &output.style);
        return output_end(&output, options) < 0 ? EXIT_FAILED : EXIT_YES;
}

int verb_explain(const Call *call) {
        _cleanup_(explain_values_done) ExplainValues values = EXPLAIN_VALUES_INIT;
        _cleanup_(output_done) Output output = {0};
        const Explanation *e;
        int r;

        if (call->n_arguments == 0)
                return print_list(call->options);
        e = explain_find(call->arguments[0]);
        if (!e)
                return unknown(call->options, call->arguments[0]);
        r = read_values(call, &values);
        if (r < 0)
                return fail(call->options, NULL, NULL, r);
        if (call->options->json)
                return json_print(explain_json(e, &values)) < 0 ? EXIT_FAILED : EXIT_YES;
        r = output_begin(&output);
        if (r < 0)
                return fail(call->options, NULL, NULL, r);
        explain_render(output.file, &output.style, e, &values);
        return output_end(&output, call->options) < 0 ? EXIT_FAILED : EXIT_YES;
}
