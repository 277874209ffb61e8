/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sources/probe-child.h"

/* Units whose registers are read. */
#define UNITS_MAX 64

static int say(ProbeTask *t, const char *file, const char *value) {
        ProbeLine l = {.key = PROBE_KEY_DEBUG_VALUE, .fact = FACT_PRESENT};

        snprintf(l.value, sizeof(l.value), "%s\n%s", file, value);
        return probe_child_say(t, &l);
}

/* Not mounted, not for us, not in this kernel: all the same, nobody depends on it. */
static int say_file(ProbeTask *t, const char *file) {
        char text[64];

        return root_read(t->root, file, text, sizeof(text)) > 0 ? say(t, file, text) : 0;
}

bool probe_register(const char *line, char unit[static PROBE_UNIT_MAX], char *text, size_t size) {
        char name[16], offset[16], content[32];

        if (sscanf(line, "IOMMU: %15s", unit) == 1)
                return false;
        if (!unit[0] || sscanf(line, "%15s %15s %31s", name, offset, content) != 3 ||
            strcmp(name, "GSTS") != 0 || strncmp(content, "0x", 2) != 0 ||
            content[2 + strspn(content + 2, "0123456789abcdef")])
                return false;
        snprintf(text, size, "%s GSTS 0x%llx", unit, strtoull(content, NULL, 16));
        return true;
}

/* drivers/iommu/intel/debugfs.c, iommu_regset_show(): of all registers, the global status. */
static int say_registers(ProbeTask *t) {
        int fd = root_open(t->root, DEBUG_VTD_REGISTERS, O_RDONLY), error = 0;
        char *line = NULL, unit[PROBE_UNIT_MAX] = "", text[64];
        size_t size = 0, n = 0;
        FILE *f;

        if (fd < 0)
                return 0;
        f = fdopen(fd, "re");
        if (!f) {
                close(fd);
                return 0;
        }
        while (error == 0 && n < UNITS_MAX && getline(&line, &size, f) > 0)
                if (probe_register(line, unit, text, sizeof(text))) {
                        error = say(t, DEBUG_VTD_REGISTERS, text);
                        n++;
                }
        free(line);
        fclose(f);
        return error;
}

int probe_debug(ProbeTask *t) {
        int error = say_file(t, DEBUG_SWIOTLB_SLOTS);

        if (error == 0)
                error = say_file(t, DEBUG_SWIOTLB_USED);
        return error < 0 ? error : say_registers(t);
}
