/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sources/udev.h"

static bool canonical(const char *name, Address *ret) {
        char text[ADDRESS_TEXT_MAX];
        Address a;

        if (address_parse(name, &a) < 0 || strcmp(address_format(&a, text), name) != 0)
                return false;
        *ret = a;
        return true;
}

/* A PCI function by its address, anything else by its name. */
static bool hint_device(const char *name, UdevHint *h) {
        h->kind = UDEV_HINT_DEVICE;
        if (canonical(name, &h->address))
                return true;
        h->kind = UDEV_HINT_OTHER;
        if (!*name || strlen(name) >= sizeof(h->name))
                return false;
        strcpy(h->name, name);
        return true;
}

/* /devices/virtual/vfio/15, /devices/virtual/vfio/noiommu-15 */
static bool hint_group(const char *name, UdevHint *h) {
        unsigned long id;
        char *end;

        if (strncmp(name, "noiommu-", 8) == 0)
                name += 8;
        if (*name < '0' || *name > '9')
                return false;
        errno = 0;
        id = strtoul(name, &end, 10);
        if (errno != 0 || *end != 0 || id >= UINT_MAX)
                return false;
        h->kind = UDEV_HINT_GROUP;
        h->group = (unsigned) id;
        return true;
}

/* …/0000:01:00.0/vfio-dev/vfio0: the device is the one above. */
static bool hint_parent(const char *devpath, const char *slash, UdevHint *h) {
        static const char directory[] = "/vfio-dev";
        const char *end = slash - (sizeof(directory) - 1), *start = end;
        char name[sizeof(h->name)];

        if (end <= devpath || memcmp(end, directory, sizeof(directory) - 1) != 0)
                return false;
        while (start > devpath && start[-1] != '/')
                start--;
        if ((size_t) (end - start) >= sizeof(name))
                return false;
        memcpy(name, start, (size_t) (end - start));
        name[end - start] = 0;
        return hint_device(name, h);
}

static bool kind_only(UdevHint *h, UdevHintKind kind) {
        h->kind = kind;
        return true;
}

bool udev_hint_of_event(const char *subsystem, const char *devpath, UdevHint *ret) {
        const char *slash = strrchr(devpath, '/');
        UdevHint h = {0};
        bool found = false;

        if (!slash)
                return false;
        if (strcmp(subsystem, "pci") == 0 || strcmp(subsystem, "platform") == 0 ||
            strcmp(subsystem, "amba") == 0)
                found = hint_device(slash + 1, &h);
        else if (strcmp(subsystem, "vfio") == 0)
                found = hint_group(slash + 1, &h);
        else if (strcmp(subsystem, "vfio-dev") == 0)
                found = hint_parent(devpath, slash, &h);
        else if (strcmp(subsystem, "iommu") == 0)
                found = kind_only(&h, UDEV_HINT_IOMMU);
        /* A module's "add" comes before its init function, which registers the driver; the driver's
         * own "add" comes after. */
        else if (strcmp(subsystem, "module") == 0 ||
                 (strcmp(subsystem, "drivers") == 0 &&
                  strncmp(devpath, "/bus/pci/drivers/", 17) == 0) ||
                 (strcmp(subsystem, "misc") == 0 && strcmp(slash, "/iommu") == 0))
                found = kind_only(&h, UDEV_HINT_DRIVERS);
        if (found)
                *ret = h;
        return found;
}
