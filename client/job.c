/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "action-names.h"
#include "job.h"
#include "json.h"
#include "names.h"
#include "render.h"

/* One call under way. The job's path is in the answer, which comes last; until then the job is
 * known by the device it is about. */
typedef struct Run {
        sd_bus *bus;
        sd_event *event;
        JobResult *result;
        sd_bus_error *error;
        Style style;
        bool live, answered, finished;
        Job job;
        size_t n_begun, n_ended; /* lines shown: begun, and with their end */
        char **shown_undone;     /* steps shown a second time, as undone */
        int r;
} Run;

bool job_is_live(const Options *options) {
        return !options->json && isatty(STDOUT_FILENO);
}

static bool is_state(const Step *step, const char *state) {
        return streq(step->state, state);
}

static void put_state(const Style *style, const char *state) {
        fputc(' ', stdout);
        text_put(stdout, style, render_colour(state), state, 0);
        fputc('\n', stdout);
}

static void put_undone(Run *run, const Step *step, size_t i, bool drop) {
        char index[24];

        snprintf(index, sizeof(index), "%zu", i);
        if (strv_contains(run->shown_undone, index))
                return;
        if (run->n_begun > run->n_ended) {
                fputc('\n', stdout);
                run->n_ended = run->n_begun;
        }
        render_step(stdout, &run->style, step, drop);
        put_state(&run->style, step->state);
        strv_append(&run->shown_undone, index);
}

/* Shows what has happened since the last time: steps run one after the other, so lines do, too. */
static void show_progress(Run *run) {
        bool drop = steps_one_domain(&run->job.steps);

        for (size_t i = 0; run->live && i < run->job.steps.n; i++) {
                const Step *step = run->job.steps.items + i;
                bool undone = is_state(step, STEP_UNDONE);

                if (is_state(step, STEP_PENDING))
                        continue;
                if (undone && i < run->n_ended) {
                        put_undone(run, step, i, drop);
                        continue;
                }
                if (i > run->n_begun)
                        continue;
                if (i == run->n_begun) {
                        render_step(stdout, &run->style, step, drop);
                        run->n_begun++;
                }
                if (i == run->n_ended && !is_state(step, STEP_RUNNING)) {
                        put_state(&run->style, step->state);
                        run->n_ended++;
                }
        }
        fflush(stdout);
}

static int on_job_new(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(job_done) Job job = {0};
        Run *run = userdata;
        const char *path;
        uint32_t id;

        if (run->result->job || sd_bus_message_read(m, "uo", &id, &path) < 0)
                return 0;
        /* The job may have ended meanwhile; then the answer tells what there is to tell. */
        if (bus_get_job(run->bus, path, &job, NULL) < 0 ||
            !streq(job.address, run->result->address))
                return 0;
        run->result->job = strdup(path);
        job_done(&run->job);
        run->job = job;
        job = (Job){0};
        show_progress(run);
        return 0;
}

static int on_job_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Run *run = userdata;
        const char *interface;

        if (!streq(sd_bus_message_get_path(m), run->result->job) ||
            sd_bus_message_read(m, "s", &interface) < 0 || !streq(interface, VFIOD_INTERFACE_JOB))
                return 0;
        if (job_read(&run->job, m) < 0)
                return 0;
        /* A list of names means that the values did not come along. */
        if (sd_bus_message_enter_container(m, 'a', "s") > 0 && !sd_bus_message_at_end(m, false))
                bus_get_job(run->bus, run->result->job, &run->job, NULL);
        show_progress(run);
        return 0;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Run *run = userdata;
        const char *result, *path;

        run->answered = true;
        if (sd_bus_message_is_method_error(m, NULL)) {
                sd_bus_error_copy(run->error, sd_bus_message_get_error(m));
                run->r = -sd_bus_message_get_errno(m);
        } else if ((run->r = sd_bus_message_read(m, "so", &result, &path)) >= 0) {
                run->r = 0;
                run->result->result = strdup(result);
                free(run->result->job);
                run->result->job = streq(path, "/") ? NULL : strdup(path);
                if (!run->result->result)
                        run->r = -ENOMEM;
        }
        run->finished = true;
        return 0;
}

static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *info, void *data) {
        Run *run = data;

        run->r = -EINTR;
        run->finished = true;
        return 0;
}

static int run_prepare(Run *run, sd_bus_slot *slots[2]) {
        sigset_t set;
        int r;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);
        if ((r = sd_event_new(&run->event)) < 0 ||
            (r = sd_event_add_signal(run->event, NULL, SIGINT, on_interrupt, run)) < 0 ||
            (r = sd_event_add_signal(run->event, NULL, SIGTERM, on_interrupt, run)) < 0 ||
            (r = sd_bus_attach_event(run->bus, run->event, 0)) < 0 ||
            /* Subscribed before the call, so that no step is missed. */
            (r = sd_bus_match_signal(run->bus, slots, VFIOD_BUS_NAME, VFIOD_PATH_MANAGER,
                                     VFIOD_INTERFACE_MANAGER, "JobNew", on_job_new, run)) < 0)
                return r;
        return sd_bus_add_match(run->bus, slots + 1,
                                "type='signal',sender='" VFIOD_BUS_NAME "',"
                                "path_namespace='" VFIOD_PATH_JOBS "',"
                                "interface='org.freedesktop.DBus.Properties',"
                                "member='PropertiesChanged'", on_job_changed, run);
}

static void run_finish(Run *run) {
        /* The last steps may not have been announced: read them once more if the job is still
         * there. */
        if (run->result->job && run->answered)
                bus_get_job(run->bus, run->result->job, &run->job, NULL);
        show_progress(run);
        if (run->n_begun > run->n_ended)
                fputc('\n', stdout);
        run->result->steps = run->job.steps;
        run->job.steps = (StepList){0};
        job_done(&run->job);
        strv_free(run->shown_undone);
        sd_bus_detach_event(run->bus);
        sd_event_unref(run->event);
}

int job_run(const Call *call, const char *method, const char *address, char *const *with,
            JobResult *result, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *request = NULL;
        _cleanup_(freep) char *path = NULL;
        sd_bus_slot *slots[3] = {NULL};
        Run run = {.bus = call->bus, .result = result, .error = error,
                   .style = style_for_stdout(), .live = job_is_live(call->options)};
        int r;

        r = bus_find_device(call->bus, address, true, error, &path);
        /* A wish is left behind by a device that is gone; the daemon knows whether there is one. */
        if (r < 0 && !(streq(method, "Release") && call->options->persist &&
                       sd_bus_error_has_name(error, VFIOD_ERROR_NO_SUCH_DEVICE)))
                return r;
        sd_bus_error_free(error);
        result->address = path ? bus_path_address(path) : strdup(address);
        if (!result->address)
                return -ENOMEM;
        if ((r = run_prepare(&run, slots)) >= 0 &&
            (r = bus_new_request(call->bus, method, address, with, call->options, &request)) >= 0 &&
            (r = sd_bus_call_async(call->bus, slots + 2, request, on_answer, &run,
                                   bus_request_timeout(call->options))) >= 0)
                /* Not sd_event_loop(): its end closes the bus, and another call may follow. */
                while (r >= 0 && !run.finished)
                        r = sd_event_run(run.event, UINT64_MAX);
        for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
                sd_bus_slot_unref(slots[i]);
        run_finish(&run);
        return r < 0 ? r : run.r;
}

void job_result_done(JobResult *result) {
        free(result->address);
        free(result->result);
        free(result->job);
        steps_done(&result->steps);
}

bool job_was_waiting(const Options *options, const JobResult *result) {
        return options->wait && !result->job;
}

int job_report_failure(const Call *call, const char *address, const JobResult *result,
                       const sd_bus_error *error, int r) {
        _cleanup_(sd_bus_error_free) sd_bus_error interrupted = SD_BUS_ERROR_NULL;

        if (r != -EINTR)
                return fail(call->options, address, error, r);
        sd_bus_error_setf(&interrupted, ERROR_INTERRUPTED,
                          job_was_waiting(call->options, result)
                                  ? "%s: interrupted before the holder had gone; nothing was begun"
                                  : "%s: interrupted, but the job goes on in vfiod; follow it with: "
                                  "vfioctl monitor", address);
        return fail(call->options, address, &interrupted, r);
}

void job_print_steps(const StepList *steps) {
        bool drop = steps_one_domain(steps);
        Style style = style_for_stdout();

        for (size_t i = 0; i < steps->n; i++) {
                render_step(stdout, &style, steps->items + i, drop);
                put_state(&style, or_empty(steps->items[i].state));
        }
}

int job_print_json(const char *result, const StepList *steps) {
        json_t *object = json_object();

        json_object_set_new(object, "result", json_text(result));
        json_object_set_new(object, "steps", json_steps(steps, true));
        return json_print(object);
}
