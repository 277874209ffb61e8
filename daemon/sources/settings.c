/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "settings-keys.h"

/* inih keeps this many bytes of a section's name and cuts the rest. */
#define SECTION_NAME_MAX 49
/* A header that opens SECTION_INVALID, without a word about it. */
#define NOBODYS_HEADER "[?]\n"

/* One file as inih reads it. */
typedef struct Reading {
        Settings *settings;
        const char *file;
        const char *text, *end; /* what is left */
        unsigned line;          /* of what was read last */
        bool waiting;           /* inih has that line and has not come back with its key */
        SettingsSection section;
        Wish wish; /* of a [device …] section that is not over yet */
        SettingsWarn warn;
        void *userdata;
        int error;
} Reading;

__attribute__((format(printf, 3, 4)))
static void warn_at(Reading *g, unsigned line, const char *format, ...) {
        char message[512];
        va_list list;

        va_start(list, format);
        (void) vsnprintf(message, sizeof(message), format, list);
        va_end(list);
        /* What a file holds must not steer the terminal that shows this. */
        for (char *c = message; *c; c++)
                if ((unsigned char) *c < ' ' || *c == 0x7f)
                        *c = '?';
        if (g->warn)
                g->warn(g->file, line, message, g->userdata);
}

/* Ends a section. A wish that lacks something is dropped. Returns: 0 or -ENOMEM. */
static int close_section(Reading *g) {
        const char *lacks;
        Wish *grown;

        if (g->section != SECTION_DEVICE)
                return 0;
        g->section = SECTION_NONE;
        lacks = wish_lacks(&g->wish);
        if (lacks) {
                warn_at(g, g->wish.line, "[device %s] is passed over. %s", g->wish.name, lacks);
                wish_clear(&g->wish);
                return 0;
        }
        grown = reallocarray(g->settings->wishes, g->settings->n_wishes + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        g->settings->wishes = grown;
        grown[g->settings->n_wishes++] = g->wish;
        g->wish = (Wish){ 0 };
        return 0;
}

/* Begins a section; name is what stands between the brackets. Returns: 0 or -ENOMEM. */
static int open_section(Reading *g, const char *name) {
        int r = close_section(g);

        if (r < 0)
                return r;
        g->section = settings_section(name);
        if (g->section == SECTION_INVALID)
                warn_at(g, g->line, "unknown section [%s]: there are [daemon], [nodes] and "
                        "[device NAME]; its keys are passed over", name);
        if (g->section != SECTION_DEVICE)
                return 0;
        name += strlen("device ");
        g->wish = (Wish){ .name = strdup(name + strspn(name, " \t")), .file = strdup(g->file),
                          .line = g->line };
        return g->wish.name && g->wish.file ? 0 : -ENOMEM;
}

/* Reads a header line in place. Returns: what inih is to see, or -ENOMEM. */
static int read_header(Reading *g, char *line, const char **ret) {
        char *end = strchr(line, ']');
        size_t n;

        *ret = NOBODYS_HEADER;
        if (end && end[1 + strspn(end + 1, " \t\r\n")] != '\0' &&
            end[1 + strspn(end + 1, " \t")] != ';' && end[1 + strspn(end + 1, " \t")] != '#')
                end = NULL;
        n = end ? (size_t) (end - line - 1) : 0;
        if (!end || n > SECTION_NAME_MAX) {
                int r = close_section(g);

                g->section = SECTION_INVALID;
                warn_at(g, g->line, end ? "the name of this section is longer than 49 characters; "
                                          "its keys are passed over"
                                        : "this header of a section does not end with ']'; its "
                                          "keys are passed over");
                return r;
        }
        *end = '\0';
        return open_section(g, line + 1);
}

/* Looks at a line before inih does, for what inih would cut or take for something else.
 * Returns: what inih is to see, or -ENOMEM. */
static int check_line(Reading *g, char *line, const char **ret) {
        *ret = "\n";
        if (*line == '\0' || *line == '\r' || *line == '#' || *line == ';')
                return 0;
        if (*line == '[')
                return read_header(g, line, ret);
        if (!strchr(line, '=')) {
                warn_at(g, g->line, "'%s' is neither a section nor Key=value", line);
                return 0;
        }
        *ret = line;
        g->waiting = true;
        return 0;
}

/* inih finds no key where a comment begins before the '=', and says nothing. */
static void warn_if_waiting(Reading *g) {
        if (g->waiting)
                warn_at(g, g->line, "this line is neither a section nor Key=value");
        g->waiting = false;
}

/* Takes the next line off the text. Returns: its length without the newline. */
static size_t take_line(Reading *g, const char **ret) {
        const char *newline = memchr(g->text, '\n', (size_t) (g->end - g->text));
        const char *end = newline ? newline : g->end;

        *ret = g->text;
        g->text = newline ? newline + 1 : g->end;
        g->line++;
        return (size_t) (end - *ret);
}

/* inih's way to read, like fgets(). Indentation goes: an indented line would repeat the key before
 * it. Returns: buffer, or NULL at the end. */
static char *read_line(char *buffer, int size, void *userdata) {
        Reading *g = userdata;
        char line[SETTINGS_LINE_MAX + 1];
        const char *begin, *seen = "\n";
        size_t n;

        warn_if_waiting(g);
        if (g->text == g->end || g->error < 0)
                return NULL;
        n = take_line(g, &begin);
        if (g->line == 1 && n >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0) {
                begin += 3;
                n -= 3;
        }
        for (; n > 0 && (*begin == ' ' || *begin == '\t'); n--)
                begin++;
        if (n > SETTINGS_LINE_MAX || n + 2 > (size_t) size)
                warn_at(g, g->line, "this line is longer than %d characters and is passed over",
                        SETTINGS_LINE_MAX);
        else if (memchr(begin, '\0', n))
                warn_at(g, g->line, "this line has a NUL in it and is passed over");
        else {
                memcpy(line, begin, n);
                line[n] = '\0';
                g->error = check_line(g, line, &seen);
        }
        (void) snprintf(buffer, (size_t) size, "%s", seen);
        return buffer;
}

/* Returns: the section we are in, for people. */
static const char *section_name(const Reading *g) {
        return g->section == SECTION_DEVICE ? g->wish.name
               : g->section == SECTION_NODES ? "nodes" : "daemon";
}

/* inih's word for a key. Returns: 1 always: what is wrong has been said. */
static int read_key(void *userdata, const char *section, const char *name, const char *value) {
        Reading *g = userdata;
        const SettingsTarget target = { g->settings,
                                        g->section == SECTION_DEVICE ? &g->wish : NULL };
        const SettingsKey *key;
        int r;

        g->waiting = false;
        if (g->section == SECTION_INVALID)
                return 1;
        if (g->section == SECTION_NONE) {
                warn_at(g, g->line, "%s= stands before any [section] and is passed over", name);
                return 1;
        }
        key = settings_key(g->section, name);
        if (!key) {
                warn_at(g, g->line, "unknown key %s= in [%s]; see vfiod.conf(5)", name, section_name(g));
                return 1;
        }
        r = key->read(&target, value);
        if (r == -EINVAL)
                warn_at(g, g->line, "%s=%s is not %s; the line is passed over", name, value,
                        key->expected);
        else if (r < 0)
                g->error = r;
        return 1;
}

int settings_parse(Settings *s, const char *file, const char *text, size_t length,
                   SettingsWarn warn, void *userdata) {
        Reading g = { .settings = s, .file = file, .text = text, .end = text + length,
                      .warn = warn, .userdata = userdata };
        int r;

        if (length > SETTINGS_FILE_MAX) {
                warn_at(&g, 0, "the file is longer than %d bytes and is passed over",
                        SETTINGS_FILE_MAX);
                return 0;
        }
        (void) ini_parse_stream(read_line, &g, read_key, &g);
        r = g.error < 0 ? g.error : close_section(&g);
        wish_clear(&g.wish);
        return r;
}

Settings *settings_new(void) {
        Settings *s = calloc(1, sizeof(*s));

        if (s)
                s->timeout_usec = VFIOD_TIMEOUT_DEFAULT_USEC;
        return s;
}

Settings *settings_free(Settings *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_wishes; i++)
                wish_clear(&s->wishes[i]);
        free(s->wishes);
        free(s->node_group);
        free(s);
        return NULL;
}
