/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host.h"
#include "sources/probe-line.h"
#include "sources/root.h"

/*
 * The side of a probe that reads: a process of its own, which may hang. What is cheap and safe
 * comes first, what a driver can block comes last and device by device.
 */
typedef struct ProbeTask {
        const Root *root;
        int fd;        /* where the lines go */
        unsigned what; /* ProbeWhat bits */
        const Address *devices;
        size_t n_devices; /* 0: all */
        const unsigned *groups;
        size_t n_groups; /* 0: all */
        const Address *reading; /* the device whose directory is listed now */
        char buffer[8 * PROBE_LINE_MAX];
        size_t n_buffered;
} ProbeTask;

/* Does the task. Returns: 0 when everything was read and written, or -errno (-EPIPE: nobody
 * listens any more). */
int probe_child_run(ProbeTask *t);

/* Queues a line; when the buffer is full, writes it. Returns: 0 or -errno. */
int probe_child_say(ProbeTask *t, const ProbeLine *l);
/* Writes what is queued. Returns: 0 or -errno. */
int probe_child_flush(ProbeTask *t);

/* The parts of a task. Each says its facts, and returns 0 or the -errno of saying. */
int probe_host(ProbeTask *t);
int probe_modules(ProbeTask *t);
int probe_boot(ProbeTask *t);
int probe_debug(ProbeTask *t);
int probe_setup(ProbeTask *t);
/* Who else gives devices to VFIO, by what modprobe.d says (all: that is all of it) and driverctl. */
int probe_owners(ProbeTask *t, const ModuleOption *modprobe, size_t n, bool all);
int probe_holders(ProbeTask *t, const unsigned *groups, size_t n_groups);
int probe_uses(ProbeTask *t, const Address *devices, size_t n);
int probe_uses_closely(ProbeTask *t, const Address *device);

/* Of the lines about uses: what the child writes (of the categories given, 1 << UseCategory), and
 * what the parent makes of it. Return: 0, -EINVAL for a line that is none of these, or -errno. */
int probe_say_uses(ProbeTask *t, const Address *device, const Uses *u, unsigned categories);
int probe_take_use(Uses *u, const ProbeLine *l);
int probe_take_looked(Uses *u, const ProbeLine *l);

/* Reads a boolean module parameter. A module that is not there has not been told anything yet: no, its
 * default. (What the command line or modprobe.d would tell it is not looked at.) Returns: the fact. */
Fact probe_switch(const Root *root, const char *module, const char *parameter);
/* Reads the running kernel's release. Returns: true if it can be a part of a path. */
bool probe_release(const Root *root, char *buffer, size_t size);

/* Finds the chip in a line of /proc/interrupts: "LABEL: COUNT… CHIP HWIRQ NAME", where the label is
 * a number; other lines have a text instead of a chip. Returns: the chip with what follows, or
 * NULL. */
const char *probe_chip(const char *line);
/* Reads the chip column of /proc/interrupts: present if a chip's name starts with IR- or vIR- (as
 * arch/x86/kernel/apic and drivers/iommu name them), absent if there is none but an IO-APIC,
 * else unknown. Pure but for reading fd, which it closes. */
Fact probe_interrupts(int fd);
/* Room for the name of an IOMMU and its NUL. */
#define PROBE_UNIT_MAX 16
/* Looks at one line of what VT-d's registers are shown by. Keeps in unit whose they are (empty before
 * the first line). Returns: true and "UNIT GSTS 0x..." if it is the global status. */
bool probe_register(const char *line, char unit[static PROBE_UNIT_MAX], char *text, size_t size);
/* Returns: present if kallsyms names the symbol, absent if not, unknown if nothing could be read.
 * Closes fd. */
Fact probe_symbol(int fd, const char *symbol);
/* Reads which group a link of /proc/PID/fd stands for: "…/vfio/15", "…/vfio/noiommu-15". Returns:
 * true and the group. */
bool probe_group_of_node(const char *target, unsigned *ret);
