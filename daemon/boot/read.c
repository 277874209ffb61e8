/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "rebind/state.h"
#include "sources/attributes.h"
#include "sources/scan.h"
#include "sources/settings.h"

#define DEVICES      "/sys/bus/pci/devices"
#define KMSG         "/dev/kmsg"
#define COMMAND_LINE "/proc/cmdline"
/* A bootconfig comes on top of the 2 or 4 KiB that a boot loader passes: up to 32 KiB, where keys that
 * stand in braces are shorter (include/linux/bootconfig.h, XBC_DATA_MAX). */
#define COMMAND_LINE_SIZE 65536
/* "<6>": informational (linux/kern_levels.h) */
#define KMSG_LEVEL "<6>"

void boot_say(const Root *root, const char *format, ...) {
        char text[512] = KMSG_LEVEL "vfiod-boot: ";
        size_t n = strlen(text);
        va_list list;
        int fd;

        va_start(list, format);
        (void) vsnprintf(text + n, sizeof(text) - n - 1, format, list);
        va_end(list);
        strcat(text, "\n");
        fputs(text + strlen(KMSG_LEVEL), stderr);
        fd = root_is_recorded(root) ? -1 : open(KMSG, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return;
        /* A log that takes nothing is no reason to stop. */
        if (write(fd, text, strlen(text)) < 0)
                fprintf(stderr, "vfiod-boot: " KMSG ": %m\n");
        close(fd);
}

BootVerdict boot_verdict(const Root *root) {
        char text[32];

        return root_read(root, BOOT_VERDICT_FILE, text, sizeof(text)) < 0 ? BOOT_UNDECIDED
                                                                          : boot_verdict_parse(text);
}

bool boot_is_switched_off(const Root *root) {
        char line[COMMAND_LINE_SIZE];
        ssize_t n = root_read(root, COMMAND_LINE, line, sizeof(line));

        if (n >= 0)
                return boot_is_disabled(line);
        /* Whoever boots with vfiod.disable is in need of it. */
        boot_say(root, COMMAND_LINE " cannot be read, so nothing is held in this boot, as with "
                 "vfiod.disable: %s", strerror((int) -n));
        return true;
}

static void warn(const char *file, unsigned line, const char *message, void *userdata) {
        boot_say(userdata, "%s:%u: %s", file, line, message);
}

int boot_load_wishes(const Root *root, Host *h, Settings **ret) {
        int fd = root_open(root, BOOT_STATE_DIRECTORY, O_RDONLY | O_DIRECTORY), r = fd;

        if (fd >= 0) {
                r = wishes_load(fd, h);
                close(fd);
        }
        if (r == -ENOMEM)
                return r;
        if (r < 0 && r != -ENOENT)
                boot_say(root, "the wishes in " BOOT_STATE_DIRECTORY " cannot be read: %s",
                         strerror(-r));
        r = settings_load(root, warn, (void *) root, ret);
        if (r < 0)
                return r;
        h->configured = (*ret)->wishes;
        h->n_configured = (*ret)->n_wishes;
        return 0;
}

static void device_path(const Address *a, const char *attribute, char *ret, size_t size) {
        char text[ADDRESS_TEXT_MAX];

        (void) snprintf(ret, size, DEVICES "/%s/%s", address_format(a, text), attribute);
}

/* "(null)" stands for none (drivers/pci/pci-sysfs.c, driver_override_show()). */
static int read_override(const Root *root, Device *d) {
        char path[128], text[256];
        ssize_t n;

        device_path(&d->address, ATTR_DRIVER_OVERRIDE, path, sizeof(path));
        n = root_read(root, path, text, sizeof(text));
        if (n < 0)
                text_unset(&d->driver_override, FACT_UNKNOWN);
        else if (*text == '\0' || strcmp(text, "(null)") == 0)
                text_unset(&d->driver_override, FACT_ABSENT);
        else
                return text_set(&d->driver_override, text);
        return 0;
}

int boot_load_device(const Root *root, const Address *a, Host *h) {
        Device *d;
        int r = scan_device(root, NULL, a, NULL, &d);

        if (r <= 0)
                return r;
        r = read_override(root, d);
        if (r == 0)
                r = host_put_device(h, d);
        if (r < 0) {
                device_unref(d);
                return r;
        }
        return 1;
}

int boot_write(const Root *root, const Address *a, const char *attribute, const char *value) {
        char path[128];
        int fd, r = 0;

        device_path(a, attribute, path, sizeof(path));
        fd = root_open(root, path, O_WRONLY | O_TRUNC);
        if (fd < 0)
                return fd;
        if (write(fd, value, strlen(value)) != (ssize_t) strlen(value))
                r = errno ? -errno : -EIO;
        close(fd);
        return r;
}
