/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-sysfs.h"
#include "rebind/record.h"

/* A fake sysfs with one group of devices, a runtime directory, and plans made by hand. */

#define CHECK(condition)                                                                        \
        do {                                                                                    \
                if (!(condition)) {                                                             \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
                        abort();                                                                \
                }                                                                               \
        } while (0)

#define GROUP 15u

typedef struct Fixture {
        FakeSysfs *fake;
        Backend backend;
        char runtime[64];
        int runtime_fd;
        Plan plan; /* of the last prepare or release, freed with the fixture */
} Fixture;

/* n functions 0000:01:00.0 and on: the first on nouveau with an override of its own, the second
 * without a driver, the third on snd_hda_intel, all others on nvme. vfio-pci is a module yet. */
void fixture_open(Fixture *x, size_t n);
void fixture_close(Fixture *x);
/* Plans to take or to give back all n functions; a plan that was there is freed. */
void fixture_plan_prepare(Fixture *x, size_t n);
void fixture_plan_release(Fixture *x, size_t n);
void fixture_plan_clear(Fixture *x);
/* Writes the plan down and runs the worker on it, here. */
Transaction *fixture_run(Fixture *x);
Transaction *fixture_run_until(Fixture *x, uint64_t deadline_usec);
uint64_t fixture_now(void);
/* Aborts unless the transaction ended so. error NULL: none; words: part of the message, or NULL. */
void expect(const Transaction *t, Outcome outcome, const char *error, const char *words);
/* Aborts unless both states are the same. Frees both. */
void expect_same(char *before, char *after);
