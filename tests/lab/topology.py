# SPDX-License-Identifier: GPL-2.0-or-later
"""The one machine of the lab: which devices sit where, and what they are for.

Every device on the root bus has an explicit slot (an AMD IOMMU takes slot 2 by
itself). Bus numbers are the firmware's business, so the guest is told *paths*
from the root bus and finds the addresses itself; the firmware numbers buses in
the order of the slots, which makes the two-function group 0000:02:00.0 and .1.
"""

IOMMUS = {
    'vtd': ['intel-iommu,intremap=on,caching-mode=on'],
    'vtd-noir': ['intel-iommu,intremap=off,caching-mode=on'],
    'amd': ['amd-iommu,intremap=on'],
    'virtio': ['virtio-iommu-pci,addr=0x1d'],
    'none': [],
}
# The entry in /sys/class/iommu that proves the kind, and whether interrupts are
# remapped; the self-test holds the guest against this.
EXPECT = {
    'vtd': {'class': 'dmar', 'remapping': True},
    'vtd-noir': {'class': 'dmar', 'remapping': False},
    'amd': {'class': 'ivhd', 'remapping': True},
    # Its PCI function's name, and only from the kernel that has the driver.
    'virtio': {'class': '0000:00:1d.0', 'remapping': False},
    'none': {'class': None, 'remapping': False},
}

# role -> path of a device from the root bus, one "slot.function" per level
ROLES = {
    'nic_port': ['03.0'],
    'nic': ['03.0', '00.0'],
    'two_port': ['04.0'],
    'two_a': ['04.0', '00.0'],
    'two_b': ['04.0', '00.1'],
    'nvme_port': ['05.0'],
    'nvme': ['05.0', '00.0'],
    'bridge': ['06.0'],
    'bridge_rtl8139': ['06.0', '01.0'],
    'bridge_edu': ['06.0', '02.0'],
    'bridge_xhci': ['06.0', '03.0'],
    'pair_port_a': ['07.0'],
    'pair_port_b': ['07.1'],
    'pair_a': ['07.0', '00.0'],
    'pair_b': ['07.1', '00.0'],
    'hotplug_port': ['08.0'],
    'isa_bridge': ['1f.0'],
    'ahci': ['1f.2'],
    'smbus': ['1f.3'],
}
# Groups that the kernel must form, by role; the self-test checks each.
GROUPS = {
    'nic': ['nic'],
    'two_function': ['two_port', 'two_a', 'two_b'],
    'nvme': ['nvme'],
    'bridge': ['bridge', 'bridge_rtl8139', 'bridge_edu', 'bridge_xhci'],
    'pair': ['pair_port_a', 'pair_port_b', 'pair_a', 'pair_b'],
    'chipset': ['isa_bridge', 'ahci', 'smbus'],
}
HOTPLUG_BUS = 'plugport'   # QMP: device_add {"bus": "plugport", ...}
PFS = 4
VFS = 127


def _port(name, slot, *more):
    slot_number = int(slot.split('.')[0], 16)
    # A slot number of its own for each port: hotplug identifies slots by it.
    chassis = slot_number * 8 + int(slot.split('.')[1]) if '.' in slot else slot_number * 8
    return ','.join(['pcie-root-port', f'id={name}', 'bus=pcie.0', f'addr=0x{slot}',
                     f'chassis={chassis % 256}', f'slot={chassis % 256}', *more])


def _devices(iommu):
    # QEMU's AMD IOMMU takes a device behind a bridge for one on bus 0 (it keeps
    # the bus number of power-on), so DMA from there fails. Only NVMe cannot be
    # probed without DMA, and costs its driver's timeout of a minute.
    if iommu == 'amd':
        nvme = ['nvme,id=nvme,bus=pcie.0,addr=0x5,serial=lab-nvme,drive=nvme0']
        pair = 'e1000e,bus=pair_b,addr=0.0,netdev=net3,romfile='
    else:
        nvme = [_port('nvmeport', '5'),
                'nvme,id=nvme,bus=nvmeport,addr=0.0,serial=lab-nvme,drive=nvme0']
        pair = 'nvme,id=pairnvme,bus=pair_b,addr=0.0,serial=lab-pair,drive=nvme1'
    return [
        _port('nicport', '3'),
        'e1000e,bus=nicport,addr=0.0,netdev=net0,romfile=',
        _port('twoport', '4', 'disable-acs=on'),
        'qemu-xhci,id=two_a,bus=twoport,addr=0.0,multifunction=on',
        'intel-hda,id=hda,bus=twoport,addr=0.1',
        # With a codec there is a real sound card, as on any machine.
        'hda-output,bus=hda.0,audiodev=quiet',
        *nvme,
        'pcie-pci-bridge,id=oldbus,bus=pcie.0,addr=0x6',
        'rtl8139,bus=oldbus,addr=1.0,netdev=net1,romfile=',
        'edu,bus=oldbus,addr=2.0',
        'nec-usb-xhci,bus=oldbus,addr=3.0',
        _port('pair_a', '7.0', 'multifunction=on', 'disable-acs=on'),
        _port('pair_b', '7.1', 'disable-acs=on'),
        'e1000e,bus=pair_a,addr=0.0,netdev=net2,romfile=',
        pair,
        _port(HOTPLUG_BUS, '8'),
    ]


def _sriov_devices():
    """Four NVMe functions with up to 127 VFs each, a port for each."""
    devices = []
    for index in range(PFS):
        devices += [
            # Room for the BARs of the VFs: the firmware does not size them.
            _port(f'pfport{index}', f'{9 + index:x}', 'mem-reserve=32M'),
            f'nvme-subsys,id=subsys{index}',
            f'nvme,id=pf{index},bus=pfport{index},addr=0.0,subsys=subsys{index},'
            f'serial=lab-pf{index},sriov_max_vfs={VFS},sriov_vq_flexible={2 * VFS},'
            f'sriov_vi_flexible={VFS},max_ioqpairs={2 * VFS + 2},msix_qsize={VFS + 2}',
            f'nvme-ns,drive=pfdrive{index},bus=pf{index}',
        ]
    return devices


def roles(iommu, sriov=False):
    """What the guest is told: paths by role."""
    paths = dict(ROLES)
    if iommu == 'amd':
        paths['nvme'] = paths.pop('nvme_port')
    if sriov:
        for index in range(PFS):
            paths[f'pf{index}'] = [f'{9 + index:02x}.0', '00.0']
    return paths


def arguments(iommu, nvme, shpchp=False, sriov=False):
    """QEMU's arguments for the devices under test (disks of the lab not included). The NVMe has
    what the words say, which are a -blockdev's."""
    result = ['-audiodev', 'none,id=quiet']
    if shpchp:
        # Then the kernel's own hotplug driver takes the conventional bridge.
        result += ['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off']
    for index in range(4 if iommu == 'amd' else 3):
        # A hub with one port: a network card with a link that leads nowhere.
        result += ['-netdev', f'hubport,hubid={index},id=net{index}']
    result += ['-blockdev', f'{nvme},node-name=nvme0']
    drives = ['nvme1']
    if sriov:
        drives += [f'pfdrive{index}' for index in range(PFS)]
    for name in drives:
        result += ['-blockdev', f'driver=null-co,node-name={name},size=1073741824,read-zeroes=on']
    # The IOMMU first: devices ask for their address space when they are made.
    for device in IOMMUS[iommu] + _devices(iommu) + (_sriov_devices() if sriov else []):
        result += ['-device', device]
    return result
