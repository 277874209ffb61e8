/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"

/* What iommufd is good for without type1: opening devices by their own nodes
 * (drivers/vfio/device_cdev.c), or serving /dev/vfio/vfio (drivers/iommu/iommufd/vfio_compat.c). */
static Fact iommufd_serves(const Host *h) {
        Fact container = host_setup(h)->compatible_container;

        if (h->iommufd != FACT_PRESENT)
                return h->iommufd;
        if (h->cdev == FACT_PRESENT || container == FACT_PRESENT)
                return FACT_PRESENT;
        return h->cdev == FACT_ABSENT && container == FACT_ABSENT ? FACT_ABSENT : FACT_UNKNOWN;
}

Fact backend_of(const Host *h) {
        Fact iommufd = iommufd_serves(h);

        if (h->type1 == FACT_PRESENT || iommufd == FACT_PRESENT)
                return FACT_PRESENT;
        return h->type1 == FACT_ABSENT && iommufd == FACT_ABSENT ? FACT_ABSENT : FACT_UNKNOWN;
}
