#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The promise: `ready` means that a VM starts, anything else that it does not. Every endpoint of
the guest, prepared by vfiod where it may be and bound by hand where not, against a real QEMU; and
before that, what can be prepared is what is called preparable.

Arguments: roles, to try only these; before them "unsafe", to allow unsafe interrupts for it.
Without roles: all candidates, by the device's own configuration space and not by vfiod; in a guest
with SR-IOV, what that adds.
"""
import os
import re
import sys

import labguest as lab
import nested
import vfiodlab as vfiod
from labguest import ok

# Chipset, by class: a VM never gets one.
PLATFORM = ('0600', '0601', '0680', '0c05', '0c80')
# The guest's own: its disks, its control channel, and a virtio IOMMU.
RED_HAT_VIRTIO = '0x1af4'
UNSAFE = sys.argv[1:2] == ['unsafe']
ROLES = sys.argv[1 + UNSAFE:]
rows = []


def is_bridge(address):
    """By the header type."""
    with open(f'{lab.PCI}/{address}/config', 'rb') as config:
        return config.read(64)[0x0e] & 0x7f != 0


def is_candidate(address):
    """An endpoint that is no part of the chipset."""
    code = lab.read(f'{lab.PCI}/{address}/class')[2:6]
    return not is_bridge(address) and code not in PLATFORM and not code.startswith('08')


def candidates():
    """Those to try, in order."""
    if ROLES:
        return [address for address in lab.addrs(*ROLES) if address]
    if lab.TOPOLOGY['sriov']:
        # One physical function with virtual ones, and one without.
        return [*lab.addrs('pf0', 'pf1'), *functions_of(lab.addr('pf0'))]
    return sorted(address for address in os.listdir(lab.PCI) if is_candidate(address) and
                  lab.read(f'{lab.PCI}/{address}/vendor') != RED_HAT_VIRTIO)


def bindings():
    """Driver and override of every PCI function."""
    return {name: (lab.driver(name), lab.get_override(name)) for name in os.listdir(lab.PCI)}


def members(address):
    """The PCI functions of the device's group, itself included."""
    number = lab.group(address)
    return lab.members(number) if number else [address]


def settled(address):
    """vfiod's view of the device once it knows the driver as it is, and has read the log that may
    have to tell what nothing measures."""
    def look():
        seen = vfiod.device(address)
        return seen.get('driver') == lab.driver(address) and seen.get('readiness') != 'unknown'
    lab.wait_for(look, 20)
    return vfiod.device(address)


def row(address, how, seen, outcome):
    """A line of the table."""
    rows.append((address, lab.group(address) or '-', how, lab.driver(address) or '-',
                 seen.get('readiness') or '-',
                 ' '.join(finding['id'] for finding in seen.get('findings', [])) or '-', outcome))


def compare(address, how):
    """What is said now against what QEMU does now."""
    seen = settled(address)
    up, words = nested.try_qemu(address)
    words = re.sub(r'^.*?qemu-system-x86_64: (-device \S+: )?', '', words)
    row(address, how, seen, 'starts' if up else words or 'fails without a word')
    ok(f'{how}-{address}', (seen.get('readiness') == 'ready') is up,
       f'vfiod: {seen.get("readiness")}, QEMU: {"up" if up else words}, {seen.get("findings")}')


def consent(seen):
    """The options that the remedies name."""
    words = []
    for finding in seen.get('findings', []):
        match = re.search(r'vfioctl prepare \S+ (--.*)$', finding.get('remedy') or '')
        if match:
            words += match.group(1).split()
    return words


def prepare(address, seen):
    """Prepares as far as vfiod lets; whether it did, and whether it said so beforehand."""
    before = bindings()
    said = seen.get('readiness')
    done = vfiod.ctl('--json', 'prepare', address)
    ok(f'preparable-{address}', (done.returncode == 0) is (said == 'preparable'),
       f'{said}, but {done.returncode}: {done.stdout}')
    if done.returncode == 0:
        return True
    ok(f'refusal-changes-nothing-{address}', bindings() == before)
    name = vfiod.error_name(done)
    ok(f'refused-{address}', done.returncode == 1 and
       (name in ('NeedsConsent', 'Hazard')) is (said == 'needs-consent'), f'{said}: {done.stdout}')
    if said != 'needs-consent':
        return False
    words = consent(seen)
    done = vfiod.ctl('--json', 'prepare', address, *words)
    return ok(f'prepared-as-told-{address}', words and done.returncode == 0,
              f'{words}: {done.stdout} {done.stderr}')


def by_hand(address, others):
    """Binds it, and what else of its group can be bound, as from a shell."""
    for member in [address, *others]:
        if is_candidate(member):
            lab.bind(member, 'vfio-pci')
        elif is_bridge(member) and lab.driver(member) not in (None, 'pcieport'):
            lab.unbind(member)


def put_back(before):
    """Every function as it was."""
    for address, (driver, override) in before.items():
        if os.path.exists(f'{lab.PCI}/{address}') and \
                (lab.driver(address), lab.get_override(address)) != (driver, override):
            lab.restore(address, driver)
            lab.override(address, override)


def check_device(address):
    """On its host driver, prepared or by force, and bound alone."""
    before = bindings()
    seen = settled(address)
    row(address, 'host', seen, 'not tried')
    ok(f'host-{address}', seen.get('readiness') != 'ready', seen)
    group = members(address)
    if prepare(address, seen):
        compare(address, 'prepared')
        done = vfiod.ctl('release', address)
        ok(f'release-{address}', done.returncode == 0 and bindings() == before,
           done.stdout + done.stderr)
    else:
        by_hand(address, [member for member in group if member != address])
        compare(address, 'forced')
        put_back(before)
    if len([member for member in group if not is_bridge(member)]) > 1:
        by_hand(address, [])
        compare(address, 'alone')
        put_back(before)
    ok(f'restored-{address}', bindings() == before,
       [name for name, was in before.items() if bindings().get(name) != was])


def functions_of(physical):
    """Its virtual functions."""
    place = f'{lab.PCI}/{physical}'
    return sorted(os.path.basename(os.readlink(f'{place}/{name}'))
                  for name in os.listdir(place) if name.startswith('virtfn'))


def make_functions(physical, count):
    """That many virtual functions; they stay without a driver."""
    lab.write(f'{lab.PCI}/{physical}/sriov_drivers_autoprobe', '0')
    failed = lab.write(f'{lab.PCI}/{physical}/sriov_numvfs', str(count))
    ok(f'virtual-functions-{count}', not failed and len(functions_of(physical)) == count, failed)


def check_token(physical):
    """A virtual function whose physical one is on VFIO: nobody opens it without the token."""
    switch = '/sys/module/vfio_pci/parameters/enable_sriov'
    old = lab.driver(physical)
    ok('enable-sriov', lab.write(switch, 'Y') is None)
    lab.bind(physical, 'vfio-pci')
    make_functions(physical, 1)
    for virtual in functions_of(physical):
        lab.bind(virtual, 'vfio-pci')
        compare(virtual, 'token')
    lab.write(f'{lab.PCI}/{physical}/sriov_numvfs', '0')
    lab.restore(physical, old)
    lab.write(switch, 'N')


def main():
    """All candidates, then the table."""
    lab.modprobe('vfio-pci')
    for role in ('two_a', 'two_b', 'nic', 'nvme', 'pair_a', 'pair_b', 'bridge_rtl8139'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    if not ok('service-starts', vfiod.start(), lab.run('journalctl -u vfiod -n 20').stdout):
        return 1
    if UNSAFE:
        ok('unsafe-allowed', nested.allow_unsafe_interrupts(True))
    if lab.TOPOLOGY['sriov'] and not ROLES:
        make_functions(lab.addr('pf0'), 2)
    found = candidates()
    ok('candidates', found)
    for address in found:
        check_device(address)
    if lab.TOPOLOGY['sriov'] and not ROLES:
        make_functions(lab.addr('pf0'), 0)
        check_token(lab.addr('pf1'))
    if UNSAFE:
        nested.allow_unsafe_interrupts(False)
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]) - 1)]
    for line in rows:
        lab.note('  '.join([*(text.ljust(width) for text, width in zip(line, widths)), line[-1]]))
    lab.note(f'cases with QEMU: {sum(line[-1] != "not tried" for line in rows)}, '
             f'of them it starts in {sum(line[-1] == "starts" for line in rows)}')
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
