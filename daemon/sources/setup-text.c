/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources/setup-text.h"

#include <ctype.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

/* Who claims the memory in which the firmware's screen lies: drivers/firmware/sysfb_simplefb.c,
 * drivers/video/fbdev (efifb.c, vesafb.c, uvesafb.c, simplefb.c, offb.c), drivers/gpu/drm/tiny and
 * drm/sysfb (named as their drivers). */
static const char *const frame_buffer_owners[] = {
        "BOOTFB", "efifb", "vesafb", "uvesafb", "simplefb", "simpledrm", "efidrm", "vesadrm",
        "ofdrm", "offb", "simple-framebuffer", "efi-framebuffer", "vesa-framebuffer",
};

static char *skip_blanks(char *text) {
        return text + strspn(text, BLANKS);
}

/* Takes the next word out of *rest. Returns: it, or NULL at the end. */
static char *next_word(char **rest) {
        char *word = skip_blanks(*rest);
        size_t n = strcspn(word, BLANKS);

        if (n == 0)
                return NULL;
        *rest = word + n;
        if (**rest)
                *(*rest)++ = 0;
        return word;
}

/* Reads hexadecimal digits. Returns: true and *text behind them. */
static bool read_hex(const char **text, uint64_t *ret) {
        const char *c = *text;
        uint64_t value = 0;

        while (isxdigit((unsigned char) *c)) {
                unsigned digit = isdigit((unsigned char) *c)
                                         ? (unsigned) (*c - '0')
                                         : (unsigned) (tolower((unsigned char) *c) - 'a') + 10;

                if (value >> 60 != 0)
                        return false;
                value = value << 4 | digit;
                c++;
        }
        if (c == *text)
                return false;
        *text = c;
        *ret = value;
        return true;
}

bool setup_text_frame_buffer(char *line, uint64_t *ret_start, uint64_t *ret_end, char **ret_owner) {
        const char *c = skip_blanks(line);
        char *colon = strstr(line, " : ");
        uint64_t start, end;

        if (!colon || !read_hex(&c, &start) || *c++ != '-' || !read_hex(&c, &end) || c != colon ||
            end < start)
                return false;
        colon += 3;
        colon[strcspn(colon, "\n")] = 0;
        for (size_t i = 0; i < sizeof(frame_buffer_owners) / sizeof(frame_buffer_owners[0]); i++)
                if (strcmp(colon, frame_buffer_owners[i]) == 0) {
                        *ret_start = start;
                        *ret_end = end;
                        *ret_owner = colon;
                        return true;
                }
        return false;
}

/* include/linux/ioport.h */
#define IORESOURCE_MEM UINT64_C(0x200)

bool setup_text_resource(const char *line, uint64_t *ret_start, uint64_t *ret_end) {
        uint64_t values[3];

        for (size_t i = 0; i < 3; i++) {
                line += strspn(line, BLANKS);
                if (line[0] != '0' || line[1] != 'x')
                        return false;
                line += 2;
                if (!read_hex(&line, &values[i]))
                        return false;
        }
        if (!(values[2] & IORESOURCE_MEM) || values[1] < values[0])
                return false;
        *ret_start = values[0];
        *ret_end = values[1];
        return true;
}

bool setup_text_variant(char *line, char **ret_pattern, char **ret_module) {
        char *rest, *pattern, *module;

        /* Of some ten thousand lines only these are taken apart. */
        if (strncmp(line, "alias vfio_pci:", 15) != 0)
                return false;
        rest = line + 5;
        pattern = next_word(&rest);
        module = next_word(&rest);
        if (!pattern || !module || next_word(&rest))
                return false;
        *ret_pattern = pattern;
        *ret_module = module;
        return true;
}

/* A module's name, in which - and _ are the same. */
static bool is_vfio_pci(const char *module) {
        return strcmp(module, "vfio-pci") == 0 || strcmp(module, "vfio_pci") == 0;
}

/* options MODULE NAME=VALUE…: the last ids counts, as for the module. */
static SetupModprobe read_options(char *rest, char **ret_value) {
        char *word = next_word(&rest);
        SetupModprobe found = MODPROBE_NOTHING;

        if (!word || !is_vfio_pci(word))
                return MODPROBE_NOTHING;
        while ((word = next_word(&rest))) {
                size_t n;

                if (strncmp(word, "ids=", 4) != 0)
                        continue;
                word += 4;
                word += *word == '"';
                n = strlen(word);
                if (n > 0 && word[n - 1] == '"')
                        word[n - 1] = 0;
                if (!*word)
                        continue;
                *ret_value = word;
                found = MODPROBE_IDS;
        }
        return found;
}

/* softdep MODULE pre: MODULE… post: MODULE… */
static SetupModprobe read_softdep(char *rest, char **ret_value) {
        char *module = next_word(&rest), *word;
        bool before = false;

        while (module && (word = next_word(&rest))) {
                if (strcmp(word, "pre:") == 0 || strcmp(word, "post:") == 0) {
                        before = word[1] == 'r';
                } else if (before && is_vfio_pci(word)) {
                        *ret_value = module;
                        return MODPROBE_SOFTDEP;
                }
        }
        return MODPROBE_NOTHING;
}

SetupModprobe setup_text_modprobe(char *line, char **ret_value) {
        char *word = next_word(&line);

        if (!word || *word == '#')
                return MODPROBE_NOTHING;
        if (strcmp(word, "options") == 0)
                return read_options(line, ret_value);
        return strcmp(word, "softdep") == 0 ? read_softdep(line, ret_value) : MODPROBE_NOTHING;
}

/* Reads a number and how many times 1024 it stands for (suffix: K M G T, none if not wanted).
 * Returns: true; what is too large is no limit. */
static bool read_size(const char *text, bool suffix, uint64_t unit, uint64_t *ret) {
        uint64_t value = 0;
        const char *c = text, *letter;

        for (; isdigit((unsigned char) *c); c++) {
                if (value > (UINT64_MAX - 9) / 10)
                        return false;
                value = value * 10 + (uint64_t) (*c - '0');
        }
        if (c == text)
                return false;
        letter = suffix && *c ? strchr("KMGTPE", *c) : NULL;
        if (letter) {
                c++;
                for (const char *l = "KMGTPE"; l <= letter && unit <= UINT64_MAX / 1024; l++) {
                        unit *= 1024;
                        if (*l == *letter)
                                break;
                }
        }
        if (*c)
                return false;
        *ret = value > UINT64_MAX / unit ? UINT64_MAX : value * unit;
        return true;
}

bool setup_text_limit(char *line, char **ret_domain, uint64_t *ret_bytes) {
        char *domain = next_word(&line), *type, *item, *value;

        if (!domain || *domain == '#')
                return false;
        type = next_word(&line);
        item = next_word(&line);
        value = next_word(&line);
        /* A hard limit alone raises nothing, and who starts a VM does not raise it either. */
        if (!type || !item || !value || strcmp(item, "memlock") != 0 ||
            (strcmp(type, "soft") != 0 && strcmp(type, "-") != 0))
                return false;
        if (strcmp(value, "unlimited") == 0 || strcmp(value, "infinity") == 0 ||
            strcmp(value, "-1") == 0)
                *ret_bytes = UINT64_MAX;
        else if (!read_size(value, false, 1024, ret_bytes))
                return false;
        *ret_domain = domain;
        return true;
}

bool setup_text_default_limit(char *line, uint64_t *ret_bytes) {
        static const char name[] = "DefaultLimitMEMLOCK";
        char *value = skip_blanks(line), *end;

        if (strncmp(value, name, sizeof(name) - 1) != 0)
                return false;
        value = skip_blanks(value + sizeof(name) - 1);
        if (*value++ != '=')
                return false;
        value = skip_blanks(value);
        /* soft:hard */
        end = value + strcspn(value, ":" BLANKS);
        *end = 0;
        if (strcmp(value, "infinity") == 0) {
                *ret_bytes = UINT64_MAX;
                return true;
        }
        return read_size(value, true, 1, ret_bytes);
}
