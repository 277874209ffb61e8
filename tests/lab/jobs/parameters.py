#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vfiod says of the host under a kernel parameter, against what was written down for that boot
and against the kernel's own files; then once more with a journal that has lost the boot's messages.

Argument: the name of the boot in CASES. What QEMU makes of the devices is promise.py's.
"""
import os
import re
import sys

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

OFF = {'kind': 'none', 'domain': None, 'readiness': 'blocked', 'findings': {'no-iommu'}}
BY_WORD = {'state': 'disabled-by-command-line', **OFF}
NO_REMAPPING = {'state': 'enabled', 'remapping': 'disabled', 'domain': 'DMA',
                'readiness': 'blocked', 'findings': {'no-interrupt-remapping'}}
# What each boot must be like. intel_iommu=off and iommu=off leave VT-d's interrupt remapping on
# (drivers/iommu/intel/irq_remapping.c asks neither), amd_iommu=off and iommu=off end AMD's. No
# IOMMU of QEMU can post interrupts, nor can any where remapping is off; but while VT-d only remaps
# interrupts and does not translate, nothing shows its registers.
CASES = {
    'none': {'state': 'unsupported', 'remapping': 'disabled', **OFF},
    'intel_iommu=off': {'remapping': 'enabled', 'posted': 'unknown', **BY_WORD},
    'iommu=off/vtd': {'remapping': 'enabled', 'posted': 'unknown', **BY_WORD},
    'iommu=off/amd': {'remapping': 'disabled', **BY_WORD},
    'amd_iommu=off': {'remapping': 'disabled', **BY_WORD},
    'iommu=pt/vtd': {'state': 'enabled', 'kind': 'intel-vtd', 'remapping': 'enabled',
                     'domain': 'identity', 'readiness': 'ready', 'findings': set()},
    'iommu=pt/amd': {'state': 'enabled', 'kind': 'amd-vi', 'remapping': 'enabled',
                     'domain': 'identity', 'readiness': 'ready', 'findings': set()},
    'intremap=off': {'kind': 'intel-vtd', **NO_REMAPPING},
    # The interrupt lines then have no chip to tell by: the log says it, or nobody.
    'noapic/vtd': {'kind': 'intel-vtd', 'by-log': True, **NO_REMAPPING},
    'noapic/amd': {'kind': 'amd-vi', 'by-log': True, **NO_REMAPPING},
    'virtio': {'kind': 'virtio-iommu', **NO_REMAPPING},
}
CAP_POSTED = 59    # Intel VT-d specification, capability register: posted interrupts
EFR_VAPIC = 21     # AMD IOMMU specification, extended features: mode of the guest virtual APIC


def iommus():
    """The instances that translate, by what is in the class."""
    return sorted(os.listdir('/sys/class/iommu'))


def domains():
    """The types of all groups."""
    place = '/sys/kernel/iommu_groups'
    return sorted({lab.read(f'{place}/{number}/type') for number in os.listdir(place)})


def chips():
    """The interrupt chips of /proc/interrupts that remapping would rename."""
    return set(re.findall(r'\b(?:v?IR-)?(?:IO-APIC|PCI-MSI)\b', lab.read('/proc/interrupts') or ''))


def can_post():
    """Whether the hardware could post interrupts, by its registers as sysfs shows them."""
    able = []
    for name in iommus():
        place = f'/sys/class/iommu/{name}'
        intel = lab.read(f'{place}/intel-iommu/cap')
        amd = lab.read(f'{place}/amd-iommu/features')
        if intel:
            able.append(bool(int(intel, 16) >> CAP_POSTED & 1))
        elif amd:
            # "EFR", "EFR2:EFR" or "EFR:EFR2", by release; neither half has the bits here.
            able.append(any(int(half, 16) >> EFR_VAPIC & 7 for half in amd.split(':')))
        else:
            able.append(False)
    return bool(able) and all(able)


def check_kernel(case):
    """The boot is as it is meant to be, by the kernel's files alone: or the rest proves nothing."""
    names = iommus()
    # A virtio IOMMU is called after its PCI function.
    classes = {'intel-vtd': 'dmar', 'amd-vi': 'ivhd', 'virtio-iommu': '0000:'}
    lab.note(f'{lab.read("/proc/cmdline")}')
    lab.note(f'IOMMUs {names}, domains {domains()}, chips {sorted(chips())}')
    wanted = classes.get(case['kind'])
    ok('kernel-iommu', all(name.startswith(wanted) for name in names) and names if wanted
       else not names, names)
    if case['kind'] == 'virtio-iommu':
        driver = os.path.realpath(f'/sys/class/iommu/{names[0]}/device/driver')
        ok('kernel-virtio', os.path.basename(driver) == 'virtio_iommu', driver)
    remapped = any('IR-' in chip for chip in chips())
    ok('kernel-remapping', remapped is (case['remapping'] == 'enabled'), sorted(chips()))
    if case.get('by-log'):
        ok('kernel-no-chip', not any(chip.endswith('IO-APIC') for chip in chips()), sorted(chips()))
    found = domains()
    ok('kernel-domain', found == [] if case['domain'] is None else
       found and all(kind.split('-')[0] == case['domain'] for kind in found), found)
    ok('kernel-cannot-post', not can_post())


def check_host(name, case):
    """Every property of the host that the boot decides."""
    host = vfiod.data('check') or {}
    found = {finding['id'] for finding in host.get('findings', [])
             if finding['severity'] in ('blocker', 'unknown')}
    types = domains()
    domain = None if not types else types[0] if len(types) == 1 else 'mixed'
    for key, wanted in (('iommu_state', case['state']), ('iommu_kind', case['kind']),
                        ('interrupt_remapping', case['remapping']), ('default_domain', domain),
                        ('posted_interrupts', case.get('posted', 'disabled')),
                        ('unsafe_interrupts', False),
                        ('readiness', case['readiness'])):
        ok(f'{name}-{key}', key in host and host[key] == wanted, f'{host.get(key)}, not {wanted}')
    ok(f'{name}-findings', found == case['findings'], host.get('findings'))


def check_devices(name, case):
    """Without an IOMMU no device has a group, and each says so; else it says what the host says."""
    nic = vfiod.device(lab.addr('nic'))
    ids = {finding['id'] for finding in nic.get('findings', [])}
    if case['kind'] == 'none':
        wanted = nic.get('readiness') == 'blocked' and 'no-iommu-group' in ids
    elif case['readiness'] == 'ready':
        wanted = nic.get('readiness') == 'preparable' and not ids
    else:
        wanted = nic.get('readiness') == case['readiness'] and \
            (case['findings'] & ids or case['readiness'] == 'unknown')
    ok(f'{name}-nic', wanted, nic)


def lose_log():
    """Lets the journal forget the boot's messages, as rotation does on a host that is up for long,
    and the kernel's ring buffer too. Returns whether they are gone."""
    lab.run(['journalctl', '--sync'])
    lab.run(['journalctl', '--rotate'])
    lab.run(['journalctl', '--vacuum-size=1K', '--vacuum-files=1', '--vacuum-time=1s'])
    lab.run(['dmesg', '--clear'])
    return not lab.run(['journalctl', '-k', '-b', '-q', '--no-pager', '-g', 'Linux version']).stdout


def finding_ids():
    """The ids of the host's findings."""
    return {finding['id'] for finding in (vfiod.data('check') or {}).get('findings', [])}


def check_lost(case):
    """What was measured stays; what only the log told is not known any more, and never better."""
    ok('log-complete', 'log-incomplete' not in finding_ids())
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    if not ok('log-lost', lab.wait_for(lose_log, 30, 2)):
        return
    ok('service-starts-again', vfiod.start())
    # Until then the log has not been read.
    ok('loss-told', lab.wait_for(lambda: 'log-incomplete' in finding_ids(), 30, 0.5))
    if case.get('by-log'):
        case = dict(case, remapping='unknown', posted='unknown', readiness='unknown',
                    findings={'interrupt-remapping-unknown'})
    check_host('lost', case)
    check_devices('lost', case)
    lab.note(vfiod.ctl('check').stdout)


def main():
    """With the log, then without."""
    case = CASES[sys.argv[1]]
    lab.wait_for(lambda: lab.driver(lab.addr('nic')), 20)
    check_kernel(case)
    if not ok('service-starts', vfiod.start()):
        return 1
    if case.get('by-log'):
        # The service is up before it has read the log.
        lab.wait_for(lambda: (vfiod.data('check') or {}).get('interrupt_remapping') ==
                     case['remapping'], 30, 0.5)
    check_host('log', case)
    check_devices('log', case)
    lab.note(vfiod.ctl('check').stdout)
    check_lost(case)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
