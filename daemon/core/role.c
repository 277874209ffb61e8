/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

Role device_role(const Device *d) {
        uint32_t class = d->ids == FACT_PRESENT ? d->class_code >> 8 : 0;

        if (d->bridge == FACT_PRESENT)
                return ROLE_BRIDGE;
        /* Without the header type, the class tells PCI-PCI and CardBus bridges. */
        if (d->bridge == FACT_UNKNOWN && (class == 0x0604 || class == 0x0607 || class == 0x0609))
                return ROLE_BRIDGE;
        if (d->ids != FACT_PRESENT)
                return ROLE_ENDPOINT;
        if (class == 0x0600)
                return ROLE_HOST_BRIDGE;
        /* ISA bridge, other bridge (LPC and the like), SMBus, SPI, system peripherals. */
        if (class == 0x0601 || class == 0x0680 || class == 0x0c05 || class == 0x0c80 ||
            class >> 8 == 0x08)
                return ROLE_PLATFORM;
        return ROLE_ENDPOINT;
}

bool device_is_storage(const Device *d) {
        return d->ids != FACT_PRESENT || d->class_code >> 16 == 0x01 || d->class_code >> 8 == 0x0c04;
}

bool same_slot_functions(const Device *a, const Device *b) {
        /* With ARI, virtual functions stand in the slot of their physical function. */
        if (a->virtual_function != FACT_ABSENT || b->virtual_function != FACT_ABSENT)
                return false;
        return address_same_slot(&a->address, &b->address);
}
