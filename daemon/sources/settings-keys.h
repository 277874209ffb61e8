/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "settings.h"

/* What settings.c and settings-keys.c share. */

typedef enum SettingsSection {
        SECTION_NONE,    /* before the first header */
        SECTION_INVALID, /* a header that cannot be used: warned of, its keys are passed over */
        SECTION_DAEMON,
        SECTION_NODES,
        SECTION_DEVICE,
} SettingsSection;

/* Where a value goes. */
typedef struct SettingsTarget {
        Settings *settings;
        Wish *wish; /* of a [device …] section, else NULL */
} SettingsTarget;

/* Reads one value; an empty one means the default. Returns: 0, -EINVAL (and nothing has changed),
 * or -ENOMEM. */
typedef int (*SettingsRead)(const SettingsTarget *target, const char *value);

typedef struct SettingsKey {
        SettingsSection section;
        const char *name;
        SettingsRead read;
        const char *expected; /* what a value must be, for the warning */
} SettingsKey;

/* Returns: the key, or NULL if the section has none of that name. */
const SettingsKey *settings_key(SettingsSection section, const char *name);
/* Returns: the section a header's name stands for, SECTION_INVALID if none. */
SettingsSection settings_section(const char *name);
