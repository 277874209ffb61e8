/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "job.h"
#include "names.h"

static bool was_moved(const StepList *steps, const char *address) {
        for (size_t i = 0; address && i < steps->n; i++)
                if (streq(steps->items[i].address, address))
                        return true;
        return false;
}

static void say_result(const char *address, const char *result) {
        if (streq(result, VFIOD_RESULT_DONE))
                printf("%s is back with the host\n", address);
        else if (streq(result, VFIOD_RESULT_KEPT))
                printf("%s stays prepared: somebody else claims it, too\n", address);
        else if (streq(result, VFIOD_RESULT_UNCHANGED))
                printf("%s: nothing to do\n", address);
        else if (streq(result, VFIOD_RESULT_QUEUED))
                printf("%s: vfiod is at it; follow it with: vfioctl monitor\n", address);
        else
                printf("%s: %s\n", address, result);
        fflush(stdout);
}

/* A wish outlives a release: whoever wants the device back for good is to know. */
static void say_persisted(const Call *call, const char *address) {
        _cleanup_(freep) char *path = NULL;
        Device device = {0};

        if (call->options->persist || bus_find_device(call->bus, address, false, NULL, &path) < 0 ||
            bus_get_device(call->bus, path, &device, NULL) < 0)
                return;
        if (device.persisted)
                say("%s is still persisted: the next boot prepares it again. To end that: "
                    "vfioctl release --persist %s", address, address);
        device_done(&device);
}

static void say_all(const Call *call, const char *address, const char *result, bool moved) {
        bool done = streq(result, VFIOD_RESULT_DONE);

        if (moved || !done || !call->options->persist)
                say_result(address, result);
        if (!call->options->persist)
                say_persisted(call, address);
        else if (done || streq(result, VFIOD_RESULT_KEPT))
                printf("%s is not persisted any more\n", address);
}

/* Releases one device. `steps` are those done so far, to which its own are added. */
static int release_one(const Call *call, const char *address, StepList *steps, char **ret_result,
                       int *ret_code) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(job_result_done) JobResult result = {0};
        const char *word;
        int r;

        r = job_run(call, "Release", address, NULL, &result, &error);
        if (!call->options->json && !job_is_live(call->options))
                job_print_steps(&result.steps);
        if (r < 0) {
                /* Devices that were prepared together go back together: with the first one named.
                 */
                if (!sd_bus_error_has_name(&error, VFIOD_ERROR_NOT_MANAGED) ||
                    !was_moved(steps, result.address)) {
                        /* One JSON document: the first failure stands for those after it. */
                        if (call->options->json && *ret_code != EXIT_YES)
                                *ret_code = error_exit_code(error.name);
                        else
                                *ret_code = job_report_failure(call, address, &result, &error,
                                                                       r);
                        return r;
                }
        }
        word = r < 0 ? VFIOD_RESULT_DONE : or_empty(result.result);
        for (size_t i = 0; i < result.steps.n; i++)
                if (steps_merge(steps, result.steps.items + i) < 0) {
                        *ret_code = fail(call->options, address, NULL, -ENOMEM);
                        return -ENOMEM;
                }
        if (!call->options->json)
                say_all(call, address, word, result.steps.n > 0);
        *ret_result = strdup(word);
        return 0;
}

/* One word for several results: "kept" must not be hidden, and "done" not by "unchanged". */
static bool outweighs(const char *result, const char *other) {
        static const char *const order[] = {VFIOD_RESULT_UNCHANGED, VFIOD_RESULT_DONE,
                                            VFIOD_RESULT_QUEUED, VFIOD_RESULT_KEPT};
        size_t a = 0, b = 0;

        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                a = streq(order[i], result) ? i + 1 : a;
                b = streq(order[i], other) ? i + 1 : b;
        }
        return a > b;
}

int verb_release(const Call *call) {
        _cleanup_(steps_done) StepList steps = {0};
        _cleanup_(freep) char *total = NULL;
        int worst = EXIT_YES;

        for (char **address = call->arguments; *address; address++) {
                _cleanup_(freep) char *result = NULL;
                int code = worst, r;

                r = release_one(call, *address, &steps, &result, &code);
                if (r < 0 && code > worst)
                        worst = code;
                if (r == -EINTR)
                        break;
                if (result && outweighs(result, total)) {
                        free(total);
                        total = TAKE_PTR(result);
                }
        }
        /* With --json there is one object: the errors', or this one. */
        if (worst == EXIT_YES && call->options->json && job_print_json(total, &steps) < 0)
                return EXIT_FAILED;
        return worst;
}
