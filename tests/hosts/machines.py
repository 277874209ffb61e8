# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines made for one corner each. None of them is anybody's."""
import logs
from describe import (KALLSYMS_NOTIFIER, Function as F, Machine, Other, changed)
from machines_notes import AUDIO, ETHERNET, HOST_BRIDGE, INTEL, NVIDIA, NVME, PCI_BRIDGE, VGA

KERNEL_6_12 = '6.12.107+deb13-amd64'
BOUND = {'driver': 'vfio-pci', 'override': 'vfio-pci', 'children': ()}
GONE = {'driver': None}
PCI_TO_PCI = (0x12d8, 0xe111)


def _host_bridge(group):
    return F('0000:00:00.0', (INTEL, 0xa700), HOST_BRIDGE, group, reset=None)


def _port(address, group, device=0xa70d):
    return F(address, (INTEL, device), PCI_BRIDGE, group, 'pcieport')


def _nic(address, parent, group, driver='e1000e', **more):
    return F(address, (INTEL, 0x10d3), ETHERNET, group, driver, parent, **more)


# A card of two functions in group 15 and a network interface in group 18: what most hosts below
# change. Group numbers have gaps, as they do where devices came and went. Without FLR neither of the
# card can be reset alone: that of the bus is for a function that is alone on it
# (drivers/pci/pci.c, pci_parent_bus_reset()).
PAIR = [
    _host_bridge(1),
    _port('0000:00:01.0', 2),
    _port('0000:00:1c.2', 13, 0x7aba),
    F('0000:01:00.0', (NVIDIA, 0x1c02), VGA, 15, 'nouveau', '0000:00:01.0', revision=0xa1,
      boot_vga=0, reset=None, children=('drm/card0',)),
    F('0000:01:00.1', (NVIDIA, 0x10f1), AUDIO, 15, 'snd_hda_intel', '0000:00:01.0', revision=0xa1,
      reset=None, children=('sound/card0',)),
    F('0000:05:00.0', (INTEL, 0x15f3), ETHERNET, 18, 'igc', '0000:00:1c.2', revision=3,
      children=('net/enp5s0',)),
]
PAIR_BOUND = changed(PAIR, {'0000:01:00.0': BOUND | {'vfio_device': 'vfio0'},
                            '0000:01:00.1': BOUND | {'vfio_device': 'vfio1'}})


def _pair(name, about, changes=None, **more):
    return Machine(name, about, changed(PAIR, changes or {}), **more)


VMD = Machine('vmd', '''
An NVMe disk behind Intel VMD: a PCI domain of its own (10000:), whose functions are
in the group of the VMD endpoint, because their DMA carries its address.
''', [
    _host_bridge(0),
    F('0000:00:0e.0', (INTEL, 0xa77f), 0x010400, 5, 'vmd'),
    F('10000:e0:06.0', (INTEL, 0xa74d), PCI_BRIDGE, 5, 'pcieport', '0000:00:0e.0'),
    F('10000:e1:00.0', (0x144d, 0xa80a), NVME, 5, 'nvme', '10000:e0:06.0',
      children=('nvme/nvme0/nvme0n1',)),
])


def _virtual_function(n):
    """The n-th of 64: routing ids from 03:02.0 on, each in a group of its own."""
    routing = 0x10 + n
    address = f'0000:03:{routing >> 3:02x}.{routing & 7}'
    f = F(address, (INTEL, 0x154c), ETHERNET, 21 + n, 'iavf', '0000:00:1c.0', physfn='0000:03:00.0',
          reset='flr', children=(f'net/enp3s0v{n}',))
    return f


def _sriov():
    functions = [
        _host_bridge(0), _port('0000:00:1c.0', 1, 0x7ab8),
        F('0000:03:00.0', (INTEL, 0x1572), ETHERNET, 20, 'i40e', '0000:00:1c.0', revision=2,
          children=('net/enp3s0',), files={'sriov_totalvfs': '64', 'sriov_numvfs': '64'}),
        *(_virtual_function(n) for n in range(64)),
    ]
    return Machine('sriov', '''
An Ethernet adapter with 64 virtual functions, each in a group of its own. Those of
slot 02 to 09 have the driver iavf, but for 03:09.6 (no driver) and 03:09.7 (vfio-pci).
''', changed(functions, {'0000:03:09.6': {'driver': None, 'children': ()},
                         '0000:03:09.7': BOUND | {'vfio_device': 'vfio0'}}), nodes={84: '84'},
        log=logs.excerpt('vfio-pci 0000:03:00.0: Cannot bind to PF with SR-IOV enabled',
                         lambda m: logs.probe_failed(m, '0000:03:00.0', error=-16)))


VF_ON_VFIO_PF = Machine('vf-on-vfio-pf', '''
A physical function on vfio-pci (enable_sriov=1) with two virtual functions, one on
vfio-pci, one on its host driver.
''', [
    _host_bridge(0), _port('0000:00:1c.0', 1, 0x7ab8),
    F('0000:03:00.0', (INTEL, 0x10c9), ETHERNET, 20, 'vfio-pci', '0000:00:1c.0',
      override='vfio-pci', vfio_device='vfio0', files={'sriov_totalvfs': '7', 'sriov_numvfs': '2'}),
    F('0000:03:10.0', (INTEL, 0x10ca), ETHERNET, 21, 'vfio-pci', '0000:00:1c.0',
      override='vfio-pci', vfio_device='vfio1', physfn='0000:03:00.0'),
    F('0000:03:10.2', (INTEL, 0x10ca), ETHERNET, 22, 'igbvf', '0000:00:1c.0',
      physfn='0000:03:00.0', children=('net/enp3s0v1',)),
], files={'sys/module/vfio_pci/parameters/enable_sriov': 'Y\n'}, nodes={20: '20', 21: '21'},
    log=logs.whole('vfio-pci 0000:03:10.0: VF token required to access device'))

GAP = Machine('gap', '''
Groups 0, 3, 17 and 40: gaps, and ids above the number of groups. /proc/kallsyms could
not be read: the release decides that the rule is that of 5.19 and later. In the groups,
drivers that let a group be viable and drivers that only look like it.
Group 3: a VFIO driver of another name, which its vfio-dev directory proves.
Group 17: one function on vfio-pci, one on pci-stub. Group 40: pci-pf-stub, which claims
the group for the host although its name is like that of pci-stub.
''', [
    _host_bridge(0),
    F('0000:02:00.0', (0x19e5, 0x1711), 0x120000, 3, 'acme_vfio_pci', override='acme_vfio_pci',
      vfio_device='vfio3'),
    F('0000:04:00.0', (INTEL, 0x10d3), ETHERNET, 17, 'vfio-pci', override='vfio-pci',
      vfio_device='vfio0'),
    F('0000:04:00.1', (INTEL, 0x10d3), ETHERNET, 17, 'pci-stub'),
    F('0000:06:00.0', (0x1d0f, 0xec20), ETHERNET, 40, 'pci-pf-stub'),
], kallsyms=None, nodes={3: '3', 17: '17'})

NO_IOMMU = Machine('no-iommu', '''
No IOMMU: no ACPI table tells of one, although the command line asks for it.
''', changed(PAIR, {f.address: {'group': None} for f in PAIR}), iommu=None, remapping=False,
    command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro intel_iommu=on iommu=pt',
    type1=None, drivers=('pci-stub',), log=logs.whole())

NOIOMMU = Machine('noiommu', '''
The same without an IOMMU, but VFIO took 01:00.0 in its noiommu mode and made a group
for it. Nothing is isolated there.
''', changed(NO_IOMMU.functions, {'0000:01:00.0': BOUND | {'group': 0, 'vfio_device': 'noiommu-vfio0'}}),
    iommu=None, remapping=False, domain='unknown',
    group_files={0: {'name': 'vfio-noiommu', 'reserved_regions': ''}}, nodes={0: 'noiommu-0'},
    log=logs.whole('vfio-pci 0000:01:00.0: Adding to iommu group 0',
                   'vfio-pci 0000:01:00.0: Adding kernel taint for vfio-noiommu group on device',
                   'vfio-pci 0000:01:00.0: vfio-noiommu device opened by user '
                   '(qemu-system-x86:4242)'),
    files={'sys/module/vfio/parameters/enable_unsafe_noiommu_mode': 'Y\n'})

EMPTY = Machine('empty', 'A machine without PCI.', [], iommu=None, remapping=False, type1=None,
                drivers=('pci-stub',))

# Bridges with drivers, which the two rules judge differently.
BRIDGE_FUNCTIONS = [
    _host_bridge(0),
    # Endpoint free, bridge on shpchp.
    F('0000:00:03.0', PCI_TO_PCI, PCI_BRIDGE, 5, 'shpchp'),
    F('0000:04:00.0', (INTEL, 0x100e), ETHERNET, 5, 'vfio-pci', '0000:00:03.0',
      override='vfio-pci'),
    F('0000:04:01.0', (0x10ec, 0x8139), ETHERNET, 5, None, '0000:00:03.0', reset=None),
    # Endpoint and bridge on host drivers.
    F('0000:00:04.0', PCI_TO_PCI, PCI_BRIDGE, 7, 'shpchp'),
    F('0000:06:00.0', (INTEL, 0x100e), ETHERNET, 7, 'e1000', '0000:00:04.0',
      children=('net/enp6s0',)),
    # A port on pcieport, which both rules let be.
    _port('0000:00:1c.0', 6, 0x7ab8),
    _nic('0000:05:00.0', '0000:00:1c.0', 6, children=('net/enp5s0',)),
    # A CardBus bridge behind a bridge without a driver.
    F('0000:00:1e.0', (INTEL, 0x2448), PCI_BRIDGE, 4),
    F('0000:15:00.0', (0x1180, 0x0476), 0x060700, 4, 'yenta_cardbus', '0000:00:1e.0'),
    F('0000:15:01.0', (0x104c, 0x8029), 0x0c0010, 4, 'vfio-pci', '0000:00:1e.0',
      override='vfio-pci', reset='pm'),
]
VFIO_CHILDREN = {'0000:04:00.0': {'vfio_device': 'vfio0'}, '0000:15:01.0': {'vfio_device': 'vfio1'}}
BRIDGE_NODES = {4: '4', 5: '5'}

KERNEL_5_15 = Machine('kernel-5.15', '''
A kernel before 5.19: a group is viable whatever drivers its bridges have. One bridge on
shpchp, one CardBus bridge on yenta_cardbus. Such kernels have no vfio-dev directories.
''', BRIDGE_FUNCTIONS, kernel='5.15.0-91-generic', kallsyms=KALLSYMS_NOTIFIER, nodes=BRIDGE_NODES)

BRIDGES_NO_KALLSYMS = KERNEL_5_15.but(name='bridges-no-kallsyms', kallsyms=None, about='''
The machine of kernel-5.15 where /proc/kallsyms could not be read: the release decides.
''')

BRIDGES_6_1 = KERNEL_5_15.but(
    name='bridges-6.1', kernel='6.1.0-18-amd64',
    kallsyms=Machine.kallsyms, functions=changed(BRIDGE_FUNCTIONS, VFIO_CHILDREN), about='''
The machine of kernel-5.15 with a kernel since 5.19, where of all bridge drivers only
pcieport leaves a group viable.
''')

BRIDGES_BACKPORT = KERNEL_5_15.but(
    name='bridges-backport', kernel='5.14.0-362.8.1.el9_3.x86_64', kallsyms=Machine.kallsyms,
    about='''
The machine of kernel-5.15 with a distribution's kernel whose release says 5.14, but
which has the rule of 5.19: only its symbols tell.
''')

OTHER_MEMBER = Machine('other-member', '''
Groups with a platform device in them (AMD-Vi puts those there that ACPI names): in
group 11 it has a driver, in group 12 it has none.
''', [
    _host_bridge(0),
    F('0000:00:00.2', (0x1022, 0x14d9), 0x080600, None, reset=None),
    _nic('0000:05:00.0', None, 11, children=('net/enp5s0',)),
    _nic('0000:06:00.0', None, 12, children=('net/enp6s0',)),
], iommu='amd', others=[Other('AMDI0020:00', 11, 'dw-apb-uart'), Other('AMDI0010:00', 12)])

_QEMU = {0: '/dev/null', 1: 'socket:[4711]', 8: '/dev/vfio/vfio', 9: '/dev/vfio/15',
         10: 'anon_inode:[vfio-device]'}
IN_USE = Machine('in-use', '''
Groups that processes hold. Group 15: both functions on vfio-pci, held by a QEMU. Group
16: held by another, while 02:00.1 has no driver and must be left alone. Group 17: held
by the device's own character device. Group 18: on vfio-pci, held by nobody.
''', [
    *changed(PAIR_BOUND, {'0000:05:00.0': BOUND | {'vfio_device': 'vfio4'}}),
    _port('0000:00:06.0', 3, 0xa74d), _port('0000:00:1a.0', 11, 0x7ac8),
    _nic('0000:02:00.0', '0000:00:06.0', 16, 'vfio-pci', override='vfio-pci', vfio_device='vfio2'),
    _nic('0000:02:00.1', '0000:00:06.0', 16, None),
    _nic('0000:03:00.0', '0000:00:1a.0', 17, 'vfio-pci', override='vfio-pci', vfio_device='vfio3'),
], kernel=KERNEL_6_12, iommufd=True, cdev=True, nodes={n: str(n) for n in (15, 16, 17, 18)},
    processes={
        1: ('systemd', {0: '/dev/null'}),
        4242: ('qemu-system-x86', _QEMU),
        4250: ('qemu-system-x86', {0: '/dev/null', 12: '/dev/vfio/16'}),
        4243: ('cloud-hyperviso', {0: '/dev/null', 20: '/dev/vfio/devices/vfio3',
                                   21: '/dev/iommu'}),
    })

USE_UNKNOWN = Machine('use-unknown', '''
The files of a process could not be looked at: it may hold group 15, whose functions are
on vfio-pci. Group 18 has no VFIO node, so nobody can hold it.
''', PAIR_BOUND, kernel=KERNEL_6_12, nodes={15: '15'},
    processes={1: ('systemd', {0: '/dev/null'}), 4242: ('qemu-system-x86', {})},
    unreadable=('proc/4242/fd',))

DETACHING = _pair('detaching', '''
Unbinds that have not ended: the driver link goes first. 05:00.0 still has the network
interface of its driver. 01:00.0 leaves vfio-pci: the group's VFIO node is still there.
''', {'0000:01:00.0': GONE | {'children': (), 'vfio_device': 'vfio0'},
      '0000:05:00.0': GONE}, nodes={15: '15'})
# The other function would tell nothing here: the group node is one per group.
DETACHING.functions = [f for f in DETACHING.functions if f.address != '0000:01:00.1']

_FIRMWARE = {15: ('0x00000000bdf6f000 0x00000000bdf7efff direct-relaxable',),
             18: ('0x00000000bdf83000 0x00000000bdf84fff direct',)}
RMRR = _pair('rmrr', '''
Firmware asks for a 1:1 mapping of 05:00.0 (direct), which this kernel refuses to give
up, and for one of 01:00.0 that may be given up (direct-relaxable).
''', kernel='6.8.0-45-generic', iommufd=True, regions=_FIRMWARE, log=logs.whole(
    'vfio-pci 0000:05:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting '
    'configuring the device without a 1:1 mapping. Contact your platform vendor.'))

RMRR_6_1 = RMRR.but(name='rmrr-6.1', kernel='6.1.0-18-amd64', iommufd=False, about='''
The same on a kernel before 6.6, where the Intel driver refuses (device_is_rmrr_locked).
''', log=logs.whole(
    'vfio-pci 0000:05:00.0: DMAR: Device is ineligible for IOMMU domain attach due to platform RMRR '
    'requirement.  Contact your platform vendor.'))

RMRR_AMD_6_1 = Machine('rmrr-amd-6.1', '''
A unity mapping on AMD-Vi: always "direct", and before 6.6 nothing refuses it.
''', [
    _host_bridge(0),
    F('0000:00:00.2', (0x1022, 0x14d9), 0x080600, None, reset=None),
    _nic('0000:05:00.0', None, 18, children=('net/enp5s0',)),
], iommu='amd', regions={18: ('0x00000000bdf83000 0x00000000bdf84fff direct',)})

NO_IR = Machine('no-ir', '''
An IOMMU without interrupt remapping: type1 refuses to serve a group that is viable.
01:00.0 and 01:00.1 are on vfio-pci, 05:00.0 is not.
''', PAIR_BOUND, kernel=KERNEL_6_12, remapping=False, nodes={15: '15'}, log=logs.whole(
    'vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param '
    '"allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform'))

NO_IR_UNSAFE = NO_IR.but(name='no-ir-unsafe', type1='Y', log=logs.whole(), about='''
The same with vfio_iommu_type1.allow_unsafe_interrupts=Y: works, and is less safe.
''')

UNREADABLE = _pair('unreadable', '''
A host of which much could not be read: the drivers of 01:00.0 and 05:00.0, the IOMMUs,
the interrupts. 01:00.1 could, and blocks its group whatever else is in it.
''', {'0000:01:00.0': {'unreadable': ('driver',), 'children': ()},
      '0000:05:00.0': {'unreadable': ('driver',), 'children': ()}},
    remapping=None, unreadable=('sys/class/iommu',))

READY = Machine('ready', '''
A card of two functions, both on vfio-pci: a virtual machine could start now. The log is
whole, and holds what the kernel says of devices that are in order.
''', PAIR_BOUND, kernel=KERNEL_6_12, nodes={15: '15'}, log=logs.whole(
    'VFIO - User Level meta-driver version: 0.3',
    'vfio-pci 0000:01:00.0: vgaarb: VGA decodes changed: olddecodes=io+mem,decodes=io+mem:owns=none',
    'vfio-pci 0000:01:00.0: enabling device (0000 -> 0003)',
    'vfio-pci 0000:01:00.0: resetting', 'vfio-pci 0000:01:00.0: reset done',
    'vfio-pci 0000:01:00.0: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff',
    'vfio-pci 0000:01:00.1: Masking broken INTx support',
    'pcieport 0000:00:01.0: unlocked secondary bus reset via: pci_reset_bus_function+0x113/0x160'))

OVERRIDE = _pair('override', '''
Overrides that somebody set: pci-stub on 01:00.0, whose driver is still nouveau, and
vfio-pci on 05:00.0, whose driver is still igc.
''', {'0000:01:00.0': {'override': 'pci-stub'}, '0000:05:00.0': {'override': 'vfio-pci'}})

UNPINNED = _pair('unpinned', '''
01:00.0 is on vfio-pci; 01:00.1 has no driver and no override, and a module on disk that
would take it when it is loaded.
''', {'0000:01:00.0': BOUND | {'vfio_device': 'vfio0'},
      '0000:01:00.1': {'driver': None, 'children': ()}}, nodes={15: '15'},
    files={f'lib/modules/{Machine.kernel}/modules.alias':
           'alias pci:v000010DEd*sv*sd*bc04sc03i00* snd_hda_intel\n'})



_VMLINUZ = f'/boot/vmlinuz-{KERNEL_6_12}'
_GRUB_CFG = f'''set default="0"
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple' {{
\tlinux\t{_VMLINUZ} root=/dev/mapper/vg-root ro  quiet iommu=pt
\tinitrd\t/boot/initrd.img-{KERNEL_6_12}
}}
submenu 'Advanced options' {{
\tmenuentry 'recovery mode' {{
\t\tlinux\t{_VMLINUZ} root=/dev/mapper/vg-root ro single
\t}}
\tmenuentry 'the kernel before' {{
\t\tlinux\t/boot/vmlinuz-6.1.0-18-amd64 root=/dev/mapper/vg-root ro amd_iommu=off
\t}}
}}
'''
CONFIGURED = Machine('configured', '''
VT-d is there and this kernel leaves it off. Somebody ran update-grub with iommu=pt and
has not booted since, then added intel_iommu=on and did not run update-grub.
''', changed(PAIR, {f.address: {'group': None} for f in PAIR}), kernel=KERNEL_6_12, iommu=None,
    table='DMAR', remapping=False,
    command_line=f'BOOT_IMAGE={_VMLINUZ} root=/dev/mapper/vg-root ro quiet',
    files={'boot/grub/grub.cfg': _GRUB_CFG,
           'etc/default/grub': 'GRUB_DEFAULT=0\n'
                               'GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n'
                               'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n'
                               'GRUB_CMDLINE_LINUX=""\n',
           'etc/default/grub.d/vfio.cfg':
               '# for the guests\n'
               'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT intel_iommu=on"\n'})

NO_IR_MODPROBE = NO_IR.but(name='no-ir-modprobe', type1=None, about='''
The machine of no-ir, whose type1 back end is not loaded yet. modprobe.d will tell it to
do without interrupt remapping; a file of the distribution that says no is masked.
''', files={
    'etc/modprobe.d/vfio.conf': '# see the wiki\noptions vfio-iommu-type1 \\\n'
                                '  allow-unsafe-interrupts=1\n',
    'usr/lib/modprobe.d/vfio.conf': 'options vfio_iommu_type1 allow_unsafe_interrupts=0\n'})

FIRMWARE_OFF = Machine('firmware-off', '''
An AMD machine whose firmware hides the IOMMU: its PCI function is there, the IVRS table
is not.
''', [
    _host_bridge(None),
    F('0000:00:00.2', (0x1022, 0x14d9), 0x080600, None, reset=None),
    _nic('0000:05:00.0', None, None, children=('net/enp5s0',)),
], iommu=None, remapping=False)

LOGGED = Machine('logged', '''
The machine of ready, where /sys/class/iommu could not be listed and neither could the
interrupts: the kernel's log, which is complete, has to say what is on.
''', PAIR_BOUND, kernel=KERNEL_6_12, nodes={15: '15'}, remapping=None,
    unreadable=('sys/class/iommu',), log=logs.excerpt(
        f'Linux version {KERNEL_6_12} (debian-kernel@lists.debian.org)',
        'software IO TLB: mapped [mem 0x00000000b5f6f000-0x00000000b9f6f000] (64MB)',
        'DMAR-IR: Enabled IRQ remapping in x2apic mode',
        'pci 0000:01:00.0: Adding to iommu group 15',
        'DMAR: Intel(R) Virtualization Technology for Directed I/O'), files={
        'sys/kernel/debug/swiotlb/io_tlb_nslabs': '32768\n',
        'sys/kernel/debug/swiotlb/io_tlb_used': '7\n'})

MACHINES = [VMD, _sriov(), VF_ON_VFIO_PF, GAP, NO_IOMMU, NOIOMMU, EMPTY, KERNEL_5_15,
            BRIDGES_NO_KALLSYMS, BRIDGES_6_1, BRIDGES_BACKPORT, OTHER_MEMBER, IN_USE, USE_UNKNOWN,
            DETACHING, RMRR, RMRR_6_1, RMRR_AMD_6_1, NO_IR, NO_IR_UNSAFE, UNREADABLE, READY, OVERRIDE,
            UNPINNED, CONFIGURED, NO_IR_MODPROBE, FIRMWARE_OFF, LOGGED]
