/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "sources/boot-config.h"
#include "sources/probe-child.h"

static int say_words(ProbeTask *t, const BootWords *w) {
        ProbeLine l = {.key = PROBE_KEY_BOOT_WORDS, .fact = FACT_PRESENT, .number = w->line};

        /* What boot_config_add() lets through has room. */
        snprintf(l.value, sizeof(l.value), "%s\n%u\n%d\n%d\n%s\n%s", boot_source_word(w->source),
                 w->entry, w->partial, w->newer, w->file, w->text);
        return probe_child_say(t, &l);
}

int probe_boot(ProbeTask *t) {
        BootConfig config = {0};
        int error = boot_config_read(t->root, &config);

        for (size_t i = 0; i < config.n && error == 0; i++)
                error = say_words(t, &config.words[i]);
        boot_config_clear(&config);
        return error;
}
