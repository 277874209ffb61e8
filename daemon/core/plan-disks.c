/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "finding-ids.h"
#include "hazards.h"
#include "plan-parts.h"
#include "rules.h"
#include "text.h"

/* Returns: true if the device has disks, or may have. */
static bool has_disks(const Device *d) {
        if (device_is_storage(d))
                return true;
        for (size_t i = 0; i < d->uses.n_items; i++) {
                UseCategory c = use_category(d->uses.items[i].kind, d->uses.items[i].object);

                if (c == USES_STORAGE || c == USES_CLAIM || c == USES_DATA)
                        return true;
        }
        return false;
}

int plan_note_disks(Plan *p, const Host *h) {
        char text[ADDRESS_TEXT_MAX], asked[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->n_members; i++) {
                const Device *d = host_find_device(h, &p->members[i].address);
                char *remedy;

                if (!d || !hazard_applies(d) || !has_disks(d))
                        continue;
                remedy = text_printf("sudo vfioctl plan %s", address_format(&p->address, asked));
                r = remedy ? findings_addf(&p->findings, FINDING_DISK_NOT_OPENED, SEVERITY_UNKNOWN,
                                           &d->address, remedy,
                                           "The disks of %s were not opened for this plan: what "
                                           "the kernel keeps of them, and data that udev has not seen, "
                                           "is looked for by prepare.",
                                           address_format(&d->address, text))
                           : -ENOMEM;
                free(remedy);
        }
        return r;
}
