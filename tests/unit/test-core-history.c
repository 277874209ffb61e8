/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core-fixture.h"
#include "finding-ids.h"

/* A group that is not what it was when this kernel was last booted. */

/* Two groups, and what they were before. Returns: the report; the host goes with it. */
static Report *report_with(Fact known, const GroupBefore *before, size_t n, Host **ret) {
        Host *h = good_host();
        Report *r;

        add_group(h, 3);
        add_group(h, 4);
        add_device(h, "02:00.0", 3, "nvme");
        add_device(h, "02:00.1", 3, "nvme");
        add_device(h, "03:00.0", 4, "nvme");
        h->groups_before_known = known;
        h->groups_before = calloc(n + 1, sizeof(GroupBefore));
        CHECK(h->groups_before);
        for (size_t i = 0; i < n; i++) {
                h->groups_before[i].members = calloc(3, sizeof(Address));
                CHECK(h->groups_before[i].members);
                memcpy(h->groups_before[i].members, before[i].members,
                       before[i].n_members * sizeof(Address));
                h->groups_before[i].n_members = before[i].n_members;
        }
        h->n_groups_before = n;
        CHECK(evaluate(h, &r) == 0);
        *ret = h;
        return r;
}

/* Aborts unless group 3 has the finding with that evidence (joined by ";"), NULL: has it not. */
static void expect_change(Fact known, const GroupBefore *before, size_t n, Severity severity,
                          const char *evidence) {
        char text[512] = "";
        const Finding *f;
        Host *h;
        Report *r = report_with(known, before, n, &h);

        f = findings_find(&report_find_group(r, 3)->findings, FINDING_GROUP_CHANGED);
        CHECK(!f == !evidence);
        for (size_t i = 0; f && i < f->n_evidence; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ";" : "",
                         f->evidence[i]);
        if (f) {
                CHECK(f->severity == severity && *f->remedy);
                CHECK_STRING(text, evidence);
        }
        report_free(r);
        host_free(h);
}

int main(void) {
        Address a = at("02:00.0"), b = at("02:00.1"), c = at("03:00.0"), d = at("04:00.0");
        Address both[] = { a, b }, three[] = { a, b, c }, gone[] = { a, b, d };
        const GroupBefore same[] = { { both, 2 }, { &c, 1 } }, merged[] = { { three, 3 } },
                          less[] = { { gone, 3 } }, split[] = { { &a, 1 }, { &b, 1 } },
                          fewer[] = { { &a, 1 } }, others[] = { { &d, 1 } };

        expect_change(FACT_PRESENT, same, 2, 0, NULL);
        expect_change(FACT_ABSENT, NULL, 0, 0, NULL);
        expect_change(FACT_PRESENT, others, 1, 0, NULL); /* all of it is new */
        expect_change(FACT_PRESENT, merged, 1, SEVERITY_WARNING, "0000:03:00.0 is in group 4 now");
        expect_change(FACT_PRESENT, less, 1, SEVERITY_WARNING, "0000:04:00.0 is not there any more");
        expect_change(FACT_PRESENT, split, 2, SEVERITY_WARNING,
                      "0000:02:00.1 was in another group");
        expect_change(FACT_PRESENT, fewer, 1, SEVERITY_WARNING, "0000:02:00.1 was not there");
        expect_change(FACT_UNKNOWN, NULL, 0, SEVERITY_UNKNOWN, "");
        return 0;
}
