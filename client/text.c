/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "text.h"

/* Prose wider than this is hard to read, and a table wider than this is mostly blanks. */
#define COLUMNS_MAX 120
#define COLUMNS_MIN 40
#define COLUMNS_DEFAULT 80

Style style_for_stdout(void) {
        bool terminal = isatty(STDOUT_FILENO);
        const char *columns = getenv("COLUMNS"), *no_colour = getenv("NO_COLOR");
        const char *term = getenv("TERM");
        Style style = {.columns = COLUMNS_DEFAULT, .utf8 = streq(nl_langinfo(CODESET), "UTF-8")};
        long wanted = columns ? strtol(columns, NULL, 10) : 0;
        struct winsize size;

        if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0)
                style.columns = size.ws_col;
        else if (wanted > 0)
                style.columns = (size_t) wanted;
        if (style.columns > COLUMNS_MAX)
                style.columns = COLUMNS_MAX;
        if (style.columns < COLUMNS_MIN)
                style.columns = COLUMNS_MIN;
        style.colour = terminal && !(no_colour && *no_colour) && !streq(term, "dumb");
        return style;
}

const char *colour_on(const Style *style, Colour colour) {
        static const char *const sequences[] = {
                [COLOUR_NONE] = "",
                [COLOUR_BOLD] = "\033[1m",
                [COLOUR_DIM] = "\033[2m",
                [COLOUR_RED] = "\033[31m",
                [COLOUR_GREEN] = "\033[32m",
                [COLOUR_YELLOW] = "\033[33m",
        };

        return style->colour ? sequences[colour] : "";
}

const char *colour_off(const Style *style, Colour colour) {
        return style->colour && colour != COLOUR_NONE ? "\033[0m" : "";
}

/* Reads one character; a byte that begins none counts as one. D-Bus lets only UTF-8 through. */
static wchar_t next_character(const char **text) {
        const unsigned char *p = (const unsigned char *) *text;
        size_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
        uint32_t c = more == 3 ? *p & 0x07 : more == 2 ? *p & 0x0f : more == 1 ? *p & 0x1f : *p;

        for (p++; more > 0 && (*p & 0xc0) == 0x80; more--)
                c = c << 6 | (*p++ & 0x3f);
        *text = (const char *) p;
        return (wchar_t) c;
}

/* wcwidth() knows nothing beyond ASCII in the C locale. */
static size_t character_width(wchar_t c) {
        int width = wcwidth(c);

        return width < 0 ? 1 : (size_t) width;
}

size_t text_width(const char *text) {
        size_t width = 0;

        while (*text)
                width += character_width(next_character(&text));
        return width;
}

char *text_fit(const Style *style, const char *text, size_t width) {
        const char *ellipsis = style->utf8 ? "…" : "...";
        size_t room, used = 0;
        const char *p = text;
        char *fitted;

        if (text_width(text) <= width)
                return strdup(text);
        room = text_width(ellipsis);
        if (width < room)
                return strdup("");
        for (const char *next = text; *next; p = next) {
                size_t w = character_width(next_character(&next));

                if (used + w > width - room)
                        break;
                used += w;
        }
        /* "word …" looks worse than "word…" */
        while (p > text && p[-1] == ' ')
                p--;
        return asprintf(&fitted, "%.*s%s", (int) (p - text), text, ellipsis) < 0 ? NULL : fitted;
}

void text_put(FILE *out, const Style *style, Colour colour, const char *text, size_t width) {
        size_t used = width ? text_width(text) : 0;

        fprintf(out, "%s%s%s", colour_on(style, colour), text, colour_off(style, colour));
        if (used < width)
                fprintf(out, "%*s", (int) (width - used), "");
}

void text_wrap(FILE *out, const Style *style, const char *text, size_t first, size_t indent) {
        size_t column = first;
        bool begin = true;

        while (*text) {
                size_t length = strcspn(text, " ");
                _cleanup_(freep) char *word = strndup(text, length);
                size_t width = word ? text_width(word) : 0;

                if (!begin && column + 1 + width > style->columns) {
                        fprintf(out, "\n%*s", (int) indent, "");
                        column = indent;
                        begin = true;
                }
                if (length > 0) {
                        fprintf(out, "%s%s", begin ? "" : " ", word ? word : "");
                        column += width + !begin;
                        begin = false;
                }
                text += length;
                text += strspn(text, " ");
        }
        fputc('\n', out);
}

const char *text_arrow(const Style *style) {
        return style->utf8 ? "→" : "->";
}
