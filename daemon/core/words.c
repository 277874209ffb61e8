/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "action-names.h"
#include "plan.h"
#include "report.h"

#define WORD(table, value) \
        ((size_t) (value) < sizeof(table) / sizeof((table)[0]) && (table)[value] ? (table)[value] : "")

const char *severity_text(Severity v) {
        static const char *const words[] = { [SEVERITY_INFO] = "info",
                                             [SEVERITY_WARNING] = "warning",
                                             [SEVERITY_UNKNOWN] = "unknown",
                                             [SEVERITY_BLOCKER] = "blocker" };
        return WORD(words, v);
}

const char *hazard_class_text(HazardClass v) {
        static const char *const words[] = { [HAZARD_ACCEPT] = "accept", [HAZARD_NEVER] = "never" };
        return WORD(words, v);
}

const char *verdict_text(Verdict v) {
        static const char *const words[] = { [VERDICT_UNKNOWN] = "unknown",
                                             [VERDICT_VIABLE] = "viable",
                                             [VERDICT_BLOCKED] = "blocked" };
        return WORD(words, v);
}

const char *role_text(Role v) {
        static const char *const words[] = { [ROLE_ENDPOINT] = "endpoint",
                                             [ROLE_BRIDGE] = "bridge",
                                             [ROLE_HOST_BRIDGE] = "host-bridge",
                                             [ROLE_PLATFORM] = "platform" };
        return WORD(words, v);
}

const char *state_text(State v) {
        static const char *const words[] = { [STATE_DETACHING] = "detaching",
                                             [STATE_BUSY] = "busy",
                                             [STATE_VFIO] = "vfio",
                                             [STATE_STUB] = "stub",
                                             [STATE_HOST] = "host",
                                             [STATE_UNBOUND] = "unbound" };
        return WORD(words, v);
}

const char *readiness_text(Readiness v) {
        static const char *const words[] = { [READINESS_UNKNOWN] = "unknown",
                                             [READINESS_READY] = "ready",
                                             [READINESS_PREPARABLE] = "preparable",
                                             [READINESS_NEEDS_CONSENT] = "needs-consent",
                                             [READINESS_BLOCKED] = "blocked",
                                             [READINESS_DEGRADED] = "degraded" };
        return WORD(words, v);
}

const char *block_reason_text(BlockReason v) {
        static const char *const words[] = { [BLOCK_HOST_DRIVER] = "host-driver",
                                             [BLOCK_BRIDGE_DRIVER] = "bridge-driver",
                                             [BLOCK_PLATFORM_DRIVER] = "platform-driver",
                                             [BLOCK_DETACHING] = "detaching" };
        return WORD(words, v);
}

const char *manager_text(Manager v) {
        static const char *const words[] = { [MANAGER_VFIOD] = "vfiod",
                                             [MANAGER_DRIVERCTL] = "driverctl",
                                             [MANAGER_KERNEL_IDS] = "kernel-ids",
                                             [MANAGER_OTHER] = "other" };
        return WORD(words, v);
}

const char *iommu_state_text(IommuState v) {
        static const char *const words[] = {
                [IOMMU_UNKNOWN] = "unknown",
                [IOMMU_ENABLED] = "enabled",
                [IOMMU_DISABLED_BY_COMMAND_LINE] = "disabled-by-command-line",
                [IOMMU_DISABLED_BY_DEFAULT] = "disabled-by-default",
                [IOMMU_DISABLED_BY_FIRMWARE] = "disabled-by-firmware",
                [IOMMU_UNSUPPORTED] = "unsupported",
                [IOMMU_FAILED] = "failed",
        };
        return WORD(words, v);
}

const char *iommu_kind_text(IommuKind v) {
        static const char *const words[] = { [IOMMU_KIND_NONE] = "none",
                                             [IOMMU_KIND_INTEL] = "intel-vtd",
                                             [IOMMU_KIND_AMD] = "amd-vi",
                                             [IOMMU_KIND_SMMU] = "arm-smmu",
                                             [IOMMU_KIND_VIRTIO] = "virtio-iommu",
                                             [IOMMU_KIND_OTHER] = "other" };
        return WORD(words, v);
}

const char *switch_text(Fact v) {
        return v == FACT_PRESENT ? "enabled" : v == FACT_ABSENT ? "disabled" : "unknown";
}

const char *fact_text(Fact v) {
        return v == FACT_PRESENT ? "yes" : v == FACT_ABSENT ? "no" : "unknown";
}

static const char *const action_words[] = {
        [STEP_LOAD_MODULE] = ACTION_LOAD_MODULE, [STEP_SET_OVERRIDE] = ACTION_SET_OVERRIDE,
        [STEP_UNBIND] = ACTION_UNBIND,           [STEP_BIND] = ACTION_BIND,
        [STEP_PROBE] = ACTION_PROBE,             [STEP_VERIFY] = ACTION_VERIFY,
};

const char *action_text(Action a) {
        return WORD(action_words, a);
}

int action_parse(const char *text, Action *ret) {
        for (size_t i = 0; i < sizeof(action_words) / sizeof(action_words[0]); i++)
                if (strcmp(action_words[i], text) == 0) {
                        *ret = (Action) i;
                        return 0;
                }
        return -EINVAL;
}
