/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "job.h"
#include "names.h"
#include "several.h"

/* What this command did to one device, and so what it may undo. */
typedef struct Deed {
        bool moved;         /* prepared, or claimed besides others */
        bool was_persisted; /* before, or it is not known */
        bool persisted;     /* written down for later boots, or otherwise than it was */
} Deed;

/* The command as a whole. */
typedef struct Prepare {
        Call call;       /* with canonical addresses */
        sd_bus *own_bus; /* NULL, or what call.bus was replaced by */
        int64_t *groups; /* with --no-block, else NULL */
        Deed *deeds;
        const char *result; /* of all devices */
        StepList steps;
        bool undoing_failed;
} Prepare;

static void prepare_done(Prepare *p) {
        strv_free(p->call.arguments);
        sd_bus_flush_close_unref(p->own_bus);
        free(p->groups);
        free(p->deeds);
        steps_done(&p->steps);
}

static bool is_result(const JobResult *result, const char *word) {
        return streq(result->result, word);
}

static void say_persisted(const char *address) {
        printf("%s is persisted; if its driver is in the initramfs, make that anew: "
               "update-initramfs -u, or dracut --force\n", address);
}

/* Says what came out for one device; with --json it is said once for all. */
static int say_result(const Options *options, const char *address, const JobResult *result) {
        if (options->json)
                return 0;
        if (!job_is_live(options))
                job_print_steps(&result->steps);
        if (is_result(result, VFIOD_RESULT_DONE))
                printf("%s is prepared; release gives it back: vfioctl release %s\n", address,
                       address);
        else if (is_result(result, VFIOD_RESULT_UNCHANGED))
                printf("%s: nothing to do, it is prepared already\n", address);
        else if (is_result(result, VFIOD_RESULT_QUEUED))
                printf("%s: vfiod is at it; follow it with: vfioctl monitor\n", address);
        else
                printf("%s: %s\n", address, or_empty(result->result));
        if (options->persist && !is_result(result, VFIOD_RESULT_QUEUED))
                say_persisted(address);
        return fflush(stdout) == EOF ? -EIO : 0;
}

static int add_result(Prepare *p, const JobResult *result) {
        static const char *const words[] = {VFIOD_RESULT_UNCHANGED, VFIOD_RESULT_DONE,
                                            VFIOD_RESULT_QUEUED};

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (is_result(result, words[i]) && several_outweighs(words[i], p->result))
                        p->result = words[i];
        for (size_t i = 0; i < result->steps.n; i++)
                if (steps_merge(&p->steps, result->steps.items + i) < 0)
                        return -ENOMEM;
        return 0;
}

/* Gives one device back as far as this command has it, with the wish if that is new. */
static void undo_one(Prepare *p, const char *address, const Deed *deed) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(job_result_done) JobResult undone = {0};
        bool quiet = p->call.options->json, forget = deed->persisted && !deed->was_persisted;
        /* Of the options, those that a release has, too. */
        const Options options = {.json = quiet, .for_what = p->call.options->for_what,
                                 .timeout_usec = p->call.options->timeout_usec,
                                 .no_ask_password = p->call.options->no_ask_password,
                                 .host = p->call.options->host, .persist = forget};
        Call call = p->call;
        int r;

        call.options = &options;
        r = deed->moved ? job_run(&call, "Release", address, NULL, &undone, &error) : 0;
        if (r < 0) {
                p->undoing_failed = true;
                say("%s could not be released again: %s", address,
                    error.message ? error.message : strerror(-r));
        } else if (deed->moved && !quiet)
                say("%s is released again, because it was prepared by this command", address);
        /* A wish goes with a release only, and one that there was before cannot be had back. */
        if (deed->persisted && !(deed->moved && forget) && !quiet)
                say("%s stays persisted; a release ends that: vfioctl release --persist %s",
                    address, address);
}

/* Undoes what this command did, the last first. */
static void undo(Prepare *p) {
        for (int i = p->call.n_arguments; i-- > 0;)
                undo_one(p, p->call.arguments[i], p->deeds + i);
}

/* Takes the call that still waits back: it goes with its connection. Returns: 0 or -errno. */
static int take_back(Prepare *p) {
        sd_bus_close(p->call.bus); /* whoever opened it frees it */
        p->call.bus = NULL;
        return bus_open(p->call.options, &p->own_bus, NULL);
}

static void say_what_stays(const Prepare *p) {
        for (int i = 0; i < p->call.n_arguments && !p->call.options->json; i++)
                if (p->deeds[i].moved)
                        say("%s stays prepared; to give it back: vfioctl release %s",
                            p->call.arguments[i], p->call.arguments[i]);
}

/* Says what failed and undoes the rest. A job that goes on is left to the person, with all else. */
static int give_up(Prepare *p, const Call *call, const char *address, const JobResult *result,
                   const sd_bus_error *error, int r) {
        bool waited = r == -EINTR && job_was_waiting(call->options, result);
        int code;

        if (!call->options->json && !job_is_live(call->options))
                job_print_steps(&result->steps);
        code = job_report_failure(call, address, result, error, r);
        if (waited && take_back(p) < 0)
                waited = false;
        else if (waited)
                p->call.bus = p->own_bus;
        if (r == -EINTR && !waited)
                say_what_stays(p);
        else
                undo(p);
        return p->undoing_failed ? EXIT_FAILED : code;
}

/* What cannot be told counts as persisted: it is not ours to end. */
static bool is_persisted(sd_bus *bus, const char *address) {
        _cleanup_(device_done) Device device = DEVICE_INIT;
        _cleanup_(freep) char *path = NULL;

        return bus_find_device(bus, address, true, NULL, &path) < 0 ||
               bus_get_device(bus, path, &device, NULL) < 0 || device.persisted;
}

/* Calls Prepare for one device. `again` is for what is prepared already, to write it down. */
static int prepare_one(Prepare *p, Options options, int i, bool again) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(job_result_done) JobResult result = {0};
        const char *address = p->call.arguments[i];
        Deed *deed = p->deeds + i;
        Call call = p->call;
        int r;

        if (p->groups && several_waits(p->groups, call.n_arguments, i))
                options.no_block = false;
        call.options = &options;
        if (again)
                deed->was_persisted = is_persisted(call.bus, address);
        r = job_run(&call, "Prepare", address, call.arguments, &result, &error);
        if (r < 0)
                return give_up(p, &call, address, &result, &error, r);
        *(again ? &deed->persisted : &deed->moved) = is_result(&result, VFIOD_RESULT_DONE);
        if (add_result(p, &result) < 0)
                return EXIT_FAILED;
        if (!again)
                return say_result(&options, address, &result) < 0 ? EXIT_FAILED : EXIT_YES;
        if (!options.json)
                say_persisted(address);
        return EXIT_YES;
}

static int prepare_each(Prepare *p, const Options *options, bool again) {
        for (int i = 0; i < p->call.n_arguments; i++) {
                int code = prepare_one(p, *options, i, again);

                if (code != EXIT_YES)
                        return code;
        }
        return EXIT_YES;
}

/* Several devices are written down only when all are prepared. Then no answer is about two things,
 * and what is to be undone is known. */
static int prepare_all(Prepare *p) {
        Options options = *p->call.options;
        int code;

        if (!options.persist || p->call.n_arguments == 1)
                return prepare_each(p, &options, false);
        options.persist = false;
        options.no_block = false;
        code = prepare_each(p, &options, false);
        if (code != EXIT_YES)
                return code;
        options.persist = true;
        return prepare_each(p, &options, true);
}

int verb_prepare(const Call *call) {
        _cleanup_(prepare_done) Prepare p = {.call = *call};
        int code;

        p.call.arguments = NULL;
        code = several_resolve(call, &p.call.arguments);
        if (code != EXIT_YES)
                return code;
        p.deeds = calloc((size_t) call->n_arguments, sizeof(Deed));
        if (call->options->no_block)
                p.groups = several_groups(&p.call);
        if (!p.deeds || (call->options->no_block && !p.groups))
                return fail(call->options, NULL, NULL, -ENOMEM);
        code = prepare_all(&p);
        if (code == EXIT_YES && call->options->json && job_print_json(p.result, &p.steps) < 0)
                return EXIT_FAILED;
        return code;
}
