/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/udev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "SUBSYSTEM\nDEVPATH" */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = strndup((const char *) data, size), *devpath;
        UdevHint hint;

        if (!text)
                return 0;
        devpath = strchr(text, '\n');
        if (devpath) {
                *devpath++ = 0;
                if (udev_hint_of_event(text, devpath, &hint) && hint.kind == UDEV_HINT_OTHER &&
                    (hint.name[0] == 0 || strchr(hint.name, '/')))
                        abort();
        }
        free(text);
        return 0;
}
