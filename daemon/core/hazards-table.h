/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "report.h"

/* Each hazard: which uses make it, what it means and what it is called. */
typedef struct Hazard {
        const char *id;
        HazardClass class;
        unsigned kinds;      /* 1 << UseKind */
        unsigned categories; /* 1 << UseCategory: what could not be looked at counts */
        const char *found;   /* a sentence with the uses as %s */
        const char *unknown; /* what could not be told */
        const char *remedy;  /* how the use can be ended */
} Hazard;

extern const Hazard hazards[];
extern const size_t n_hazards;
