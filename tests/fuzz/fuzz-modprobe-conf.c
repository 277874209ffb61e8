/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/modprobe-conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printable(const char *text, size_t max) {
        if (!text || strlen(text) > max)
                abort();
        for (; *text; text++)
                if (*text < ' ' || *text > '~')
                        abort();
}

/* What is written again as a file of one line is read as the same. */
static void check_again(const ModuleOption *o) {
        char line[MODPROBE_CONF_TEXT_MAX * 2 + 1024];
        ModuleOption *list = NULL;
        size_t n = 0, length = 0;

        if (strchr(o->text, '\\') || strchr(o->module, '\\'))
                return; /* would have to be doubled */
        length = (size_t) snprintf(line, sizeof(line), "%s %s %s\n", module_option_word(o->kind),
                                   o->module, o->text);
        if (modprobe_conf_parse(line, length, "/again", &list, &n) != 1 || n != 1)
                abort();
        if (list->kind != o->kind || list->line != 1 || strcmp(list->module, o->module) != 0 ||
            strcmp(list->text, o->text) != 0)
                abort();
        module_options_free(list, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ModuleOption *list = NULL, *copy;
        const ModuleOption *found;
        char *value = NULL;
        size_t n = 0;
        unsigned last = 0;
        int r;

        if (size > MODPROBE_CONF_FILE_MAX)
                return 0;
        if (modprobe_conf_parse((const char *) data, size, "/etc/modprobe.d/\n", &list, &n) < 0)
                abort();
        if (module_options_copy(list, n, &copy) < 0)
                abort();
        for (size_t i = 0; i < n; i++) {
                const ModuleOption *o = &list[i];

                check_printable(o->module, 255);
                check_printable(o->text, MODPROBE_CONF_TEXT_MAX);
                check_printable(o->file, 64);
                if (!o->module[0] || o->line <= last || (o->kind != MODULE_BLACKLIST) != !!o->text[0])
                        abort();
                last = o->line;
                check_again(&copy[i]);
        }
        r = module_options_find(copy, n, "vfio-pci", "disable_vga", &value, &found);
        if (r < 0 || (r == 1 && (found->kind != MODULE_OPTIONS || !strstr(found->text, "disable"))))
                abort();
        free(value);
        module_options_free(copy, n);
        module_options_free(list, n);
        return 0;
}
