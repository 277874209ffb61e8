/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "objects.h"
#include "target.h"
#include "utf8.h"

#define NAME_LENGTH_MAX 64
#define CANDIDATES_MAX 8
#define EXPECTED "expected an address such as 0000:01:00.0 or 01:00.0, or the name of a " \
                 "network interface or disk"

/* Returns: true if text can be the name of something below /sys/class: no "/", not "." or "..", so
 * that no path is ever made of anything else. */
static bool is_name(const char *text) {
        static const char allowed[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
        size_t n = strspn(text, allowed);

        return n > 0 && n <= NAME_LENGTH_MAX && text[n] == '\0' && strcmp(text, ".") != 0 &&
               strcmp(text, "..") != 0;
}

/* Returns: true for what was most likely meant as an address. The kernel takes no interface name
 * with a colon (net/core/dev.c, dev_valid_name()). */
static bool is_like_address(const char *text) {
        return strchr(text, ':') ||
               (strchr(text, '.') && text[strspn(text, "0123456789abcdefABCDEF.")] == '\0');
}

static int not_an_address(const char *text, sd_bus_error *error) {
        char shown[UTF8_SHOW_MAX];

        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "'%s' is no PCI address; " EXPECTED, utf8_show(text, shown));
}

static int ambiguous(const char *name, const Address *found, int n, sd_bus_error *error) {
        char list[CANDIDATES_MAX * (ADDRESS_TEXT_MAX + 2)] = "", one[ADDRESS_TEXT_MAX];
        int n_shown = n < CANDIDATES_MAX ? n : CANDIDATES_MAX;
        size_t at = 0;

        for (int i = 0; i < n_shown; i++)
                at += (size_t) snprintf(list + at, sizeof(list) - at, "%s%s", i > 0 ? ", " : "",
                                        address_format(&found[i], one));
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "'%s' lies on %d devices: %s%s; name one of them", name, n, list,
                                 n > n_shown ? ", ..." : "");
}

static int no_such_device(const Address *a, sd_bus_error *error) {
        char text[ADDRESS_TEXT_MAX];

        return sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_DEVICE,
                                 "There is no PCI device %s; 'vfioctl list' names those there are",
                                 address_format(a, text));
}

/* Asks the daemon what a name stands for. */
static int resolve(const Bus *b, const char *name, Address *ret, sd_bus_error *error) {
        Address found[CANDIDATES_MAX];
        int n = b->handlers.resolve(b->userdata, name, found, CANDIDATES_MAX);

        if (n < 0)
                return sd_bus_error_set_errnof(error, n, "Could not look up '%s': %s", name,
                                               strerror(-n));
        if (n > 1)
                return ambiguous(name, found, n, error);
        if (n == 1) {
                *ret = found[0];
                return 0;
        }
        if (is_like_address(name))
                return not_an_address(name, error);
        return sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_DEVICE,
                                 "No PCI device has an interface or disk '%s'; "
                                 "'vfioctl list' names the devices", name);
}

int target_parse(const Bus *b, const char *text, Address *ret, sd_bus_error *error) {
        Address address;

        if (strnlen(text, VFIOD_STRING_MAX + 1) > VFIOD_STRING_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "The address is longer than %d bytes; " EXPECTED,
                                         VFIOD_STRING_MAX);
        if (address_parse(text, &address) < 0) {
                int r = is_name(text) ? resolve(b, text, &address, error) :
                                        not_an_address(text, error);
                if (r < 0)
                        return r;
        }
        if (!report_find_device(bus_report(b), &address))
                return no_such_device(&address, error);
        *ret = address;
        return 0;
}
