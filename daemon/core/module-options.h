/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What modprobe.d says: what kmod will tell a module when it is loaded. A plain list in the order in
 * which kmod reads it, so that of two lines that say the opposite the later one counts.
 */
typedef enum ModuleOptionKind {
        MODULE_OPTIONS,   /* text: parameters, "ids=10de:1c02 disable_vga=1" */
        MODULE_SOFTDEP,   /* text: "pre: vfio-pci post: ..." */
        MODULE_INSTALL,   /* text: a command that runs in place of loading the module */
        MODULE_BLACKLIST, /* text: ""; the module is not loaded by an alias */
        MODULE_OPTION_KINDS_,
} ModuleOptionKind;

typedef struct ModuleOption {
        ModuleOptionKind kind;
        char *module; /* with underscores for dashes, as kmod compares it */
        char *text;   /* the rest of the line, continuations joined; printable ASCII */
        char *file;   /* "/etc/modprobe.d/vfio.conf" */
        unsigned line; /* the first one, from 1 */
} ModuleOption;

/* Returns: the word of modprobe.d: "options", "softdep", "install", "blacklist". */
const char *module_option_word(ModuleOptionKind v);

/* Appends a copy. Returns: 0 or -ENOMEM. */
int module_options_add(ModuleOption **list, size_t *n, const ModuleOption *o);
/* Makes a copy of a list. Returns: 0 and the list (NULL if it is empty), or -ENOMEM. */
int module_options_copy(const ModuleOption *list, size_t n, ModuleOption **ret);
/* Frees a list. Returns: NULL. */
ModuleOption *module_options_free(ModuleOption *list, size_t n);

/* Finds what a module's parameter will be set to: the last line of kind options that names it, and
 * in it the last word. Dash and underscore are the same in both names (kernel/params.c,
 * parameqn()). Returns: 1 with a copy of the value (NULL if there is no '=') and the line, borrowed;
 * 0 if no line sets it; -ENOMEM. */
int module_options_find(const ModuleOption *list, size_t n, const char *module,
                        const char *parameter, char **ret_value, const ModuleOption **ret);
