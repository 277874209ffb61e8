/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parameters.h"
#include "report.h"

/* What holds of the IOMMU and of interrupts on a host; not for anybody outside core. p is what the
 * command line asks for, NULL if that is not known. */

/* Sets state and kind of the IOMMU, and adds a finding if none is on. What is measured decides; the
 * log does where nothing could be. Returns: 0 or -ENOMEM. */
int evaluate_iommu(const Host *h, const Parameters *p, HostReport *r);

/* Sets interrupt_remapping, unsafe_interrupts and posted_interrupts, and adds a finding if interrupts
 * are not remapped. State and kind of the IOMMU must be set. Returns: 0 or -ENOMEM. */
int evaluate_interrupts(const Host *h, const Parameters *p, HostReport *r);

/* Returns: whether interrupts can be posted to a running guest, as far as the IOMMU goes. */
Fact posted_interrupts(const Host *h, const Parameters *p, const HostReport *r);
