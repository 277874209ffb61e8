/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hazards.h"
#include "names.h"
#include "objects.h"
#include "options.h"
#include "target.h"
#include "utf8.h"

#define DRIVER_LENGTH_MAX 63
#define CLAIM_LENGTH_MAX 255
#define WITH_NAMES_MAX 64 /* each costs a few system calls on the event loop */
#define ACCEPT_MAX 256
#define TIMEOUT_MAX_USEC UINT64_C(3600000000)

#define INVALID(error, ...) sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)

typedef struct Option {
        const char *name;
        const char *signature;
        unsigned methods; /* RequestMethod bits */
        int (*read)(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error);
} Option;

static int add_with(BusRequest *r, const Address *a) {
        Address *with;

        for (size_t i = 0; i < r->n_with; i++)
                if (address_compare(&r->with[i], a) == 0)
                        return 0;
        with = reallocarray(r->with, r->n_with + 1, sizeof(*with));
        if (!with)
                return -ENOMEM;
        r->with = with;
        r->with[r->n_with++] = *a;
        return 0;
}

static int too_many(const char *option, int max, const char *what, sd_bus_error *error) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "Option '%s' takes at most %d %s", option, max, what);
}

static int read_with(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        size_t n = 0, n_names = 0;
        const char *text;
        int e = sd_bus_message_enter_container(m, 'a', "s");

        if (e < 0)
                return e;
        while ((e = sd_bus_message_read_basic(m, 's', &text)) > 0) {
                Address a;

                if (++n > VFIOD_ARRAY_MAX)
                        return too_many(VFIOD_OPTION_WITH, VFIOD_ARRAY_MAX, "addresses", error);
                if (address_parse(text, &a) < 0 && ++n_names > WITH_NAMES_MAX)
                        return too_many(VFIOD_OPTION_WITH, WITH_NAMES_MAX,
                                        "names that are no addresses", error);
                e = target_parse(b, text, &a, error);
                if (e >= 0)
                        e = add_with(r, &a);
                if (e < 0)
                        return e;
        }
        return e < 0 ? e : sd_bus_message_exit_container(m);
}

/* What nobody could mean is refused: a wrong letter must not look like an acceptance. */
static int check_accept(const char *text, sd_bus_error *error) {
        char shown[UTF8_SHOW_MAX];
        const char *at = strchr(text, '@');
        Address a;

        if (hazard_class_of(text) == HAZARD_NONE || (at && address_parse(at + 1, &a) < 0))
                return INVALID(error, "Option '%s': '%s' is no hazard; give ID or ID@ADDRESS as "
                               "the finding's remedy does", VFIOD_OPTION_ACCEPT,
                               utf8_show(text, shown));
        if (hazard_class_of(text) == HAZARD_NEVER)
                return INVALID(error, "Option '%s': '%s' cannot be accepted, whoever asks",
                               VFIOD_OPTION_ACCEPT, utf8_show(text, shown));
        return 0;
}

static int read_accept(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        const char *text;
        int e = sd_bus_message_enter_container(m, 'a', "s");

        if (e < 0)
                return e;
        while ((e = sd_bus_message_read_basic(m, 's', &text)) > 0) {
                if (r->n_accept == ACCEPT_MAX)
                        return too_many(VFIOD_OPTION_ACCEPT, ACCEPT_MAX, "hazards", error);
                e = check_accept(text, error);
                if (e >= 0)
                        e = names_add(&r->accept, &r->n_accept, text);
                if (e < 0)
                        return e;
        }
        return e < 0 ? e : sd_bus_message_exit_container(m);
}

static int read_boolean(sd_bus_message *m, bool *ret) {
        int value, e = sd_bus_message_read_basic(m, 'b', &value);

        if (e >= 0)
                *ret = value;
        return e;
}

static int read_group(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        return read_boolean(m, &r->group);
}

static int read_no_block(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        return read_boolean(m, &r->no_block);
}

static int read_persist(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        return read_boolean(m, &r->persist);
}

static int read_wait(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        return read_boolean(m, &r->wait);
}

static int read_foreign(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        return read_boolean(m, &r->foreign);
}

static int copy_text(const char *text, char **ret) {
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

/* A driver's name becomes part of a path and a module's name: nothing else may be in it. */
static int read_driver(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        char shown[UTF8_SHOW_MAX];
        const char *text;
        size_t n;
        int e = sd_bus_message_read_basic(m, 's', &text);

        if (e < 0)
                return e;
        n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
        if (n == 0 || n > DRIVER_LENGTH_MAX || text[n] != '\0')
                return INVALID(error, "Option '%s': '%s' cannot be the name of a driver",
                               VFIOD_OPTION_DRIVER, utf8_show(text, shown));
        return copy_text(text, &r->driver);
}

static int read_claim(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        char shown[UTF8_SHOW_MAX];
        const char *text;
        int e = sd_bus_message_read_basic(m, 's', &text);

        if (e < 0)
                return e;
        if (!text[0] || strnlen(text, CLAIM_LENGTH_MAX + 1) > CLAIM_LENGTH_MAX ||
            !utf8_is_printable(text))
                return INVALID(error, "Option '%s': '%s' is not 1 to %d printable bytes",
                               VFIOD_OPTION_FOR, utf8_show(text, shown), CLAIM_LENGTH_MAX);
        return copy_text(text, &r->claim);
}

static int read_timeout(const Bus *b, sd_bus_message *m, BusRequest *r, sd_bus_error *error) {
        uint64_t value;
        int e = sd_bus_message_read_basic(m, 't', &value);

        if (e < 0)
                return e;
        if (value == 0)
                return INVALID(error, "Option '%s' must not be 0", VFIOD_OPTION_TIMEOUT);
        r->timeout_usec = value < TIMEOUT_MAX_USEC ? value : TIMEOUT_MAX_USEC;
        return 0;
}

static const Option options[] = {
        { VFIOD_OPTION_WITH,     "as", REQUEST_PLAN | REQUEST_PREPARE,    read_with },
        { VFIOD_OPTION_GROUP,    "b",  REQUEST_PLAN | REQUEST_PREPARE,    read_group },
        { VFIOD_OPTION_ACCEPT,   "as", REQUEST_PLAN | REQUEST_PREPARE,    read_accept },
        { VFIOD_OPTION_DRIVER,   "s",  REQUEST_PLAN | REQUEST_PREPARE,    read_driver },
        { VFIOD_OPTION_FOR,      "s",  REQUEST_ALL,                       read_claim },
        { VFIOD_OPTION_PERSIST,  "b",  REQUEST_PREPARE | REQUEST_RELEASE, read_persist },
        { VFIOD_OPTION_NO_BLOCK, "b",  REQUEST_PREPARE | REQUEST_RELEASE, read_no_block },
        { VFIOD_OPTION_WAIT,     "b",  REQUEST_PREPARE | REQUEST_RELEASE, read_wait },
        { VFIOD_OPTION_FOREIGN,  "b",  REQUEST_RELEASE,                   read_foreign },
        { VFIOD_OPTION_TIMEOUT,  "t",  REQUEST_PREPARE | REQUEST_RELEASE, read_timeout },
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static int unknown_option(const char *name, RequestMethod method, sd_bus_error *error) {
        char shown[UTF8_SHOW_MAX], known[128] = "";
        size_t at = 0;

        for (size_t i = 0; i < N_OPTIONS; i++)
                if (options[i].methods & method)
                        at += (size_t) snprintf(known + at, sizeof(known) - at, "%s%s",
                                                at > 0 ? ", " : "", options[i].name);
        return INVALID(error, "Unknown option '%s'; known: %s", utf8_show(name, shown), known);
}

/* Reads one "sv"; *seen has a bit for each option that was there before. */
static int read_option(const Bus *b, sd_bus_message *m, RequestMethod method, unsigned *seen,
                       BusRequest *r, sd_bus_error *error) {
        const char *name, *given;
        size_t i = 0;
        int e = sd_bus_message_read_basic(m, 's', &name);

        if (e < 0)
                return e;
        while (i < N_OPTIONS &&
               (strcmp(options[i].name, name) != 0 || !(options[i].methods & method)))
                i++;
        if (i == N_OPTIONS)
                return unknown_option(name, method, error);
        if (*seen & 1U << i)
                return INVALID(error, "Option '%s' is given twice", name);
        *seen |= 1U << i;

        e = sd_bus_message_peek_type(m, NULL, &given);
        if (e < 0)
                return e;
        if (strcmp(given, options[i].signature) != 0)
                return INVALID(error, "Option '%s' takes a value of type '%s', not '%s'", name,
                               options[i].signature, given);
        e = sd_bus_message_enter_container(m, 'v', options[i].signature);
        if (e >= 0)
                e = options[i].read(b, m, r, error);
        return e < 0 ? e : sd_bus_message_exit_container(m);
}

static int read_options(const Bus *b, sd_bus_message *m, RequestMethod method, BusRequest *r,
                        sd_bus_error *error) {
        unsigned seen = 0;
        int e = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (e < 0)
                return e;
        /* Bounded: no option may come twice and an unknown one ends it. */
        while ((e = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                e = read_option(b, m, method, &seen, r, error);
                if (e >= 0)
                        e = sd_bus_message_exit_container(m);
                if (e < 0)
                        return e;
        }
        return e < 0 ? e : sd_bus_message_exit_container(m);
}

/* A device that is gone can be released from its wish, and from that alone. Returns: true if so. */
static bool is_only_wished(const Bus *b, const char *text, RequestMethod method, BusRequest *r) {
        return method == REQUEST_RELEASE && b->handlers.is_wished &&
               address_parse(text, &r->address) == 0 &&
               b->handlers.is_wished(b->userdata, &r->address);
}

int request_read(const Bus *b, sd_bus_message *m, RequestMethod method, BusRequest *ret,
                 sd_bus_error *error) {
        BusRequest r = { .timeout_usec = b->handlers.default_timeout_usec(b->userdata) };
        const char *address;
        bool absent = false;
        int e = sd_bus_message_read_basic(m, 's', &address);

        if (e >= 0) {
                e = target_parse(b, address, &r.address, error);
                absent = e < 0 && is_only_wished(b, address, method, &r);
        }
        if (absent) {
                sd_bus_error_free(error);
                e = 0;
        }
        if (e >= 0) {
                const DeviceReport *d = report_find_device(bus_report(b), &r.address);

                r.identity = bus_identity(d ? d->device : NULL);
                e = read_options(b, m, method, &r, error);
        }
        if (e >= 0 && r.wait && r.no_block)
                e = INVALID(error, "Options '%s' and '%s' exclude each other: there is no job to "
                            "name before the holder has gone", VFIOD_OPTION_WAIT,
                            VFIOD_OPTION_NO_BLOCK);
        if (e >= 0 && absent && !r.persist)
                e = target_parse(b, address, &r.address, error);
        if (e < 0) {
                request_clear(&r);
                return e;
        }
        *ret = r;
        return 0;
}

void request_clear(BusRequest *r) {
        free(r->with);
        free(r->driver);
        free(r->claim);
        names_free(r->accept, r->n_accept);
        *r = (BusRequest){ 0 };
}
