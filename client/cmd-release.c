/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "job.h"
#include "names.h"
#include "several.h"

/* What came out for one device. */
typedef struct Released {
        const char *name; /* as it was typed */
        JobResult result;
        const char *word; /* NULL if it failed */
        bool moved;
} Released;

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
                printf("%s stays prepared: it, or what was prepared along with it, is still "
                       "claimed\n", address);
        else if (streq(result, VFIOD_RESULT_UNCHANGED))
                printf("%s: nothing to do\n", address);
        else if (streq(result, VFIOD_RESULT_QUEUED))
                printf("%s: vfiod is at it; follow it with: vfioctl monitor\n", address);
        else
                printf("%s: %s\n", address, or_empty(result));
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
                printf("%s is not persisted any more; if its driver is in the initramfs, make that "
                       "anew: update-initramfs -u, or dracut --force\n", address);
}

/* Says why a device could not be released. One JSON document: the first failure stands for those
 * after it. Returns an exit code. */
static int report_failure(const Call *call, const Released *d, const sd_bus_error *error, int r,
                          bool first) {
        if (call->options->json && !first)
                return error_exit_code(error->name);
        return job_report_failure(call, d->name, &d->result, error, r);
}

/* Releases one device. `steps` are those done so far, to which its own are added. */
static int release_one(const Call *call, Released *d, StepList *steps, int *worst) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r, code;

        r = job_run(call, "Release", d->name, NULL, &d->result, &error);
        if (!call->options->json && !job_is_live(call->options))
                job_print_steps(&d->result.steps);
        /* Devices that were prepared together go back together: with the first one named. */
        if (r < 0 && sd_bus_error_has_name(&error, VFIOD_ERROR_NOT_MANAGED) &&
            was_moved(steps, d->result.address)) {
                d->word = VFIOD_RESULT_DONE;
                return 0;
        }
        if (r < 0) {
                code = report_failure(call, d, &error, r, *worst == EXIT_YES);
                *worst = code > *worst ? code : *worst;
                return r;
        }
        d->word = or_empty(d->result.result);
        d->moved = d->result.steps.n > 0;
        for (size_t i = 0; i < d->result.steps.n; i++)
                if (steps_merge(steps, d->result.steps.items + i) < 0) {
                        *worst = fail(call->options, d->name, NULL, -ENOMEM);
                        return -ENOMEM;
                }
        return 0;
}

/* What was kept for the sake of a device that was named later has gone back with that one. */
static void settle(Released *d, const Released *later, const Released *end) {
        for (; later < end && streq(d->word, VFIOD_RESULT_KEPT); later++)
                if (later->word && was_moved(&later->result.steps, d->result.address)) {
                        d->word = later->word;
                        d->moved = true;
                }
}

static int release_each(const Call *call, Released *devices, const int64_t *groups,
                        StepList *steps) {
        int worst = EXIT_YES;

        for (int i = 0; i < call->n_arguments; i++) {
                Options options = *call->options;
                Call one = *call;

                if (groups && several_waits(groups, call->n_arguments, i))
                        options.no_block = false;
                one.options = &options;
                devices[i].name = call->arguments[i];
                if (release_one(&one, devices + i, steps, &worst) == -EINTR)
                        break;
        }
        return worst;
}

/* Says what came out, once it is known for all. Returns the word for the command. */
static const char *report(const Call *call, Released *devices) {
        const char *total = NULL;

        for (int i = 0; i < call->n_arguments; i++) {
                Released *d = devices + i;

                if (!d->word)
                        continue;
                settle(d, d + 1, devices + call->n_arguments);
                if (!call->options->json)
                        say_all(call, d->name, d->word, d->moved);
                if (several_outweighs(d->word, total))
                        total = d->word;
        }
        return total;
}

int verb_release(const Call *call) {
        _cleanup_(steps_done) StepList steps = {0};
        _cleanup_(freep) Released *devices = calloc((size_t) call->n_arguments, sizeof(Released));
        _cleanup_(freep) int64_t *groups = call->options->no_block ? several_groups(call) : NULL;
        const char *total;
        int worst;

        if (!devices || (call->options->no_block && !groups))
                return fail(call->options, NULL, NULL, -ENOMEM);
        worst = release_each(call, devices, groups, &steps);
        total = report(call, devices);
        /* With --json there is one object: the errors', or this one. */
        if (worst == EXIT_YES && call->options->json && job_print_json(total, &steps) < 0)
                worst = EXIT_FAILED;
        for (int i = 0; i < call->n_arguments; i++)
                job_result_done(&devices[i].result);
        return worst;
}
