/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <jansson.h>

#include "model.h"

/*
 * The JSON form of the model: stable, keys in the order of the manual, all of them always there.
 * The functions that build return a new reference, or NULL if there is no memory.
 */

json_t *json_strv(char *const *strv);
json_t *json_findings(const FindingList *findings);
json_t *json_device(const Device *device);

/** A group with its members; with `class` only those of that class (see class_matches()). */
json_t *json_group(const Group *group, bool with_members, const char *class);

/** An array of groups; with `class` those that have such a member. */
json_t *json_groups(const Model *model, const char *class);
json_t *json_host(const Host *host);

/** The steps of a plan, or of a job with their states. */
json_t *json_steps(const StepList *steps, bool with_state);

/** A string, or null for NULL. */
json_t *json_text(const char *text);

/** Prints a document indented, or on one line and at once, and drops it. 0 or -ENOMEM, -EIO. */
int json_print(json_t *document);
int json_print_line(json_t *document);

/** Prints an error. */
void json_print_error(const char *name, const char *message);

/** Returns whether the device is of a class that people name: gpu, net, nvme, usb or audio. */
bool class_matches(const Device *device, const char *class);

/** Returns whether there is such a class. */
bool class_is_known(const char *class);
