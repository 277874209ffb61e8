/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Single lines of files that say how a host is set up. Everything here is pure. Texts that are
 * returned lie in the line, which is changed.
 */

/* /proc/iomem, "  c0000000-c07e8fff : BOOTFB": a range that is claimed for a frame buffer of the
 * firmware. Returns: true and the range (0-0: hidden from who reads it) and its owner. */
bool setup_text_frame_buffer(char *line, uint64_t *ret_start, uint64_t *ret_end, char **ret_owner);

/* The attribute resource of a PCI device, "0x… 0x… 0x…". Returns: true and the range if it is one of
 * memory. */
bool setup_text_resource(const char *line, uint64_t *ret_start, uint64_t *ret_end);

/* modules.alias, "alias vfio_pci:v…i… MODULE". Returns: true and both. */
bool setup_text_variant(char *line, char **ret_pattern, char **ret_module);

typedef enum SetupModprobe { MODPROBE_NOTHING, MODPROBE_IDS, MODPROBE_SOFTDEP } SetupModprobe;

/* A line of modprobe.d, continued ones joined: options of vfio-pci with ids, or a soft dependency
 * that has vfio-pci loaded before another module. Returns: which, and the ids or that module. */
SetupModprobe setup_text_modprobe(char *line, char **ret_value);

/* A line of limits.conf that says how much memory a process may lock to begin with. Returns: true,
 * its domain, and how many bytes (UINT64_MAX: as many as it likes). */
bool setup_text_limit(char *line, char **ret_domain, uint64_t *ret_bytes);

/* A line of systemd's system.conf, "DefaultLimitMEMLOCK=8M:16M". Returns: as above. */
bool setup_text_default_limit(char *line, uint64_t *ret_bytes);
