/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot-guard.h"

#include <errno.h>
#include <string.h>

#define DISABLE "vfiod.disable"
#define BLANKS  " \t\n"
/* More than this nobody has counted. */
#define BOOTS_MAX 1000000u

static const char *const verdicts[] = {
        [BOOT_UNDECIDED] = "undecided",   [BOOT_OPEN] = "open",
        [BOOT_INCOMPLETE] = "incomplete", [BOOT_UNCOUNTED] = "uncounted",
        [BOOT_DISABLED] = "disabled",
};

#define N_VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

const char *boot_verdict_text(BootVerdict v) {
        return verdicts[v];
}

BootVerdict boot_verdict_parse(const char *text) {
        size_t n = strcspn(text, "\n");

        for (size_t v = 0; v < N_VERDICTS; v++)
                if (strlen(verdicts[v]) == n && strncmp(verdicts[v], text, n) == 0)
                        return (BootVerdict) v;
        return BOOT_UNDECIDED;
}

int boots_parse(const char *text, size_t size, unsigned *ret) {
        unsigned value = 0;
        size_t n = 0;

        for (; n < size && text[n] >= '0' && text[n] <= '9' && value <= BOOTS_MAX; n++)
                value = value * 10 + (unsigned) (text[n] - '0');
        if (n == 0 || n + 1 != size || text[n] != '\n' || value > BOOTS_MAX)
                return -EBADMSG;
        *ret = value;
        return 0;
}

/* word is n characters that begin with DISABLE. Returns: 1 on, 0 off, -1 if it is another word. */
static int read_disable(const char *word, size_t n) {
        static const char *const on[] = { "1", "yes", "true", "on" };
        size_t key = strlen(DISABLE);

        if (n == key)
                return 1;
        if (word[key] != '=')
                return -1;
        for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
                if (strlen(on[i]) == n - key - 1 && strncmp(on[i], word + key + 1, n - key - 1) == 0)
                        return 1;
        return 0;
}

bool boot_is_disabled(const char *command_line) {
        bool disabled = false;

        for (const char *p = command_line; p && *p;) {
                size_t n;
                int value;

                p += strspn(p, BLANKS);
                n = strcspn(p, BLANKS);
                /* What follows "--" is init's. */
                if (n == 2 && strncmp(p, "--", 2) == 0)
                        break;
                value = strncmp(p, DISABLE, strlen(DISABLE)) == 0 ? read_disable(p, n) : -1;
                if (value >= 0)
                        disabled = value;
                p += n;
        }
        return disabled;
}
