/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "finding-ids.h"
#include "hazards.h"
#include "log-findings.h"
#include "private.h"
#include "rules.h"
#include "text.h"

/*
 * Readiness of a device. Each check below looks at one thing and adds at most one finding; the
 * findings then decide. A check that does not know says so: what is not measured is never ready.
 */

bool on_vfio(const DeviceReport *d) {
        return d->state == STATE_VFIO || d->state == STATE_BUSY;
}

static int check_facts(const Check *c) {
        const Device *d = c->d->device;

        if (d->ids == FACT_PRESENT && d->driver.fact != FACT_UNKNOWN &&
            d->virtual_function != FACT_UNKNOWN && d->bridge != FACT_UNKNOWN && d->grouped != FACT_UNKNOWN &&
            (d->grouped == FACT_ABSENT || c->g))
                return 0;
        return findings_addf(&c->d->findings, FINDING_DEVICE_FACTS_UNKNOWN, SEVERITY_UNKNOWN,
                             &d->address, "Run vfiod as root, or see why sysfs cannot be read.",
                             "What this device is, its driver or its group could not be read.");
}

static int check_candidate(const Check *c) {
        static const char *const what[] = { [ROLE_BRIDGE] = "a bridge",
                                            [ROLE_HOST_BRIDGE] = "a host bridge",
                                            [ROLE_PLATFORM] = "a part of the platform" };

        if (c->d->role == ROLE_ENDPOINT)
                return 0;
        return findings_addf(&c->d->findings, FINDING_NOT_A_CANDIDATE, SEVERITY_BLOCKER,
                             &c->d->device->address, "",
                             "This is %s: it stays with the host and is never given to a VM.",
                             what[c->d->role]);
}

static int check_group(const Check *c) {
        if (c->d->device->grouped != FACT_ABSENT)
                return 0;
        if (c->host->iommu_state == IOMMU_ENABLED)
                return findings_addf(&c->d->findings, FINDING_NO_IOMMU_GROUP, SEVERITY_BLOCKER,
                                     &c->d->device->address,
                                     "Look for a kernel parameter that takes the device out of "
                                     "translation, such as intel_iommu=igfx_off.",
                                     "The device is in no IOMMU group although the IOMMU is on.");
        return findings_addf(&c->d->findings, FINDING_NO_IOMMU_GROUP, SEVERITY_BLOCKER,
                             &c->d->device->address, "See vfioctl check for why the IOMMU is off.",
                             c->host->iommu_state != IOMMU_UNKNOWN || c->h->iommu == FACT_ABSENT
                                     ? "The device is in no IOMMU group: no IOMMU is on."
                                     : "The device is in no IOMMU group.");
}

static int check_noiommu(const Check *c) {
        if (!c->g || !text_is(&c->g->group->name, "vfio-noiommu"))
                return 0;
        return findings_addf(&c->d->findings, FINDING_NOIOMMU, SEVERITY_BLOCKER,
                             &c->d->device->address,
                             "Turn the IOMMU on, and vfio.enable_unsafe_noiommu_mode off.",
                             "Group %u has no IOMMU: the device could write to all memory, and no "
                             "VM can use it.", c->g->group->id);
}

static int check_use(const Check *c) {
        char *who;
        int r;

        if (!c->g || c->g->group->in_use == FACT_ABSENT)
                return 0;
        if (c->g->group->in_use == FACT_UNKNOWN)
                return findings_addf(&c->d->findings, FINDING_USE_UNKNOWN, SEVERITY_UNKNOWN,
                                     &c->d->device->address, "Run vfiod as root.",
                                     "Whether a process holds group %u could not be told.",
                                     c->g->group->id);
        who = holders_text(c->g->group);
        if (!who)
                return -ENOMEM;
        r = findings_addf(&c->d->findings, FINDING_IN_USE, SEVERITY_BLOCKER,
                          &c->d->device->address, "Stop the virtual machine first.",
                          "Group %u is in use by %s.", c->g->group->id, who);
        for (size_t i = 0; r >= 0 && i < c->g->group->n_holders; i++)
                r = findings_evidence(&c->d->findings, "/dev/vfio/%u held by "
                                      PRIVATE("process %d (%s)", "a process"),
                                      c->g->group->id, (int) c->g->group->holders[i].pid,
                                      c->g->group->holders[i].command);
        free(who);
        return r;
}

static int check_detaching(const Check *c) {
        const char *from = host_find_unbinding(c->h, &c->d->device->address);

        if (c->d->state != STATE_DETACHING)
                return 0;
        return findings_addf(&c->d->findings, FINDING_DETACHING, SEVERITY_BLOCKER,
                             &c->d->device->address,
                             "Stop what still uses the device; killing the writer does not help.",
                             "The device is being taken from %s, and that has not ended.",
                             from ? from : "its driver");
}

/* Returns: whether this kernel refuses a group whose firmware asks for a 1:1 mapping: all since 6.6
 * (drivers/iommu/iommu.c, __iommu_device_set_domain()), before it VT-d only
 * (drivers/iommu/intel/iommu.c, intel_iommu_attach_device()). */
static Fact refuses_direct(const Check *c) {
        int version = kernel_version(&c->h->kernel_release);

        if (version >= 6006 || c->host->iommu_kind == IOMMU_KIND_INTEL)
                return FACT_PRESENT;
        return version < 0 ? FACT_UNKNOWN : FACT_ABSENT;
}

static int check_firmware_mapping(const Check *c) {
        Fact refuses = refuses_direct(c);
        int r;

        if (!c->g || refuses == FACT_ABSENT ||
            (c->g->group->reserved_known == FACT_PRESENT && c->g->group->n_direct == 0))
                return 0;
        if (c->g->group->reserved_known != FACT_PRESENT || refuses == FACT_UNKNOWN)
                return findings_addf(&c->d->findings, FINDING_FIRMWARE_MAPPING_UNKNOWN,
                                     SEVERITY_UNKNOWN, &c->d->device->address, "",
                                     "Whether the firmware wants a 1:1 mapping for group %u could "
                                     "not be read.", c->g->group->id);
        r = findings_addf(&c->d->findings, FINDING_FIRMWARE_MAPPING, SEVERITY_BLOCKER,
                          &c->d->device->address,
                          "Ask the vendor for a firmware without it, or use another slot.",
                          "The firmware wants a 1:1 mapping for group %u, and this kernel refuses "
                          "to give such a device to a VM.", c->g->group->id);
        return r < 0 ? r
                     : findings_evidence(&c->d->findings,
                                         "/sys/kernel/iommu_groups/%u/reserved_regions: %s",
                                         c->g->group->id, c->g->group->direct_region);
}

static int check_interrupts(const Check *c) {
        if (c->d->device->grouped == FACT_ABSENT || c->host->unsafe_interrupts == FACT_PRESENT ||
            c->host->interrupt_remapping == FACT_PRESENT)
                return 0;
        if (c->host->interrupt_remapping == FACT_UNKNOWN ||
            c->host->unsafe_interrupts == FACT_UNKNOWN)
                return findings_addf(&c->d->findings, FINDING_INTERRUPT_REMAPPING_UNKNOWN,
                                     SEVERITY_UNKNOWN, &c->d->device->address, "",
                                     "Whether interrupts are remapped could not be told.");
        return findings_addf(&c->d->findings, FINDING_NO_INTERRUPT_REMAPPING, SEVERITY_BLOCKER,
                             &c->d->device->address, "See vfioctl check.",
                             "Interrupt remapping is off: VFIO refuses every device "
                             "(VFIO_SET_IOMMU: Operation not permitted).");
}

static int find_virtual_functions(const Check *c) {
        char text[ADDRESS_TEXT_MAX];
        size_t n = c->d->n_virtual_functions;
        int r = findings_addf(&c->d->findings,
                              on_vfio(c->d) ? FINDING_VF_TOKEN_REQUIRED : FINDING_PF_WITH_VFS,
                              SEVERITY_BLOCKER, &c->d->device->address,
                              "Remove its virtual functions: write 0 to sriov_numvfs.",
                              "The device has %zu virtual functions: %s.", n,
                              on_vfio(c->d) ? "opening it needs a VF token"
                                            : "VFIO does not take it with them");

        for (size_t i = 0; r >= 0 && i < n && i < BLOCKERS_NAMED; i++)
                r = findings_evidence(&c->d->findings, "virtual function %s",
                                      address_format(&c->d->virtual_functions[i], text));
        if (r >= 0 && n > BLOCKERS_NAMED)
                r = findings_evidence(&c->d->findings, "and %zu more", n - BLOCKERS_NAMED);
        return r;
}

static int check_functions(const Check *c) {
        const Device *d = c->d->device, *pf;
        char text[ADDRESS_TEXT_MAX];

        if (c->d->n_virtual_functions > 0)
                return find_virtual_functions(c);
        if (d->virtual_function != FACT_PRESENT)
                return 0;
        pf = host_find_device(c->h, &d->physical_function);
        if (!pf || pf->driver.fact == FACT_UNKNOWN)
                return findings_addf(&c->d->findings, FINDING_DEVICE_FACTS_UNKNOWN,
                                     SEVERITY_UNKNOWN, &d->address, "",
                                     "Whether its physical function is on VFIO could not be read.");
        if (pf->driver.fact != FACT_PRESENT || !is_vfio_driver(pf->driver.value, pf))
                return 0;
        return findings_addf(&c->d->findings, FINDING_VF_TOKEN_REQUIRED, SEVERITY_BLOCKER,
                             &d->address, "Give the physical function back to its host driver.",
                             "Its physical function %s is on VFIO: opening this one needs a VF "
                             "token.", address_format(&pf->address, text));
}

/* Whether DMA of the device is coherent with the caches, which VFIO requires. Intel's and AMD's
 * IOMMUs always say yes (intel_iommu_capable(), amd_iommu_capable()); elsewhere a registration with
 * VFIO since 6.1 proves it (drivers/vfio/vfio_main.c, __vfio_register_dev()). */
static int check_coherency(const Check *c) {
        if (c->d->device->grouped == FACT_ABSENT || c->host->iommu_kind == IOMMU_KIND_INTEL ||
            c->host->iommu_kind == IOMMU_KIND_AMD || c->host->iommu_kind == IOMMU_KIND_VIRTIO ||
            c->d->device->vfio_device == FACT_PRESENT)
                return 0;
        return findings_addf(&c->d->findings, FINDING_COHERENCY_UNKNOWN, SEVERITY_UNKNOWN,
                             &c->d->device->address, "",
                             "Whether the device's DMA is cache coherent shows only once it is "
                             "bound to VFIO.");
}

/* VFIO wakes a device when it takes it (drivers/vfio/pci/vfio_pci_core.c,
 * vfio_pci_core_register_device()): one that is in no state it knows of afterwards is dead, or says
 * nothing of itself. Kernels before 5.10 have no such file. */
static int check_power(const Check *c) {
        const Text *power = &c->d->device->power_state;

        if (!on_vfio(c->d) || power->fact == FACT_ABSENT)
                return 0;
        if (text_is(power, "error"))
                return findings_addf(&c->d->findings, FINDING_POWER_STATE, SEVERITY_BLOCKER,
                                     &c->d->device->address,
                                     "Only turning the machine off and on may help.",
                                     "The device does not answer: its power state is an error.");
        if (power->fact == FACT_PRESENT && !text_is(power, "unknown"))
                return 0;
        return findings_addf(&c->d->findings, FINDING_POWER_STATE_UNKNOWN, SEVERITY_UNKNOWN,
                             &c->d->device->address, "",
                             "The power state of the device is not known.");
}

/* A VM needs one of the two interfaces. */
static int check_backend(const Check *c) {
        Fact there = backend_of(c->h);

        if (c->d->device->grouped == FACT_ABSENT || there == FACT_PRESENT)
                return 0;
        if (there == FACT_ABSENT)
                return findings_addf(&c->d->findings, FINDING_NO_BACKEND, SEVERITY_BLOCKER,
                                     &c->d->device->address, "See vfioctl check.",
                                     "Neither vfio_iommu_type1 nor iommufd can be had.");
        return findings_addf(&c->d->findings, FINDING_NO_BACKEND, SEVERITY_UNKNOWN,
                             &c->d->device->address, "",
                             "Whether vfio_iommu_type1 or iommufd can be had could not be read.");
}

static int check_verdict(const Check *c) {
        char *text;
        int r;

        if (!c->g || c->g->verdict == VERDICT_VIABLE)
                return 0;
        if (c->g->verdict == VERDICT_UNKNOWN)
                return findings_addf(&c->d->findings, FINDING_VIABILITY_UNKNOWN, SEVERITY_UNKNOWN,
                                     &c->d->device->address, "Run vfiod as root.",
                                     "Whether group %u is viable could not be told.",
                                     c->g->group->id);
        text = blockers_text(c->g, c->d->device, 1u << BLOCKER_NEVER, true, ", ", BLOCKERS_NAMED);
        if (!text)
                return -ENOMEM;
        r = !*text ? 0
                   : findings_addf(&c->d->findings, FINDING_BLOCKED_BY_PLATFORM, SEVERITY_BLOCKER,
                                   &c->d->device->address,
                                   "Use a device in another group, or another slot.",
                                   "Group %u also holds %s, which vfiod never moves.",
                                   c->g->group->id, text);
        free(text);
        return r;
}

/* Members elsewhere than in the device's slot move only if they are named. */
static int check_consent(const Check *c) {
        char *with_driver, *names, address[ADDRESS_TEXT_MAX], *remedy;
        int r = 0;

        if (!c->g || c->g->verdict != VERDICT_BLOCKED || c->d->role != ROLE_ENDPOINT)
                return 0;
        with_driver = blockers_text(c->g, c->d->device, 1u << BLOCKER_CONSENT, true, ", ",
                                    BLOCKERS_NAMED);
        names = blockers_text(c->g, c->d->device, 1u << BLOCKER_CONSENT, false, ",",
                              BLOCKERS_NAMED);
        /* Longer lists are for --group. */
        remedy = names && strstr(names, " and ")
                         ? text_printf("vfioctl prepare %s --group",
                                       address_format(&c->d->device->address, address))
                         : text_printf("vfioctl prepare %s --with %s",
                                       address_format(&c->d->device->address, address),
                                       names ? names : "");
        if (!with_driver || !names || !remedy)
                r = -ENOMEM;
        else if (*names)
                r = findings_addf(&c->d->findings, FINDING_MEMBER_NEEDS_CONSENT, SEVERITY_WARNING,
                                  &c->d->device->address, remedy,
                                  "Group %u also holds %s, which would be taken from the host.",
                                  c->g->group->id, with_driver);
        free(with_driver);
        free(names);
        free(remedy);
        return r;
}

/* What the host would lose by a prepare: of the device itself, and of those that would move along. */
static int check_hazards(const Check *c) {
        const Device *d = c->d->device;
        size_t n = 0;
        int r = 0;

        if (hazard_applies(d))
                r = hazard_findings(d, &d->address, &c->d->findings);
        if (!c->g || c->d->role != ROLE_ENDPOINT)
                return r;
        for (size_t i = 0; r >= 0 && i < c->g->n_blockers && n < BLOCKERS_NAMED; i++) {
                const Blocker *b = &c->g->blockers[i];
                BlockerKind kind = blocker_kind(b, d);

                if (!b->report || b->report->device == d || !hazard_applies(b->report->device) ||
                    (kind != BLOCKER_SLOT && kind != BLOCKER_CONSENT))
                        continue;
                n++;
                r = hazard_findings_of_member(b->report->device, d, &c->d->findings);
        }
        return r;
}

/* Returns: true if a member of the group is on VFIO. */
static bool group_on_vfio(const GroupReport *g) {
        for (size_t i = 0; i < g->n_members; i++) {
                const Device *d = g->members[i]->device;

                if (d->driver.fact == FACT_PRESENT && is_vfio_driver(d->driver.value, d))
                        return true;
        }
        return false;
}

/* An unbound member keeps the group viable until a module is loaded that takes it; an override pins
 * it. Bridges and platform devices stand unbound for good on most machines: not worth a warning. */
static int check_unpinned(const Check *c) {
        const Device *d = c->d->device;

        if (!c->g || d->driver.fact != FACT_ABSENT || c->d->role != ROLE_ENDPOINT ||
            d->driver_override.fact == FACT_PRESENT || !group_on_vfio(c->g))
                return 0;
        return findings_addf(&c->d->findings, FINDING_UNPINNED_MEMBER, SEVERITY_WARNING,
                             &d->address, "Prepare this device too, and it stays where it is.",
                             "It has no driver; loading a module that takes it would make group %u "
                             "not viable.", c->g->group->id);
}

static int check_log(const Check *c) {
        return find_device_log(c->h, c->d);
}

static int (*const checks[])(const Check *) = {
        check_facts,      check_candidate,  check_group,     check_noiommu,
        check_use,        check_detaching,  check_verdict,   check_interrupts,
        check_firmware_mapping, check_functions, check_coherency, check_backend, check_power,
        check_hazards,
        check_consent,    check_owner,      check_override,  check_unpinned,
        check_reset,      check_d3cold,     check_frame_buffer, check_variant,
        check_node,       check_log,        check_wish,
        check_denylist, /* where the log does not say so */
};

static bool asks_acceptance(const Findings *f) {
        for (size_t i = 0; i < f->n_items; i++)
                if (f->items[i].class == HAZARD_ACCEPT)
                        return true;
        return false;
}

/* What hinders first, then what is not known. */
static Readiness judge(const Check *c) {
        const Findings *f = &c->d->findings;

        if (findings_first(f, SEVERITY_BLOCKER))
                return READINESS_BLOCKED;
        if (findings_first(f, SEVERITY_UNKNOWN))
                return READINESS_UNKNOWN;
        if (c->d->state == STATE_VFIO && c->g && c->g->verdict == VERDICT_VIABLE)
                return READINESS_READY;
        if (findings_find(f, FINDING_MEMBER_NEEDS_CONSENT) || asks_acceptance(f))
                return READINESS_NEEDS_CONSENT;
        return READINESS_PREPARABLE;
}

int evaluate_readiness(const Host *h, const HostReport *host, const GroupReport *g,
                       DeviceReport *d) {
        const Check c = { .h = h, .host = host, .g = g, .d = d };

        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
                int r = checks[i](&c);

                if (r < 0)
                        return r;
        }
        d->readiness = judge(&c);
        return 0;
}
