/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "kernel-log-match.h"

#define BY_PARAMETER "(set via kernel command line)"
/* drivers/iommu/amd/amd_iommu_types.h */
#define AMD_EVENT_FLAG_I  0x008
#define AMD_EVENT_FLAG_PR 0x010
#define AMD_EVENT_FLAG_RW 0x020

static bool is_space(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool read_text(const char **p, const char *end, const char *text, size_t n) {
        if ((size_t) (end - *p) < n || memcmp(*p, text, n) != 0)
                return false;
        *p += n;
        return true;
}

static bool skip_spaces(const char **p, const char *end) {
        const char *start = *p;

        while (*p < end && is_space(**p))
                (*p)++;
        return *p > start;
}

/* Reads a number without sign. Returns: false if there is none or it is too large. */
static bool read_number(const char **p, const char *end, unsigned base, uint64_t *ret) {
        uint64_t value = 0;
        const char *start;

        if (base == 16 && end - *p >= 3 && isxdigit((unsigned char) (*p)[2]))
                (void) read_text(p, end, "0x", 2);
        for (start = *p; *p < end; (*p)++) {
                unsigned char c = (unsigned char) **p;
                unsigned digit = c - (c >= 'a' ? 'a' - 10u : c >= 'A' ? 'A' - 10u : '0');

                if (!isxdigit(c) || digit >= base)
                        break;
                if (value > (UINT64_MAX - digit) / base)
                        return false;
                value = value * base + digit;
        }
        *ret = value;
        return *p > start;
}

static bool read_signed(const char **p, const char *end, int64_t *ret) {
        bool negative = read_text(p, end, "-", 1);
        uint64_t value;

        if (!read_number(p, end, 10, &value) || value > INT64_MAX)
                return false;
        *ret = negative ? -(int64_t) value : (int64_t) value;
        return true;
}

bool log_read_address(const char **p, const char *end, Address *ret, bool *ret_short) {
        const char *at = *p;
        char text[32];
        size_t n = 0, n_colons = 0;

        for (; at < end && (isxdigit((unsigned char) *at) || *at == ':' || *at == '.'); at++) {
                if (n == sizeof(text) - 1)
                        return false;
                if (*at == '0' && end - at > 1 && at[1] == 'x') {
                        at++;
                        continue;
                }
                n_colons += *at == ':';
                text[n++] = *at;
        }
        /* What ends the sentence is not the address's. */
        for (; n > 0 && (text[n - 1] == ':' || text[n - 1] == '.'); n--, at--)
                n_colons -= text[n - 1] == ':';
        text[n] = '\0';
        if (address_parse(text, ret) < 0)
                return false;
        *ret_short = n_colons == 1;
        *p = at;
        return true;
}

static bool take_address(const char **p, const char *end, bool overrule, LogEvent *e) {
        bool is_short;
        Address a;

        if (!log_read_address(p, end, &a, &is_short))
                return false;
        if (overrule || !e->has_address) {
                e->has_address = true;
                e->address = a;
                e->domain_assumed = is_short;
        }
        return true;
}

static bool take_word(const char **p, const char *end, LogFields *f) {
        f->subject = *p;
        while (*p < end && !is_space(**p) && **p != '\0' && !strchr(":,;()[]\"", **p))
                (*p)++;
        f->n_subject = (size_t) (*p - f->subject);
        return f->n_subject > 0;
}

static bool take_decimal(char code, const char **p, const char *end, LogEvent *e) {
        int64_t value;

        if (!read_signed(p, end, &value))
                return false;
        switch (code) {
        case 'g':
                e->has_group = true;
                e->group = (unsigned) value;
                return value >= 0 && value <= INT32_MAX;
        case 'e':
                e->error = value < 0 && value >= -4095 ? (int) -value : (int) value;
                return value >= -4095 && value <= 4095;
        case 'n':
                e->has_number = true;
                e->number = value;
        }
        return true;
}

/* Which way an AMD event went. RW means something only for a page that is there (PR): without it a
 * set bit is still a write, but a clear one says nothing (AMD I/O Virtualization Technology
 * Specification, IO_PAGE_FAULT Event). */
static LogAccess amd_access(uint64_t flags) {
        if (flags & AMD_EVENT_FLAG_I)
                return LOG_ACCESS_INTERRUPT;
        if (flags & AMD_EVENT_FLAG_RW)
                return LOG_ACCESS_WRITE;
        return flags & AMD_EVENT_FLAG_PR ? LOG_ACCESS_READ : LOG_ACCESS_UNKNOWN;
}

static bool take_hex(char code, const char **p, const char *end, LogEvent *e) {
        uint64_t value;

        if (!read_number(p, end, 16, &value))
                return false;
        switch (code) {
        case 'h':
                e->has_fault_address = true;
                e->fault_address = value;
                break;
        case 'm':
                e->mask = value;
                break;
        case 'l':
                e->bus_limit = value;
                break;
        case 'f':
                e->access = amd_access(value);
        }
        return true;
}

/* Nothing is left, or white space and BY_PARAMETER. */
static bool take_by_parameter(const char **p, const char *end, LogEvent *e) {
        const char *at = *p;

        if (skip_spaces(&at, end) && read_text(&at, end, BY_PARAMETER, strlen(BY_PARAMETER))) {
                e->by_parameter = true;
                *p = at;
        }
        return true;
}

static bool take_field(char code, const char **p, const char *end, LogFields *f) {
        switch (code) {
        case '_':
                return skip_spaces(p, end);
        case 'w':
                return take_word(p, end, f);
        case 'a':
        case 'A':
                return take_address(p, end, code == 'A', &f->event);
        case 'c':
                return take_by_parameter(p, end, &f->event);
        case 'd':
        case 'n':
        case 'g':
        case 'e':
                return take_decimal(code, p, end, &f->event);
        default:
                return take_hex(code, p, end, &f->event);
        }
}

/* Matches one element of the pattern, not % * or %s, and moves behind it in both. */
static bool take(const char **pattern, const char **p, const char *end, LogFields *f) {
        const char *q = *pattern, *close;

        if (*q == '\0')
                return false; /* text is left, the pattern is not */
        if (*q != '%') {
                *pattern = q + 1;
                return read_text(p, end, q, 1);
        }
        if (q[1] == '(' && (close = strstr(q, "%)"))) {
                (void) read_text(p, end, q + 2, (size_t) (close - q - 2));
                *pattern = close + 2;
                return true;
        }
        *pattern = q + 2;
        return take_field(q[1], p, end, f);
}

bool log_match(const char *pattern, const char *text, size_t n, LogFields *f) {
        const char *p = text, *end = text + n;
        struct {
                const char *pattern, *at;
                bool subject;
                LogFields fields; /* as they were, without what a failed try took */
        } again = { NULL };

        while (*pattern != '\0' || p < end) {
                if (*pattern == '%' && (pattern[1] == '*' || pattern[1] == 's')) {
                        again.subject = pattern[1] == 's';
                        again.pattern = pattern += 2;
                        again.at = p;
                        if (again.subject) {
                                f->subject = p;
                                f->n_subject = 0;
                        }
                        again.fields = *f;
                        continue;
                }
                if (take(&pattern, &p, end, f))
                        continue;
                if (!again.pattern || again.at == end)
                        return false;
                *f = again.fields;
                p = ++again.at;
                pattern = again.pattern;
                if (again.subject)
                        f->n_subject = (size_t) (p - f->subject);
        }
        return true;
}
