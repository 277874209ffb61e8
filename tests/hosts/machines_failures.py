# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that look fine and on which a VM would not start: one for each way to fail that can be
read beforehand. None of them is anybody's; the log is what the kernel would print there."""
import logs
from describe import Function as F, Machine, changed
from logs import GAP, whole
from machines import (BOUND, KERNEL_6_12, NO_IR, PAIR, PAIR_BOUND, RMRR_AMD_6_1,
                      _host_bridge, _nic, _port)
from machines_notes import (AMD, AMD_LAPTOP_IR, AMD_LAPTOP_OFF, AUDIO, ETHERNET, INTEL, INTEL_DESKTOP,
                            NVIDIA, NVME, VGA)

KERNEL_5_15 = '5.15.0-91-generic'
QAT = (INTEL, 0x37c8)
CO_PROCESSOR = 0x0b4000


def bound(changes=None):
    """The pair on vfio-pci, with other facts."""
    return changed(PAIR_BOUND, changes or {})


NO_IR_IOMMUFD = NO_IR.but(name='no-ir-iommufd', about='''
The machine of no-ir with a kernel that has iommufd and cdev only: no type1, and no
group nodes. It refuses without a word (iommufd_device_bind()).
''', type1=None, modules=('iommufd',), iommufd=True, cdev=True, nodes={}, log=whole())

NO_IR_IOMMUFD_UNSAFE = NO_IR_IOMMUFD.but(name='no-ir-iommufd-unsafe', iommufd_unsafe='Y', about='''
The same with iommufd.allow_unsafe_interrupts=Y: works, and is less safe. The kernel
says so whenever a device is bound.
''', log=whole(
    'vfio-pci 0000:01:00.0: MSI interrupts are not secure, they cannot be isolated by the platform. '
    'Check that platform features like interrupt remapping are enabled. Use the '
    '"allow_unsafe_interrupts" module parameter to override'))

NO_IR_OTHER_PARAMETER = NO_IR_IOMMUFD.but(name='no-ir-other-parameter', about='''
The same, where somebody set allow_unsafe_interrupts of type1 on the command line: this
kernel has no type1, and iommufd does not look at it.
''', command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro '
                  'vfio_iommu_type1.allow_unsafe_interrupts=1')

RMRR_AMD_6_8 = RMRR_AMD_6_1.but(name='rmrr-amd-6.8', kernel='6.8.0-45-generic', about='''
The unity mapping of rmrr-amd-6.1 on a kernel since 6.6, which refuses the device.
''', log=whole('vfio-pci 0000:05:00.0: Firmware has requested this device have a 1:1 IOMMU mapping, '
               'rejecting configuring the device without a 1:1 mapping. Contact your platform '
               'vendor.'))

NO_GROUP = INTEL_DESKTOP.but(name='no-group', about='''
The desktop of intel-desktop with a newer kernel and intel_iommu=igfx_off: its graphics
are in no group, and vfio-pci could not take them.
''', kernel=KERNEL_6_12, drivers=('vfio-pci', 'pci-stub'),
    functions=changed(INTEL_DESKTOP.functions, {'0000:00:02.0': {'group': None}}),
    command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro intel_iommu=on,igfx_off',
    regions={}, log=whole(logs.refused('0000:00:02.0')))

DENYLIST = Machine('denylist-tried', '''
Two accelerators of a model that vfio-pci refuses (QAT C62x): 3d:00.0 was tried, 3f:00.0
was not.
''', [
    _host_bridge(0),
    F('0000:3d:00.0', QAT, CO_PROCESSOR, 30, None, override='vfio-pci'),
    F('0000:3f:00.0', QAT, CO_PROCESSOR, 31, 'c6xx'),
    _nic('0000:05:00.0', None, 32, children=('net/enp5s0',)),
], kernel=KERNEL_6_12, files={'sys/module/vfio_pci/parameters/disable_denylist': 'N\n'}, log=whole(
    'vfio-pci 0000:3d:00.0: 8086:37c8 exists in vfio-pci device denylist, driver probing '
    'disallowed.', logs.refused('0000:3d:00.0')))

DENYLIST_OFF = DENYLIST.but(name='denylist-off', about='''
The machine of denylist-tried with vfio_pci.disable_denylist=1: 3d:00.0 is bound.
''', functions=changed(DENYLIST.functions, {'0000:3d:00.0': BOUND | {'vfio_device': 'vfio0'}}),
    files={'sys/module/vfio_pci/parameters/disable_denylist': 'Y\n'}, nodes={30: '30'}, log=whole(
        'vfio-pci 0000:3d:00.0: device denylist disabled - allowing device 8086:37c8.'))

BRIDGE_REFUSED = Machine('bridge-refused', '''
Somebody tried to give vfio-pci a root port, as guides tell to: it takes no bridge. The
card behind it is on vfio-pci, and needs nothing of the port.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, log=whole(logs.refused('0000:00:01.0')))

SMMU = Machine('smmu', '''
An ARM server: whether DMA is coherent with the caches shows only when a device is bound
to VFIO, and whether interrupts are isolated no chip's name tells. 06:00.0 was refused.
''', [
    _host_bridge(0),
    _nic('0000:05:00.0', None, 4, 'vfio-pci', override='vfio-pci', vfio_device='vfio0'),
    _nic('0000:06:00.0', None, 5, None, override='vfio-pci'),
    _nic('0000:07:00.0', None, 6, children=('net/enp7s0',)),
], kernel='6.12.107+deb13-arm64', iommu='smmu', remapping=False,
    nodes={4: '4'}, log=whole(
    'arm-smmu-v3 arm-smmu-v3.0.auto: ias 44-bit, oas 44-bit (features 0x00008305)',
    logs.groups, logs.refused('0000:06:00.0')))

VIRTIO_IOMMU = Machine('virtio-iommu', '''
A guest with a virtio-iommu: it translates, and remaps no interrupt.
''', [
    _host_bridge(0),
    F('0000:00:02.0', (0x1af4, 0x1057), 0x080600, None, 'virtio-pci', reset=None),
    _nic('0000:05:00.0', None, 4, 'vfio-pci', override='vfio-pci', vfio_device='vfio0'),
], kernel=KERNEL_6_12, iommu='virtio', remapping=False, nodes={4: '4'}, log=whole(
    'virtio_iommu virtio0: input address: 64 bits', 'virtio_iommu virtio0: page mask: '
    '0xfffffffffffff000', logs.groups))

_IOMEM = '''00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000a0000-000bffff : PCI Bus 0000:00
b0000000-bfffffff : PCI Bus 0000:01
  b0000000-bfffffff : 0000:01:00.0
    b0000000-b07e8fff : efifb
c0000000-c0ffffff : 0000:01:00.0
'''
_RESOURCE = '''0x00000000c0000000 0x00000000c0ffffff 0x0000000000040200
0x00000000b0000000 0x00000000bfffffff 0x000000000014220c
0x0000000000000000 0x0000000000000000 0x0000000000000000
0x00000000000c0000 0x00000000000dffff 0x0000000000000212'''

_EFIFB = 'sys/devices/platform/efi-framebuffer.0/graphics/fb0'

BAR_BUSY = Machine('bar-busy', '''
A boot display whose memory a frame buffer of the firmware owns (efifb), on a kernel
whose vfio-pci does not send it away (before 6.1): QEMU runs, and cannot map the card.
''', bound({'0000:01:00.0': {'boot_vga': 1, 'files': {'resource': _RESOURCE}, 'vfio_device': None},
            '0000:01:00.1': {'vfio_device': None}}),
    kernel=KERNEL_5_15, kallsyms=('T iommu_group_register_notifier',), nodes={15: '15'},
    files={'proc/iomem': _IOMEM, f'{_EFIFB}/name': 'EFI VGA\n'},
    links={'sys/class/graphics/fb0': _EFIFB}, log=whole(
        "vfio-pci 0000:01:00.0: BAR 1: can't reserve [mem 0xb0000000-0xbfffffff 64bit pref]"))

RESET_FAILED = Machine('reset-failed', '''
A card on vfio-pci that did not come back from a reset.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, log=whole(
    'vfio-pci 0000:01:00.0: not ready 1023ms after FLR; waiting',
    'vfio-pci 0000:01:00.0: not ready 32767ms after FLR; waiting',
    'vfio-pci 0000:01:00.0: not ready 65535ms after FLR; giving up'))

D3COLD = Machine('d3cold-stuck', '''
A card on vfio-pci that was put to sleep without power and did not wake up; its audio
function did not either, and has since.
''', bound({'0000:01:00.0': {'files': {'power_state': 'D3cold', 'd3cold_allowed': '1'}}}), kernel=KERNEL_6_12, nodes={15: '15'},
    files={'sys/module/vfio_pci/parameters/disable_idle_d3': 'N\n'}, log=whole(
        'vfio-pci 0000:01:00.0: Unable to change power state from D3cold to D0, device inaccessible',
        'vfio-pci 0000:01:00.1: Unable to change power state from D3cold to D0, device '
        'inaccessible'))

DEAD = Machine('dead', '''
A device on vfio-pci that does not answer any more: the kernel does not know its power
state, on a kernel that says so in other words.
''', bound({'0000:01:00.0': {'files': {'power_state': 'error'}, 'vfio_device': None},
            '0000:01:00.1': {'vfio_device': None}}), kernel=KERNEL_5_15,
    kallsyms=('T iommu_group_register_notifier',), nodes={15: '15'}, log=whole(
        "vfio-pci 0000:01:00.0: can't change power state from D3cold to D0 (config space "
        'inaccessible)'))

MEMLOCK = Machine('memlock-failed', '''
A machine whose limit of locked memory is below what a guest's memory needs: nothing was
ever raised, and a start failed.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, files={
    'etc/security/limits.conf': '# Nothing is set.\n'}, log=whole(
        'vfio_pin_pages_remote: RLIMIT_MEMLOCK (8388608) exceeded'))

INTX_SHARED = Machine('intx-shared', '''
A device whose interrupt line another driver has, too, and that cannot mask its own.
''', changed(PAIR_BOUND, {'0000:05:00.0': BOUND | {'vfio_device': 'vfio2'}}), kernel=KERNEL_6_12,
    nodes={15: '15', 18: '18'}, log=whole(
        'genirq: Flags mismatch irq 16. 00000000 (vfio-intx(0000:05:00.0)) vs. 00000080 '
        '(ehci_hcd:usb1)'))

DMA_FAULT = Machine('dma-fault', '''
A device on vfio-pci whose DMA the IOMMU refuses, a device behind a bridge to conventional
PCI, for which the bridge speaks, and an interrupt that is not the device's own.
''', [
    *changed(PAIR_BOUND, {'0000:05:00.0': BOUND | {'vfio_device': 'vfio2'}}),
    _port('0000:00:1e.0', 4, 0x244e),
    _nic('0000:06:01.0', '0000:00:1e.0', 4, 'vfio-pci', override='vfio-pci', vfio_device='vfio3',
        reset='pm'),
], kernel=KERNEL_6_12, nodes={n: str(n) for n in (4, 15, 18)}, log=whole(
    'DMAR: DRHD: handling fault status reg 2',
    'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0xdead0000 [fault reason 0x05] '
    'PTE Write access is not set',
    'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0xdead1000 [fault reason 0x05] '
    'PTE Write access is not set',
    'DMAR: [DMA Read NO_PASID] Request device [06:00.0] fault addr 0xbeef0000 [fault reason 0x06] '
    'PTE Read access is not set',
    'DMAR: [INTR-REMAP] Request device [05:00.0] fault index 0x7 [fault reason 0x22] Present field '
    'in the IRTE entry is clear'))

AMD_FAULT = Machine('amd-fault', '''
The same on AMD, which names the domain of the device in full.
''', [
    _host_bridge(0),
    F('0000:00:00.2', (AMD, 0x14d9), 0x080600, None, reset=None),
    _nic('0000:05:00.0', None, 18, 'vfio-pci', override='vfio-pci', vfio_device='vfio0'),
    _nic('0000:06:00.0', None, 19, children=('net/enp6s0',)),
], iommu='amd', kernel=KERNEL_6_12, nodes={18: '18'}, log=whole(
    'vfio-pci 0000:05:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0012 address=0xfee00000 '
    'flags=0x0000]'))

ACS_OVERRIDE = Machine('acs-override', '''
A patched kernel that splits groups by force: no parameter of the command line tells.
''', bound(), kernel='6.5.13-5-pve', nodes={15: '15'}, log=whole(
    'Warning: PCIe ACS overrides enabled; This may allow non-IOMMU protected peer-to-peer DMA'))

LOG_CONTRADICTS = NO_IR.but(name='log-contradicts', about='''
The log says that interrupts are remapped, and no chip is. Measured facts count.
''', log=lambda machine: whole()(machine.but(remapping=True)))

LOG_ROTATED = Machine('log-rotated', '''
A card of two functions on vfio-pci, and a journal whose beginning is gone.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, log=logs.excerpt(
    'vfio-pci 0000:01:00.0: resetting', 'vfio-pci 0000:01:00.0: reset done'))

LOG_GAP = Machine('log-gap', '''
The same with all of the log but a hole, and interrupts that nobody could look at: that no
line of remapping is there proves nothing.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, remapping=None, log=whole(GAP))

LOG_DECIDES = LOG_GAP.but(name='log-decides', about='''
The machine of log-gap with a log that is whole: where nothing can be measured, it says
that interrupts are remapped.
''', log=lambda machine: whole()(machine.but(remapping=True)))

LOG_DECIDES_OFF = LOG_GAP.but(name='log-decides-off', about='''
The machine of log-gap with a log that is whole and has no line of remapping: VT-d is at
work, and remapping would have told, too.
''', log=whole())

NOT_REMAPPED = Machine('not-remapped', '''
A chipset whose interrupt remapping the kernel does not trust (Intel 5520): one record of
several lines says why.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, remapping=False, log=whole(
    'DMAR-IR: This system BIOS has enabled interrupt remapping\non a chipset that contains an '
    'erratum making that\nfeature unstable.  To maintain system stability\ninterrupt remapping is '
    'being disabled.  Please\ncontact your BIOS vendor for an update'))

AMD_NO_IOAPIC = AMD_LAPTOP_IR.but(name='amd-no-ioapic', remapping=False, about='''
The laptop of amd-laptop-ir with a firmware whose table forgets an IO-APIC: AMD-Vi
translates, and remaps nothing.
''', log=whole('AMD-Vi: [Firmware Bug]: : IOAPIC[33] not in IVRS table',
               'AMD-Vi: Disabling interrupt remapping'))

AMD_FAILED = AMD_LAPTOP_OFF.but(name='amd-failed', about='''
The laptop of amd-laptop whose IOMMU is there and could not be set up.
''', command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro', log=whole(
    'AMD-Vi: IOMMU0: Failed to initialize IOMMU Hardware (error=-19)!'))

FIRMWARE_OFF = AMD_LAPTOP_OFF.but(name='amd-laptop-firmware-off', about='''
The laptop of amd-laptop with the IOMMU off in the firmware's setup: its function is
there (00:00.2), and no table tells of it.
''', command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro', table='none', log=whole())

DRIVER_IN_USE = Machine('driver-in-use', '''
A graphics card whose driver was told to let it go, and waits for those who use it
(nv_pci_remove_helper()): the driver link is gone, and what the driver made is not.
''', changed(PAIR, {'0000:01:00.0': {'driver': None}}), kernel=KERNEL_6_12, log=whole(
    'NVRM: Attempting to remove device 0000:01:00.0 with non-zero usage count!'))

POSTED_OFF = Machine('posted-off', '''
A host that could post interrupts, with intremap=nopost: slower, and as safe.
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, log=whole(),
    command_line='BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro intremap=nopost')

NOT_POSTED = Machine('not-posted', '''
An IOMMU that remaps interrupts and cannot post them (bit 59 of its capabilities).
''', bound(), kernel=KERNEL_6_12, nodes={15: '15'}, cap='d2078c106f0466', log=whole())

MACHINES = [NO_IR_IOMMUFD, NO_IR_IOMMUFD_UNSAFE, NO_IR_OTHER_PARAMETER, RMRR_AMD_6_8, NO_GROUP,
            DENYLIST, DENYLIST_OFF, BRIDGE_REFUSED, SMMU, VIRTIO_IOMMU, BAR_BUSY, RESET_FAILED,
            D3COLD, DEAD, MEMLOCK, INTX_SHARED, DMA_FAULT, AMD_FAULT, ACS_OVERRIDE,
            LOG_CONTRADICTS, LOG_ROTATED, LOG_GAP, LOG_DECIDES, LOG_DECIDES_OFF, NOT_REMAPPED,
            AMD_NO_IOAPIC, AMD_FAILED, FIRMWARE_OFF, DRIVER_IN_USE, POSTED_OFF, NOT_POSTED]
