/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "finding-ids.h"
#include "json.h"
#include "output.h"
#include "render.h"
#include "verbs.h"

/* Asks for one device's plan and adds it to what there is: a group shared by two devices that were
 * named together is moved once. */
static int plan_one(const Call *call, const char *address, StepList *steps, FindingList *findings,
                    sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *request = NULL, *reply = NULL;
        _cleanup_(steps_done) StepList more_steps = {0};
        _cleanup_(findings_done) FindingList more_findings = {0};
        int r;

        if ((r = bus_new_request(call->bus, "Plan", address, call->arguments, call->options,
                                 &request)) < 0 ||
            (r = sd_bus_call(call->bus, request, 0, error, &reply)) < 0 ||
            (r = steps_read(&more_steps, reply)) < 0 ||
            (r = findings_read(&more_findings, reply)) < 0)
                return r;
        for (size_t i = 0; i < more_steps.n; i++)
                if ((r = steps_merge(steps, more_steps.items + i)) < 0)
                        return r;
        for (size_t i = 0; i < more_findings.n; i++)
                if ((r = findings_merge(findings, more_findings.items + i)) < 0)
                        return r;
        return 0;
}

/* Prepare would do it if it were told to. */
static bool asks_consent(const Finding *finding) {
        return streq(finding->id, FINDING_MEMBER_NEEDS_CONSENT) ||
               streq(or_empty(finding->class), "accept");
}



static bool is_refused(const FindingList *findings) {
        for (size_t i = 0; i < findings->n; i++)
                if (streq(findings->items[i].severity, "blocker") ||
                    asks_consent(findings->items + i))
                        return true;
        return false;
}

static bool is_blocked(const FindingList *findings) {
        for (size_t i = 0; i < findings->n; i++)
                if (streq(findings->items[i].severity, "blocker") &&
                    !asks_consent(findings->items + i))
                        return true;
        return false;
}

/* The command that carries the plan out. */
static void put_command(FILE *out, const Call *call) {
        fputs("vfioctl prepare", out);
        for (char **address = call->arguments; *address; address++)
                fprintf(out, " %s", *address);
        for (char **address = call->options->with; address && *address; address++)
                fprintf(out, "%s%s", address == call->options->with ? " --with " : ",", *address);
        if (call->options->group)
                fputs(" --group", out);
        for (char **hazard = call->options->accept; hazard && *hazard; hazard++)
                fprintf(out, "%s%s", hazard == call->options->accept ? " --accept " : ",",
                        *hazard);
        if (call->options->driver)
                fprintf(out, " --driver %s", call->options->driver);
        fputc('\n', out);
}

static void render(const Call *call, Output *output, const StepList *steps,
                   const FindingList *findings, const Model *model) {
        FILE *out = output->file;
        const Style *style = &output->style;

        if (steps->n > 0)
                render_plan(out, style, steps, model);
        else if (!is_refused(findings)) {
                for (char **address = call->arguments; *address; address++)
                        fprintf(out, "%s%s",
                                address == call->arguments ? "Nothing to do for " : ", ", *address);
                fputs(".\n", out);
        }
        if (findings->n > 0) {
                if (steps->n > 0)
                        fputc('\n', out);
                render_findings(out, style, findings);
        }
        if (steps->n == 0)
                return;
        if (is_blocked(findings))
                fputs("\nNothing was changed. As things are, prepare would refuse this.\n", out);
        else if (is_refused(findings))
                /* The daemon's remedy is the command that gives the consent. */
                fputs("\nNothing was changed. Without that consent, prepare refuses this.\n", out);
        else {
                fprintf(out, "\nNothing was changed. To do it:\n  %s ", text_arrow(style));
                put_command(out, call);
        }
}

int verb_plan(const Call *call) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(output_done) Output output = {0};
        _cleanup_(steps_done) StepList steps = {0};
        _cleanup_(findings_done) FindingList findings = {0};
        _cleanup_(model_done) Model model = {0};
        int r;

        for (char **address = call->arguments; *address; address++) {
                r = plan_one(call, *address, &steps, &findings, &error);
                if (r < 0)
                        return fail(call->options, *address, &error, r);
        }
        if (call->options->json) {
                json_t *object = json_object();

                json_object_set_new(object, "steps", json_steps(&steps, false));
                json_object_set_new(object, "findings", json_findings(&findings));
                r = json_print(object);
        } else {
                /* Only for the devices' names, so it may fail. */
                bus_get_model(call->bus, &model, NULL);
                r = output_begin(&output);
                if (r < 0)
                        return fail(call->options, NULL, NULL, r);
                render(call, &output, &steps, &findings, &model);
                r = output_end(&output, call->options);
        }
        return r < 0 ? EXIT_FAILED : is_refused(&findings) ? EXIT_NO : EXIT_YES;
}
