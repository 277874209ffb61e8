# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel logs on a described machine.

A log is a function of the machine, so that it tells of its command line, its
groups and its release. Wording and its changes between releases are those of
the kernel's sources; facts about the machines of the notes are the notes'.
"""
import re

PREFIX = re.compile(r'[^ ]+ ([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): ')
STEP = 1000  # microseconds between lines of which nobody knows the time


class Line:
    """One message. at: microseconds, None for a little after the one before. of_device: printed by
    dev_printk(), which names the device to journald; a WARN() prints the same words without."""

    def __init__(self, text, at=None, of_device=True):
        self.text, self.at, self.of_device = text, at, of_device

    def device(self):
        match = PREFIX.match(self.text) if self.of_device else None
        return match and '+pci:' + match.group(1)


GAP = object()  # journald has lost something here


def records(lines):
    """Lines as the records that a recording has: what vfiod --record writes of each."""
    now = 0
    for line in lines:
        if line is GAP:
            yield [('_TRANSPORT', b'driver'), ('MESSAGE_ID', b'e9bf28e6e834481bb6f48f548ad13606'),
                   ('MESSAGE', b'Missed kernel messages')]
            continue
        line = line if isinstance(line, Line) else Line(line)
        now = now + STEP if line.at is None else line.at
        record = [('__MONOTONIC_TIMESTAMP', str(now).encode()), ('_TRANSPORT', b'kernel')]
        if line.device():
            record.append(('_KERNEL_DEVICE', line.device().encode()))
        yield record + [('MESSAGE', line.text.encode())]


def release(machine):
    major, minor = machine.kernel.split('.')[:2]
    return int(major), int(minor)


def first_words(machine):
    yield Line(f'Linux version {machine.kernel} (build@recorded) #1 SMP PREEMPT_DYNAMIC', 0)
    yield Line(f'Command line: {machine.command_line}', 0)


def defaults(machine):
    """drivers/iommu/iommu.c, iommu_subsys_init(): with any IOMMU and with none."""
    words = machine.command_line.split()
    through = any(w in ('iommu=pt', 'iommu.passthrough=1') for w in words)
    # "%s %s" until 6.2: a space stands at the end where nothing follows.
    end = ' (set via kernel command line)' if through else ' ' if release(machine) < (6, 3) else ''
    yield f'iommu: Default domain type: {"Passthrough" if through else "Translated"}{end}'
    if not through:
        end = ' ' if release(machine) < (6, 3) else ''
        yield f'iommu: DMA domain TLB invalidation policy: lazy mode{end}'


def groups(machine):
    for f in machine.functions:
        if f.group is not None:
            yield f'pci {f.address}: Adding to iommu group {f.group}'


def probe_failed(machine, address, driver='vfio-pci', error=-22):
    """drivers/base/dd.c, call_driver_probe(), which changed after 6.8."""
    if release(machine) < (6, 9):
        return f'{driver}: probe of {address} failed with error {error}'
    return f'{driver} {address}: probe with driver {driver} failed with error {error}'


def intel_words(machine):
    """drivers/iommu/intel/iommu.c, intel_iommu_setup(): on every machine, as echo."""
    for word in machine.command_line.split():
        for option in word.removeprefix('intel_iommu=').split(','):
            said = {'on': 'IOMMU enabled', 'off': 'IOMMU disabled',
                    'igfx_off': 'Disable GFX device mapping'}.get(option)
            if said and word.startswith('intel_iommu='):
                yield f'DMAR: {said}'


def intel_tables(machine):
    """drivers/iommu/intel/dmar.c and irq_remapping.c: whether or not DMA is to be remapped."""
    yield 'DMAR: Host address width 39'
    yield 'DMAR: DRHD base: 0x000000fed91000 flags: 0x1'
    yield 'DMAR: dmar0: reg_base_addr fed91000 ver 1:0 cap 8d2078c106f0466 ecap f020df'
    if machine.remapping:
        yield 'DMAR-IR: IOAPIC id 2 under DRHD base  0xfed91000 IOMMU 0'
        yield ('DMAR-IR: Queued invalidation will be enabled to support x2apic and '
               'Intr-remapping.')
        yield 'DMAR-IR: Enabled IRQ remapping in x2apic mode'


def intel_end(machine):
    """drivers/iommu/intel/iommu.c, intel_iommu_init(): the last line tells that it is on."""
    yield 'DMAR: No ATSR found'
    yield 'DMAR: dmar0: Using Queued invalidation'
    yield from groups(machine)
    yield 'DMAR: Intel(R) Virtualization Technology for Directed I/O'


def amd_words(machine):
    """drivers/iommu/amd/init.c, parse_amd_iommu_options(), since 6.1."""
    known = ('fullflush', 'off', 'force_isolation', 'force_enable', 'pgtbl_v1', 'pgtbl_v2')
    for word in machine.command_line.split():
        option = word.removeprefix('amd_iommu=')
        if word.startswith('amd_iommu=') and option not in known and release(machine) >= (6, 1):
            yield f"AMD-Vi: Unknown option - '{option}'"


def amd_begin(machine):
    if release(machine) >= (6, 1):
        yield 'AMD-Vi: Using global IVHD EFR:0x246577efa2254afa, EFR2:0x0'


def amd_end(machine):
    """drivers/iommu/amd/init.c, amd_iommu_init_pci() and print_iommu_info()."""
    yield 'pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported'
    yield from groups(machine)
    if release(machine) < (6, 8):
        yield 'pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40'
    yield ('AMD-Vi: Extended features (0x246577efa2254afa, 0x0): PPR NX GT [5] IA GA PC GA_vAPIC')
    if machine.remapping:
        yield 'AMD-Vi: Interrupt remapping enabled'
        yield 'AMD-Vi: Virtual APIC enabled'
    yield 'perf/amd_iommu: Detected AMD IOMMU #0 (2 banks, 4 counters/bank).'


def boot(machine):
    """A whole boot, up to when drivers are loaded."""
    table = machine.table or {'intel': 'DMAR', 'amd': 'IVRS'}.get(machine.iommu)
    yield from first_words(machine)
    yield from intel_words(machine)
    yield from amd_words(machine)
    if table == 'DMAR':
        yield from intel_tables(machine)
    if machine.iommu == 'amd':
        yield from amd_begin(machine)
    yield from defaults(machine)
    if machine.iommu == 'intel':
        yield from intel_end(machine)
    elif machine.iommu == 'amd':
        yield from amd_end(machine)
    yield 'PCI-DMA: Using software bounce buffering for IO (SWIOTLB)'


def taken(lines, machine):
    """Lines, of which some are functions of the machine that give one or several."""
    for line in lines:
        made = line(machine) if callable(line) else line
        if made is GAP or isinstance(made, (str, Line)):
            yield made
        else:
            yield from made


def whole(*more):
    """The log of a whole boot, and what came later."""
    def log(machine):
        yield from boot(machine)
        yield from taken(more, machine)
    return log


def excerpt(*lines):
    """A log of which only these lines are left."""
    return lambda machine: taken(lines, machine)


def refused(address):
    """vfio-pci did not take a device."""
    return lambda machine: probe_failed(machine, address)
