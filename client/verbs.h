/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"
#include "errors.h"
#include "options.h"

/* What a verb is called with. `arguments` are those behind the verb, NULL-terminated. */
typedef struct Call {
        const Options *options;
        sd_bus *bus;
        char **arguments;
        int n_arguments;
} Call;

typedef struct Verb {
        const char *name;
        int min, max; /* how many arguments; max -1: any number */
        unsigned allowed; /* OptionMask */
        int (*run)(const Call *call);
        const char *arguments, *help;
        bool without_bus; /* also runs if there is no bus; then Call.bus is NULL */
        bool changes;     /* needs rights, for which polkit may ask for a password */
} Verb;

/** Each carries out one verb, reports its failures itself and returns the exit code. */
int verb_status(const Call *call);
int verb_list(const Call *call);
int verb_show(const Call *call);
int verb_check(const Call *call);
int verb_explain(const Call *call);
int verb_plan(const Call *call);
int verb_prepare(const Call *call);
int verb_release(const Call *call);
int verb_wait(const Call *call);
int verb_monitor(const Call *call);
