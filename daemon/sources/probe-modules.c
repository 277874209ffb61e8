/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "sources/modprobe-conf.h"
#include "sources/probe-child.h"

static int say_option(ProbeTask *t, const ModuleOption *o) {
        ProbeLine l = {.key = PROBE_KEY_MODULE_OPTION, .fact = FACT_PRESENT, .number = o->line};

        /* What modprobe_conf_parse() lets through has room: a module's name, a path and a text. */
        snprintf(l.value, sizeof(l.value), "%s\n%s\n%s\n%s", module_option_word(o->kind), o->module,
                 o->file, o->text);
        return probe_child_say(t, &l);
}

int probe_modules(ProbeTask *t) {
        ProbeLine end = {.key = PROBE_KEY_MODULE_OPTIONS};
        ModuleOption *list = NULL;
        size_t n = 0;
        int known = modprobe_conf_read(t->root, &list, &n), error = 0;

        for (size_t i = 0; i < n && error == 0; i++)
                error = say_option(t, &list[i]);
        if (error == 0)
                error = probe_owners(t, list, n, known > 0);
        module_options_free(list, n);
        end.fact = known > 0 ? FACT_PRESENT : FACT_UNKNOWN;
        return error < 0 ? error : probe_child_say(t, &end);
}
