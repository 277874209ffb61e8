/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/hazards.h"
#include "rebind/check.h"

/* Returns: 1 if the host would lose what the member is to it, 0 if not, or -ENOMEM. */
static int is_at_stake(const Managed *m) {
        Device *d = device_new(&m->address);
        int r = d ? text_copy(&d->driver, &m->driver) : -ENOMEM;

        if (r == 0) {
                d->ids = FACT_PRESENT;
                d->class_code = m->class_code;
                d->bridge = fact_of(*m->moved_to == '\0');
                r = hazard_applies(d);
        }
        device_unref(d);
        return r;
}

static int compare_addresses(const void *a, const void *b) {
        return address_compare(a, b);
}

/* Lists the members that would be taken from the host, sorted. Returns: how many, or -ENOMEM. */
static int list_members(const Transaction *t, Address *ret) {
        int n = 0;

        for (size_t i = 0; i < t->n_members; i++) {
                int r = is_at_stake(&t->members[i]);

                if (r < 0)
                        return r;
                if (r > 0)
                        ret[n++] = t->members[i].address;
        }
        if (n > 1)
                qsort(ret, (size_t) n, sizeof(*ret), compare_addresses);
        return n;
}

/* Says what has come up. Returns: -EBUSY, or -ENOMEM. */
static int refuse(const Address *a, const Finding *f, char **ret_cause) {
        char text[ADDRESS_TEXT_MAX];

        return cause_set(ret_cause, -EBUSY, "%s is needed by the host: %s%s%s%s",
                         address_format(a, text), f->message, f->n_evidence > 0 ? " (" : "",
                         f->n_evidence > 0 ? f->evidence[0] : "", f->n_evidence > 0 ? ")" : "");
}

static int check_device(const Transaction *t, const Device *d, char **ret_cause) {
        Findings f = { 0 };
        int r = hazard_findings(d, &t->address, &f);

        for (size_t i = 0; r == 0 && i < f.n_items; i++)
                if (!hazard_is_accepted(&f.items[i], t->accept, t->n_accept))
                        r = refuse(&d->address, &f.items[i], ret_cause);
        findings_clear(&f);
        return r;
}

int check_hazards(const Backend *b, const Transaction *t, uint64_t timeout_usec,
                  char **ret_cause) {
        Address *members = calloc(t->n_members + 1, sizeof(*members));
        char words[ERROR_WORDS_MAX];
        Host *found = NULL;
        int n = members ? list_members(t, members) : -ENOMEM, r = n < 0 ? n : 0;

        if (n > 0) {
                r = b->find_uses(b->userdata, members, (size_t) n, timeout_usec, &found);
                if (r < 0)
                        r = cause_set(ret_cause, r, "what the host needs the device for could not "
                                      "be looked at (%s)", error_words(r, words));
        }
        for (int i = 0; r == 0 && i < n; i++)
                r = check_device(t, host_find_device(found, &members[i]), ret_cause);
        host_free(found);
        free(members);
        return r;
}
