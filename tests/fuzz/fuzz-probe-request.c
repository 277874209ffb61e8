/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sources/probe-helper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request is refused, or formatting what was read gives a text that reads the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static ProbeTask task;
        ProbeRequest first, second;
        size_t length;
        char *text;

        if (probe_request_parse((const char *) data, size, &first) < 0)
                return 0;
        task.devices = first.devices;
        task.n_devices = first.n_devices;
        task.groups = first.groups;
        task.n_groups = first.n_groups;
        if (probe_request_format(&task, first.what, &text, &length) < 0 ||
            probe_request_parse(text, length, &second) < 0)
                abort();
        if (first.what != second.what || first.n_devices != second.n_devices ||
            first.n_groups != second.n_groups ||
            memcmp(first.devices, second.devices, first.n_devices * sizeof(Address)) != 0 ||
            memcmp(first.groups, second.groups, first.n_groups * sizeof(unsigned)) != 0)
                abort();
        free(text);
        probe_request_clear(&first);
        probe_request_clear(&second);
        return 0;
}
