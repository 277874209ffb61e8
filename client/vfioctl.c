/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <signal.h>

#include "agent.h"
#include "config.h"
#include "verbs.h"

static const Verb verbs[] = {
        {"status", 0, 0, OPTION_ALL | OPTION_METRICS, verb_status, "",
         "the host, its groups and their verdicts (the default)"},
        {"list", 0, 0, OPTION_ALL | OPTION_CLASS, verb_list, "", "groups and devices"},
        {"show", 1, 2, 0, verb_show, "ADDRESS | group N", "everything about a device or a group"},
        {"check", 0, 0, 0, verb_check, "", "whether this host can do it at all, and why not"},
        {"explain", 0, 1, 0, verb_explain, "[ID | TOPIC]", "what a finding means; all names", true},
        {"plan", 1, -1, OPTION_WITH | OPTION_GROUP | OPTION_ACCEPT | OPTION_DRIVER, verb_plan,
         "ADDRESS...",
         "what prepare would do; changes nothing"},
        {"prepare", 1, -1,
         OPTION_WITH | OPTION_GROUP | OPTION_ACCEPT | OPTION_DRIVER | OPTION_FOR | OPTION_TIMEOUT |
                 OPTION_NO_BLOCK | OPTION_PERSIST | OPTION_WAIT,
         verb_prepare, "ADDRESS...", "give devices to VFIO, so that a VM can start with them",
         .changes = true},
        {"release", 1, -1,
         OPTION_FOR | OPTION_TIMEOUT | OPTION_NO_BLOCK | OPTION_PERSIST | OPTION_WAIT |
                 OPTION_FOREIGN,
         verb_release, "ADDRESS...", "give them back to the host", .changes = true},
        {"wait", 1, 1, OPTION_FOR | OPTION_TIMEOUT, verb_wait, "ADDRESS",
         "wait until a device is ready (or see --for)"},
        {"monitor", 0, 0, 0, verb_monitor, "", "tell what changes, as it happens"},
};

static int help(void) {
        printf("vfioctl [OPTIONS] [VERB]\n\n"
               "Whether a VM can start with a PCI device, why not, and what has to change.\n\n"
               "Verbs:\n");
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
                char name[40];

                snprintf(name, sizeof(name), "%s %s", verbs[i].name, verbs[i].arguments);
                printf("  %-23s %s\n", name, verbs[i].help);
        }
        printf("\nOptions:\n");
        options_help(stdout);
        printf("\nA device is named 0000:01:00.0, 01:00.0, enp1s0 or nvme0n1. Devices named\n"
               "together may be moved along with each other.\n\n"
               "Exit: 0 done, or the answer is yes; 1 the answer is no; 2 wrong usage; 3 it could\n"
               "not be told; 4 everything else.\n");
        return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_YES;
}

static const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (streq(verbs[i].name, name))
                        return verbs + i;
        return NULL;
}

static int check_usage(const Options *options, const Verb *verb, int n) {
        const char *unwanted = options_unwanted(options, verb->allowed);

        if (unwanted)
                return fail_usage(options, "%s takes no --%s", verb->name, unwanted);
        if (n < verb->min)
                return fail_usage(options, "%s needs a device: vfioctl %s %s", verb->name,
                                  verb->name, verb->arguments);
        if (verb->max >= 0 && n > verb->max)
                return fail_usage(options, verb->max ? "too many arguments: vfioctl %s %s"
                                                     : "too many arguments: %s takes none%s",
                                  verb->name, verb->arguments);
        return EXIT_YES;
}

static int run(const Options *options, const Verb *verb, int n, char **arguments) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        Call call = {.options = options, .arguments = arguments, .n_arguments = n};
        _cleanup_(agent_stop) Agent agent = {0};
        int r;

        r = check_usage(options, verb, n);
        if (r != EXIT_YES)
                return r;
        r = bus_open(options, &bus, &error);
        if (r < 0 && !verb->without_bus)
                return fail(options, options->host ? options->host : options->machine, &error, r);
        call.bus = bus;
        if (verb->changes)
                agent_start(&agent, options);
        return verb->run(&call);
}

int main(int argc, char **argv) {
        _cleanup_(options_done) Options options;
        const Verb *verb;
        const char *name;
        int first;

        setlocale(LC_CTYPE, "");
        /* A pager that is left early must not end this program before its answer is known. */
        signal(SIGPIPE, SIG_IGN);

        first = options_parse(&options, argc, argv);
        if (first < 0)
                return EXIT_USAGE;
        if (options.help)
                return help();
        if (options.version) {
                printf("vfioctl %s\n", VFIOD_VERSION);
                return EXIT_YES;
        }
        name = first < argc ? argv[first] : "status";
        verb = verb_find(name);
        if (!verb)
                return fail_usage(&options, "unknown verb: %s", name);
        first = first < argc ? first + 1 : argc;
        return run(&options, verb, argc - first, argv + first);
}
