/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "finding-ids.h"
#include "rules.h"
#include "text.h"

static int find_verdict(GroupReport *g) {
        int r;

        if (g->verdict == VERDICT_UNKNOWN)
                return findings_addf(&g->findings, FINDING_VIABILITY_UNKNOWN, SEVERITY_UNKNOWN,
                                     NULL, "Run vfiod as root.",
                                     "A driver in group %u could not be read, so whether the group "
                                     "is viable is not known.", g->group->id);
        if (g->verdict != VERDICT_BLOCKED)
                return 0;
        r = findings_addf(&g->findings, FINDING_GROUP_NOT_VIABLE, SEVERITY_BLOCKER, NULL,
                          "vfioctl plan ADDRESS shows what would have to move.",
                          "Group %u is not viable: %zu of its members %s a driver of the host.",
                          g->group->id, g->n_blockers, g->n_blockers == 1 ? "has" : "have");
        for (size_t i = 0; r >= 0 && i < g->n_blockers; i++)
                r = g->blockers[i].reason == BLOCK_DETACHING
                            ? findings_evidence(&g->findings, "%s: its unbind has not ended",
                                                g->blockers[i].member)
                            : findings_evidence(&g->findings, "%s: driver %s",
                                                g->blockers[i].member, g->blockers[i].driver);
        return r;
}

static int find_use(GroupReport *g) {
        char *who;
        int r;

        if (g->group->in_use != FACT_PRESENT)
                return 0;
        who = holders_text(g->group);
        r = findings_addf(&g->findings, FINDING_IN_USE, SEVERITY_INFO, NULL, "",
                          "Group %u is in use by %s.", g->group->id, who ? who : "a process");
        free(who);
        return r;
}

static int find_noiommu(GroupReport *g) {
        if (!text_is(&g->group->name, "vfio-noiommu"))
                return 0;
        return findings_addf(&g->findings, FINDING_NOIOMMU, SEVERITY_BLOCKER, NULL,
                             "Turn the IOMMU on, and vfio.enable_unsafe_noiommu_mode off.",
                             "Group %u was made by VFIO without an IOMMU: no VM can use it.",
                             g->group->id);
}

int find_group(GroupReport *g) {
        int r = find_verdict(g);

        if (r >= 0)
                r = find_use(g);
        return r < 0 ? r : find_noiommu(g);
}
