/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "errors.h"
#include "json.h"
#include "model.h"
#include "names.h"
#include "text.h"

#define STANDARD "org.freedesktop.DBus.Error."

/*
 * One line per error that has an exit code of its own or something to advise. In an advice, %s is
 * the device as it was typed.
 */
static const struct ErrorInfo {
        const char *name;
        int code;
        const char *next;
} error_table[] = {
        { VFIOD_ERROR_NO_SUCH_DEVICE, EXIT_NO, "See which devices there are: vfioctl list --all" },
        { VFIOD_ERROR_NO_SUCH_GROUP, EXIT_NO, "See which groups there are: vfioctl list --all" },
        { VFIOD_ERROR_NO_GROUP, EXIT_NO, "See why: vfioctl check" },
        { VFIOD_ERROR_NOT_SUPPORTED, EXIT_NO, "See why: vfioctl show %s" },
        { VFIOD_ERROR_NOT_MANAGED, EXIT_NO, "See who has it: vfioctl show %s" },
        { VFIOD_ERROR_NEEDS_CONSENT, EXIT_NO,
          "See what would move, and how to agree: vfioctl plan %s" },
        { VFIOD_ERROR_HAZARD, EXIT_NO, "See what would be lost: vfioctl plan %s" },
        { VFIOD_ERROR_IN_USE, EXIT_NO, "End the process that holds it, then try again" },
        { VFIOD_ERROR_BUSY, EXIT_NO, "Wait until the running job has ended: vfioctl monitor" },
        { VFIOD_ERROR_HOST_NOT_READY, EXIT_NO, "See why: vfioctl check" },
        { VFIOD_ERROR_STUCK, EXIT_FAILED,
          "The kernel has not answered; see: journalctl -k -u vfiod" },
        { VFIOD_ERROR_DRIVER_UNAVAILABLE, EXIT_FAILED, "See what the kernel said: journalctl -k" },
        { VFIOD_ERROR_VERIFY_FAILED, EXIT_FAILED, "All is as it was. See: journalctl -u vfiod" },
        { VFIOD_ERROR_ROLLBACK_FAILED, EXIT_FAILED,
          "Not all is as it was. See: journalctl -u vfiod; vfioctl show %s" },
        { VFIOD_ERROR_READ_ONLY, EXIT_FAILED, "This vfiod shows a recorded host" },
        { SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE, "See: vfioctl list --all; vfioctl --help" },
        { SD_BUS_ERROR_ACCESS_DENIED, EXIT_FAILED, "Run it as root, for instance with sudo" },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_FAILED,
          "Run it as root, for instance with sudo" },
        { SD_BUS_ERROR_LIMITS_EXCEEDED, EXIT_FAILED, "Wait for the calls under way to end" },
        { SD_BUS_ERROR_NO_SERVER, EXIT_FAILED, "Is that bus there? Another one: --bus ADDRESS" },
        { SD_BUS_ERROR_NO_REPLY, EXIT_FAILED, "See: systemctl status vfiod; journalctl -u vfiod" },
        { SD_BUS_ERROR_TIMEOUT, EXIT_FAILED, "See: systemctl status vfiod; journalctl -u vfiod" },
        { STANDARD "Spawn.ChildExited", EXIT_FAILED,
          "See why it did not start: journalctl -u vfiod" },
        { STANDARD "Spawn.Failed", EXIT_FAILED, "See why it did not start: journalctl -u vfiod" },
        { ERROR_TIMED_OUT, EXIT_NO, "See all about it: vfioctl show %s" },
};

static bool is_absent(const char *name) {
        return streq(name, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               streq(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

/* What is left of it when ssh, or what it starts on the other host, has ended. */
static bool is_unreachable(const Options *options, const char *name) {
        return options->host &&
               (streq(name, SD_BUS_ERROR_NO_SERVER) || streq(name, "System.Error.ENOTCONN") ||
                streq(name, "System.Error.ECONNRESET"));
}

static const struct ErrorInfo *error_find(const char *name) {
        for (size_t i = 0; i < ARRAY_SIZE(error_table); i++)
                if (streq(error_table[i].name, name))
                        return error_table + i;
        return NULL;
}

int error_exit_code(const char *name) {
        const struct ErrorInfo *info = error_find(name);

        return info ? info->code : EXIT_FAILED;
}

int readiness_exit_code(const char *readiness) {
        if (streq(readiness, "ready") || streq(readiness, "degraded"))
                return EXIT_YES;
        return streq(readiness, "blocked") ? EXIT_NO : EXIT_UNKNOWN;
}

char *error_next_step(const char *name, const Options *options, const char *object) {
        const struct ErrorInfo *info = error_find(name);
        const char *next, *hole;
        char *text;
        int r;

        if (is_absent(name)) {
                if (options->host)
                        r = asprintf(&text, "Start it: systemctl -H %s start vfiod", options->host);
                else if (options->machine)
                        r = asprintf(&text, "Start it: systemctl -M %s start vfiod",
                                     options->machine);
                else
                        r = asprintf(&text, "Start it: systemctl start vfiod");
                return r < 0 ? NULL : text;
        }
        if (is_unreachable(options, name)) {
                r = asprintf(&text, "See what is missing: ssh %s systemd-stdio-bridge --version",
                             options->host);
                return r < 0 ? NULL : text;
        }
        if (!info)
                return NULL;
        next = info->next;
        hole = strstr(next, "%s");
        if (!hole)
                return strdup(next);
        r = asprintf(&text, "%.*s%s%s", (int) (hole - next), next,
                     object ? object : "ADDRESS", hole + 2);
        return r < 0 ? NULL : text;
}

static void say_text(const char *text, const char *next) {
        Style style = style_for_stdout();
        size_t indent = strlen("vfioctl: ");

        const char *command = strstr(text, ": vfioctl ");
        _cleanup_(freep) char *words = command ? strndup(text, (size_t) (command - text) + 1)
                                               : strdup(text);

        fputs("vfioctl: ", stderr);
        text_wrap(stderr, &style, words ? words : text, indent, indent);
        /* A command is there to be copied: whole, on a line of its own. */
        if (words && command)
                fprintf(stderr, "%*s%s\n", (int) indent + 2, "", command + 2);
        if (next) {
                fprintf(stderr, "%*s", (int) indent, "");
                text_wrap(stderr, &style, next, indent, indent);
        }
}

void say(const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&text, format, ap) < 0)
                text = NULL;
        va_end(ap);
        if (text)
                say_text(text_clean(text), NULL);
}

static int report(const Options *options, const char *name, const char *message,
                  const char *object) {
        _cleanup_(freep) char *next = NULL;

        if (options->json)
                json_print_error(name, message);
        else {
                next = error_next_step(name, options, object);
                /* A message that names the way out itself needs no second one. */
                say_text(message, strstr(message, "vfioctl ") || strstr(message, "sudo") ? NULL
                                                                                         : next);
        }
        return error_exit_code(name);
}

int fail(const Options *options, const char *object, const sd_bus_error *error, int r) {
        _cleanup_(sd_bus_error_free) sd_bus_error own = SD_BUS_ERROR_NULL;
        _cleanup_(freep) char *message = NULL;
        const char *cause;
        int n;

        if (!sd_bus_error_is_set(error)) {
                sd_bus_error_set_errno(&own, r);
                error = &own;
        }
        cause = error->message && *error->message ? error->message : error->name;
        if (is_absent(error->name))
                n = asprintf(&message, "vfiod is not running%s%s",
                             options->host || options->machine ? " on " : "",
                             options->host      ? options->host
                             : options->machine ? options->machine
                                                : "");
        else if (is_unreachable(options, error->name))
                n = asprintf(&message, "the bus of %s cannot be reached over ssh", options->host);
        else if (object && *object && !strstr(cause, object))
                n = asprintf(&message, "%s: %s", object, cause);
        else
                n = asprintf(&message, "%s", cause);
        if (n < 0) {
                fputs("vfioctl: out of memory\n", stderr);
                return EXIT_FAILED;
        }
        return report(options, error->name, text_clean(message), object);
}

int fail_usage(const Options *options, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0)
                return EXIT_USAGE;
        if (options->json)
                json_print_error(SD_BUS_ERROR_INVALID_ARGS, text_clean(text));
        else
                say_text(text_clean(text), "See: vfioctl --help");
        return EXIT_USAGE;
}
