/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rebind/fault.h"

#ifdef VFIOD_FAULT_POINTS
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool armed;
static unsigned passed, deadly;
static pid_t parent;

void fault_arm(unsigned point) {
        armed = true;
        parent = getppid();
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

static bool is_named(const char *name) {
        const char *wanted = getenv("VFIOD_FAULT_NAME");

        return wanted && strcmp(wanted, name) == 0;
}

static void strike(void) {
        const char *who = getenv("VFIOD_FAULT_WHO"), *token = getenv("VFIOD_FAULT_TOKEN");
        bool parents = who && (strcmp(who, "parent") == 0 || strcmp(who, "both") == 0);

        if (token && unlink(token) < 0)
                return;
        if (who && strcmp(who, "stop") == 0) {
                (void) raise(SIGSTOP);
                return;
        }
        /* It may be gone, and its place be taken by who takes in orphans. */
        if (parents && parent > 1 && getppid() == parent)
                (void) kill(parent, SIGKILL);
        if (!who || strcmp(who, "parent") != 0)
                (void) kill(getpid(), SIGKILL);
}

void fault_point(const char *name) {
        const char *text = getenv("VFIOD_FAULT_POINT");

        if (!armed)
                fault_arm(text ? (unsigned) strtoul(text, NULL, 10) : 0);
        passed++;
        log_point(name);
        if (passed == deadly || is_named(name))
                strike();
}
#else
/* ISO C wants something in every file. */
typedef int NoFaultPoints;
#endif
