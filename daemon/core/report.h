/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host.h"

/*
 * What core makes of a host: a plain value, all that the bus shows. Reports of groups and devices
 * hold references to the host values they were made from, so an old report stays comparable.
 */

typedef enum Severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_UNKNOWN, SEVERITY_BLOCKER } Severity;
typedef enum Verdict { VERDICT_UNKNOWN, VERDICT_VIABLE, VERDICT_BLOCKED } Verdict;
typedef enum Role { ROLE_ENDPOINT, ROLE_BRIDGE, ROLE_HOST_BRIDGE, ROLE_PLATFORM } Role;
typedef enum State {
        STATE_UNKNOWN, STATE_DETACHING, STATE_BUSY, STATE_VFIO, STATE_STUB, STATE_HOST, STATE_UNBOUND,
} State;
typedef enum Readiness {
        READINESS_UNKNOWN, READINESS_READY, READINESS_PREPARABLE, READINESS_NEEDS_CONSENT,
        READINESS_BLOCKED,
        READINESS_DEGRADED, /* of a host only */
} Readiness;
typedef enum BlockReason {
        BLOCK_HOST_DRIVER, BLOCK_BRIDGE_DRIVER, BLOCK_PLATFORM_DRIVER, BLOCK_DETACHING,
} BlockReason;
typedef enum Manager { MANAGER_NONE, MANAGER_VFIOD, MANAGER_DRIVERCTL, MANAGER_KERNEL_IDS, MANAGER_OTHER } Manager;
typedef enum IommuState {
        IOMMU_UNKNOWN, IOMMU_ENABLED, IOMMU_DISABLED_BY_COMMAND_LINE, IOMMU_DISABLED_BY_DEFAULT,
        IOMMU_DISABLED_BY_FIRMWARE, IOMMU_UNSUPPORTED, IOMMU_FAILED,
} IommuState;
typedef enum IommuKind {
        IOMMU_KIND_NONE, IOMMU_KIND_INTEL, IOMMU_KIND_AMD, IOMMU_KIND_SMMU, IOMMU_KIND_VIRTIO,
        IOMMU_KIND_OTHER,
} IommuKind;

/* The words of the interface for each value; never NULL. */
const char *severity_text(Severity v);
const char *verdict_text(Verdict v);
const char *role_text(Role v);
const char *state_text(State v); /* STATE_UNKNOWN: "" */
const char *readiness_text(Readiness v);
const char *block_reason_text(BlockReason v);
const char *manager_text(Manager v); /* MANAGER_NONE: "" */
const char *iommu_state_text(IommuState v);
const char *iommu_kind_text(IommuKind v);
/* "enabled", "disabled", "unknown" */
const char *switch_text(Fact v);
/* "yes", "no", "unknown" */
const char *fact_text(Fact v);

/* What a finding about a use of the host means for a plan. */
typedef enum HazardClass {
        HAZARD_NONE,   /* the finding is about something else */
        HAZARD_ACCEPT, /* refused unless it is accepted by name */
        HAZARD_NEVER,  /* refused whatever is accepted */
} HazardClass;
const char *hazard_class_text(HazardClass v); /* HAZARD_NONE: "" */

typedef struct Finding {
        const char *id; /* one of finding-ids.h */
        Severity severity;
        HazardClass class;
        char *message; /* one sentence */
        char **evidence;
        size_t n_evidence;
        char *remedy;  /* what has to change; "" if nothing has to */
        char *address; /* the device it is about; NULL if none */
        uint64_t count; /* how often it was seen; 0: not counted */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n_items;
} Findings;

/* Appends a finding; message, remedy and address are copied. address may be NULL.
 * Returns: 0 or -ENOMEM. */
int findings_add(Findings *f, const char *id, Severity severity, const char *address,
                 const char *message, const char *remedy);
/* Appends a line of evidence to the last finding. Returns: 0 or -ENOMEM. */
int findings_evidence(Findings *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends copies of all of src. Returns: 0 or -ENOMEM. */
int findings_append(Findings *dst, const Findings *src);
void findings_clear(Findings *f);
bool findings_equal(const Findings *a, const Findings *b);
/* Returns: the first finding of that severity or id, or NULL. */
const Finding *findings_first(const Findings *f, Severity severity);
const Finding *findings_find(const Findings *f, const char *id);

/* A member that keeps its group from being viable. */
typedef struct Blocker {
        char *member; /* address, or the name of a member that is no PCI function */
        char *driver;
        BlockReason reason;
        const struct DeviceReport *report; /* of the member, borrowed from the group's report; NULL
                                            * for one that is no PCI function */
} Blocker;

typedef struct DeviceReport {
        unsigned n_ref;
        Device *device; /* reference */
        Role role;
        State state;
        Readiness readiness;
        Manager managed_by;
        bool persisted; /* to be prepared at every boot */
        Text host_driver; /* what release restores: recorded, else the host driver bound now */
        Fact in_use;      /* of its group */
        Holder *holders;  /* those of its group, if the device is on VFIO */
        size_t n_holders;
        Address *virtual_functions;
        size_t n_virtual_functions;
        bool cdev; /* VFIO devices have character devices of their own */
        Findings findings;
} DeviceReport;

typedef struct GroupReport {
        unsigned n_ref;
        Group *group; /* reference */
        Verdict verdict;
        Blocker *blockers;
        size_t n_blockers;
        bool type1; /* the group has, or will have, a node of its own */
        Findings findings;
        DeviceReport **members; /* references, sorted by address */
        size_t n_members;
} GroupReport;

typedef struct HostReport {
        Text kernel_release, command_line;
        Readiness readiness; /* ready, degraded, blocked, unknown */
        IommuState iommu_state;
        IommuKind iommu_kind;
        Fact interrupt_remapping, posted_interrupts;
        Fact unsafe_interrupts;
        char *default_domain; /* the kernel's word, "mixed", or "" */
        bool type1, iommufd, cdev;
        Findings findings;
        Fact denylist_disabled;   /* vfio-pci takes what its list refuses, or will when it is loaded */
        struct IdRules *id_rules; /* ids that vfio-pci is told to take: owners.h */
} HostReport;

typedef struct Report {
        HostReport *host;
        GroupReport **groups;   /* sorted by id */
        size_t n_groups;
        DeviceReport **devices; /* sorted by address, every device, grouped or not */
        size_t n_devices;
} Report;

DeviceReport *device_report_unref(DeviceReport *d);
DeviceReport *device_report_ref(DeviceReport *d);
GroupReport *group_report_unref(GroupReport *g);
HostReport *host_report_free(HostReport *h);
Report *report_free(Report *r);

/* Returns: borrowed from r, or NULL. */
DeviceReport *report_find_device(const Report *r, const Address *a);
GroupReport *report_find_group(const Report *r, unsigned id);
