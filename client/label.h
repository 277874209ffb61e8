/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model.h"
#include "text.h"

/*
 * Short words for long things. All of these return new strings, or NULL if there is no memory.
 */

/** Returns a vendor's name as people say it: "NVIDIA Corporation" is "NVIDIA". */
char *label_vendor(const char *vendor);

/** Returns a model's name as it stands on the box: "GP106 [GeForce GTX 1060 3GB]" is the latter. */
char *label_model(const char *device);

/**
 * Returns vendor and model in at most `width` columns; words that say little go first. Without
 * names, the class and the ids.
 */
char *label_device(const Style *style, const Device *device, size_t width);

/** Returns whether every one of these devices is in PCI domain 0000. */
bool label_one_domain(const Device *devices, size_t n);

/** Returns the address, without its domain if `drop` is set and the domain is 0000. No copy. */
const char *label_address(const char *address, bool drop);

/** Returns "vfioctl" and "qemu-system-x86 (4711)" lists as "a (1), b (2) and 3 more". */
char *label_holders(const HolderList *holders);

/** Returns the few words that stand for a finding in a table: "in use" for in-use. */
char *label_finding(const Finding *finding);

/** Returns ids as ranges: "1-4 9 13". They must be in ascending order. */
char *label_ranges(const int64_t ids[], size_t n);
