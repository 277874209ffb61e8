/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>

#include "errors.h"
#include "options.h"

enum {
        ARG_BUS = 0x100,
        ARG_NO_PAGER,
        ARG_VERSION,
        ARG_JSON,
        ARG_CLASS,
        ARG_ALL,
        ARG_WITH,
        ARG_GROUP,
        ARG_ACCEPT,
        ARG_DRIVER,
        ARG_FOR,
        ARG_TIMEOUT,
        ARG_NO_BLOCK,
        ARG_METRICS,
        ARG_NO_ASK_PASSWORD,
        ARG_PERSIST,
        ARG_WAIT,
        ARG_FOREIGN
};

static const struct OptionInfo {
        const char *name;
        int value;
        const char *argument;
        unsigned mask; /* 0: every verb takes it */
        const char *help;
} option_table[] = {
        { "class", ARG_CLASS, "CLASS", OPTION_CLASS, "list: only gpu, net, nvme, usb or audio" },
        { "all", ARG_ALL, NULL, OPTION_ALL, "status, list: also groups of bridges only" },
        { "with", ARG_WITH, "ADDRESS", OPTION_WITH, "may be moved along; repeat, or use commas" },
        { "group", ARG_GROUP, NULL, OPTION_GROUP, "every member of the group may be moved along" },
        { "accept", ARG_ACCEPT, "HAZARD", OPTION_ACCEPT, "lose this; ID or ID@ADDRESS, as plan says" },
        { "driver", ARG_DRIVER, "NAME", OPTION_DRIVER,
          "bind to this driver, not to the best VFIO one" },
        { "for", ARG_FOR, "WHAT", OPTION_FOR, "wait: ready, preparable, present or released;" },
        { NULL, 0, NULL, 0, "prepare, release: who claims the device" },
        { "timeout", ARG_TIMEOUT, "TIME", OPTION_TIMEOUT, "how long it may take: 5, 500ms, 2min" },
        { "persist", ARG_PERSIST, NULL, OPTION_PERSIST, "prepare: from the next boot on too; release: not any more" },
        { "no-block", ARG_NO_BLOCK, NULL, OPTION_NO_BLOCK, "do not wait until the work is done" },
        { "wait", ARG_WAIT, NULL, OPTION_WAIT, "wait until no VM holds the device any more" },
        { "foreign", ARG_FOREIGN, NULL, OPTION_FOREIGN,
          "release: also what vfiod has not prepared" },
        { "metrics", ARG_METRICS, NULL, OPTION_METRICS, "status: as metrics, for node_exporter" },
        { "json", ARG_JSON, NULL, 0, "print JSON" },
        { "host", 'H', "[USER@]HOST", 0, "ask the vfiod of another host, over ssh" },
        { "machine", 'M', "CONTAINER", 0, "ask the vfiod of a local container" },
        { "bus", ARG_BUS, "ADDRESS", 0, "use this bus instead of the system bus" },
        { "no-pager", ARG_NO_PAGER, NULL, 0, "do not pipe long output into a pager" },
        { "no-ask-password", ARG_NO_ASK_PASSWORD, NULL, 0, "do not ask for passwords" },
        { "help", 'h', NULL, 0, "show this help" },
        { "version", ARG_VERSION, NULL, 0, "show the version" },
};

int timeout_parse(const char *text, uint64_t *ret_usec) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {{"", USEC_PER_SEC},      {"s", USEC_PER_SEC},         {"us", 1},
                     {"ms", 1000},            {"min", 60 * USEC_PER_SEC},  {"m", 60 * USEC_PER_SEC},
                     {"sec", USEC_PER_SEC},   {"h", 3600 * USEC_PER_SEC}};
        unsigned long long value;
        char *end;

        /* strtoull() takes a sign and leading blanks, and a negative number for a huge one. */
        if (!isdigit((unsigned char) *text))
                return -EINVAL;
        errno = 0;
        value = strtoull(text, &end, 10);
        if (errno)
                return -errno;
        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (streq(end, units[i].name)) {
                        /* D-Bus calls add to it, so stay far from the end of the type. */
                        if (value > (UINT64_MAX / 4) / units[i].usec)
                                return -ERANGE;
                        *ret_usec = value * units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

/* Appends the parts of a list with commas. */
static int list_parse(char ***strv, const char *list) {
        _cleanup_(freep) char *copy = strdup(list);
        char *state = NULL;
        bool any = false;
        int r;

        if (!copy)
                return -ENOMEM;
        for (char *one = strtok_r(copy, ",", &state); one; one = strtok_r(NULL, ",", &state)) {
                r = strv_append(strv, one);
                if (r < 0)
                        return r;
                any = true;
        }
        return any ? 0 : -EINVAL;
}

static int option_apply(Options *options, int value, const char *argument) {
        switch (value) {
        case 'H':
                options->host = argument;
                return 0;
        case 'M':
                options->machine = argument;
                return 0;
        case 'h':
                options->help = true;
                return 0;
        case ARG_BUS:
                options->bus_address = argument;
                return 0;
        case ARG_NO_PAGER:
                options->no_pager = true;
                return 0;
        case ARG_NO_ASK_PASSWORD:
                options->no_ask_password = true;
                return 0;
        case ARG_VERSION:
                options->version = true;
                return 0;
        case ARG_JSON:
                options->json = true;
                return 0;
        case ARG_CLASS:
                options->class = argument;
                return 0;
        case ARG_ALL:
                options->all = true;
                return 0;
        case ARG_WITH:
                return list_parse(&options->with, argument);
        case ARG_ACCEPT:
                return list_parse(&options->accept, argument);
        case ARG_GROUP:
                options->group = true;
                return 0;
        case ARG_DRIVER:
                options->driver = argument;
                return 0;
        case ARG_FOR:
                options->for_what = argument;
                return 0;
        case ARG_TIMEOUT:
                return timeout_parse(argument, &options->timeout_usec);
        case ARG_PERSIST:
                options->persist = true;
                return 0;
        case ARG_NO_BLOCK:
                options->no_block = true;
                return 0;
        case ARG_WAIT:
                options->wait = true;
                return 0;
        case ARG_FOREIGN:
                options->foreign = true;
                return 0;
        case ARG_METRICS:
                options->metrics = true;
                return 0;
        }
        return -EINVAL;
}

static const struct OptionInfo *option_find(int value) {
        for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
                if (option_table[i].name && option_table[i].value == value)
                        return option_table + i;
        return NULL;
}

/* Whether errors are to be printed as JSON must be known before the first one. */
static bool asks_for_json(int argc, char **argv) {
        for (int i = 1; i < argc && !streq(argv[i], "--"); i++)
                if (streq(argv[i], "--json"))
                        return true;
        return false;
}

/* Neither D-Bus nor JSON has a place for other bytes. Returns: the index of the first argument that
 * is no UTF-8, or 0. */
static int find_no_utf8(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                json_t *text = json_string(argv[i]); /* takes nothing else */

                if (!text)
                        return i;
                json_decref(text);
        }
        return 0;
}

/* getopt tells an option it does not know by '?', and leaves a short one in optopt. */
static void report_unknown(const Options *options, char **argv) {
        const struct OptionInfo *info = optopt ? option_find(optopt) : NULL;
        const char short_name[] = {'-', (char) optopt, 0};

        if (info && info->argument)
                fail_usage(options, "--%s needs a value: --%s=%s", info->name, info->name,
                           info->argument);
        else if (info)
                fail_usage(options, "--%s takes no value", info->name);
        else
                fail_usage(options, "unknown option: %s",
                           optopt && optopt < 0x100 ? short_name : argv[optind - 1]);
}

int options_parse(Options *options, int argc, char **argv) {
        struct option known[ARRAY_SIZE(option_table) + 1] = {{0}};
        size_t n = 0;
        int value, r;

        *options = (Options){
                .timeout_usec = TIMEOUT_NOT_GIVEN, .json = asks_for_json(argc, argv)};
        for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
                if (option_table[i].name)
                        known[n++] = (struct option){
                                .name = option_table[i].name,
                                .has_arg = option_table[i].argument ? required_argument
                                                                    : no_argument,
                                .val = option_table[i].value};

        r = find_no_utf8(argc, argv);
        if (r > 0) {
                fail_usage(options, "argument %d is no UTF-8", r);
                return -EINVAL;
        }
        opterr = 0;
        while ((value = getopt_long(argc, argv, "hH:M:", known, NULL)) >= 0) {
                const struct OptionInfo *info;

                if (value == '?') {
                        report_unknown(options, argv);
                        return -EINVAL;
                }
                info = option_find(value);
                r = option_apply(options, value, optarg);
                if (r == -ENOMEM)
                        return r;
                if (r < 0) {
                        fail_usage(options, "--%s cannot be '%s'%s", info->name, optarg,
                                   value == ARG_TIMEOUT ? "; times are written 5, 500ms, 2min"
                                                        : "");
                        return -EINVAL;
                }
                options->given |= info->mask;
        }
        if (!!options->host + !!options->machine + !!options->bus_address > 1) {
                fail_usage(options, "--host, --machine and --bus exclude each other");
                return -EINVAL;
        }
        if (options->metrics && options->json) {
                fail_usage(options, "--metrics and --json exclude each other");
                return -EINVAL;
        }
        return optind;
}

void options_done(Options *options) {
        options->with = strv_free(options->with);
        options->accept = strv_free(options->accept);
}

const char *options_unwanted(const Options *options, unsigned allowed) {
        for (size_t i = 0; i < ARRAY_SIZE(option_table); i++)
                if (option_table[i].mask & options->given & ~allowed)
                        return option_table[i].name;
        return NULL;
}

void options_help(FILE *out) {
        for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
                const struct OptionInfo *o = option_table + i;
                char name[40] = "";

                if (o->name)
                        snprintf(name, sizeof(name), "%c%c --%s%s%s",
                                 o->value < 0x100 ? '-' : ' ', o->value < 0x100 ? o->value : ' ',
                                 o->name, o->argument ? "=" : "", o->argument ? o->argument : "");
                fprintf(out, "  %-27s %s\n", name, o->help);
        }
}
