/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "checks.h"
#include "finding-ids.h"
#include "hold.h"
#include "owners.h"
#include "text.h"

/* Soft dependencies have vfio-pci loaded first: they are how ids win against another driver. */
static int cite_softdeps(const Check *c) {
        const Setup *setup = host_setup(c->h);
        int r = 0;

        for (size_t i = 0; r >= 0 && i < setup->n_owners; i++)
                if (setup->owners[i].kind == OWNER_SOFTDEP)
                        r = findings_evidence(&c->d->findings, "%s:%u: softdep %s pre: vfio-pci",
                                              setup->owners[i].file, setup->owners[i].line,
                                              setup->owners[i].value);
        return r;
}

static int find_driverctl(const Check *c, const DeviceOwner *o) {
        const Device *d = c->d->device;
        char address[ADDRESS_TEXT_MAX], remedy[64 + ADDRESS_TEXT_MAX];
        int r;

        strcpy(remedy, "sudo driverctl unset-override ");
        strcat(remedy, address_format(&d->address, address));
        r = findings_addf(&c->d->findings, FINDING_FOREIGN_OWNER, SEVERITY_INFO, &d->address, remedy,
                          text_is(&d->driver_override, o->value)
                                  ? "driverctl keeps the device for %s; vfiod restores that "
                                    "override on release."
                                  : "driverctl gives the device to %s when it appears, at every "
                                    "boot.", o->value);
        return r < 0 ? r : findings_evidence(&c->d->findings, "%s:%u: %s", o->file, o->line,
                                             o->value);
}

static int find_ids(const Check *c, const DeviceOwner *o) {
        const Device *d = c->d->device;
        int r = findings_addf(&c->d->findings, FINDING_FOREIGN_OWNER, SEVERITY_INFO, &d->address,
                              o->line ? "Take the id out of that line, make the initramfs anew "
                                        "and boot again."
                                      : "Take the id off the kernel command line and boot again.",
                              text_is(&d->driver, "vfio-pci")
                                      ? "vfio-pci is told to take every device with these ids."
                                      : "vfio-pci is told to take every device with these ids; it "
                                        "came too late for this one.");

        if (r < 0)
                return r;
        if (!o->line)
                return findings_evidence(&c->d->findings, "%s: vfio-pci.ids=%s", o->file, o->value);
        r = findings_evidence(&c->d->findings, "%s:%u: options vfio-pci ids=%s", o->file, o->line,
                              o->value);
        return r < 0 ? r : cite_softdeps(c);
}

int check_owner(const Check *c) {
        const Device *d = c->d->device;
        DeviceOwner owner;

        if (owner_find(c->h, c->host, d, &owner))
                return owner.kind == OWNER_DRIVERCTL ? find_driverctl(c, &owner)
                                                     : find_ids(c, &owner);
        /* Bound to VFIO, and nothing says by whom: vfiod leaves it there. */
        if ((!on_vfio(c->d) && c->d->state != STATE_STUB) || host_find_managed(c->h, &d->address) ||
            d->driver_override.fact != FACT_ABSENT)
                return 0;
        return findings_addf(&c->d->findings, FINDING_FOREIGN_OWNER, SEVERITY_INFO, &d->address,
                             "Give it back by what took it, or prepare it with vfiod from the next "
                             "boot on.",
                             "Somebody else bound the device to %s; no configuration that vfiod "
                             "knows says who.", text_or_empty(&d->driver));
}

int check_override(const Check *c) {
        const Device *d = c->d->device;
        DeviceOwner owner;

        if (d->driver_override.fact != FACT_PRESENT || host_find_managed(c->h, &d->address) ||
            text_is(&d->driver_override, HOLD_OVERRIDE))
                return 0;
        /* Whose it is has been said then. */
        if (owner_holds(c->h, c->host, d, &owner))
                return 0;
        return findings_addf(&c->d->findings, FINDING_FOREIGN_OVERRIDE, SEVERITY_INFO, &d->address,
                             "", "Somebody else set driver_override to %s; it is kept and restored.",
                             d->driver_override.value);
}
