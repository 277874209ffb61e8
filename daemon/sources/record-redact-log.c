/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sources/record.h"

/* What stands for what was taken out. */
#define REDACTED "redacted"

/* Words of kernel messages behind which something private stands, and the bytes that end it. */
static const struct PrivateWord {
        const char *word, *ends;
        const char *unless; /* what begins with this is nothing private */
} private_words[] = {
        {"SerialNumber: ", "\n"}, /* drivers/usb/core/hub.c, announce_device() */
        {"serial number: ", "\n"},
        {"SRC=", " \n"}, /* net/netfilter/nf_log_syslog.c */
        {"DST=", " \n"},
        {"ipaddr=", ", \n"}, /* net/ipv4/ipconfig.c, ip_auto_config() */
        {"gw=", ", \n"},
        {"host=", ", \n"},
        /* "[IO_PAGE_FAULT domain=0x0000 address=…" of AMD's IOMMU is no name of a network. */
        {"domain=", ", \n", "0x"},
        {"bootserver=", ", \n"},
        {"rootserver=", ", \n"},
        {"rootpath=", ", \n"},
        {"nqn.", " ,)\"\n"}, /* NVMe, iSCSI and disks by their names */
        {"iqn.", " ,)\"\n"},
        {"eui.", " ,)\"\n"},
        {"naa.", " ,)\"\n"},
};

/* Returns: the private word at the start of text, or NULL. */
static const struct PrivateWord *match_word(const char *text) {
        for (size_t i = 0; i < sizeof(private_words) / sizeof(private_words[0]); i++) {
                const struct PrivateWord *w = &private_words[i];
                size_t n = strlen(w->word);

                /* A log has many characters, and most of them begin nothing. */
                if (*text == *w->word && strncmp(text, w->word, n) == 0 &&
                    (!w->unless || strncmp(text + n, w->unless, strlen(w->unless)) != 0))
                        return w;
        }
        return NULL;
}

/* Takes out what private words tell. Returns: a new string, or NULL when memory is short. */
static char *redact_words(const char *text) {
        char *result = calloc(strlen(text) + 1, sizeof(REDACTED)), *out = result;
        bool inside = false;

        while (result && *text) {
                const struct PrivateWord *w = inside ? NULL : match_word(text);
                size_t n;

                inside = isalnum((unsigned char) *text);
                if (!w) {
                        *out++ = *text++;
                        continue;
                }
                out = stpcpy(out, w->word);
                text += strlen(w->word);
                n = strcspn(text, w->ends);
                if (n > 0)
                        out = stpcpy(out, REDACTED);
                text += n;
                inside = false;
        }
        return result;
}

/* Returns: as redact_words(). */
static char *redact_part(const char *text, const char *host_name) {
        /* A message may hold the command line. */
        char *once = redact_command_line(text, host_name), *twice;

        twice = once ? redact_words(once) : NULL;
        free(once);
        return twice;
}

/* Writes n bytes without a NUL. Returns: false when memory is short. */
static bool write_part(FILE *f, const char *text, size_t n, const char *host_name) {
        char *part = strndup(text, n), *clean = part ? redact_part(part, host_name) : NULL;
        bool good = clean && fputs(clean, f) != EOF;

        free(part);
        free(clean);
        return good;
}

char *redact_message(const char *text, size_t n, const char *host_name, size_t *ret_length) {
        char *result = NULL;
        size_t length = 0;
        FILE *f = open_memstream(&result, &length);
        bool good = true;

        if (!f)
                return NULL;
        for (size_t at = 0; good && at < n;) {
                size_t k = strnlen(text + at, n - at);

                good = write_part(f, text + at, k, host_name);
                at += k;
                /* What a NUL parts. */
                if (good && at < n)
                        good = fputc(text[at++], f) != EOF;
        }
        if (fclose(f) != 0 || !good) {
                free(result);
                return NULL;
        }
        *ret_length = length;
        return result;
}
