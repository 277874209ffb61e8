/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "module-options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parameters-words.h"

const char *module_option_word(ModuleOptionKind v) {
        static const char *const words[] = { [MODULE_OPTIONS] = "options",
                                             [MODULE_SOFTDEP] = "softdep",
                                             [MODULE_INSTALL] = "install",
                                             [MODULE_BLACKLIST] = "blacklist" };

        return (size_t) v < sizeof(words) / sizeof(words[0]) ? words[v] : "";
}

static void clear(ModuleOption *o) {
        free(o->module);
        free(o->text);
        free(o->file);
}

int module_options_add(ModuleOption **list, size_t *n, const ModuleOption *o) {
        ModuleOption *grown = reallocarray(*list, *n + 1, sizeof(ModuleOption));
        ModuleOption copy;

        if (!grown)
                return -ENOMEM;
        *list = grown;
        copy = (ModuleOption){ .kind = o->kind, .module = strdup(o->module),
                               .text = strdup(o->text), .file = strdup(o->file),
                               .line = o->line };
        if (!copy.module || !copy.text || !copy.file) {
                clear(&copy);
                return -ENOMEM;
        }
        grown[(*n)++] = copy;
        return 0;
}

int module_options_copy(const ModuleOption *list, size_t n, ModuleOption **ret) {
        ModuleOption *copy = NULL;
        size_t n_copy = 0;

        for (size_t i = 0; i < n; i++)
                if (module_options_add(&copy, &n_copy, &list[i]) < 0) {
                        module_options_free(copy, n_copy);
                        return -ENOMEM;
                }
        *ret = copy;
        return 0;
}

ModuleOption *module_options_free(ModuleOption *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                clear(&list[i]);
        free(list);
        return NULL;
}

/* Finds the last word of a line that names the parameter. Returns: as module_options_find(). */
static int find_word(const char *text, const char *parameter, char **ret_value) {
        ParameterWords words;
        const ParameterWord *found = NULL;
        char *value = NULL;
        int r = parameter_words_split(text, &words);

        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (size_t i = 0; i < words.n_items; i++)
                if (parameter_name_equal(words.items[i].name, parameter))
                        found = &words.items[i];
        if (found && found->value) {
                value = strdup(found->value);
                if (!value)
                        r = -ENOMEM;
        }
        if (r == 0 && found) {
                *ret_value = value;
                r = 1;
        }
        parameter_words_clear(&words);
        return r;
}

int module_options_find(const ModuleOption *list, size_t n, const char *module,
                        const char *parameter, char **ret_value, const ModuleOption **ret) {
        while (n-- > 0) {
                int r;

                if (list[n].kind != MODULE_OPTIONS || !parameter_name_equal(list[n].module, module))
                        continue;
                r = find_word(list[n].text, parameter, ret_value);
                if (r > 0)
                        *ret = &list[n];
                if (r != 0)
                        return r;
        }
        return 0;
}
