/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "finding-ids.h"
#include "text.h"

/* Returns: whether the kernel can reset this function alone. The files "reset" and, since 5.15,
 * "reset_method" are there if it can (drivers/pci/pci-sysfs.c, pci_dev_reset_attr_is_visible());
 * that list can be emptied by hand later. */
static Fact can_reset(const Check *c) {
        const Device *d = c->d->device;

        if (d->reset_methods.fact == FACT_PRESENT)
                return FACT_PRESENT;
        if (d->reset == FACT_ABSENT)
                return FACT_ABSENT;
        if (d->reset_methods.fact == FACT_ABSENT && kernel_version(&c->h->kernel_release) >= 5015)
                return FACT_ABSENT;
        return d->reset;
}

/* Returns: true if the other function would be with VFIO when this one is used: it is, or it moves
 * along. For a reset of the bus VFIO must have all that is on it
 * (drivers/vfio/pci/vfio_pci_core.c, vfio_pci_dev_set_resettable()). */
static bool comes_along(const Check *c, const Device *other) {
        if (other->driver.fact != FACT_PRESENT)
                return false;
        if (is_vfio_driver(other->driver.value, other))
                return true;
        return !on_vfio(c->d) && c->d->device->grouped == FACT_PRESENT &&
               other->grouped == FACT_PRESENT && other->group == c->d->device->group &&
               same_slot_functions(c->d->device, other) && device_role(other) == ROLE_ENDPOINT;
}

/* Lists the others on the bus: all, or only those that VFIO would not have. Returns: a new string,
 * or NULL when memory is short. */
static char *list_others(const Check *c, bool all, size_t *ret_n) {
        char address[ADDRESS_TEXT_MAX], *text = NULL;
        Device *const *devices;
        size_t n = host_bus_devices(c->h, &c->d->device->address, &devices), size;
        FILE *f = open_memstream(&text, &size);

        *ret_n = 0;
        if (!f)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                if (devices[i] == c->d->device || (!all && comes_along(c, devices[i])))
                        continue;
                if ((*ret_n)++ < BLOCKERS_NAMED)
                        fprintf(f, "%s%s", *ret_n > 1 ? ", " : "",
                                address_format(&devices[i]->address, address));
        }
        if (*ret_n > BLOCKERS_NAMED)
                fprintf(f, " and %zu more", *ret_n - BLOCKERS_NAMED);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

static int find_shared(const Check *c, const char *all, const char *missing, size_t n_missing) {
        const Address *a = &c->d->device->address;

        if (n_missing == 0)
                return findings_addf(&c->d->findings, FINDING_NO_RESET, SEVERITY_INFO, a,
                                     "Give all of them to the same VM.",
                                     "The kernel can reset the device only together with %s, by "
                                     "its bus.", all);
        return findings_addf(&c->d->findings, FINDING_NO_RESET, SEVERITY_WARNING, a,
                             "Give these to VFIO too, and to the same VM.",
                             "The kernel can reset the device only by its bus, and not even so "
                             "while %s %s not with VFIO: a second start of a VM may fail.", missing,
                             n_missing == 1 ? "is" : "are");
}

/* Not fatal: VFIO starts without it (vfio_pci_core_enable()), and the device is as its last user left
 * it. */
int check_reset(const Check *c) {
        const Device *d = c->d->device;
        char *all, *missing, address[ADDRESS_TEXT_MAX];
        size_t n_all, n_missing;
        int r;

        if (c->d->role != ROLE_ENDPOINT || d->grouped == FACT_ABSENT || can_reset(c) != FACT_ABSENT)
                return 0;
        all = list_others(c, true, &n_all);
        missing = list_others(c, false, &n_missing);
        if (!all || !missing)
                r = -ENOMEM;
        else if (n_all > 0 && d->below_bridge != FACT_ABSENT)
                r = find_shared(c, all, missing, n_missing);
        else
                r = findings_addf(&c->d->findings, FINDING_NO_RESET, SEVERITY_WARNING, &d->address,
                                  "Look for a newer firmware, or for a module that resets this "
                                  "model (vendor-reset).",
                                  "The kernel has no way to reset the device: a second start of a "
                                  "VM may fail.");
        if (r >= 0)
                r = findings_evidence(&c->d->findings,
                                      d->reset == FACT_PRESENT
                                              ? "/sys/bus/pci/devices/%s/reset_method is empty"
                                              : "/sys/bus/pci/devices/%s/reset is not there",
                                      address_format(&d->address, address));
        free(all);
        free(missing);
        return r;
}
