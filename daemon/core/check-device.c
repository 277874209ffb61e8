/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "finding-ids.h"
#include "text.h"
#include "variants.h"

/* Returns: what keeps the device awake, in a new string, or NULL when memory is short. */
static char *power_remedy(const Check *c) {
        bool idle = on_vfio(c->d) && host_setup(c->h)->idle_d3_disabled != FACT_PRESENT;
        bool allowed = c->d->device->d3cold_allowed != FACT_ABSENT;
        char address[ADDRESS_TEXT_MAX];

        address_format(&c->d->device->address, address);
        return text_printf("%s%s%s%s%s",
                           allowed ? "echo 0 | sudo tee /sys/bus/pci/devices/" : "",
                           allowed ? address : "", allowed ? "/d3cold_allowed" : "",
                           allowed && idle ? "; or: " : "",
                           idle ? "options vfio-pci disable_idle_d3=1 in /etc/modprobe.d, and bind "
                                  "it again" : "");
}

/* VFIO lets an idle device sleep as deep as the platform allows, and wakes it when it is opened
 * (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_core_enable()); some never wake from D3cold. */
int check_d3cold(const Check *c) {
        const Device *d = c->d->device;
        char *remedy;
        int r;

        if (c->d->role != ROLE_ENDPOINT || d->grouped == FACT_ABSENT ||
            !text_is(&d->power_state, "D3cold"))
                return 0;
        remedy = power_remedy(c);
        if (!remedy)
                return -ENOMEM;
        r = findings_addf(&c->d->findings, FINDING_D3COLD,
                          on_vfio(c->d) ? SEVERITY_WARNING : SEVERITY_INFO, &d->address, remedy,
                          on_vfio(c->d)
                                  ? "The device has no power (D3cold) and must wake when a VM "
                                    "starts, which some devices never do."
                                  : "The device has no power now (D3cold); binding it wakes it.");
        free(remedy);
        if (r >= 0)
                r = findings_evidence(&c->d->findings, "power_state: D3cold");
        if (r >= 0 && d->d3cold_allowed != FACT_UNKNOWN)
                r = findings_evidence(&c->d->findings, "d3cold_allowed: %d",
                                      d->d3cold_allowed == FACT_PRESENT);
        if (r >= 0 && host_setup(c->h)->idle_d3_disabled != FACT_UNKNOWN)
                r = findings_evidence(&c->d->findings, "vfio_pci.disable_idle_d3: %c",
                                      host_setup(c->h)->idle_d3_disabled == FACT_PRESENT ? 'Y'
                                                                                         : 'N');
        return r;
}

/* drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist(). Since: the first kernel that surely has
 * the model in its list; those of 6.10 went into older kernels, too. */
static const struct Denied {
        uint16_t vendor, device;
        int since, surely_since;
} denied[] = {
        { 0x8086, 0x19e2, 5009, 5009 }, /* QAT C3XXX */
        { 0x8086, 0x19e3, 5009, 5009 }, /* its virtual function */
        { 0x8086, 0x37c8, 5009, 5009 }, /* QAT C62X */
        { 0x8086, 0x37c9, 5009, 5009 },
        { 0x8086, 0x0435, 5009, 5009 }, /* QAT DH895XCC */
        { 0x8086, 0x0443, 5009, 5009 },
        { 0x8086, 0x0b25, 5009, 6010 }, /* DSA of Sapphire Rapids */
        { 0x8086, 0x0cfe, 5009, 6010 }, /* IAX of Sapphire Rapids */
};

/* Returns: whether vfio-pci refuses the model. */
static Fact is_denied(const Check *c) {
        int version = kernel_version(&c->h->kernel_release);
        Fact off = c->host->denylist_disabled;

        for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
                if (denied[i].vendor != c->d->device->vendor_id ||
                    denied[i].device != c->d->device->device_id)
                        continue;
                if (off == FACT_PRESENT || (version >= 0 && version < denied[i].since))
                        return FACT_ABSENT;
                return off == FACT_ABSENT && version >= denied[i].surely_since ? FACT_PRESENT
                                                                               : FACT_UNKNOWN;
        }
        return FACT_ABSENT;
}

int check_denylist(const Check *c) {
        Fact refused;

        if (c->d->device->ids != FACT_PRESENT || on_vfio(c->d) ||
            findings_find(&c->d->findings, FINDING_DENYLIST) ||
            strcmp(variant_best(c->h, c->d->device), "vfio-pci") != 0)
                return 0;
        refused = is_denied(c);
        if (refused == FACT_ABSENT)
                return 0;
        return findings_addf(&c->d->findings, FINDING_DENYLIST,
                             refused == FACT_PRESENT ? SEVERITY_BLOCKER : SEVERITY_UNKNOWN,
                             &c->d->device->address,
                             "vfio_pci.disable_denylist=1 overrules that, at your own risk.",
                             refused == FACT_PRESENT
                                     ? "vfio-pci refuses this model, since it is not safe in a "
                                       "guest's hands."
                                     : "Whether this kernel's vfio-pci refuses this model could not "
                                       "be told.");
}

int check_variant(const Check *c) {
        const Device *d = c->d->device;
        const char *best;

        if (c->d->role != ROLE_ENDPOINT || d->grouped == FACT_ABSENT)
                return 0;
        best = variant_best(c->h, d);
        if (strcmp(best, "vfio-pci") == 0 || text_is(&d->driver, best))
                return 0;
        return findings_addf(&c->d->findings, FINDING_VFIO_VARIANT_DRIVER, SEVERITY_INFO,
                             &d->address,
                             on_vfio(c->d) ? "Release it and prepare it again to change to that."
                                           : "",
                             on_vfio(c->d) ? "%s is made for this device, and it is on %s."
                                           : "%s is made for this device: vfiod takes it unless "
                                             "another driver is named.%s", best,
                             on_vfio(c->d) ? text_or_empty(&d->driver) : "");
}
