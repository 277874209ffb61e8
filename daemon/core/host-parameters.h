/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parameters.h"
#include "report.h"

/* What the command line means for a host; not for anybody outside core. */

/* Evaluates the host's command line. The vendor is told by the IOMMU that is on, else by the ACPI
 * table that describes one; CPU flags lie in guests. Returns: 0 and the value (NULL if the line is
 * not known), -E2BIG or -ENOMEM. */
int host_parameters(const Host *h, Parameters **ret);

/* Returns: whose IOMMU it is, told as above. */
CpuVendor host_vendor(const Host *h);

/* Adds a finding for every word that does nothing, does harm, is not known or contradicts another,
 * and for ids that take several devices. Returns: 0 or -ENOMEM. */
int find_parameters(const Host *h, const Parameters *p, Findings *findings);

/* Adds a finding if one entry of ids takes several devices. Returns: 0 or -ENOMEM. */
int find_caught(const Host *h, const ParameterId *id, Findings *findings);
