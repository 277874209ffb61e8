/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "core/fact.h"
#include "sources/root.h"

/*
 * The kernel's log of this boot, from the journal: what was logged so far (the backlog), then what
 * comes. Only what the kernel itself has said is delivered: _TRANSPORT=kernel, which no user can
 * forge, and SYSLOG_FACILITY=0, which no writer to /dev/kmsg can (kernel/printk/printk.c,
 * devkmsg_write()).
 *
 * Children do all the reading: the memory that scanning takes goes with them, and a journal file
 * that is truncated while it is mapped (SIGBUS) ends a child, not the daemon. The first reads the
 * backlog and ends, the second waits for more. One that fails is replaced, later and later.
 */
typedef struct JournalSource JournalSource;

/* Bytes of a message that are delivered. */
#define JOURNAL_MESSAGE_MAX  16384
#define JOURNAL_TIME_UNKNOWN UINT64_MAX

typedef struct JournalRecord {
        const char *message;     /* any bytes, newlines and NUL too; no NUL at the end */
        size_t length;           /* at most JOURNAL_MESSAGE_MAX, cut between UTF-8 characters */
        const char *device;      /* _KERNEL_DEVICE, or NULL */
        uint64_t monotonic_usec; /* the kernel's own stamp, else the journal's, else
                                  * JOURNAL_TIME_UNKNOWN */
        uint64_t realtime_usec;  /* when journald got it, or JOURNAL_TIME_UNKNOWN */
} JournalRecord;

/* All are needed, are called from the loop, and must not free the source. */
typedef struct JournalHandlers {
        /* One record; what it points to is valid while the handler runs. */
        void (*record)(const JournalRecord *record, bool backlog, void *userdata);
        /* The backlog has been read. complete: present if it holds the kernel's first words ("Linux
         * version") and no gap is known; absent if its beginning was rotated away or something is
         * missing in between; unknown if no journal could be read. After unknown it is called once
         * more when there is one, with its records before that. */
        void (*backlog_end)(Fact complete, void *userdata);
        /* Records are missing, or may be: journald or this source has dropped some, the place where
         * a child stood was rotated away, or a child has ended. */
        void (*lost)(void *userdata);
} JournalHandlers;

/* Starts to read. Of a live root, directory is where the journal files are, NULL for the system's
 * own journal. Of a recorded root, the file kernel-log.export is the backlog, nothing follows, and
 * directory is not looked at. No handler is called before this returns. root is only used while
 * this runs, handlers are copied. A journal that is not there is no error.
 * Returns: 0 and the source, or -errno. */
int journal_source_new(sd_event *event, const Root *root, const char *directory,
                       const JournalHandlers *handlers, void *userdata, JournalSource **ret);
/* Kills the child that runs; event reaps it. NULL is taken. Returns: NULL. */
JournalSource *journal_source_free(JournalSource *s);
/* Returns: how many records were dropped because too many came at once. */
uint64_t journal_source_dropped(const JournalSource *s);

/* Returns: how many of the n bytes fit into max without cutting a UTF-8 character. Pure. */
size_t journal_cut(const char *text, size_t n, size_t max);
/* Returns: true for the kernel's first words, "Linux version" (init/main.c, start_kernel()). A
 * small stamp does not say as much: all records before the clock runs have one of 0, and a ring
 * buffer that overflowed begins with any of them. Pure. */
bool journal_begins(const JournalRecord *record);
