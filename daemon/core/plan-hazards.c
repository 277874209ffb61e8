/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "hazards.h"
#include "names.h"
#include "plan-parts.h"

/* Collects what the host would lose by each unbind of the plan. Returns: 0 or -ENOMEM. */
static int collect(const Plan *p, const Host *h, Findings *f) {
        const Device *asked = host_find_device(h, &p->address);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_members; i++) {
                const Device *d = host_find_device(h, &p->members[i].address);

                if (!d || !hazard_applies(d))
                        continue;
                r = d == asked || !asked ? hazard_findings(d, &p->address, f)
                                         : hazard_findings_of_member(d, asked, f);
        }
        return r;
}

static int refuse(Plan *p, const Finding *f) {
        char text[ADDRESS_TEXT_MAX];
        const char *about = f->address;
        bool other;

        address_format(&p->address, text);
        other = f->class == HAZARD_ACCEPT && about && p->n_members > 1;
        p->grantable = f->class == HAZARD_ACCEPT;
        return plan_refuse(p, VFIOD_ERROR_HAZARD,
                           "%s cannot be prepared: %s%s%s%s%s%s Nothing was changed.%s%s See: "
                           "vfioctl explain %s",
                           text, other ? about : "", other ? ": " : "", f->message,
                           f->n_evidence > 0 ? " (" : "",
                           f->n_evidence > 0 ? f->evidence[0] : "", f->n_evidence > 0 ? ")" : "",
                           *f->remedy ? " " : "", f->remedy, f->id);
}

int plan_check_hazards(Plan *p, const Host *h) {
        const Finding *never = NULL, *asks = NULL;
        Findings all = { 0 };
        int r = collect(p, h, &all);

        for (size_t i = 0; r >= 0 && i < all.n_items; i++) {
                const Finding *f = &all.items[i];
                const Findings one = { .items = &all.items[i], .n_items = 1 };

                if (hazard_is_accepted(f, p->accept, p->n_accept))
                        continue;
                if (f->class == HAZARD_NEVER && !never)
                        never = f;
                else if (f->class == HAZARD_ACCEPT && !asks)
                        asks = f;
                r = findings_append(&p->findings, &one);
        }
        if (r >= 0 && (never || asks))
                r = refuse(p, never ? never : asks);
        findings_clear(&all);
        return r;
}
