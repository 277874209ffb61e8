/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/uses-console.h"
#include "sources/uses-internal.h"

/* Consoles, keyboards, TPM and watchdog: what a person, or the machine itself, is left with. */

#define CONSOLES_MAX 32

typedef struct Console {
        char name[32];
        bool has_function;
        Address function;
} Console;

bool console_parse(const char *line, char name[static 32], bool *ret_enabled) {
        char flags[16];

        if (sscanf(line, "%31s %*3[RWU-] (%15[^)])", name, flags) != 2)
                return false;
        *ret_enabled = strchr(flags, 'E') != NULL;
        return true;
}

/* What draws the virtual terminals: a frame buffer, or the text mode of the firmware's display.
 * Returns: true if it is on a PCI function; *ret_none: nothing draws them. */
static bool terminal_function(const Look *l, Address *ret, bool *ret_none) {
        char path[PATH_MAX], name[64], bound[8];

        *ret_none = true;
        for (int i = 0; i < 8; i++) {
                snprintf(path, sizeof(path), "/sys/class/vtconsole/vtcon%d/bind", i);
                if (root_read(l->root, path, bound, sizeof(bound)) != 1 || bound[0] != '1')
                        continue;
                snprintf(path, sizeof(path), "/sys/class/vtconsole/vtcon%d/name", i);
                if (root_read(l->root, path, name, sizeof(name)) <= 0 || strstr(name, "dummy"))
                        continue;
                *ret_none = false;
                if (strstr(name, "frame buffer"))
                        return look_function(l, "/sys/class/graphics/fb0", ret);
                for (size_t k = 0; k < l->n_devices; k++) {
                        for (size_t n = 0; n < l->uses[k].n_items; n++)
                                if (l->uses[k].items[n].kind == USE_BOOT_DISPLAY) {
                                        *ret = l->devices[k];
                                        return true;
                                }
                }
                return false;
        }
        return false;
}

/* Returns: true if it is a console that somebody could read. */
static bool find_console(const Look *l, Console *c) {
        char path[PATH_MAX];
        bool none = false;

        if (strcmp(c->name, "tty0") == 0) {
                c->has_function = terminal_function(l, &c->function, &none);
                return !none;
        }
        snprintf(path, sizeof(path), "/sys/class/tty/%s", c->name);
        c->has_function = look_function(l, path, &c->function);
        return true;
}

static void found_console(Look *l, const Console *c, const Console *all, size_t n) {
        bool last = true, terminal = strcmp(c->name, "tty0") == 0;

        for (size_t i = 0; i < n; i++)
                last &= all[i].has_function &&
                        address_compare(&all[i].function, &c->function) == 0;
        if (last)
                look_found(l, &c->function, USE_LAST_CONSOLE, c->name, "",
                           "/proc/consoles: %s, and none that is elsewhere", c->name);
        else if (terminal)
                look_found(l, &c->function, USE_DISPLAY, c->name, "the text console",
                           "/proc/consoles: %s", c->name);
        else
                look_found(l, &c->function, USE_SERIAL_CONSOLE, c->name, "",
                           "/proc/consoles: %s", c->name);
}

void look_console(Look *l) {
        char text[4096], *save = NULL;
        Console all[CONSOLES_MAX];
        ssize_t r = root_read(l->root, "/proc/consoles", text, sizeof(text));
        size_t n = 0;
        bool enabled;

        for (size_t i = 0; r < 0 && r != -ENOENT && i < l->n_devices; i++)
                if (look_is_class(l, &l->devices[i], "0x03") ||
                    look_is_class(l, &l->devices[i], "0x07"))
                        look_missed(l, &l->devices[i], USES_CONSOLE, "/proc/consoles: %s",
                                    strerror((int) -r));
        for (char *line = r < 0 ? NULL : strtok_r(text, "\n", &save); line && n < CONSOLES_MAX;
             line = strtok_r(NULL, "\n", &save)) {
                Console *c = &all[n];

                memset(c, 0, sizeof(*c));
                if (console_parse(line, c->name, &enabled) && enabled && find_console(l, c))
                        n++;
        }
        for (size_t i = 0; i < n; i++)
                if (all[i].has_function)
                        found_console(l, &all[i], all, n);
}

/* The last word of the bitmap has the keys 0 to 63: a keyboard has all of 1 to 31, as udev's
 * input_id says. */
bool input_is_keyboard(const char *bitmap) {
        const char *last = strrchr(bitmap, ' ');
        unsigned long long keys = strtoull(last ? last + 1 : bitmap, NULL, 16);

        return (keys & 0xfffffffeULL) == 0xfffffffeULL;
}

typedef struct Keyboards {
        Address function; /* of all there are */
        char name[64];
        size_t n;
        bool elsewhere; /* one hangs on no PCI function, or on another one */
} Keyboards;

static void look_at_keyboard(const Look *l, Keyboards *k, const char *name) {
        char path[PATH_MAX], keys[1024];
        Address function;

        if (strncmp(name, "input", 5) != 0)
                return;
        snprintf(path, sizeof(path), "/sys/class/input/%s/capabilities/key", name);
        if (root_read(l->root, path, keys, sizeof(keys)) <= 0 || !input_is_keyboard(keys))
                return;
        snprintf(path, sizeof(path), "/sys/class/input/%s", name);
        if (!look_function(l, path, &function)) {
                char target[PATH_MAX];

                /* What a program made up is none that a person has. */
                k->elsewhere |= root_read_link(l->root, path, target, sizeof(target)) > 0 &&
                                !strstr(target, "/virtual/");
                return;
        }
        k->elsewhere |= k->n > 0 && address_compare(&function, &k->function) != 0;
        k->function = function;
        snprintf(k->name, sizeof(k->name), "%.63s", name);
        k->n++;
}

void look_input(Look *l) {
        Keyboards k = { 0 };
        struct dirent *entry;
        char path[PATH_MAX], label[128];
        DIR *d;

        /* Without the directory there is no input at all. */
        if (root_opendir(l->root, "/sys/class/input", &d) < 0)
                return;
        while ((entry = readdir(d)))
                look_at_keyboard(l, &k, entry->d_name);
        closedir(d);
        if (k.n == 0 || k.elsewhere)
                return;
        snprintf(path, sizeof(path), "/sys/class/input/%s/name", k.name);
        if (root_read(l->root, path, label, sizeof(label)) <= 0)
                snprintf(label, sizeof(label), "a keyboard");
        look_found(l, &k.function, USE_LAST_KEYBOARD, k.name, label,
                   "/sys/class/input/%s: %s, and no keyboard elsewhere", k.name, label);
}

static void look_at_tpm(Look *l, const char *directory, const char *name) {
        char path[PATH_MAX];
        Address function;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        if (look_function(l, path, &function))
                look_found(l, &function,
                           strstr(directory, "watchdog") ? USE_WATCHDOG : USE_TPM, name, "", "%s",
                           path);
}

void look_system(Look *l) {
        (void) look_list(l, "/sys/class/tpm", look_at_tpm);
        (void) look_list(l, "/sys/class/watchdog", look_at_tpm);
}
