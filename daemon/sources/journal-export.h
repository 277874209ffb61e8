/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "sources/journal-line.h"

/*
 * The journal's export format (systemd.io/JOURNAL_EXPORT_FORMATS): entries with an empty line
 * between them; a field is "NAME=VALUE", or where the value holds a newline or bytes that are no
 * text, NAME, a newline, the length in eight bytes (little endian), the value. Pure but for what
 * writes.
 */
typedef struct JournalEntry {
        JournalRecord record; /* message points into the text, device into this entry */
        bool kernel;          /* the kernel has said this */
        bool gap;             /* journald says here that it has missed some of what it said */
        const char *boot;     /* _BOOT_ID, or NULL; points into the text */
        size_t boot_length;
        char device[JOURNAL_DEVICE_MAX];
} JournalEntry;

typedef struct JournalField {
        const char *name, *value; /* no NUL at their ends */
        size_t name_length, length;
} JournalField;

/* Bytes of a name and fields of an entry, beyond which a text is not taken for this format. */
#define JOURNAL_FIELD_NAME_MAX 64
#define JOURNAL_FIELDS_MAX     1024

/* Reads the next entry of *n bytes at *text and moves both on. Of a field that is there twice, the
 * first counts. Returns: 1 and the entry; 0 at the end; -EBADMSG, with text and n as they were. */
int journal_export_next(const char **text, size_t *n, JournalEntry *ret);

/* Reads the next field of an entry and moves both on.
 * Returns: 1 and the field; 0 at the end of the entry; -EBADMSG. */
int journal_export_field(const char **text, size_t *n, JournalField *ret);

/* Writes a record as an entry of the kernel's that the above gives back as it is.
 * Returns: 0 or -EIO. */
int journal_export_write(FILE *to, const JournalRecord *record);
/* Writes an entry that the above reads as a gap. Returns: 0 or -EIO. */
int journal_export_write_gap(FILE *to);
