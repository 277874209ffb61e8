/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "core/address.h"
#include "core/fact.h"

/*
 * What a probe's child tells its parent: one line of text per fact, "KEY SUBJECT FACT NUMBER
 * VALUE", with one space between. The subject is an address, a group's number or "-", as the key
 * demands; the value is the rest of the line, with "\n" and "\\" for a newline and a backslash.
 * Pure.
 */
typedef enum ProbeKey {
        /* of the host */
        PROBE_KEY_SYMBOL,
        PROBE_KEY_REMAPPING,
        PROBE_KEY_IOMMU, /* value: name, newline, features */
        PROBE_KEY_TYPE1,
        PROBE_KEY_TYPE1_UNSAFE,
        PROBE_KEY_IOMMUFD_UNSAFE,
        PROBE_KEY_TYPE1_LOADED,
        PROBE_KEY_IOMMUFD_LOADED,
        PROBE_KEY_MODULE_OPTION,  /* number: line; value: word, module, file, text, newlines between */
        PROBE_KEY_MODULE_OPTIONS, /* after the last: present if that is all */
        PROBE_KEY_BOOT_WORDS, /* number: line; value: source, entry, partial, newer, file, text */
        PROBE_KEY_DEBUG_VALUE, /* value: file, newline, figure */
        PROBE_KEY_IOMMUFD,
        PROBE_KEY_CDEV,
        PROBE_KEY_CONTAINER,
        /* of the host's setup */
        PROBE_KEY_IDLE_D3,
        PROBE_KEY_DENYLIST,
        PROBE_KEY_NOIOMMU_MODE,
        PROBE_KEY_FRAME_BUFFER,  /* of a device; number: BAR; value: "RANGE OWNER" */
        PROBE_KEY_FRAME_BUFFERS, /* after the last frame buffer */
        PROBE_KEY_SCREENS,
        PROBE_KEY_VARIANT,  /* value: "PATTERN MODULE" */
        PROBE_KEY_VARIANTS, /* after the last variant */
        PROBE_KEY_OWNER,    /* number: line; value: "driverctl ADDRESS DRIVER FILE",
                             * "ids LIST FILE", "softdep MODULE FILE" */
        PROBE_KEY_OWNERS,   /* after the last owner */
        PROBE_KEY_LIMIT,    /* number: line; value: "DOMAIN BYTES FILE" */
        PROBE_KEY_LIMITS,   /* after the last limit */
        /* of a device */
        PROBE_KEY_OVERRIDE,
        PROBE_KEY_POWER,
        PROBE_KEY_RESET,
        PROBE_KEY_BELOW_BRIDGE,
        PROBE_KEY_D3COLD,
        PROBE_KEY_DEVICE_NODE,
        PROBE_KEY_AT, /* no fact: what may hang is read of this device now */
        PROBE_KEY_USE,    /* number: 1 if it is of a process; value: kind, object, detail, evidence,
                           * newlines between */
        PROBE_KEY_LOOKED, /* value: a letter for each category, as the first of the fact's word */
        /* of a group */
        PROBE_KEY_NAME,
        PROBE_KEY_TYPE,
        PROBE_KEY_RESERVED, /* number: direct regions; value: the first of them */
        PROBE_KEY_GROUP_NODE,
        PROBE_KEY_HOLDER,   /* number: pid; value: command */
        PROBE_KEY_IN_USE,   /* after the last holder */
        /* no fact: everything asked for was read */
        PROBE_KEY_END,
        PROBE_KEY_MAX_,
} ProbeKey;

/* Room for a value and its NUL: a page holds the longest attribute. */
#define PROBE_VALUE_MAX 4097
/* Room for a line with its newline and a NUL. */
#define PROBE_LINE_MAX (2 * PROBE_VALUE_MAX + 64)

typedef struct ProbeLine {
        ProbeKey key;
        Address address; /* of keys of a device */
        unsigned group;  /* of keys of a group */
        Fact fact;
        unsigned number;
        char value[PROBE_VALUE_MAX];
} ProbeLine;

/* Reads one line of n bytes, without its newline. Returns: 0, or -EINVAL with *ret in an undefined
 * state. */
int probe_line_parse(const char *line, size_t n, ProbeLine *ret);

/* Writes l with a newline and a NUL. Returns: the length without the NUL. */
size_t probe_line_format(const ProbeLine *l, char buffer[static PROBE_LINE_MAX]);
