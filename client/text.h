/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "util.h"

typedef enum Colour {
        COLOUR_NONE,
        COLOUR_BOLD,
        COLOUR_DIM,
        COLOUR_RED,
        COLOUR_GREEN,
        COLOUR_YELLOW
} Colour;

/* How text is shown: set once from the terminal, or by a test. */
typedef struct Style {
        bool colour;
        bool utf8;
        size_t columns;
} Style;

/** Returns how to write to stdout: colour on a terminal only, and not if NO_COLOR is set. */
Style style_for_stdout(void);

/** Returns the escape sequence that begins this colour, or "" if there is to be none. */
const char *colour_on(const Style *style, Colour colour);

/** Returns the escape sequence that ends it, or "". */
const char *colour_off(const Style *style, Colour colour);

/** Returns how many columns a UTF-8 string takes. */
size_t text_width(const char *text);

/**
 * Returns a new string that takes at most `width` columns: `text`, or its beginning and an
 * ellipsis. A character is never cut in two. NULL if there is no memory.
 */
char *text_fit(const Style *style, const char *text, size_t width);

/** Writes `text` in a colour and fills up to `width` columns with blanks (0: does not fill). */
void text_put(FILE *out, const Style *style, Colour colour, const char *text, size_t width);

/**
 * Writes `text` wrapped at blanks to the style's columns, and a newline. The cursor stands in
 * column `first`; further lines are indented to column `indent`.
 */
void text_wrap(FILE *out, const Style *style, const char *text, size_t first, size_t indent);

/** Returns the arrow that leads to what to do. */
const char *text_arrow(const Style *style);
