/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/wish.h"
#include "root.h"

/*
 * The administrator's configuration: SETTINGS_FILE, then the files *.conf of the directories of
 * drop-ins in the order of their names, where one in /etc hides one of the same name in /usr/lib.
 * What is wrong with a line is said with its file and number, and the line changes nothing: a daemon
 * does not stay away because of a typing error, and does not guess either.
 */
#define SETTINGS_FILE "/etc/vfiod/vfiod.conf"
#define SETTINGS_DROP_INS_ETC "/etc/vfiod/vfiod.conf.d"
#define SETTINGS_DROP_INS_USR "/usr/lib/vfiod/vfiod.conf.d"

/* The most bytes one file may have. */
#define SETTINGS_FILE_MAX 65536
/* The longest line, without its newline. inih cuts what does not fit its buffer of INI_MAX_LINE
 * (200, a choice of how the library was built) and goes on with the rest as a line of its own. */
#define SETTINGS_LINE_MAX 190

typedef struct Settings {
        uint64_t timeout_usec; /* for callers that give none */
        char *node_group;      /* of VFIO's nodes; NULL: as the system has it */
        bool node_mode_set;
        mode_t node_mode;
        Wish *wishes; /* [device …], those that are complete */
        size_t n_wishes;
} Settings;

/* Told what is wrong: file:line and a sentence without a full stop. line 0: the file as such. */
typedef void (*SettingsWarn)(const char *file, unsigned line, const char *message, void *userdata);

/* Reads all files below the root. A file that is not there is no error; one that cannot be read is
 * warned of. Returns: 0 and the settings, or -ENOMEM. */
int settings_load(const Root *root, SettingsWarn warn, void *userdata, Settings **ret);

/* Returns: the defaults, or NULL when memory is short. */
Settings *settings_new(void);
/* Adds what a file says; text is length bytes and needs no NUL. Returns: 0 or -ENOMEM. */
int settings_parse(Settings *s, const char *file, const char *text, size_t length,
                   SettingsWarn warn, void *userdata);
/* NULL is taken. Returns: NULL. */
Settings *settings_free(Settings *s);

/* Calls with each key there is ("daemon", "TimeoutSec", ...), for what documents them. Returns: how
 * many there are. */
size_t settings_keys(void (*key)(const char *section, const char *name, void *userdata),
                     void *userdata);
