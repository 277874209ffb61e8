/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sources/record.h"

/* What stands for what was taken out; no longer than the shortest that it replaces, or the result
 * would not fit where the text did. */
#define REDACTED "redacted"

/* Parameters whose value tells where or which machine this is. A key that ends in a dot is a
 * prefix. */
static const char *const private_keys[] = {
        "systemd.hostname=", "systemd.machine_id=", "hostname=", "ip=", "nfsroot=", "nfsaddrs=",
        "netroot=", "ifname=", "BOOTIF=", "iscsi_initiator=", "iscsi_target_name=",
        "iscsi_target_ip=", "rd.iscsi.", "rd.net.", "nameserver=", "netconsole=", "UUID=",
        "PARTUUID=", "rd.luks.uuid=", "rd.md.uuid=", "resume=UUID=",
};

/* Returns: the length of the pattern at the start of text, or 0. x is a hex digit, anything else is
 * itself; nothing of the kind may go on behind it. */
static size_t match(const char *text, const char *pattern) {
        size_t n = strlen(pattern);

        for (size_t i = 0; i < n; i++)
                if (pattern[i] == 'x' ? !isxdigit((unsigned char) text[i]) : text[i] != pattern[i])
                        return 0;
        return isalnum((unsigned char) text[n]) ? 0 : n;
}

static size_t match_identifier(const char *text) {
        static const char *const patterns[] = {
                "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", /* UUID */
                "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",     /* machine id */
                "xx:xx:xx:xx:xx:xx",                    /* MAC address */
                "01-xx-xx-xx-xx-xx-xx",                 /* the same from PXELINUX */
        };

        for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
                size_t n = match(text, patterns[i]);

                if (n > 0)
                        return n;
        }
        return 0;
}

static bool is_word_character(char c) {
        return isalnum((unsigned char) c) || c == '-' || c == '_';
}

/* Returns: the length of the host's name at the start of text, as a whole word. */
static size_t match_host_name(const char *text, const char *host_name) {
        size_t n = host_name ? strlen(host_name) : 0;

        if (n == 0 || tolower((unsigned char) *text) != tolower((unsigned char) *host_name) ||
            strcmp(host_name, "localhost") == 0 || strncasecmp(text, host_name, n) != 0)
                return 0;
        return is_word_character(text[n]) ? 0 : n;
}

/* Writes zeros for the hex digits of an identifier: its form stays. */
static void put_zeros(char **out, const char *text, size_t n) {
        for (size_t i = 0; i < n; i++)
                *(*out)++ = isxdigit((unsigned char) text[i]) ? '0' : text[i];
}

static void put(char **out, const char *text) {
        size_t n = strlen(text);

        memcpy(*out, text, n);
        *out += n;
}

/* Returns: room enough for text if every character were replaced. */
static char *new_text(const char *text) {
        return calloc(strlen(text) + 1, sizeof(REDACTED));
}

char *redact(const char *text, const char *host_name) {
        char *result = new_text(text), *out = result;
        bool inside = false;

        if (!result)
                return NULL;
        while (*text) {
                size_t n = inside ? 0 : match_identifier(text);

                if (n > 0) {
                        put_zeros(&out, text, n);
                } else if (!inside && (n = match_host_name(text, host_name)) > 0) {
                        put(&out, REDACTED);
                } else {
                        n = 1;
                        *out++ = *text;
                }
                /* "-" begins no word of its own, but an identifier may follow it (luks-UUID). */
                inside = isalnum((unsigned char) text[n - 1]);
                text += n;
        }
        *out = 0;
        return result;
}

/* Returns: the length of the key of a private parameter at the start of text, or 0. */
static size_t match_key(const char *text) {
        for (size_t i = 0; i < sizeof(private_keys) / sizeof(private_keys[0]); i++) {
                size_t n = strlen(private_keys[i]);

                if (*text != *private_keys[i] || strncmp(text, private_keys[i], n) != 0)
                        continue;
                if (private_keys[i][n - 1] == '=')
                        return n;
                n += strcspn(text + n, "= \n");
                return text[n] == '=' ? n + 1 : 0;
        }
        return 0;
}

/* Returns: the length of a prefix behind which a name stands that identifies a disk, or 0. */
static size_t match_disk(const char *text) {
        static const char *const directories[] = {"by-id/", "by-uuid/", "by-partuuid/"};

        for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
                if (*text == 'b' && strncmp(text, directories[i], strlen(directories[i])) == 0)
                        return strlen(directories[i]);
        return 0;
}

char *redact_command_line(const char *text, const char *host_name) {
        char *result = new_text(text), *out = result, *twice;
        bool start = true;

        if (!result)
                return NULL;
        while (*text) {
                size_t n = start ? match_key(text) : 0;

                if (n == 0)
                        n = match_disk(text);
                if (n > 0) {
                        memcpy(out, text, n);
                        out += n;
                        text += n;
                        text += strcspn(text, " \t\n\"");
                        put(&out, REDACTED);
                        start = false;
                        continue;
                }
                /* "root=UUID=…", "cryptdevice=UUID=…:name": a key may stand in a value. */
                start = strchr(" \t\n\"=:,", *text) != NULL;
                *out++ = *text++;
        }
        *out = 0;
        twice = redact(result, host_name);
        free(result);
        return twice;
}
