/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "options.h"
#include "text.h"

/* Text that is written into memory first: whether it needs a pager depends on its length. */
typedef struct Output {
        FILE *file;
        char *text;
        size_t size;
        Style style;
} Output;

/** Begins an output. Returns 0 or -ENOMEM. */
int output_begin(Output *output);

/** Prints it, through a pager if stdout is a terminal and too small. Returns 0 or -EIO. */
int output_end(Output *output, const Options *options);

/** Drops what was not printed; for _cleanup_. */
void output_done(Output *output);
