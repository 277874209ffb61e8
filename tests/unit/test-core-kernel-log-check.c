/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of lines share: they include this and call check_lines(). */
#include <inttypes.h>

#include "core/kernel-log.h"
#include "core-fixture.h"

/* One line of the kernel and what must be understood of it, as describe() writes it. */
typedef struct Line {
        LogKind kind;
        const char *text, *expected;
} Line;

/* Writes what an event holds: "@ADDRESS" with a '?' if its domain was assumed, g group, e errno,
 * n number, a fault address, m mask, l bus limit, the access, C for a parameter, 'subject'. */
static const char *describe(const LogEvent *e) {
        static const char *const access[] = { "", " R", " W", " I" };
        static char text[512];
        char address[ADDRESS_TEXT_MAX];
        FILE *f = fmemopen(text, sizeof(text), "w");

        CHECK(f);
        text[0] = '\0';
        if (e->has_address)
                fprintf(f, " @%s%s", address_format(&e->address, address),
                        e->domain_assumed ? "?" : "");
        if (e->has_group)
                fprintf(f, " g%u", e->group);
        if (e->error)
                fprintf(f, " e%d", e->error);
        if (e->has_number)
                fprintf(f, " n%" PRId64, e->number);
        if (e->has_fault_address)
                fprintf(f, " a%" PRIx64, e->fault_address);
        if (e->mask)
                fprintf(f, " m%" PRIx64 " l%" PRIx64, e->mask, e->bus_limit);
        fprintf(f, "%s%s", access[e->access], e->by_parameter ? " C" : "");
        if (e->subject[0])
                fprintf(f, " '%s'", e->subject);
        fclose(f);
        return text[0] == ' ' ? text + 1 : text;
}

/* Classifies a copy without a NUL behind it, so that the sanitizer sees one byte too many. */
static void check_line(const Line *line) {
        size_t n = strlen(line->text);
        char *copy = malloc(n);
        LogEvent e;

        CHECK(copy);
        memcpy(copy, line->text, n);
        CHECK(log_classify(copy, n, NULL, &e) == e.kind);
        if (e.kind != line->kind)
                fprintf(stderr, "'%s': %s\n", line->text, log_rule(e.kind)->name);
        CHECK(e.kind == line->kind);
        CHECK_STRING(describe(&e), line->expected);
        /* Cut anywhere it is understood as itself, as less, or not at all. */
        for (size_t cut = 0; cut < n; cut++)
                (void) log_classify(copy, cut, NULL, &e);
        free(copy);
}

static void check_lines(const Line *lines, size_t n) {
        for (size_t i = 0; i < n; i++)
                check_line(&lines[i]);
}
