/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "label.h"
#include "model.h"
#include "text.h"

/*
 * The text form of the model. These functions know nothing of D-Bus and nothing of what the
 * verdicts are made of; they choose words, colours and columns.
 */

/** What list and status show. */
typedef struct ListOptions {
        const char *class; /* only such devices, or NULL */
        bool all;          /* also groups in which nothing is a candidate */
} ListOptions;

/** Widths of the columns of a device line. */
typedef struct Columns {
        size_t address, name, driver, status;
} Columns;

/**
 * Shares `width` columns among a device line's parts, whose longest texts are given: the name gives
 * way first, then the status.
 */
Columns columns_share(size_t width, Columns longest);

/** One line: whether the host can do it, and what that rests on. */
void render_host_line(FILE *out, const Style *style, const Host *host);

/** One line per finding that is more than information, and where to read more. */
void render_host_marks(FILE *out, const Style *style, const Host *host);

/** The host's facts and findings in full. */
void render_host_sheet(FILE *out, const Style *style, const Host *host);

/** Groups as a tree. */
void render_groups(FILE *out, const Style *style, const Model *model, const ListOptions *options);

/** The line of a group: verdict and cause. `drop` leaves out the domain 0000. */
void render_group_line(FILE *out, const Style *style, const Group *group, size_t id_width,
                       bool drop);

/** Everything about one device; `group` may be NULL. */
void render_device_sheet(FILE *out, const Style *style, const Device *device, const Group *group);

/** Everything about one group. */
void render_group_sheet(FILE *out, const Style *style, const Group *group);

/** One "Key: value" line of a sheet; nothing if there is no value. */
void render_key(FILE *out, const Style *style, Colour colour, const char *key, const char *value);

/** Findings in full: mark, message, evidence and what to do. */
void render_findings(FILE *out, const Style *style, const FindingList *findings);

/** What a plan would do, in numbered sentences. `model` names the devices and may be empty. */
void render_plan(FILE *out, const Style *style, const StepList *steps, const Model *model);

/** One step as it is carried out, without its state and without a newline. */
void render_step(FILE *out, const Style *style, const Step *step, bool drop);

/** Returns whether every step is about domain 0000. */
bool steps_one_domain(const StepList *steps);

/** Returns the colour of a verdict, readiness, severity or state. */
Colour render_colour(const char *word);
