/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/fault.h"

#ifdef VFIOD_FAULT_POINTS
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool armed;
static unsigned passed, deadly;

void fault_arm(unsigned point) {
        armed = true;
        deadly = point;
        passed = 0;
}

unsigned fault_count(void) {
        return passed;
}

static void log_point(const char *name) {
        const char *path = getenv("VFIOD_FAULT_LOG");
        FILE *f = path ? fopen(path, "ae") : NULL;

        if (f) {
                fprintf(f, "%u %s\n", passed, name);
                fclose(f);
        }
}

void fault_point(const char *name) {
        const char *text = getenv("VFIOD_FAULT_POINT");

        if (!armed)
                fault_arm(text ? (unsigned) strtoul(text, NULL, 10) : 0);
        passed++;
        log_point(name);
        if (passed == deadly)
                (void) kill(getpid(), SIGKILL);
}
#else
/* ISO C wants something in every file. */
typedef int NoFaultPoints;
#endif
