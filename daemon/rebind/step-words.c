/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebind/step.h"

int cause_set(char **ret_cause, int error, const char *format, ...) {
        char *text;
        va_list ap;

        va_start(ap, format);
        *ret_cause = vasprintf(&text, format, ap) < 0 ? NULL : text;
        va_end(ap);
        return error;
}

const char *error_words(int error, char buffer[static ERROR_WORDS_MAX]) {
        const char *name = strerrorname_np(abs(error)), *words = strerrordesc_np(abs(error));

        snprintf(buffer, ERROR_WORDS_MAX, "%s: %s", name ? name : "error",
                 words ? words : "not known");
        return buffer;
}

const char *driver_words(const Text *driver) {
        return driver->fact == FACT_PRESENT ? driver->value : "no driver";
}

char *step_phrase(const Step *step) {
        char address[ADDRESS_TEXT_MAX], *text;
        int r;

        address_format(&step->address, address);
        switch (step->action) {
        case STEP_LOAD_MODULE:
                r = asprintf(&text, "loading the module %s", step->value);
                break;
        case STEP_SET_OVERRIDE:
                r = asprintf(&text, "setting the driver_override of %s", address);
                break;
        case STEP_UNBIND:
                r = asprintf(&text, "unbinding %s from %s", address, step->value);
                break;
        case STEP_BIND:
                r = asprintf(&text, "binding %s to %s", address, step->value);
                break;
        case STEP_PROBE:
                r = asprintf(&text, "probing %s", address);
                break;
        default:
                r = asprintf(&text, "verifying %s", address);
        }
        return r < 0 ? NULL : text;
}
