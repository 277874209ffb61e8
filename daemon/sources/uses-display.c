/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/uses-internal.h"

/* Displays and sound cards: what is plugged in, who has them open. */

#define NVIDIA_GPUS "/proc/driver/nvidia/gpus"

static void look_at_boot_display(Look *l, const Address *device) {
        char path[128], text[ADDRESS_TEXT_MAX], value[8];

        snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/boot_vga",
                 address_format(device, text));
        if (root_read(l->root, path, value, sizeof(value)) == 1 && value[0] == '1')
                look_found(l, device, USE_BOOT_DISPLAY, "", "", "boot_vga is 1");
}

/* card0-HDMI-A-1/status: what the driver knows of the connector, without asking it (drivers/gpu/
 * drm/drm_sysfs.c, status_show()). */
static void look_at_output(Look *l, const char *directory, const char *name) {
        char path[PATH_MAX], status[32];
        Address function;

        if (strncmp(name, "card", 4) != 0 || !strchr(name, '-'))
                return;
        snprintf(path, sizeof(path), "%s/%s", directory, name);
        if (!look_function(l, path, &function))
                return;
        snprintf(path, sizeof(path), "%s/%s/status", directory, name);
        if (root_read(l->root, path, status, sizeof(status)) > 0 &&
            strcmp(status, "connected") == 0)
                look_found(l, &function, USE_DISPLAY, name, "a connected output",
                           "%s: something is plugged in", name);
}

/* The proprietary driver has no class in sysfs and tells its minors itself. */
static bool nvidia_function(const Look *l, const OpenFile *f, Address *ret) {
        static const char prefix[] = "/dev/nvidia", key[] = "Device Minor:";
        char path[PATH_MAX], text[4096];
        struct dirent *entry;
        bool found = false;
        unsigned long minor;
        const char *line;
        char *end;
        DIR *d;

        if (strncmp(f->target, prefix, strlen(prefix)) != 0)
                return false;
        minor = strtoul(f->target + strlen(prefix), &end, 10);
        if (end == f->target + strlen(prefix) || *end ||
            root_opendir(l->root, NVIDIA_GPUS, &d) < 0)
                return false;
        while (!found && (entry = readdir(d))) {
                snprintf(path, sizeof(path), NVIDIA_GPUS "/%s/information", entry->d_name);
                if (!look_address_in(entry->d_name, ret) ||
                    root_read(l->root, path, text, sizeof(text)) <= 0)
                        continue;
                line = strstr(text, key);
                found = line && strtoul(line + strlen(key), NULL, 10) == minor;
        }
        closedir(d);
        return found;
}

static void found_open(Look *l, const OpenFile *f, const Address *function, UseKind kind,
                       const char *name) {
        char who[128];

        snprintf(who, sizeof(who), "%s, process %d", f->command, (int) f->pid);
        look_found_process(l, function, kind, name, who, "%s: is open in process %d (%s)", name,
                           (int) f->pid, f->command);
}

void look_display(Look *l) {
        static const char *const classes[] = { "drm", "graphics", NULL };
        char name[NODE_NAME_MAX];
        Address function;

        for (size_t i = 0; i < l->n_devices; i++)
                look_at_boot_display(l, &l->devices[i]);
        (void) look_list(l, "/sys/class/drm", look_at_output);
        for (size_t i = 0; i < l->processes.n_files; i++) {
                const OpenFile *f = &l->processes.files[i];

                if (nvidia_function(l, f, &function))
                        found_open(l, f, &function, USE_DISPLAY, strrchr(f->target, '/') + 1);
                else if (f->kind != 'b' && look_node(l, f, classes, &function, name))
                        found_open(l, f, &function, USE_DISPLAY, name);
        }
        for (size_t i = 0; !l->processes.files_complete && i < l->n_devices; i++)
                if (look_is_class(l, &l->devices[i], "0x03"))
                        look_missed(l, &l->devices[i], USES_DISPLAY, "%s", l->processes.missed);
}

/* A card that is held open keeps its driver from letting go: snd_card_free() waits for the last one
 * (sound/core/init.c). */
void look_sound(Look *l) {
        static const char *const classes[] = { "sound", NULL };
        char name[NODE_NAME_MAX];
        Address function;

        for (size_t i = 0; i < l->processes.n_files; i++) {
                const OpenFile *f = &l->processes.files[i];

                if (f->kind != 'b' && look_node(l, f, classes, &function, name))
                        found_open(l, f, &function, USE_SOUND, name);
        }
        for (size_t i = 0; !l->processes.files_complete && i < l->n_devices; i++)
                if (look_is_class(l, &l->devices[i], "0x04"))
                        look_missed(l, &l->devices[i], USES_SOUND, "%s", l->processes.missed);
}
