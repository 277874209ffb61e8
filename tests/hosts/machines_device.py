# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines made for what is known of single devices: their power, their screens, who else owns them
and who may open them. None of them is anybody's."""
from describe import Function as F, changed
from machines import BOUND, PAIR_BOUND, READY, _nic, _pair, _port
from machines_notes import INTEL

# Three BARs of a graphics card as the attribute `resource` has them, the second with the screen.
_BARS = ('0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n'
         '0x00000000c0000000 0x00000000cfffffff 0x000000000014220c\n'
         '0x0000000000000000 0x0000000000000000 0x0000000000000000\n'
         '0x00000000d0000000 0x00000000d1ffffff 0x000000000014220c\n')
_IOMEM = ('00001000-0009ffff : System RAM\n'
          'c0000000-fed1ffff : PCI Bus 0000:00\n'
          '  c0000000-d1ffffff : PCI Bus 0000:01\n'
          '    c0000000-cfffffff : 0000:01:00.0\n'
          '      c0000000-c07e8fff : {}\n'
          '    d0000000-d1ffffff : 0000:01:00.0\n'
          '  f6000000-f70fffff : PCI Bus 0000:01\n')
# Where the firmware's frame buffers stand in sysfs.
_EFIFB = 'sys/devices/platform/efi-framebuffer.0/graphics/fb0'
_SIMPLEDRM = 'sys/devices/platform/simple-framebuffer.0/graphics/fb0'

_BOOT_DISPLAY = {'boot_vga': 1, 'files': {'resource': _BARS}}

SCREEN_5_15 = READY.but(
    name='screen-5.15', kernel='5.15.0-91-generic', about='''
The card of the boot display on vfio-pci, with efifb still in its memory: kernels before 6.1
leave it there.
''', functions=changed(PAIR_BOUND, {'0000:01:00.0': _BOOT_DISPLAY | {'vfio_device': None},
                                    '0000:01:00.1': {'vfio_device': None}}),
    files={'proc/iomem': _IOMEM.format('efifb'), f'{_EFIFB}/name': 'EFI VGA\n'},
    links={'sys/class/graphics/fb0': _EFIFB})

SCREEN_6_12 = _pair('screen-6.12', '''
The card of the boot display without a driver: simpledrm draws in its memory. vfio-pci of this
kernel takes it away when it is bound.
''', {'0000:01:00.0': _BOOT_DISPLAY | {'driver': None, 'children': ()}}, kernel='6.12.107+deb13-amd64',
    files={'proc/iomem': _IOMEM.format('BOOTFB\n        c0000000-c07e8fff : simpledrm'),
           f'{_SIMPLEDRM}/name': 'simpledrmdrmfb\n'},
    links={'sys/class/graphics/fb0': _SIMPLEDRM})

SCREEN_HIDDEN = SCREEN_5_15.but(
    name='screen-hidden', about='''
The machine of screen-5.15, read by somebody to whom /proc/iomem shows zeros for addresses.
''', files=SCREEN_5_15.files | {'proc/iomem': '00000000-00000000 : PCI Bus 0000:00\n'
                                              '  00000000-00000000 : efifb\n'})

_IDS = ('# for the guests\n'
        'options vfio-pci ids=8086:15f3 disable_vga=1\n'
        'softdep igc pre: vfio-pci\n')
OWNERS = _pair('owners', '''
Devices that others give to VFIO. The card by driverctl, and so it is. Both network interfaces of
05:00 by their ids in modprobe.d; vfio-pci has taken 05:00.0, and came too late for 06:00.0.
''', {'0000:01:00.0': BOUND | {'vfio_device': 'vfio0'},
      '0000:01:00.1': BOUND | {'vfio_device': 'vfio1'},
      '0000:05:00.0': {'driver': 'vfio-pci', 'children': (), 'vfio_device': 'vfio2'}},
    nodes={15: '15', 18: '18'},
    files={'etc/driverctl.d/pci-0000:01:00.0': 'vfio-pci\n',
           'etc/driverctl.d/pci-0000:01:00.1': 'vfio-pci\n',
           'etc/modprobe.d/vfio.conf': _IDS})
OWNERS.functions += [
    _port('0000:00:1c.4', 14, 0x7abc),
    F('0000:06:00.0', (INTEL, 0x15f3), 0x020000, 19, 'igc', '0000:00:1c.4', revision=3,
      children=('net/enp6s0',))]

DELEGATED = READY.but(
    name='delegated', about='''
The machine of ready, whose nodes a udev rule has given to the group kvm; limits.d lets that
group lock 4 GiB.
''', access={'15': '0660 root kvm'},
    files={'etc/security/limits.d/80-vfio.conf': '# guests\n@kvm - memlock 4194304\n'})

IOMMUFD_ONLY = READY.but(
    name='iommufd-only', about='''
A kernel without vfio_iommu_type1: VFIO devices are opened by their own nodes and bound to iommufd.
''', type1=None, modules=('iommufd',), iommufd=True, cdev=True, nodes={},
    files={'boot/config-6.12.107+deb13-amd64': 'CONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n'
                                               '# CONFIG_IOMMUFD_VFIO_CONTAINER is not set\n'})

NO_BACKEND = READY.but(
    name='no-backend', about='''
A kernel with VFIO, and with neither vfio_iommu_type1 nor iommufd, not even as modules.
''', type1=None, modules=(), nodes={})

TYPE1_MODULE = READY.but(
    name='type1-module', about='''
The machine of ready before the first guest: vfio_iommu_type1 is a module that nobody has needed yet.
''', type1=None)

VARIANT = _pair('variant', '''
A network function for which mlx5_vfio_pci is made; beside it one of the same maker for which it
is not. Neither driver is loaded.
''', drivers=('pci-stub',), kernel='6.12.107+deb13-amd64',
    files={'lib/modules/6.12.107+deb13-amd64/modules.alias':
           'alias pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_core\n'
           'alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n'
           'alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n'})
VARIANT.functions += [
    _port('0000:00:06.0', 3, 0xa74d),
    F('0000:02:00.0', (0x15b3, 0x101e), 0x020000, 16, 'mlx5_core', '0000:00:06.0',
      children=('net/enp2s0',)),
    F('0000:02:00.1', (0x15b3, 0x1021), 0x020000, 17, 'mlx5_core', '0000:00:06.0',
      children=('net/enp2s0f1',))]

D3COLD = _pair('d3cold', '''
A card on vfio-pci that has lost its power while nobody uses it (D3cold), as laptops do it. It
may, and vfio_pci.disable_idle_d3 is not set.
''', {'0000:01:00.0': BOUND | {'vfio_device': 'vfio0', 'class_code': 0x030200, 'boot_vga': None,
                               'files': {'power_state': 'D3cold', 'd3cold_allowed': '1'}},
      '0000:01:00.1': BOUND | {'vfio_device': 'vfio1'}}, nodes={15: '15'},
    files={'sys/module/vfio_pci/parameters/disable_idle_d3': 'N\n'})

DENYLIST = _pair('denylist', '''
An accelerator (QAT C62X) on its driver, which vfio-pci refuses as its list says.
''', files={'sys/module/vfio_pci/parameters/disable_denylist': 'N\n'})
DENYLIST.functions += [
    _port('0000:00:06.0', 3, 0xa74d),
    F('0000:02:00.0', (INTEL, 0x37c8), 0x0b4000, 16, 'c6xx', '0000:00:06.0')]

NO_RESET = _pair('no-reset', '''
A card of two functions that are isolated from each other, neither of which can be reset but by
the bus. One is on vfio-pci, the other on its driver: so not even that can be done.
''', {})
NO_RESET.functions += [
    _port('0000:00:06.0', 3, 0xa74d),
    _nic('0000:02:00.0', '0000:00:06.0', 16, 'vfio-pci', override='vfio-pci', vfio_device='vfio0',
         reset=None),
    _nic('0000:02:00.1', '0000:00:06.0', 17, reset=None, children=('net/enp2s0f1',))]
NO_RESET.nodes = {16: '16'}

MACHINES = [SCREEN_5_15, SCREEN_6_12, SCREEN_HIDDEN, OWNERS, DELEGATED, IOMMUFD_ONLY, NO_BACKEND,
            TYPE1_MODULE, VARIANT, D3COLD, DENYLIST, NO_RESET]
