/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "job.h"
#include "names.h"

/* What was done to several devices, as one result. */
typedef struct Total {
        const char *result;
        StepList steps;
        bool undoing_failed;
} Total;

static void total_done(Total *total) {
        steps_done(&total->steps);
}

/* Says what came out for one device; with --json it is said once for all. */
static int say_result(const Call *call, const char *address, const JobResult *result) {
        if (call->options->json)
                return 0;
        if (!job_is_live(call->options))
                job_print_steps(&result->steps);
        if (streq(result->result, VFIOD_RESULT_DONE))
                printf("%s is prepared; release gives it back: vfioctl release %s\n", address,
                       address);
        else if (streq(result->result, VFIOD_RESULT_UNCHANGED))
                printf("%s: nothing to do, it is prepared already\n", address);
        else if (streq(result->result, VFIOD_RESULT_QUEUED))
                printf("%s: vfiod is at it; follow it with: vfioctl monitor\n", address);
        else
                printf("%s: %s\n", address, or_empty(result->result));
        if (call->options->persist && !streq(result->result, VFIOD_RESULT_QUEUED))
                printf("%s is persisted; if its driver is in the initramfs, make that anew: "
                       "update-initramfs -u, or dracut --force\n", address);
        return fflush(stdout) == EOF ? -EIO : 0;
}

/* "done" for one makes it "done" for all: something has changed. */
static int total_add(Total *total, const JobResult *result) {
        if (!total->result || streq(result->result, VFIOD_RESULT_DONE) ||
            (streq(result->result, VFIOD_RESULT_QUEUED) &&
             !streq(total->result, VFIOD_RESULT_DONE)))
                total->result = streq(result->result, VFIOD_RESULT_DONE)     ? VFIOD_RESULT_DONE
                                : streq(result->result, VFIOD_RESULT_QUEUED) ? VFIOD_RESULT_QUEUED
                                : streq(result->result, VFIOD_RESULT_KEPT)   ? VFIOD_RESULT_KEPT
                                                                           : VFIOD_RESULT_UNCHANGED;
        for (size_t i = 0; i < result->steps.n; i++)
                if (steps_merge(&total->steps, result->steps.items + i) < 0)
                        return -ENOMEM;
        return 0;
}

/* Releases what this command prepared, the last first. */
static void undo(const Call *call, const JobResult results[], size_t n, Total *total) {
        for (size_t i = n; i-- > 0;) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_(job_result_done) JobResult undone = {0};
                int r;

                if (!streq(results[i].result, VFIOD_RESULT_DONE))
                        continue;
                r = job_run(call, "Release", results[i].address, NULL, &undone, &error);
                if (r < 0) {
                        total->undoing_failed = true;
                        say("%s could not be released again: %s", results[i].address,
                            error.message ? error.message : strerror(-r));
                } else if (!call->options->json)
                        say("%s is released again, because it was prepared by this command",
                            results[i].address);
        }
}

static int report_failure(const Call *call, const char *address, const JobResult *result,
                          const sd_bus_error *error, int r) {
        if (!call->options->json && !job_is_live(call->options))
                job_print_steps(&result->steps);
        return job_report_failure(call, address, result, error, r);
}

/* Releasing has an option that preparing shares, but not those about what to move. */
static Call release_call(const Call *call, Options *options) {
        Call release = *call;

        *options = *call->options;
        options->with = NULL;
        options->accept = NULL;
        options->group = false;
        options->wait = false;
        options->driver = NULL;
        release.options = options;
        return release;
}

static int prepare_all(const Call *call, JobResult results[], Total *total) {
        for (int i = 0; i < call->n_arguments; i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
                const char *address = call->arguments[i];
                int r, code;

                r = job_run(call, "Prepare", address, call->arguments, results + i, &error);
                if (r < 0) {
                        Options options;
                        Call release = release_call(call, &options);

                        code = report_failure(call, address, results + i, &error, r);
                        if (r != -EINTR)
                                undo(&release, results, (size_t) i, total);
                        return total->undoing_failed ? EXIT_FAILED : code;
                }
                if (total_add(total, results + i) < 0 || say_result(call, address, results + i) < 0)
                        return EXIT_FAILED;
        }
        return EXIT_YES;
}

int verb_prepare(const Call *call) {
        _cleanup_(total_done) Total total = {0};
        _cleanup_(freep) JobResult *results = NULL;
        _cleanup_(strv_freep) char **addresses = NULL;
        Call resolved = *call;
        int code;

        code = job_resolve_arguments(call, &addresses);
        if (code != EXIT_YES)
                return code;
        results = calloc((size_t) call->n_arguments, sizeof(JobResult));
        if (!results)
                return fail(call->options, NULL, NULL, -ENOMEM);
        resolved.arguments = addresses;
        code = prepare_all(&resolved, results, &total);
        for (int i = 0; i < call->n_arguments; i++)
                job_result_done(results + i);
        if (code == EXIT_YES && call->options->json &&
            job_print_json(total.result, &total.steps) < 0)
                return EXIT_FAILED;
        return code;
}
