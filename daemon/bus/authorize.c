/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "departure.h"
#include "details.h"
#include "errors.h"
#include "names.h"
#include "objects.h"
#include "options.h"
#include "polkit.h"

#define ASKING_MAX 32 /* for all users together */

static const struct Right {
        BusRight right;
        const char *action;
        const char *verb;
        const char *question; /* polkit puts the details into it */
} rights_table[] = {
        { RIGHT_PREPARE, VFIOD_POLKIT_PREPARE, "prepare",
          "Authentication is required to take $(address) ($(ids), driver $(driver)) from the host "
          "for virtual machines" },
        { RIGHT_RELEASE, VFIOD_POLKIT_RELEASE, "release",
          "Authentication is required to give $(address) ($(ids), driver $(driver)) back to the "
          "host" },
        { RIGHT_PERSIST, VFIOD_POLKIT_PERSIST, "persist",
          "Authentication is required to keep $(address) ($(ids), driver $(driver)) prepared after "
          "every boot" },
        { RIGHT_ACCEPT_HAZARD, VFIOD_POLKIT_ACCEPT_HAZARD, "accept hazards of",
          "Authentication is required to take $(address) ($(ids), driver $(driver)) from the host "
          "although it is in use" },
};

/* One call whose sender polkit is asked about. */
typedef struct Authorization {
        struct Authorization *next;
        Bus *bus;
        sd_bus_message *message;
        Account *account;
        BusRequest request;
        BusGranted granted;
        unsigned rights; /* that are not granted yet */
        const struct Right *asked;
        PolkitQuery *query;
        Departure sender;
        bool interactive;
        uint64_t until_usec; /* for all questions together */
} Authorization;

static void authorization_free(Authorization *a) {
        for (Authorization **i = &a->bus->authorizations; *i; i = &(*i)->next)
                if (*i == a) {
                        *i = a->next;
                        break;
                }
        polkit_cancel(a->query);
        departure_clear(&a->sender);
        sd_bus_message_unref(a->message);
        a->account->n_asking--;
        request_clear(&a->request);
        free(a);
}

void bus_authorize_stop(Bus *b) {
        while (b->authorizations)
                authorization_free(b->authorizations);
}

/* Answers with an error, and ends it. */
static void end_with(Authorization *a, int r, sd_bus_error *error) {
        if (r < 0)
                (void) sd_bus_reply_method_errno(a->message, r, error);
        sd_bus_error_free(error);
        authorization_free(a);
}

/* Returns: what stands at the address now. */
static BusIdentity identity_now(const Bus *b, const Address *address) {
        const DeviceReport *d = report_find_device(bus_report(b), address);

        return bus_identity(d ? d->device : NULL);
}

static const char *words_for(PolkitResult result, bool interactive) {
        switch (result) {
        case POLKIT_NO:
                return "polkit does not allow it";
        case POLKIT_CHALLENGE:
                return interactive ? "polkit would have to ask for a password, and has nobody to ask"
                                   : "polkit would have to ask for a password, and this call does "
                                     "not let it";
        case POLKIT_ABSENT:
                return "there is no polkit to ask";
        case POLKIT_LATE:
                return "polkit did not answer in time";
        default:
                return "polkit could not tell";
        }
}

/* Names the device, the cause and the way out. */
static int deny(const struct Right *right, const Address *address, const char *cause,
                const char *why, sd_bus_error *error) {
        char text[ADDRESS_TEXT_MAX];

        return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                 "You may not %s %s: %s%s%s (action %s). Do it as root, for "
                                 "instance with sudo, or have a rule of polkit allow it",
                                 right->verb, address_format(address, text), cause,
                                 *why ? ": " : "", why, right->action);
}

static int ask_next(Authorization *a);

static uint64_t now_usec(const Bus *b) {
        uint64_t usec = 0;

        (void) sd_event_now(sd_bus_get_event(b->connection), CLOCK_MONOTONIC, &usec);
        return usec;
}

/* All is granted, by now for the device that was asked about or not at all. */
static int proceed(Authorization *a, sd_bus_error *error) {
        const BusIdentity now = identity_now(a->bus, &a->request.address);
        char text[ADDRESS_TEXT_MAX];

        if (!bus_identity_equal(&now, &a->request.identity))
                return sd_bus_error_setf(error, VFIOD_ERROR_NO_SUCH_DEVICE,
                                         "%s went, or is another device now, while polkit was "
                                         "asked; nothing was changed. See what it is: vfioctl list",
                                         address_format(&a->request.address, text));
        gate_trust(a->bus->gate, a->message);
        return a->granted(a->bus->userdata, a->message, &a->request, error);
}

static void on_answer(PolkitResult result, const char *why, void *userdata) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Authorization *a = userdata;
        int r;

        a->query = NULL;
        if (result != POLKIT_YES) {
                r = deny(a->asked, &a->request.address, words_for(result, a->interactive), why, &error);
                end_with(a, r, &error);
                return;
        }
        a->rights &= ~(unsigned) a->asked->right;
        if (a->rights != 0) {
                r = ask_next(a);
                if (r < 0)
                        end_with(a, r, &error);
                return;
        }
        r = proceed(a, &error);
        end_with(a, r, &error);
}

/* Asks for the first right that is not granted yet. Returns: 0 or -errno. */
static int ask_next(Authorization *a) {
        const DeviceReport *d = report_find_device(bus_report(a->bus), &a->request.address);
        uint64_t now = now_usec(a->bus);
        Details details;
        int r;

        a->asked = rights_table;
        while (!(a->rights & a->asked->right))
                a->asked++;
        r = details_fill(&details, &a->request, d ? d->device->driver.value : NULL,
                         a->asked->question);
        if (r < 0)
                return r;
        r = polkit_ask(a->bus->connection, sd_bus_message_get_sender(a->message), a->asked->action,
                       details.pairs, a->interactive,
                       now < a->until_usec ? a->until_usec - now : 1, on_answer, a, &a->query);
        details_clear(&details);
        return r;
}

/* Who asked is gone: nobody is left to be asked for a password, or to be answered. */
static void on_sender_gone(void *userdata) {
        authorization_free(userdata);
}

/* Bounded: each keeps a message, and polkit busy. */
static bool too_many(const Bus *b, const Account *account) {
        size_t n = 0;

        for (const Authorization *a = b->authorizations; a; a = a->next)
                n++;
        return n >= ASKING_MAX || account->n_asking >= ACCOUNT_ASKING_MAX;
}

/* Returns: 0 if the question is on its way, or -errno; the request is taken over. */
static int begin(Bus *b, sd_bus_message *m, Account *account, unsigned rights, BusRequest *request,
                 BusGranted granted) {
        Authorization *a = calloc(1, sizeof(*a));
        int r;

        if (!a) {
                request_clear(request);
                return -ENOMEM;
        }
        *a = (Authorization) { .next = b->authorizations, .bus = b,
                               .message = sd_bus_message_ref(m), .account = account,
                               .request = *request, .granted = granted, .rights = rights };
        *request = (BusRequest) { 0 };
        b->authorizations = a;
        account->n_asking++;
        a->interactive = sd_bus_message_get_allow_interactive_authorization(m) > 0;
        a->until_usec = now_usec(b) + (a->interactive ? VFIOD_POLKIT_INTERACTIVE_USEC
                                                      : VFIOD_POLKIT_USEC);
        r = departure_watch(&a->sender, b->connection, sd_bus_message_get_sender(m), on_sender_gone,
                            a);
        if (r >= 0)
                r = ask_next(a);
        if (r < 0)
                authorization_free(a);
        return r < 0 ? r : 0;
}

/* Returns: the right that is asked for first. */
static const struct Right *first_right(unsigned rights) {
        const struct Right *r = rights_table;

        while (!(rights & r->right))
                r++;
        return r;
}

static int ask(Bus *b, sd_bus_message *m, unsigned rights, BusRequest *request, BusGranted granted,
               sd_bus_error *error) {
        const struct Right *first = first_right(rights);
        Account *account = gate_account(b->gate, m);
        Address address = request->address;
        int r;

        if (!account || !sd_bus_message_get_sender(m)) {
                request_clear(request);
                return deny(first, &address, "there is no bus on which polkit could be asked", "",
                            error);
        }
        if (too_many(b, account)) {
                request_clear(request);
                return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many questions to polkit are open: try again when "
                                        "one of them is answered");
        }
        r = begin(b, m, account, rights, request, granted);
        return r < 0 ? deny(first, &address, "polkit could not be asked", "", error) : 0;
}

int bus_authorize(Bus *b, sd_bus_message *m, unsigned rights, BusRequest *request,
                  BusGranted granted, sd_bus_error *error) {
        const Account *account = gate_account(b->gate, m);
        int r;

        if (!account || account->uid != 0)
                return ask(b, m, rights, request, granted, error);
        r = granted(b->userdata, m, request, error);
        request_clear(request);
        return r;
}
