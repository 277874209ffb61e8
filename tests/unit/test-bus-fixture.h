/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "bus/bus.h"

/*
 * A daemon's bus side and a client at the two ends of a socket pair, in one event loop, showing a
 * report made by hand: group 15 is blocked and holds two functions, group 16 is viable and without
 * an IOMMU, 10000:e1:00.0 has no group.
 */

#define CHECK(condition)                                                                       \
        do {                                                                                   \
                if (!(condition)) {                                                            \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
                        abort();                                                               \
                }                                                                              \
        } while (0)
#define CHECK_TEXT(have, want) check_text(__FILE__, __LINE__, have, want)
void check_text(const char *file, int line, const char *have, const char *want);

#define PATH_GPU "/org/vfiod1/device/_30000_3a01_3a00_2e0"
#define PATH_AUDIO "/org/vfiod1/device/_30000_3a01_3a00_2e1"
#define PATH_VMD "/org/vfiod1/device/_310000_3ae1_3a00_2e0"

typedef struct Fixture {
        sd_event *event;
        sd_bus *server, *client;
        Bus *bus;
        Report *report;
        Job *jobs[1];
        size_t n_jobs;
        char seen[8192];    /* signals the client got, one per line */
        char request[4096]; /* the last request a handler got, in words */
        unsigned n_handled;
        bool hold;          /* handlers keep the call instead of answering */
        sd_bus_message *held;
} Fixture;

/* uid: whom the client is to the server. */
Fixture *fixture_new(uid_t uid);
Fixture *fixture_free(Fixture *f);

/* Lets the loop run until nothing is left to do. */
void fixture_settle(Fixture *f);

/* Builds a call to an object. */
sd_bus_message *fixture_message(Fixture *f, const char *path, const char *interface,
                                const char *member);
/* Sends a call and waits. Returns: the reply (an error reply too), to be unreferenced; the call is
 * unreferenced. */
sd_bus_message *fixture_send(Fixture *f, sd_bus_message *call);
/* Gets a property. Returns: the reply, which stands at the value, inside the variant. */
sd_bus_message *fixture_get(Fixture *f, const char *path, const char *interface,
                            const char *property, const char *signature);
/* Gets a property of a basic type s or o into words that live until the next call. */
const char *fixture_text(Fixture *f, const char *path, const char *interface, const char *property,
                         const char *signature);
/* Sends a call, wants an error of that name, and a message with each of the texts (up to NULL). */
void fixture_refused(Fixture *f, sd_bus_message *call, const char *name, ...)
        __attribute__((sentinel));

Address address_of(const char *text);
