/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hazards.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finding-ids.h"
#include "hazards-table.h"
#include "private.h"
#include "rules.h"
#include "text.h"

/* How many uses a sentence and its evidence name. */
#define USES_NAMED 3
#define EVIDENCE_MAX 16

/* Without a driver it can still draw the console. */
bool hazard_applies(const Device *d) {
        bool bound = d->driver.fact == FACT_PRESENT && !is_vfio_driver(d->driver.value, d) &&
                     !is_stub_driver(d->driver.value);

        return (bound || d->driver.fact == FACT_ABSENT) && device_role(d) == ROLE_ENDPOINT;
}

static bool is_shown(const Use *use, const Hazard *z) {
        return z->kinds & 1u << use->kind;
}

/* Returns: "/ (nvme0n1p2), swap (nvme0n1p3) and 2 more" in a new string, NULL when memory is
 * short; *ret_n: how many there are. */
static char *uses_text(const Uses *u, const Hazard *z, size_t *ret_n) {
        char *text = NULL;
        size_t size, n = 0, named = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < u->n_items; i++) {
                const Use *use = &u->items[i];

                if (!is_shown(use, z) || n++ >= USES_NAMED)
                        continue;
                fprintf(f, use->of_process ? "%s" PRIVATE("%s", "a process") : "%s%s",
                        named++ ? ", " : "", *use->detail ? use->detail : use->object);
                if (*use->detail && *use->object)
                        fprintf(f, " (%s)", use->object);
        }
        if (n > named)
                fprintf(f, " and %zu more", n - named);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        *ret_n = n;
        return text;
}

/* Returns: how the use can be ended and what accepts it, in a new string; NULL when memory is
 * short. */
static char *remedy_text(const Hazard *z, const Device *d, const Address *asked) {
        char text[ADDRESS_TEXT_MAX], asked_text[ADDRESS_TEXT_MAX];

        if (z->class == HAZARD_NEVER)
                return strdup(z->remedy);
        return text_printf("%s%sTo lose it: vfioctl prepare %s --accept %s@%s", z->remedy,
                           *z->remedy ? " " : "", address_format(asked, asked_text), z->id,
                           address_format(&d->address, text));
}

/* Returns: true if the hazard may be there and could not be looked at. */
static bool is_unknown(const Uses *u, unsigned categories) {
        for (int c = 0; c < USES_MAX_; c++)
                if (categories & 1u << c && u->looked[c] == FACT_UNKNOWN)
                        return true;
        return false;
}

static int add_evidence(const Uses *u, const Hazard *z, Findings *f) {
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < u->n_items; i++) {
                const Use *use = &u->items[i];
                UseCategory c = use_category(use->kind, use->object);
                bool missing = use->kind == USE_NOT_LOOKED && c != USES_MAX_ &&
                               z->categories & 1u << c;

                if ((missing || is_shown(use, z)) && n++ < EVIDENCE_MAX)
                        r = use->of_process
                                    ? findings_evidence(f, PRIVATE("%s", "%s: a process uses it"),
                                                        use->evidence, use->object)
                                    : findings_evidence(f, "%s", use->evidence);
        }
        if (r >= 0 && n > EVIDENCE_MAX)
                r = findings_evidence(f, "and %zu more", n - EVIDENCE_MAX);
        return r;
}

/* Adds one finding whose message is a sentence with the uses in it. Returns: 0 or -ENOMEM. */
static int add_hazard(const Device *d, const Hazard *z, const Address *asked, Severity severity,
                      const char *uses, Findings *f) {
        const char *hole = strstr(z->found, "%s");
        char *remedy = remedy_text(z, d, asked);
        int r = -ENOMEM;

        if (remedy && severity == SEVERITY_UNKNOWN)
                r = findings_addf(f, z->id, severity, &d->address, remedy, "%s", z->unknown);
        else if (remedy)
                r = findings_addf(f, z->id, severity, &d->address, remedy, "%.*s%s%s",
                                  hole ? (int) (hole - z->found) : (int) strlen(z->found),
                                  z->found, hole ? uses : "", hole ? hole + 2 : "");
        free(remedy);
        if (r < 0)
                return r;
        f->items[f->n_items - 1].class = z->class;
        return add_evidence(&d->uses, z, f);
}

static int check_hazard(const Device *d, const Hazard *z, const Address *asked, Findings *f) {
        char *uses;
        size_t n;
        int r = 0;

        uses = uses_text(&d->uses, z, &n);
        if (!uses)
                return -ENOMEM;
        if (n > 0)
                r = add_hazard(d, z, asked,
                               z->class == HAZARD_NEVER ? SEVERITY_BLOCKER : SEVERITY_WARNING, uses,
                               f);
        else if (is_unknown(&d->uses, z->categories))
                r = add_hazard(d, z, asked, SEVERITY_UNKNOWN, "", f);
        free(uses);
        return r;
}

/* Nothing at all is known: one finding says so, not one for each. Returns: 1 if so, 0 or
 * -ENOMEM. */
static int check_looked(const Device *d, Findings *f) {
        int r;

        for (int c = 0; c < USES_MAX_; c++)
                if (d->uses.looked[c] != FACT_UNKNOWN)
                        return 0;
        if (d->uses.n_items > 0)
                return 0;
        r = findings_addf(f, FINDING_USES_UNKNOWN, SEVERITY_UNKNOWN, &d->address,
                          "Run vfiod as root, and try again.",
                          "What the host uses it for could not be looked at in time.");
        if (r < 0)
                return r;
        f->items[f->n_items - 1].class = HAZARD_NEVER;
        return 1;
}

int hazard_findings(const Device *d, const Address *asked, Findings *f) {
        bool in_use = false;
        int r = check_looked(d, f);

        if (r != 0)
                return r < 0 ? r : 0;
        for (size_t i = 0; r >= 0 && i < n_hazards; i++) {
                size_t before = f->n_items;

                /* What is on a disk in use, the host uses. */
                if (in_use && strcmp(hazards[i].id, FINDING_DISK_HOLDS_DATA) == 0)
                        continue;
                r = check_hazard(d, &hazards[i], asked, f);
                in_use |= f->n_items > before && strcmp(hazards[i].id, FINDING_DISK_IN_USE) == 0;
        }
        return r;
}

/* Says on the device that was asked for what stands in the way at another. */
static int add_shared(const Device *member, const Device *asked, const Finding *own, Findings *f) {
        bool disk = strcmp(own->id, FINDING_LAST_CONSOLE) != 0;
        const char *driver = text_or_empty(&member->driver);
        char text[ADDRESS_TEXT_MAX];
        int r;

        r = findings_addf(f, disk ? FINDING_GROUP_SHARED_WITH_SYSTEM_DISK
                                  : FINDING_GROUP_SHARED_WITH_LAST_CONSOLE,
                          own->severity, &asked->address,
                          "Use a device in another group, or another slot.",
                          "Its group %u also holds %s%s%s%s, which stays with the host. %s",
                          asked->group, address_format(&member->address, text),
                          *driver ? " (" : "", driver, *driver ? ")" : "", own->message);
        if (r < 0)
                return r;
        f->items[f->n_items - 1].class = HAZARD_NEVER;
        for (size_t i = 0; r >= 0 && i < own->n_evidence; i++)
                r = findings_evidence(f, "%s", own->evidence[i]);
        return r;
}

int hazard_findings_of_member(const Device *member, const Device *asked, Findings *f) {
        Findings own = { 0 };
        int r = hazard_findings(member, &asked->address, &own);

        for (size_t i = 0; r >= 0 && i < own.n_items; i++) {
                const Findings one = { .items = &own.items[i], .n_items = 1 };

                r = own.items[i].class == HAZARD_NEVER
                            ? add_shared(member, asked, &own.items[i], f)
                            : findings_append(f, &one);
        }
        findings_clear(&own);
        return r;
}

HazardClass hazard_class_of(const char *accept) {
        size_t n = strcspn(accept, "@");

        for (size_t i = 0; i < n_hazards; i++)
                if (strlen(hazards[i].id) == n && memcmp(hazards[i].id, accept, n) == 0)
                        return hazards[i].class;
        return HAZARD_NONE;
}

bool hazard_is_accepted(const Finding *f, char *const *accept, size_t n_accept) {
        size_t n = strlen(f->id);
        Address named, meant;

        if (f->class != HAZARD_ACCEPT || !f->address || address_parse(f->address, &meant) < 0)
                return false;
        for (size_t i = 0; i < n_accept; i++) {
                if (strncmp(accept[i], f->id, n) != 0)
                        continue;
                if (accept[i][n] == '\0')
                        return true;
                if (accept[i][n] == '@' && address_parse(accept[i] + n + 1, &named) == 0 &&
                    address_compare(&named, &meant) == 0)
                        return true;
        }
        return false;
}
