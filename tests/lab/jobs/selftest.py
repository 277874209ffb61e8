#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does the lab itself keep what it promises? Needs no vfiod."""
import os
import re
import sys

import labguest as lab
from labguest import ok

EXPECT = lab.TOPOLOGY['expect']
RELEASE = os.uname().release


def check_iommu():
    """The kind of IOMMU, and whether interrupts are remapped."""
    entries = sorted(os.listdir('/sys/class/iommu'))
    lab.note(f'kernel {RELEASE}, /sys/class/iommu: {" ".join(entries) or "empty"}')
    if EXPECT['class'] is None:
        ok('iommu-kind', not entries, entries)
    else:
        ok('iommu-kind', entries and entries[0].startswith(EXPECT['class']), entries)
    interrupts = lab.read('/proc/interrupts') or ''
    chips = set(re.findall(r'\b(?:v?IR-)?(?:IO-APIC|PCI-MSI)\S*', interrupts))
    remapped = any(chip.startswith(('IR-', 'vIR-')) for chip in chips)
    ok('interrupt-remapping', remapped == EXPECT['remapping'], sorted(chips))


def check_devices():
    """Every role is there, with the bus numbers that the issues speak of."""
    for role in lab.TOPOLOGY['roles']:
        if not lab.addr(role):
            ok(f'role-{role}', False, f'no device at {lab.TOPOLOGY["roles"][role]}')
    ok('two-function-address', lab.addrs('two_a', 'two_b') == ['0000:02:00.0', '0000:02:00.1'],
       lab.addrs('two_a', 'two_b'))
    for role in ('nic', 'two_a', 'two_b', 'nvme', 'bridge_rtl8139', 'bridge_xhci', 'pair_a'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    table = ' '.join(f'{role}={lab.addr(role)}({lab.driver(lab.addr(role))})'
                     for role in lab.TOPOLOGY['roles'])
    lab.note(table)
    found = lab.driver(lab.addr('two_a')), lab.driver(lab.addr('two_b'))
    ok('two-function-drivers', found == ('xhci_hcd', 'snd_hda_intel'), found)
    bridge = lab.driver(lab.addr('bridge'))
    ok('bridge-driver', bridge == ('shpchp' if lab.TOPOLOGY['shpchp'] else None), bridge)


def check_groups():
    """The groups have the promised members and nobody else."""
    for name, roles in lab.TOPOLOGY['groups'].items():
        wanted = lab.roles_of_group(name)
        number = lab.group(lab.addr(roles[0]))
        ok(f'group-{name}', number and lab.members(number) == wanted,
           f'group {number}: {lab.members(number)}, wanted {wanted}')


def check_viability():
    """One of two functions is not enough, both are; QEMU and the kernel agree."""
    first, second = lab.addrs('two_a', 'two_b')
    number = lab.group(first)
    old = lab.driver(first), lab.driver(second)
    ok('bind-one', lab.bind(first, 'vfio-pci') is None and lab.driver(first) == 'vfio-pci',
       lab.driver(first))
    ok('truth-not-viable', lab.truth_viable(number) is False, lab.truth_viable(number))
    up, words, qemu = lab.start_qemu(first)
    qemu.stop()
    ok('qemu-refuses', not up and f'group {number} is not viable' in words, words or 'it is up')
    lab.bind(second, 'vfio-pci')
    ok('truth-viable', lab.truth_viable(number) is True, lab.truth_viable(number))
    steps = lab.truth_attach(number, first)
    if EXPECT['remapping']:
        ok('truth-attach', steps['exit'] == 0, steps)
    else:
        ok('truth-attach-refused', steps.get('set-iommu-v1') == 'EPERM', steps)
    check_client(number, first, second)
    for address, driver in ((first, old[0]), (second, old[1])):
        lab.restore(address, driver)
    found = lab.driver(first), lab.driver(second)
    ok('restored', found == old, found)


def check_client(number, first, second):
    """A real QEMU with both functions, and what others see meanwhile."""
    up, words, qemu = lab.start_qemu(first, second)
    if EXPECT['remapping']:
        ok('qemu-stays-up', up, words)
        ok('group-opens-once', lab.truth_viable(number) is None, 'it opened a second time')
    else:
        ok('qemu-eperm', not up and 'Operation not permitted' in words, words or 'it is up')
    ok('qemu-ends', qemu.stop())
    with lab.Hold(number) as hold:
        ok('hold-group', hold.held, hold.output)
        ok('hold-excludes', lab.truth_viable(number) is None, 'it opened a second time')
    with lab.Hold(number, first) as hold:
        ok('hold-attached', hold.held == EXPECT['remapping'], hold.output)


def check_bridge_group():
    """The bridge of the conventional devices: its driver decides, and by which rule."""
    rtl8139, edu, xhci = lab.addrs('bridge_rtl8139', 'bridge_edu', 'bridge_xhci')
    number = lab.group(rtl8139)
    old = {address: lab.driver(address) for address in (rtl8139, edu, xhci)}
    lab.bind(rtl8139, 'vfio-pci')
    lab.unbind(xhci)
    lab.unbind(edu)
    old_rule = tuple(int(part) for part in RELEASE.split('.')[:2]) < (5, 19)
    wanted = old_rule or not lab.TOPOLOGY['shpchp']
    ok('bridge-viability', lab.truth_viable(number) is wanted,
       f'wanted {wanted}, kernel says {lab.truth_viable(number)}')
    for address, driver in old.items():
        lab.restore(address, driver)
    ok('bridge-restored', old == {address: lab.driver(address) for address in old}, old)


def check_hotplug():
    """The host adds a device below the empty port and takes it away again."""
    port = lab.addr('hotplug_port')
    place = f'/sys/bus/pci/devices/{port}'

    def below():
        # Port services look like "0000:00:08.0:pcie001".
        return [name for name in os.listdir(place)
                if re.match(r'[0-9a-f]+:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$', name)]
    ok('hotplug-empty', not below(), below())
    lab.qmp('device_add', driver='e1000e', id='plugged', bus=lab.TOPOLOGY['hotplug_bus'],
            romfile='')
    ok('hotplug-added', lab.wait_for(below, 40), 'nothing came')
    lab.run(['udevadm', 'settle', '--timeout=30'])
    lab.qmp('device_del', id='plugged')
    ok('hotplug-removed', lab.wait_for(lambda: not below(), 60), below())
    try:
        lab.qmp('quit')
        ok('channel-refuses', False, 'the host obeyed')
    except lab.QmpError:
        ok('channel-refuses', True)


def main():
    """All of it; without an IOMMU only what is left."""
    check_iommu()
    check_devices()
    if EXPECT['class']:
        check_groups()
        check_viability()
        check_bridge_group()
    elif EXPECT['class'] is None:
        ok('no-groups', not os.listdir('/sys/kernel/iommu_groups'))
    check_hotplug()
    return 0


if __name__ == '__main__':
    sys.exit(main())
