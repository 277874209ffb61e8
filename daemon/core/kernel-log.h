/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "address.h"
#include "fact.h"
#include "kernel-log-kinds.h"

/*
 * What the kernel's log says about IOMMU, interrupt remapping and devices. One record is made an
 * event by log_classify(); a KernelLog adds up the events of one boot and answers questions.
 *
 * Nothing here knows where a record comes from. Whoever feeds it must have kept out everything that
 * is not the kernel's own: _TRANSPORT=kernel and SYSLOG_FACILITY=0 of this boot's _BOOT_ID. A line
 * of an ordinary user's logger(1) has another transport and never gets here; one that root writes
 * to /dev/kmsg has the transport but not the facility (kernel/printk/printk.c, devkmsg_write()).
 * What is left of foreign text stands inside a record (the name of a task, the strings of a USB
 * device), so every pattern is held against the record from its first byte to its last.
 */

/* Bytes of a record that are looked at. printk cuts them at 1024 (kernel/printk/, LOG_LINE_MAX,
 * PRINTKRB_RECORD_MAX). */
#define LOG_RECORD_MAX  2048
/* Bytes of a record that are kept, without the NUL. */
#define LOG_TEXT_MAX    512
/* Bytes of a subject, with the NUL. */
#define LOG_SUBJECT_MAX 96
/* Pairs of device and kind that are kept: of all devices, and of one. Further ones are counted. */
#define LOG_PROBLEMS_MAX            4096
#define LOG_PROBLEMS_PER_DEVICE_MAX 16
/* Pass where the time of a record is not known. */
#define LOG_TIME_UNKNOWN UINT64_MAX

/* What a line is good for. */
typedef enum LogClass {
        LOG_CLASS_NOISE,    /* harmless, or not about us */
        LOG_CLASS_ECHO,     /* says only what was asked for, and says it without an IOMMU as well */
        LOG_CLASS_HINT,     /* background: proves nothing, worth citing */
        LOG_CLASS_POSITIVE, /* something is on */
        LOG_CLASS_NEGATIVE, /* something is off, or failed */
        LOG_CLASS_FAULT,    /* a device did what the IOMMU refused */
        LOG_CLASS_DEVICE,   /* something is wrong with one device */
} LogClass;

/* What a line proves of the IOMMU or of interrupt remapping. */
typedef enum LogProof {
        LOG_PROVES_NOTHING,
        LOG_PROVES_BEGUN, /* it is being switched on; a failure may follow */
        LOG_PROVES_ON,
        LOG_PROVES_OFF,
} LogProof;

typedef enum LogVendor {
        LOG_VENDOR_NONE, LOG_VENDOR_INTEL, LOG_VENDOR_AMD, LOG_VENDOR_OTHER,
} LogVendor;

/* Questions that a line can be cited as a reason for, as bits. */
typedef enum LogTopic {
        LOG_TOPIC_IOMMU      = 1 << 0, /* why is the IOMMU off */
        LOG_TOPIC_REMAPPING  = 1 << 1, /* why is interrupt remapping off */
        LOG_TOPIC_X2APIC     = 1 << 2, /* why is it not in x2apic mode */
        LOG_TOPIC_PARAMETERS = 1 << 3, /* which parameters did the kernel not take */
        LOG_TOPIC_ISOLATION  = 1 << 4, /* why may groups be less isolated than they look */
} LogTopic;

typedef struct LogRule {
        const char *name;   /* stable, kebab-case */
        const char *source; /* file:function of the kernel that prints the line */
        LogClass class;
        LogVendor vendor;
        LogProof iommu, remapping;
        unsigned topics; /* LogTopic bits */
} LogRule;

typedef enum LogAccess {
        LOG_ACCESS_UNKNOWN, LOG_ACCESS_READ, LOG_ACCESS_WRITE, LOG_ACCESS_INTERRUPT,
} LogAccess;

/* One record, understood. A field that the line does not have is zero. */
typedef struct LogEvent {
        LogKind kind;
        bool has_address;
        bool domain_assumed; /* the text had no domain (VT-d before 7.2): 0 was taken */
        Address address;     /* the device the line is about */
        bool has_group;
        unsigned group;
        int error;           /* positive errno */
        bool has_number;
        int64_t number;      /* what else is counted: BAR, milliseconds, limit, bits of width */
        bool has_fault_address;
        uint64_t fault_address; /* of an interrupt: the index of the remapping entry */
        uint64_t mask, bus_limit;
        LogAccess access;
        bool by_parameter;   /* the line says "(set via kernel command line)" */
        char subject[LOG_SUBJECT_MAX]; /* driver, option, fault reason, mode; one line of UTF-8 */
} LogEvent;

/* All records of one kind. */
typedef struct LogEntry {
        LogKind kind;
        uint64_t count;
        char *first, *last; /* one line of UTF-8 each; NULL for noise */
        LogEvent event;     /* of the last one */
} LogEntry;

/* All records of one kind about one device. */
typedef struct LogProblem {
        Address address;
        LogKind kind;
        uint64_t count;
        uint64_t monotonic_usec; /* of the last one, or LOG_TIME_UNKNOWN */
        char *last;
        LogEvent event;
} LogProblem;

typedef struct KernelLog {
        uint64_t n_records;
        bool begins;        /* the kernel's first words are in it */
        bool backlog_read;  /* everything up to now has been added */
        bool gap;           /* records are missing in between */
        LogEntry entries[LOG_N_KINDS];
        LogProblem *problems; /* sorted by address, then kind */
        size_t n_problems, n_problems_room;
        uint64_t n_not_kept;  /* records about a device that found no room in problems */
} KernelLog;

/* Which mode interrupt remapping runs in. */
typedef enum LogApicMode { LOG_APIC_UNKNOWN, LOG_APIC_XAPIC, LOG_APIC_X2APIC } LogApicMode;

/* Classifies one record: text is n bytes of MESSAGE, of which nothing is expected (no NUL at the
 * end, any byte inside). kernel_device is _KERNEL_DEVICE ("+pci:0000:01:00.0"), or NULL. The
 * address is taken from there, else from the record's prefix "DRIVER ADDRESS: "
 * (drivers/base/core.c, set_dev_info() and dev_driver_string()), else from the body; a line of an
 * IOMMU about a device ("device=01:00.0") is about the device in its body.
 * Returns: the kind, LOG_NONE if the line is none we know; *ret is always filled. */
LogKind log_classify(const char *text, size_t n, const char *kernel_device, LogEvent *ret);

/* Returns: what is known of a kind; never NULL, static. */
const LogRule *log_rule(LogKind kind);

/* Returns: a copy of n bytes as one line of valid UTF-8, cut to at most LOG_TEXT_MAX bytes between
 * characters; control characters become a space, bytes that are no UTF-8 a '?'. NULL when memory
 * is short. */
char *log_text_copy(const char *text, size_t n);
/* The same into a buffer of size bytes (at least 1). Returns: length without the NUL. */
size_t log_text_clean(const char *text, size_t n, char *buffer, size_t size);

/* Returns: an empty log, of which nothing is known, or NULL when memory is short. */
KernelLog *kernel_log_new(void);
/* NULL is taken. Returns: NULL. */
KernelLog *kernel_log_free(KernelLog *l);
/* Returns: a deep copy, or NULL when memory is short. */
KernelLog *kernel_log_copy(const KernelLog *l);

/* Classifies a record as log_classify() does and adds it. monotonic_usec is
 * _SOURCE_MONOTONIC_TIMESTAMP, or LOG_TIME_UNKNOWN. ret may be NULL.
 * Returns: 0, or -ENOMEM: the record is lost, and the log knows that it has a gap. */
int kernel_log_add(KernelLog *l, const char *text, size_t n, const char *kernel_device,
                   uint64_t monotonic_usec, LogEvent *ret);
/* The reader has come to the end of what there was. */
void kernel_log_end_backlog(KernelLog *l);
/* The reader has lost records: what is not in the log is no longer known to be absent. */
void kernel_log_set_gap(KernelLog *l);
/* Forgets the problems of one device: it was removed, and its address may be used again. */
void kernel_log_forget_device(KernelLog *l, const Address *a);

/* Returns: present if everything from the kernel's first words to now is in the log, unknown while
 * the backlog is being read. The banner "Linux version" (init/main.c, start_kernel()) is what
 * counts: a time of 0 is not enough, since a ring buffer that overflowed can begin with any of the
 * many records that were made before the clock ran. */
Fact kernel_log_complete(const KernelLog *l);

/* Returns: whether an IOMMU translates, as far as the log tells. Present by a line that only a
 * running IOMMU prints; absent by a failure, or when the log is complete and not one device was
 * added to a group (drivers/iommu/iommu.c, iommu_group_alloc_device(), all kernels, says so for
 * each); lines that contradict each other make it unknown. The echo of intel_iommu=on, the default
 * domain, the invalidation policy, IOMMUv2 and SWIOTLB lines are printed without any IOMMU as
 * well and count for nothing. */
Fact kernel_log_iommu(const KernelLog *l);
/* The same of one vendor. Of Intel the last line of intel_iommu_init() must be in a complete log;
 * AMD prints no such line since 6.8: its absence says nothing as long as there are groups. */
Fact kernel_log_intel_enabled(const KernelLog *l);
Fact kernel_log_amd_enabled(const KernelLog *l);

/* Returns: whether interrupts are remapped. Present by "DMAR-IR: Enabled IRQ remapping" or "AMD-Vi:
 * Interrupt remapping enabled" (printed by all kernels since 4.15 whenever it is on), absent by a
 * failure. intremap=off and a firmware without it print nothing at all, so without any line it is
 * absent only if the log is complete and shows VT-d or AMD-Vi, else unknown. */
Fact kernel_log_interrupt_remapping(const KernelLog *l);
LogApicMode kernel_log_apic_mode(const KernelLog *l);

/* Returns: all records of one kind, borrowed, or NULL if there was none. */
const LogEntry *kernel_log_find(const KernelLog *l, LogKind kind);
/* Writes the entries that may be cited for a topic, at most max of them, in the order of their
 * kinds; borrowed. Returns: how many there are, which may be more than max. */
size_t kernel_log_reasons(const KernelLog *l, LogTopic topic, const LogEntry **ret, size_t max);
/* Finds what was said of one device, faults and problems, sorted by kind.
 * Returns: how many; *ret is borrowed and valid until the log changes. */
size_t kernel_log_problems(const KernelLog *l, const Address *a, const LogProblem **ret);
