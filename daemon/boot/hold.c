/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "core/hold.h"
#include "sources/attributes.h"
#include "sources/scan.h"
#include "sources/settings.h"

#define GROUP_DEVICES "/sys/kernel/iommu_groups/%u/devices"

typedef struct Members {
        const Root *root;
        Host *host;
} Members;

static int load_member(const char *name, unsigned char type, void *userdata) {
        const Members *m = userdata;
        Address a;
        int r;

        if (address_parse(name, &a) < 0 || host_find_device(m->host, &a))
                return 0;
        r = boot_load_device(m->root, &a, m->host);
        return r < 0 ? r : 0;
}

/* What moves along with what is told from the whole group. Returns: 0 or -errno. */
static int load_group(const Root *root, const Device *d, Host *h) {
        Members members = { .root = root, .host = h };
        char path[64];
        int fd, r;

        if (d->grouped != FACT_PRESENT)
                return 0;
        (void) snprintf(path, sizeof(path), GROUP_DEVICES, d->group);
        fd = root_open(root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd;
        r = root_list(fd, load_member, &members);
        close(fd);
        return r;
}

/* Returns: true while nothing says that no wish is met in this boot. */
static bool may_hold(const Root *root) {
        BootVerdict verdict = boot_verdict(root);

        return verdict == BOOT_UNDECIDED || verdict == BOOT_OPEN;
}

/* A driver that came between the look and the write keeps the device: an override that stays would
 * keep it from that driver the next time. A verdict that came since may have been followed by a look
 * for what is held that did not find this device yet. Returns: 0 or -errno. */
static int take(const Root *root, const Wish *w, const Address *a) {
        char text[ADDRESS_TEXT_MAX];
        Host *h = host_new();
        const Device *d;
        int r = h ? boot_write(root, a, ATTR_DRIVER_OVERRIDE, HOLD_OVERRIDE) : -ENOMEM;

        address_format(a, text);
        if (r >= 0)
                r = boot_load_device(root, a, h);
        d = r > 0 ? host_find_device(h, a) : NULL;
        if (d && d->driver.fact == FACT_PRESENT) {
                r = boot_write(root, a, ATTR_DRIVER_OVERRIDE, "\n");
                boot_say(root, "%s is not held for [%s]: %s took it first", text, w->name,
                         d->driver.value);
        } else if (d && !may_hold(root)) {
                boot_say(root, "%s is not held for [%s]: no wish is met in this boot", text, w->name);
                r = boot_let_go(root, a);
        } else if (d)
                boot_say(root, "%s is held for [%s]", text, w->name);
        else if (r < 0)
                boot_say(root, "%s could not be held: %s", text, strerror(-r));
        host_free(h);
        return r < 0 ? r : 0;
}

static int decide(const Root *root, const Address *a, const Host *h) {
        char text[ADDRESS_TEXT_MAX];
        const Wish *w;
        Hold hold = hold_decide(h, a, &w);
        int r = 0;

        if (!w)
                return 0;
        puts("VFIOD_WISHED=1"); /* for the rule that asks */
        if (hold == HOLD_TAKE)
                r = take(root, w, a);
        else if (hold != HOLD_HELD)
                boot_say(root, "%s is not held for [%s]: %s", address_format(a, text), w->name,
                         hold_words(hold));
        /* A daemon that runs is told to look again: no event says that an override was written. */
        if (r == 0 && (hold == HOLD_TAKE || hold == HOLD_HELD) && boot_verdict(root) == BOOT_OPEN)
                (void) boot_write(root, a, ATTR_UEVENT, "change");
        return r;
}

int boot_hold(const Root *root, const Address *a) {
        Settings *settings = NULL;
        Host *h;
        int r;

        /* Before wishes are read: it is to help where that is what fails. */
        if (!may_hold(root) || boot_is_switched_off(root))
                return 0;
        h = host_new();
        r = h ? boot_load_wishes(root, h, &settings) : -ENOMEM;
        /* Most hosts wish nothing: no device is looked at there. */
        if (r >= 0 && host_wish(h, 0)) {
                r = boot_load_device(root, a, h);
                if (r > 0)
                        r = load_group(root, host_find_device(h, a), h);
                if (r >= 0)
                        r = decide(root, a, h);
        }
        host_free(h);
        settings_free(settings);
        return r < 0 ? r : 0;
}
