# SPDX-License-Identifier: GPL-2.0-or-later
"""The two machines of the user's notes, and one of them in other moods.

From the notes: addresses, names, revisions, groups, parents, the AMD machine's
kernel, command line and modules. Plausible, not from the notes: everything a
comment or the `about` text says so of. Ids are those of pci.ids for the names.
"""
from describe import Function as F, Machine, changed

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
      boot_vga=0, reset='bus', children=('drm/card1',)),
    F('0000:01:00.1', (NVIDIA, 0x10f1), AUDIO, 15, 'snd_hda_intel', '0000:00:01.0', revision=0xa1,
      reset='bus', children=('sound/card1',)),
    F('0000:02:00.0', (0x1e49, 0x0041), NVME, 16, 'nvme', '0000:00:06.0', revision=1,
      children=('nvme/nvme0/nvme0n1',)),
    F('0000:03:00.0', (0x1e49, 0x0071), NVME, 17, 'nvme', '0000:00:1a.0', revision=1,
      children=('nvme/nvme1/nvme1n1',)),
    F('0000:05:00.0', (INTEL, 0x15f3), ETHERNET, 18, 'igc', '0000:00:1c.2', revision=3,
      children=('net/enp5s0',)),
]

INTEL_DESKTOP = Machine(
    'intel-desktop', '''
An Intel Raptor Lake desktop with a GTX 1060, all on host drivers.
From the notes: the 26 functions (lspci), their parents (sysfs listing), their 19
groups ("Adding to iommu group"), iommufd and vfio_iommu_type1 loaded.
Plausible: the drivers (snd_hda_intel, nvme, igc ... as facts name them), kernel
6.3.5 (the listing has iommufd, so 6.2 or later), subsystem ids, the relaxable
firmware mappings of graphics and USB, interrupt remapping on, vfio-pci not loaded.
''', INTEL_FUNCTIONS, kernel='6.3.5',
    command_line='initrd=\\efi\\nixos\\initrd-linux-6.3.5-initrd.efi init=/nix/store/system/init '
                 'intel_iommu=on loglevel=4',
    iommufd=True, drivers=('pci-stub',),
    regions={0: ('0x000000007c000000 0x00000000803fffff direct-relaxable',),
             6: ('0x0000000076b1d000 0x0000000076d66fff direct-relaxable',)})


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

AMD_LAPTOP = Machine(
    'amd-laptop', '''
A Lenovo 82WM laptop (AMD, RTX 4060 Max-Q), all on host drivers, started with iommu=pt.
From the notes: the functions (lspci), parents and groups; 00:00.0 and 00:00.2 in no
group; kernel and command line; the modules loaded, and so most drivers. 03:00.0 is
in the notes' log but in no listing: it is not there.
The notes hold nothing of interrupts: /proc/interrupts could not be read.
Plausible: which driver has which function, subsystem ids.
''', AMD_FUNCTIONS, kernel='6.3.5', iommu='amd', remapping=None, iommufd=True, domain='identity',
    command_line='initrd=\\efi\\nixos\\zkf5v40bsl6lzvgbi9a4mnf5wm55aqh6-initrd-linux-6.3.5-initrd.efi '
                 'init=/nix/store/np8xhzj01vrhld37vhcd0zlgan1v9kwc-nixos-system-nixos-23.05.563.'
                 '70f7275b32f/init transparent_hugepage=always intel_iommu=on iommu=pt '
                 'fsck.mode=force fsck.repair=yes loglevel=4')

AMD_LAPTOP_IR = AMD_LAPTOP.but(name='amd-laptop-ir', remapping=True, about='''
The laptop of amd-laptop with interrupt remapping on, which the notes do not tell:
everything a verdict needs is known. As on the real thing, the IOMMU's own interrupt
is not remapped.
''')

AMD_LAPTOP_OFF = AMD_LAPTOP.but(
    name='amd-laptop-off', about='''
The laptop of amd-laptop as the notes have it with amd_iommu=off (the kernel says
"Default domain type: Translated" all the same): no IOMMU, no groups, no remapping.
''',
    functions=changed(AMD_FUNCTIONS, {f.address: {'group': None} for f in AMD_FUNCTIONS}),
    iommu=None, table='IVRS', remapping=False,
    command_line=AMD_LAPTOP.command_line.replace('iommu=pt', 'amd_iommu=off'))

MACHINES = [INTEL_DESKTOP, AMD_LAPTOP, AMD_LAPTOP_IR, AMD_LAPTOP_OFF]
