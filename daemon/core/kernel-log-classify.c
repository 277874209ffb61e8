/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "kernel-log-match.h"

/* Moves *p over bytes up to the next space, and over it. Returns: false if there is none. */
static bool skip_word(const char **p, const char *end) {
        const char *space = memchr(*p, ' ', (size_t) (end - *p));

        if (!space || space == *p)
                return false;
        *p = space + 1;
        return true;
}

/* Reads "DRIVER 0000:01:00.0: " and moves *p behind it. Only an address with its domain is one: the
 * kernel prints no other, and the name of a task is too short to hold it and what follows. */
static bool read_device_prefix(const char **p, const char *end, Address *ret) {
        const char *at = *p;
        bool is_short;

        if (!skip_word(&at, end) || !log_read_address(&at, end, ret, &is_short) || is_short)
                return false;
        if (end - at < 2 || at[0] != ':' || at[1] != ' ')
                return false;
        *p = at + 2;
        return true;
}

/* Moves *p over "iommu ivhd0: ", the prefix of what AMD's IOMMU says as a device of its own. */
static void skip_ivhd_prefix(const char **p, const char *end) {
        static const char prefix[] = "iommu ivhd";
        const char *at = *p + strlen(prefix);

        if (end - *p < (ptrdiff_t) strlen(prefix) || memcmp(*p, prefix, strlen(prefix)) != 0)
                return;
        if (skip_word(&at, end) && at[-2] == ':')
                *p = at;
}

/* Reads "+pci:0000:01:00.0" (drivers/base/core.c, set_dev_info()). */
static void read_kernel_device(const char *kernel_device, LogEvent *e) {
        static const char prefix[] = "+pci:";

        if (!kernel_device || strncmp(kernel_device, prefix, strlen(prefix)) != 0)
                return;
        e->has_address = address_parse(kernel_device + strlen(prefix), &e->address) >= 0;
}

static bool contains(const char *text, size_t n, const char *what) {
        return memmem(text, n, what, strlen(what)) != NULL;
}

/* Tells apart what one pattern cannot: who speaks is in the prefix, and some lists hold a name that
 * matters. The first n_prefix bytes of text are the prefix. */
static LogKind refine(LogKind kind, const char *text, size_t n, size_t n_prefix,
                      const LogFields *f) {
        switch (kind) {
        case LOG_GROUP_ADD:
                /* vfio_noiommu_group_alloc() prints the same line. */
                return contains(text, n_prefix, "vfio") ? LOG_GROUP_ADD_VFIO : kind;
        case LOG_PROBE_FAILED:
                return contains(f->subject, f->n_subject, "vfio") ? LOG_VFIO_PROBE_FAILED : kind;
        case LOG_UNKNOWN_PARAMETERS:
                return contains(text, n, "pcie_acs_override") ? LOG_ACS_OVERRIDE_IGNORED : kind;
        default:
                return kind;
        }
}

/* Tries the patterns of one table. start is what is known before. Returns: true if one matched,
 * with *ret filled. */
static bool try_patterns(const LogPatterns *patterns, const char *text, size_t n,
                         const LogEvent *start, LogFields *ret) {
        for (size_t i = 0; i < patterns->n; i++) {
                const LogPattern *p = &patterns->items[i];

                /* Almost all records end here. */
                if (p->pattern[0] != '%' && p->pattern[0] != text[0])
                        continue;
                *ret = (LogFields){ .event = *start };
                ret->event.kind = p->kind;
                ret->event.access = p->access;
                if (log_match(p->pattern, text, n, ret))
                        return true;
        }
        return false;
}

static bool try_tables(bool of_device, const char *text, size_t n, const LogEvent *start,
                       LogFields *ret) {
        static const LogPatterns *const tables[2][4] = {
                { &log_plain_common, &log_plain_intel, &log_plain_amd, &log_plain_vfio },
                { &log_device_common, &log_device_intel, &log_device_amd, &log_device_vfio },
        };

        for (size_t i = 0; i < 4; i++)
                if (try_patterns(tables[of_device][i], text, n, start, ret))
                        return true;
        return false;
}

LogKind log_classify(const char *text, size_t n, const char *kernel_device, LogEvent *ret) {
        LogEvent start = { .kind = LOG_NONE };
        const char *end, *body = text;
        Address prefix;
        bool of_device;
        LogFields f;

        if (n > LOG_RECORD_MAX)
                n = LOG_RECORD_MAX;
        while (n > 0 && (text[n - 1] == ' ' || (text[n - 1] >= '\t' && text[n - 1] <= '\r')))
                n--;
        end = text + n;
        read_kernel_device(kernel_device, &start);
        of_device = n > 0 && read_device_prefix(&body, end, &prefix);
        if (of_device && !start.has_address) {
                start.has_address = true;
                start.address = prefix;
        }
        if (n > 0 && !of_device)
                skip_ivhd_prefix(&body, end);
        *ret = (LogEvent){ .kind = LOG_NONE };
        if (body == end || !try_tables(of_device, body, (size_t) (end - body), &start, &f))
                return LOG_NONE;
        *ret = f.event;
        ret->kind = refine(f.event.kind, text, n, (size_t) (body - text), &f);
        if (f.n_subject > 0)
                log_text_clean(f.subject, f.n_subject, ret->subject, sizeof(ret->subject));
        return ret->kind;
}
