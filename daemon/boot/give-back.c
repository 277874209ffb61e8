/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "core/hold.h"
#include "core/rules.h"
#include "sources/attributes.h"
#include "sources/scan-internal.h"

#define DRIVERS_PROBE "/sys/bus/pci/drivers_probe"

/* Which of the held devices are let go. */
typedef bool (*Choice)(const Host *h, const Device *d);

static int probe(const Root *root, const char *address) {
        int fd = root_open(root, DRIVERS_PROBE, O_WRONLY), r = 0;

        if (fd < 0)
                return fd;
        if (write(fd, address, strlen(address)) < 0)
                r = -errno;
        close(fd);
        return r;
}

int boot_let_go(const Root *root, const Address *a) {
        char text[ADDRESS_TEXT_MAX];
        int r = boot_write(root, a, ATTR_DRIVER_OVERRIDE, "\n");

        address_format(a, text);
        if (r >= 0)
                r = probe(root, text);
        if (r < 0)
                boot_say(root, "%s could not be given back to its driver: %s", text, strerror(-r));
        else
                boot_say(root, "%s is not held any more", text);
        return r;
}

static int load_all(const Root *root, Host *h) {
        Address *addresses;
        size_t n;
        int r = scan_list_devices(root, &addresses, &n);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = boot_load_device(root, &addresses[i], h);
        free(addresses);
        return r < 0 ? r : 0;
}

/* One that cannot be let go does not keep the others. Returns: 0 or the last -errno. */
static int let_go_of(const Root *root, Host *h, Choice choice) {
        int r = load_all(root, h);

        for (size_t i = 0; i < h->n_devices; i++) {
                const Device *d = h->devices[i];
                int error = 0;

                if (text_is(&d->driver_override, HOLD_OVERRIDE) && choice(h, d))
                        error = boot_let_go(root, &d->address);
                r = error < 0 ? error : r;
        }
        return r;
}

static bool any(const Host *h, const Device *d) {
        return true;
}

static bool is_storage(const Host *h, const Device *d) {
        return device_is_storage(d);
}

static bool is_unwished(const Host *h, const Device *d) {
        const Wish *w;

        return hold_decide(h, &d->address, &w) == HOLD_NOT_WISHED;
}

int boot_give_back(const Root *root, bool storage_only) {
        Host *h = host_new();
        int r = h ? let_go_of(root, h, storage_only ? is_storage : any) : -ENOMEM;

        host_free(h);
        return r;
}

int boot_give_back_unwished(const Root *root, Host *h) {
        return let_go_of(root, h, is_unwished);
}
