/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parameters-table.h"

/* The steps of parameters_evaluate(); not for anybody else. */

/* What is being read. */
typedef struct Reading {
        Parameters *p;
        const ParameterKind *kind;
        const ParameterWord *word;
        bool dead; /* behind "--", or behind what ends the list: noted, not obeyed */
} Reading;

/* Returns: the row for this value: one of this release and vendor before any other, NULL only if
 * the table has none for what is not in it. */
const ParameterOption *parameter_option_find(const Reading *r, const char *value);
/* Obeys an option and notes it. option lies in the Parameters. Returns: 0 or -ENOMEM. */
int parameter_option_read(const Reading *r, const char *option);
/* Adds a note, of which word, option and position are filled in. Returns: 0 or -ENOMEM. */
int parameter_note_add(const Reading *r, const char *option, const ParameterNote *note);
/* Adds a note on what does nothing, without a row of a table. Returns: 0 or -ENOMEM. */
int parameter_note_bogus(const Reading *r, const char *option, const char *effect);

/* Reads the entries of a value of vfio-pci.ids, in place of those read before.
 * Returns: 0 or -ENOMEM. */
int parameters_read_ids(Parameters *p, const char *value);

/* Finds what contradicts itself or cannot have been meant. Returns: 0 or -ENOMEM. */
int parameters_find_conflicts(Parameters *p);
