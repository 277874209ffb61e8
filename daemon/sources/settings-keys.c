/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "settings-keys.h"

#define USEC_PER_SEC UINT64_C(1000000)

/* Replaces a string by a copy, or by NULL for an empty value. Returns: 0 or -ENOMEM. */
static int replace(char **s, const char *value) {
        char *copy = *value ? strdup(value) : NULL;

        if (*value && !copy)
                return -ENOMEM;
        free(*s);
        *s = copy;
        return 0;
}

/* Returns: true if the text is made of these characters only and is not longer than max. */
static bool made_of(const char *text, const char *characters, size_t max) {
        size_t n = strspn(text, characters);

        return n > 0 && n <= max && text[n] == '\0';
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int read_timeout(const SettingsTarget *t, const char *value) {
        size_t n = strspn(value, DIGITS);
        uint64_t seconds;

        if (!*value) {
                t->settings->timeout_usec = VFIOD_TIMEOUT_DEFAULT_USEC;
                return 0;
        }
        if (n == 0 || n > 4 || (value[n] != '\0' && strcmp(value + n, "s") != 0))
                return -EINVAL;
        seconds = strtoul(value, NULL, 10);
        if (seconds < 1 || seconds > 3600)
                return -EINVAL;
        t->settings->timeout_usec = seconds * USEC_PER_SEC;
        return 0;
}

static int read_group(const SettingsTarget *t, const char *value) {
        if (*value && (!made_of(value, DIGITS LETTERS "_-.$", 32) || *value == '-'))
                return -EINVAL;
        return replace(&t->settings->node_group, value);
}

static int read_mode(const SettingsTarget *t, const char *value) {
        mode_t mode = (mode_t) strtoul(value, NULL, 8);

        if (*value && (!made_of(value, "01234567", 4) || strlen(value) < 3))
                return -EINVAL;
        /* Nothing on these nodes is executed, and no set-id bit means anything. */
        if (mode & ~(mode_t) 0666)
                return -EINVAL;
        t->settings->node_mode_set = *value;
        t->settings->node_mode = mode;
        return 0;
}

static int read_match(const SettingsTarget *t, const char *value) {
        if (*value)
                return wish_set_match(t->wish, value);
        t->wish->match = WISH_NOTHING;
        return 0;
}

static int read_identity(const SettingsTarget *t, const char *value) {
        if (*value)
                return wish_ids_parse(value, &t->wish->identity);
        t->wish->identity = (WishIds){ 0 };
        return 0;
}

static int read_driver(const SettingsTarget *t, const char *value) {
        if (*value && !made_of(value, DIGITS LETTERS "_-", 63))
                return -EINVAL;
        return replace(&t->wish->driver, value);
}

/* Calls add with each word of a list. All are read before any is kept. Returns: 0, or what add
 * returned. */
static int each_word(const char *value, int (*add)(Wish *w, const char *word), Wish *w) {
        char *copy = strdup(value), *rest, *word;
        int r = copy ? 0 : -ENOMEM;

        word = copy ? strtok_r(copy, " \t,", &rest) : NULL;
        for (; r >= 0 && word; word = strtok_r(NULL, " \t,", &rest))
                r = add(w, word);
        free(copy);
        return r;
}

static int add_with(Wish *w, const char *word) {
        Address a;

        if (strcmp(word, "group") == 0) {
                w->group = true;
                return 0;
        }
        if (address_parse(word, &a) < 0)
                return -EINVAL;
        return address_list_add(&w->with, &a);
}

static int read_with(const SettingsTarget *t, const char *value) {
        Wish fresh = { 0 };
        int r = each_word(value, add_with, &fresh);

        if (r < 0) {
                wish_clear(&fresh);
                return r;
        }
        address_list_clear(&t->wish->with);
        t->wish->with = fresh.with;
        t->wish->group = fresh.group;
        return 0;
}

static int add_accept(Wish *w, const char *word) {
        const char *at = strchr(word, '@');
        size_t n = at ? (size_t) (at - word) : strlen(word);
        Address a;

        if (n == 0 || n > 63 || strspn(word, DIGITS "abcdefghijklmnopqrstuvwxyz-") < n ||
            (at && address_parse(at + 1, &a) < 0))
                return -EINVAL;
        return names_add(&w->accept, &w->n_accept, word);
}

static int read_accept(const SettingsTarget *t, const char *value) {
        Wish fresh = { 0 };
        int r = each_word(value, add_accept, &fresh);

        if (r < 0) {
                wish_clear(&fresh);
                return r;
        }
        names_free(t->wish->accept, t->wish->n_accept);
        t->wish->accept = fresh.accept;
        t->wish->n_accept = fresh.n_accept;
        return 0;
}

/* Every key there is. vfiod.conf and vfiod.conf(5) are held against this table by a test. */
static const SettingsKey keys[] = {
        { SECTION_DAEMON, "TimeoutSec", read_timeout, "a number of seconds from 1 to 3600" },
        { SECTION_NODES, "Group", read_group, "the name of a group" },
        { SECTION_NODES, "Mode", read_mode, "an octal mode such as 0660, without x and set-id" },
        { SECTION_DEVICE, "Match", read_match,
          "an address (0000:01:00.0), a slot (0000:01:00) or VENDOR:DEVICE (10de:1c03)" },
        { SECTION_DEVICE, "Identity", read_identity,
          "VENDOR:DEVICE or VENDOR:DEVICE:SUBVENDOR:SUBDEVICE, four hex digits each" },
        { SECTION_DEVICE, "Driver", read_driver, "the name of a VFIO driver such as vfio-pci" },
        { SECTION_DEVICE, "With", read_with, "addresses such as 0000:01:00.1, or 'group'" },
        { SECTION_DEVICE, "Accept", read_accept,
          "ids of findings such as boot-display, or id@0000:01:00.0" },
};

static const char *const section_names[] = {
        [SECTION_DAEMON] = "daemon",
        [SECTION_NODES] = "nodes",
        [SECTION_DEVICE] = "device",
};

const SettingsKey *settings_key(SettingsSection section, const char *name) {
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
                if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

SettingsSection settings_section(const char *name) {
        if (strcmp(name, section_names[SECTION_DAEMON]) == 0)
                return SECTION_DAEMON;
        if (strcmp(name, section_names[SECTION_NODES]) == 0)
                return SECTION_NODES;
        if (strncmp(name, "device ", 7) == 0 && name[7 + strspn(name + 7, " \t")])
                return SECTION_DEVICE;
        return SECTION_INVALID;
}

size_t settings_keys(void (*key)(const char *section, const char *name, void *userdata),
                     void *userdata) {
        size_t n = sizeof(keys) / sizeof(keys[0]);

        for (size_t i = 0; i < n; i++)
                key(section_names[keys[i].section], keys[i].name, userdata);
        return n;
}
