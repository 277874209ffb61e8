/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "text.h"

int findings_addf(Findings *f, const char *id, Severity severity, const Address *address,
                  const char *remedy, const char *format, ...) {
        char text[ADDRESS_TEXT_MAX], *message;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        r = findings_add(f, id, severity, address ? address_format(address, text) : NULL, message,
                         remedy);
        free(message);
        return r;
}

char *text_printf(const char *format, ...) {
        char *text;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        return r < 0 ? NULL : text;
}

char *holders_text(const Group *g) {
        char *text = NULL;
        size_t size;
        FILE *f;

        if (g->n_holders == 0)
                return strdup("a process");
        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (size_t i = 0; i < g->n_holders; i++)
                fprintf(f, "%s%s (process %d)", i ? ", " : PRIVATE_BEGIN, g->holders[i].command,
                        (int) g->holders[i].pid);
        fputs(PRIVATE_ELSE "a process" PRIVATE_END, f);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
