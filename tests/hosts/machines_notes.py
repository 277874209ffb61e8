# SPDX-License-Identifier: GPL-2.0-or-later
"""The two machines of the user's notes, and one of them in other moods.

From the notes: addresses, names, revisions, groups, parents, the AMD machine's
kernel, command line and modules. Plausible, not from the notes: everything a
comment or the `about` text says so of. Ids are those of pci.ids for the names.
"""
import logs
from describe import Function as F, Machine, changed
from logs import Line

NVIDIA, INTEL, AMD = 0x10de, 0x8086, 0x1022
HOST_BRIDGE, PCI_BRIDGE = 0x060000, 0x060400
VGA, AUDIO, NVME, ETHERNET, WIFI = 0x030000, 0x040300, 0x010802, 0x020000, 0x028000
XHCI, SERIAL, SMBUS, ISA = 0x0c0330, 0x0c8000, 0x0c0500, 0x060100


def _intel(address, device, class_code, group, driver=None, **more):
    return F('0000:' + address, (INTEL, device), class_code, group, driver, **more)


def _port(address, vendor, device, group):
    return F('0000:' + address, (vendor, device), PCI_BRIDGE, group, 'pcieport')


INTEL_FUNCTIONS = [
    _intel('00:00.0', 0xa700, HOST_BRIDGE, 1, revision=1, reset=None),
    _port('00:01.0', INTEL, 0xa70d, 2),
    _intel('00:02.0', 0xa780, VGA, 0, 'i915', revision=4, boot_vga=1, reset='flr pm',
           children=('drm/card0',)),
    _port('00:06.0', INTEL, 0xa74d, 3),
    _intel('00:0a.0', 0xa77d, 0x118000, 4, 'intel_vsec', revision=1, reset='flr'),
    _intel('00:0e.0', 0xa77f, 0x010400, 5, 'vmd', reset='flr pm'),
    _intel('00:14.0', 0x7ae0, XHCI, 6, 'xhci_hcd', revision=0x11, reset='pm',
           children=('usb1', 'usb2')),
    _intel('00:14.2', 0x7aa7, 0x050000, 6, revision=0x11, reset='pm'),
    _intel('00:14.3', 0x7af0, WIFI, 7, 'iwlwifi', revision=0x11, reset='flr pm',
           children=('net/wlo1',)),
    _intel('00:15.0', 0x7acc, SERIAL, 8, 'intel-lpss', revision=0x11, reset='pm'),
    _intel('00:15.1', 0x7acd, SERIAL, 8, 'intel-lpss', revision=0x11, reset='pm'),
    _intel('00:15.2', 0x7ace, SERIAL, 8, 'intel-lpss', revision=0x11, reset='pm'),
    _intel('00:16.0', 0x7ae8, 0x078000, 9, 'mei_me', revision=0x11, reset='pm'),
    _intel('00:17.0', 0x7ae2, 0x010601, 10, 'ahci', revision=0x11, reset='pm'),
    _port('00:1a.0', INTEL, 0x7ac8, 11),
    _port('00:1c.0', INTEL, 0x7ab8, 12),
    _port('00:1c.2', INTEL, 0x7aba, 13),
    _intel('00:1f.0', 0x7a86, ISA, 14, revision=0x11, reset=None),
    _intel('00:1f.3', 0x7ad0, AUDIO, 14, 'snd_hda_intel', revision=0x11, reset='pm',
           children=('sound/card0',)),
    _intel('00:1f.4', 0x7aa3, SMBUS, 14, 'i801_smbus', revision=0x11, reset=None),
    _intel('00:1f.5', 0x7aa4, SERIAL, 14, 'intel-spi', revision=0x11, reset=None),
    F('0000:01:00.0', (NVIDIA, 0x1c02), VGA, 15, 'nouveau', '0000:00:01.0', revision=0xa1,
      boot_vga=0, reset=None, children=('drm/card1',)),
    F('0000:01:00.1', (NVIDIA, 0x10f1), AUDIO, 15, 'snd_hda_intel', '0000:00:01.0', revision=0xa1,
      reset=None, children=('sound/card1',)),
    F('0000:02:00.0', (0x1e49, 0x0041), NVME, 16, 'nvme', '0000:00:06.0', revision=1,
      children=('nvme/nvme0/nvme0n1',)),
    F('0000:03:00.0', (0x1e49, 0x0071), NVME, 17, 'nvme', '0000:00:1a.0', revision=1,
      children=('nvme/nvme1/nvme1n1',)),
    F('0000:05:00.0', (INTEL, 0x15f3), ETHERNET, 18, 'igc', '0000:00:1c.2', revision=3,
      children=('net/enp5s0',)),
]

# Microseconds, function, group.
INTEL_ADDED = (
    (736751, '00:02.0', 0), (737027, '00:00.0', 1), (737031, '00:01.0', 2), (737035, '00:06.0', 3),
    (737038, '00:0a.0', 4), (737042, '00:0e.0', 5), (737048, '00:14.0', 6), (737052, '00:14.2', 6),
    (737055, '00:14.3', 7), (737063, '00:15.0', 8), (737066, '00:15.1', 8), (737069, '00:15.2', 8),
    (737073, '00:16.0', 9), (737076, '00:17.0', 10), (737089, '00:1a.0', 11),
    (737095, '00:1c.0', 12), (737100, '00:1c.2', 13), (737109, '00:1f.0', 14),
    (737113, '00:1f.3', 14), (737116, '00:1f.4', 14), (737120, '00:1f.5', 14),
    (737127, '01:00.0', 15), (737131, '01:00.1', 15), (737135, '02:00.0', 16),
    (737148, '03:00.0', 17), (737152, '05:00.0', 18),
)


def _added(lines):
    return [Line(f'pci 0000:{address}: Adding to iommu group {group}', at)
            for at, address, group in lines]


INTEL_DESKTOP = Machine(
    'intel-desktop', '''
An Intel Raptor Lake desktop with a GTX 1060, all on host drivers.
From the notes: the 26 functions (lspci), their parents (sysfs listing), their 19
groups ("Adding to iommu group"), iommufd and vfio_iommu_type1 loaded; of the log with
intel_iommu=on the lines that stand here, with their times.
Plausible: the drivers (snd_hda_intel, nvme, igc ... as facts name them), kernel
6.3.5 (the listing has iommufd, so 6.2 or later), subsystem ids, the relaxable
firmware mappings of graphics and USB, interrupt remapping on, vfio-pci not loaded.
''', INTEL_FUNCTIONS, kernel='6.3.5',
    command_line='initrd=\\efi\\nixos\\initrd-linux-6.3.5-initrd.efi init=/nix/store/system/init '
                 'intel_iommu=on loglevel=4',
    iommufd=True, drivers=('pci-stub',),
    regions={0: ('0x000000007c000000 0x00000000803fffff direct-relaxable',),
             6: ('0x0000000076b1d000 0x0000000076d66fff direct-relaxable',)},
    log=logs.excerpt(
        Line('iommu: Default domain type: Translated', 678026),
        Line('iommu: DMA domain TLB invalidation policy: lazy mode', 678027),
        *_added(INTEL_ADDED)))

INTEL_DESKTOP_DEFAULT = INTEL_DESKTOP.but(
    name='intel-desktop-default', about='''
The desktop of intel-desktop without intel_iommu=on. From the notes: that the kernel
then leaves the IOMMU off. Plausible: the log, whole and by the kernel's sources.
Interrupts are remapped all the same (drivers/iommu/intel/irq_remapping.c does not
look at intel_iommu=).
''',
    functions=changed(INTEL_FUNCTIONS, {f.address: {'group': None} for f in INTEL_FUNCTIONS}),
    iommu=None, table='DMAR', regions={}, log=logs.whole(),
    command_line=INTEL_DESKTOP.command_line.replace('intel_iommu=on ', ''))


def _amd(address, device, class_code, group, driver=None, **more):
    more.setdefault('reset', None)
    return F('0000:' + address, (AMD, device), class_code, group, driver, **more)


def _dummy(address, group, device=0x14da):
    return _amd(address, device, HOST_BRIDGE, group)


def _behind(address, parent, ids, class_code, group, driver=None, **more):
    return F('0000:' + address, ids, class_code, group, driver, '0000:' + parent, **more)


AMD_FUNCTIONS = [
    _dummy('00:00.0', None, 0x14d8),
    _amd('00:00.2', 0x14d9, 0x080600, None),
    _dummy('00:01.0', 0), _port('00:01.1', AMD, 0x14db, 0), _port('00:01.2', AMD, 0x14db, 0),
    _dummy('00:02.0', 1), _port('00:02.1', AMD, 0x14db, 1), _port('00:02.2', AMD, 0x14db, 1),
    _dummy('00:03.0', 2), _port('00:03.1', AMD, 0x14db, 2), _port('00:03.2', AMD, 0x14db, 2),
    _port('00:03.3', AMD, 0x14db, 2),
    _dummy('00:04.0', 3),
    _dummy('00:08.0', 4), _port('00:08.1', AMD, 0x14dd, 4), _port('00:08.3', AMD, 0x14dd, 4),
    _amd('00:14.0', 0x790b, SMBUS, 5, 'piix4_smbus', revision=0x71),
    _amd('00:14.3', 0x790e, ISA, 5, revision=0x51),
    *(_dummy(f'00:18.{n}', 6, 0x14e0 + n) for n in range(3)),
    _amd('00:18.3', 0x14e3, HOST_BRIDGE, 6, 'k10temp'),
    *(_dummy(f'00:18.{n}', 6, 0x14e0 + n) for n in range(4, 8)),
    _behind('01:00.0', '00:01.1', (NVIDIA, 0x28e0), VGA, 0, 'nvidia', revision=0xa1, boot_vga=1,
            children=('drm/card0',)),
    _behind('01:00.1', '00:01.1', (NVIDIA, 0x22be), AUDIO, 0, 'snd_hda_intel', revision=0xa1,
            children=('sound/card0',)),
    _behind('02:00.0', '00:01.2', (0x144d, 0xa80a), NVME, 0, 'nvme',
            children=('nvme/nvme0/nvme0n1',)),
    _behind('04:00.0', '00:02.2', (0x14c3, 0x0616), WIFI, 1, 'mt7921e', children=('net/wlp4s0',)),
    _behind('07:00.0', '00:03.3', (0x10ec, 0x8168), ETHERNET, 2, 'r8169', revision=0x15,
            reset='bus', children=('net/enp7s0',)),
    _behind('08:00.0', '00:08.1', (AMD, 0x14de), 0x130000, 4, revision=0xd8, reset='pm'),
    _behind('08:00.2', '00:08.1', (AMD, 0x1649), 0x108000, 4, 'ccp', reset='pm'),
    _behind('08:00.3', '00:08.1', (AMD, 0x15b6), XHCI, 4, 'xhci_hcd', reset='pm',
            children=('usb1', 'usb2')),
    _behind('08:00.4', '00:08.1', (AMD, 0x15b7), XHCI, 4, 'xhci_hcd', reset='pm',
            children=('usb3', 'usb4')),
    _behind('08:00.5', '00:08.1', (AMD, 0x15e2), 0x048000, 4, 'snd_rpl_pci_acp6x', revision=0x62,
            reset='pm'),
    _behind('08:00.6', '00:08.1', (AMD, 0x15e3), AUDIO, 4, 'snd_hda_intel', reset='pm',
            children=('sound/card1',)),
    _behind('09:00.0', '00:08.3', (AMD, 0x15b8), XHCI, 4, 'xhci_hcd', reset='pm',
            children=('usb5', 'usb6')),
]

# 03:00.0 has gone since.
AMD_ADDED = (
    (497832, '00:01.0', 0), (497836, '00:01.1', 0), (497840, '00:01.2', 0), (497848, '00:02.0', 1),
    (497852, '00:02.1', 1), (497856, '00:02.2', 1), (497867, '00:03.0', 2), (497871, '00:03.1', 2),
    (497875, '00:03.2', 2), (497879, '00:03.3', 2), (497884, '00:04.0', 3), (497893, '00:08.0', 4),
    (497897, '00:08.1', 4), (497901, '00:08.3', 4), (497909, '00:14.0', 5), (497914, '00:14.3', 5),
    (497931, '00:18.0', 6), (497935, '00:18.1', 6), (497940, '00:18.2', 6), (497944, '00:18.3', 6),
    (497949, '00:18.4', 6), (497953, '00:18.5', 6), (497957, '00:18.6', 6), (497961, '00:18.7', 6),
    (497964, '01:00.0', 0), (497965, '01:00.1', 0), (497967, '02:00.0', 0), (497969, '03:00.0', 1),
    (497972, '04:00.0', 1), (497975, '07:00.0', 2), (497977, '08:00.0', 4), (497980, '08:00.2', 4),
    (497982, '08:00.3', 4), (497984, '08:00.4', 4), (497986, '08:00.5', 4), (497988, '08:00.6', 4),
    (497990, '09:00.0', 4),
)

AMD_LAPTOP = Machine(
    'amd-laptop', '''
A Lenovo 82WM laptop (AMD, RTX 4060 Max-Q), all on host drivers, started with iommu=pt.
From the notes: the functions (lspci), parents and groups; 00:00.0 and 00:00.2 in no
group; kernel and command line; the modules loaded, and so most drivers. 03:00.0 is
in the notes' log but in no listing: it is not there. Of the log the lines that stand
here, with their times.
The notes hold nothing of interrupts: /proc/interrupts could not be read.
Plausible: which driver has which function, subsystem ids, that all lines of the log
are of one boot.
''', AMD_FUNCTIONS, kernel='6.3.5', iommu='amd', remapping=None, iommufd=True, domain='identity',
    command_line='initrd=\\efi\\nixos\\zkf5v40bsl6lzvgbi9a4mnf5wm55aqh6-initrd-linux-6.3.5-initrd.efi '
                 'init=/nix/store/np8xhzj01vrhld37vhcd0zlgan1v9kwc-nixos-system-nixos-23.05.563.'
                 '70f7275b32f/init transparent_hugepage=always intel_iommu=on iommu=pt '
                 'fsck.mode=force fsck.repair=yes loglevel=4',
    log=logs.excerpt(*_added(AMD_ADDED), Line('iommu: Default domain type: Passthrough '
                                              '(set via kernel command line)', 498658)))

AMD_LAPTOP_IR = AMD_LAPTOP.but(name='amd-laptop-ir', remapping=True, log=logs.whole(), about='''
The laptop of amd-laptop with interrupt remapping on, which the notes do not tell:
everything a verdict needs is known. As on the real thing, the IOMMU's own interrupt
is not remapped. The log is whole and as the kernel's sources have it, not the notes'.
''')

AMD_LAPTOP_OFF = AMD_LAPTOP.but(
    name='amd-laptop-off', about='''
The laptop of amd-laptop as the notes have it with amd_iommu=off (the kernel says
"Default domain type: Translated" all the same): no IOMMU, no groups, no remapping.
The three lines of the log are the notes'; the last came when 07:00.0 was bound to
vfio-pci.
''',
    functions=changed(AMD_FUNCTIONS, {f.address: {'group': None} for f in AMD_FUNCTIONS}),
    iommu=None, table='IVRS', remapping=False,
    command_line=AMD_LAPTOP.command_line.replace('iommu=pt', 'amd_iommu=off'),
    log=logs.excerpt(
        Line('iommu: Default domain type: Translated', 495931),
        Line('iommu: DMA domain TLB invalidation policy: lazy mode', 495931),
        Line('vfio-pci: probe of 0000:07:00.0 failed with error -22', 613669612)))

AMD_LAPTOP_IOMMU_OFF = AMD_LAPTOP_OFF.but(
    name='amd-laptop-iommu-off', about='''
The laptop of amd-laptop as the notes have it with iommu=off, which takes the bounce
buffers too: the Wi-Fi card, which reaches 4 GiB, is given memory above that, and its
driver gives up. The lines of the log are the notes', but for the registers and stacks.
Plausible: the command line around iommu=off, that the driver stays bound.
''',
    functions=changed(AMD_LAPTOP_OFF.functions, {'0000:04:00.0': {'children': ()}}),
    command_line=AMD_LAPTOP.command_line.replace('iommu=pt', 'iommu=off'),
    log=logs.excerpt(
        Line('------------[ cut here ]------------', 2517363),
        # A WARN(): the kernel does not tell journald which device it is about.
        Line('mt7921e 0000:04:00.0: DMA addr 0x0000000117eaf000+4096 overflow '
             '(mask ffffffff, bus limit 0).', 2517364, of_device=False),
        Line('WARNING: CPU: 19 PID: 1054 at kernel/dma/direct.h:103 '
             'dma_map_page_attrs+0x242/0x280', 2517367),
        Line('CPU: 19 PID: 1054 Comm: (udev-worker) Tainted: P           O       6.3.5 #1-NixOS',
             2517420),
        Line('Hardware name: LENOVO 82WM/LNVNB161216, BIOS LPCN41WW 05/24/2023', 2517422),
        Line('---[ end trace 0000000000000000 ]---', 2517534),
        Line('mt7921e 0000:04:00.0: Failed to get patch semaphore', 2517778),
        Line('mt7921e 0000:04:00.0: hardware init failed', 3262368),
        Line('r8169 0000:07:00.0 enp7s0: No native access to PCI extended config space, falling '
             'back to CSI', 3308670),
        Line('r8169 0000:07:00.0 enp7s0: Link is Down', 3331709)))

MACHINES = [INTEL_DESKTOP, INTEL_DESKTOP_DEFAULT, AMD_LAPTOP, AMD_LAPTOP_IR, AMD_LAPTOP_OFF,
            AMD_LAPTOP_IOMMU_OFF]
