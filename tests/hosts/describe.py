# SPDX-License-Identifier: GPL-2.0-or-later
"""From a short description of a machine to the lines of its recording.

A description says what differs between machines; what the kernel makes of it in
sysfs and procfs (links, directories, formats) stands here, once.
"""
import os
import struct
from dataclasses import dataclass, field, replace

import hostfile
import logs

BRIDGE_CLASSES = (0x0604, 0x0607)
PCI_DRIVERS = 'sys/bus/pci/drivers/'
PCI_DEVICES = 'sys/bus/pci/devices/'
GROUPS = 'sys/kernel/iommu_groups/'

# Symbols around the one that tells the rule, as /proc/kallsyms has them for who is not root.
KALLSYMS_OWNERSHIP = (  # 5.19 and later, and backports
    'T iommu_device_register', 'T iommu_group_get', 'T iommu_group_claim_dma_owner',
    'T iommu_device_unuse_default_domain', 'T iommu_device_use_default_domain',
    'T iommu_group_dma_owner_claimed')
KALLSYMS_NOTIFIER = (   # before
    'T iommu_device_register', 'T iommu_group_get', 'T iommu_group_register_notifier',
    't vfio_dev_viable\t[vfio]')
MSI_REGION = '0x00000000fee00000 0x00000000feefffff msi'


@dataclass
class Function:
    """One PCI function. ids: vendor, device. parent: address of the bridge, None on a root bus."""
    address: str
    ids: tuple
    class_code: int
    group: int = None
    driver: str = None
    parent: str = None
    override: str = None
    children: tuple = ()       # class children, e.g. 'net/enp5s0'
    vfio_device: str = None    # e.g. 'vfio0'
    boot_vga: int = None
    physfn: str = None
    revision: int = 0
    reset: str = 'flr bus'
    files: dict = field(default_factory=dict)   # further attributes
    unreadable: tuple = ()     # attributes that fail with EACCES

    @property
    def bridge(self):
        return self.class_code >> 8 in BRIDGE_CLASSES


@dataclass
class Other:
    """A member of a group that is no PCI function: a platform device."""
    name: str
    group: int
    driver: str = None


@dataclass
class Machine:
    """One recorded host."""
    name: str
    about: str
    functions: list
    kernel: str = '6.1.0-18-amd64'
    command_line: str = 'BOOT_IMAGE=/boot/vmlinuz root=/dev/mapper/vg-root ro quiet'
    kallsyms: tuple = KALLSYMS_OWNERSHIP   # None: EACCES
    iommu: str = 'intel'                   # 'intel', 'amd', 'virtio', 'smmu', None
    cap: str = '8d2078c106f0466'           # Intel's register; bit 59: can post interrupts
    table: str = None                      # 'DMAR', 'IVRS', 'none'; default by iommu
    remapping: bool = True                 # chips are called IR-*; None: /proc/interrupts EACCES
    type1: str = 'N'                       # allow_unsafe_interrupts; None: not loaded
    iommufd: bool = False
    iommufd_unsafe: str = 'N'              # its allow_unsafe_interrupts
    cdev: bool = False                     # VFIO devices have nodes of their own
    drivers: tuple = ('vfio-pci', 'pci-stub')  # registered, whether or not something is bound
    modules: tuple = ('vfio_iommu_type1',)     # on disk, beside vfio-pci
    access: dict = field(default_factory=dict) # node below /dev/vfio -> 'MODE OWNER GROUP'
    domain: str = 'DMA-FQ'                 # type of every group
    others: list = field(default_factory=list)
    regions: dict = field(default_factory=dict)      # group -> lines before that of the MSI window
    group_files: dict = field(default_factory=dict)  # group -> {file: content}
    nodes: dict = field(default_factory=dict)        # group -> name in /sys/class/vfio
    processes: dict = field(default_factory=dict)    # pid -> (comm, {fd: target})
    files: dict = field(default_factory=dict)        # path -> content
    links: dict = field(default_factory=dict)        # path -> path it leads to
    unreadable: tuple = ()                           # paths that fail with EACCES
    log: object = None                               # one of logs.py; None: no log was recorded

    def but(self, **changes):
        """The same machine with other facts."""
        return replace(self, **changes)


def changed(functions, changes):
    """Copies of functions, with {address: {field: value}} taken over."""
    unknown = changes.keys() - {f.address for f in functions}
    if unknown:
        raise ValueError(f'no such function: {sorted(unknown)}')
    return [replace(f, **changes.get(f.address, {})) for f in functions]


class Tree:
    """The files of a recording, by path."""

    def __init__(self):
        self.entries = {}

    def add(self, kind, path, value=None):
        entry = hostfile.Entry(kind, path, value)
        if self.entries.setdefault(path, entry) != entry:
            raise ValueError(f'two different things at {path}')

    def file(self, path, text):
        self.add('f', path, text if isinstance(text, bytes) else text.encode())

    def directory(self, path):
        self.add('d', path)

    def link(self, path, to):
        """A link as sysfs makes them: relative."""
        self.add('l', path, os.path.relpath(to, os.path.dirname(path)))

    def unreadable(self, path):
        """What could not be read replaces what would have been there."""
        below = path + '/'
        self.entries = {p: e for p, e in self.entries.items()
                        if p != path and not p.startswith(below)}
        self.add('u', path, 'EACCES')

    def sorted(self):
        """All entries, without the directories that others imply."""
        parents = set()
        for path in self.entries:
            while path := os.path.dirname(path):
                parents.add(path)
        return [e for p, e in sorted(self.entries.items()) if e.kind != 'd' or p not in parents]


def device_paths(functions):
    """Where each function's directory lies, by address."""
    by_address = {f.address: f for f in functions}
    paths = {}

    def path_of(f):
        if f.address not in paths:
            root = 'pci' + f.address[:-5]  # domain:bus of a root bus
            if f.parent is None:
                paths[f.address] = f'sys/devices/{root}/{f.address}'
            else:
                above = path_of(by_address[f.parent])
                # Behind VMD the bridge is itself the parent of a root bus.
                crossing = f.parent.split(':')[0] != f.address.split(':')[0]
                paths[f.address] = above + (f'/{root}/' if crossing else '/') + f.address
        return paths[f.address]

    for f in functions:
        path_of(f)
    return paths


def add_attributes(tree, path, f):
    """The files in the directory of a function."""
    vendor, device = f.ids
    subsystem = (0, 0) if f.bridge else f.ids
    code = f.class_code
    values = {
        'vendor': f'0x{vendor:04x}', 'device': f'0x{device:04x}',
        'subsystem_vendor': f'0x{subsystem[0]:04x}', 'subsystem_device': f'0x{subsystem[1]:04x}',
        'class': f'0x{code:06x}', 'revision': f'0x{f.revision:02x}',
        'modalias': f'pci:v{vendor:08X}d{device:08X}sv{subsystem[0]:08X}sd{subsystem[1]:08X}'
                    f'bc{code >> 16:02X}sc{code >> 8 & 255:02X}i{code & 255:02X}',
        'driver_override': f.override or '(null)', 'numa_node': '-1', 'power_state': 'D0',
    }
    if f.bridge:
        values['secondary_bus_number'] = '1'
    elif f.reset:
        values['reset_method'] = f.reset
        tree.file(f'{path}/reset', '')  # can be written only
    if f.boot_vga is not None:
        values['boot_vga'] = str(f.boot_vga)
    values.update(f.files)
    for name, text in values.items():
        tree.file(f'{path}/{name}', text + '\n')


def add_class_child(tree, path, child):
    """What a driver made below its device: CLASS/NAME, or CLASS/NAME/DISK; usbN is a root hub."""
    if '/' not in child:
        tree.directory(f'{path}/{child}')
        return
    class_name, name, *disk = child.split('/')
    below = f'{path}/{class_name}/{name}'
    tree.link(f'sys/class/{class_name}/{name}', below)
    tree.link(below + '/device', path)
    for block in disk:
        tree.link('sys/class/block/' + block, f'{below}/{block}')
        tree.link(f'{below}/{block}/device', below)


def add_function(tree, f, paths, machine):
    path = paths[f.address]
    tree.link(PCI_DEVICES + f.address, path)
    add_attributes(tree, path, f)
    tree.link(path + '/subsystem', 'sys/bus/pci')
    if f.driver:
        tree.link(path + '/driver', PCI_DRIVERS + f.driver)
        tree.link(PCI_DRIVERS + f'{f.driver}/{f.address}', path)
    if f.group is not None:
        tree.link(path + '/iommu_group', f'{GROUPS}{f.group}')
        tree.link(f'{GROUPS}{f.group}/devices/{f.address}', path)
        if machine.iommu:
            tree.link(path + '/iommu', iommu_path(machine, paths))
    for child in f.children:
        add_class_child(tree, path, child)
    if f.vfio_device:
        add_class_child(tree, path, 'vfio-dev/' + f.vfio_device)
        if machine.cdev:
            minor = int(f.vfio_device[len('vfio'):])
            tree.file(f'{path}/vfio-dev/{f.vfio_device}/dev', f'511:{minor}\n')
    if f.physfn:
        tree.link(path + '/physfn', paths[f.physfn])


def iommu_path(machine, paths):
    if machine.iommu == 'intel':
        return 'sys/devices/virtual/iommu/dmar0'
    if machine.iommu == 'virtio':
        return paths['0000:00:02.0'] + '/virtio0/iommu/virtio0'
    if machine.iommu == 'smmu':
        return 'sys/devices/platform/arm-smmu-v3.0.auto/iommu/smmu3.0x000000002b400000'
    # A real directory, where other functions have a link (drivers/iommu/iommu-sysfs.c).
    return paths['0000:00:00.2'] + '/iommu/ivhd0'


def add_iommu(tree, machine, paths):
    tree.directory('sys/class/iommu')  # there with every kernel that can have an IOMMU
    tree.directory(GROUPS.rstrip('/'))
    if not machine.iommu:
        return
    path = iommu_path(machine, paths)
    tree.link('sys/class/iommu/' + os.path.basename(path), path)
    tree.directory(path)
    if machine.iommu == 'intel':
        tree.file(path + '/intel-iommu/cap', machine.cap + '\n')
        # Bit 3: can remap interrupts, which says nothing about whether it does.
        tree.file(path + '/intel-iommu/ecap', 'f020df\n')
        tree.file(path + '/intel-iommu/version', '1:0\n')
    elif machine.iommu == 'amd':
        tree.file(path + '/amd-iommu/cap', '190b640f\n')
        tree.file(path + '/amd-iommu/features', '25bf732fa2295afe:246577efa2254afa\n')


def acpi_table(name):
    """A table with its header, flags in the byte after the address width, and no structures."""
    body = struct.pack('<BB10x', 38, 1) if name == 'DMAR' else struct.pack('<I8x', 0x00203040)
    header = struct.pack('<4sIBB6s8sI4sI', name.encode(), 36 + len(body), 1, 0, b'VFIOD ',
                         b'RECORDED', 1, b'TEST', 1)
    table = bytearray(header + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)


def add_firmware(tree, machine):
    tables = {'APIC', 'FACP', 'MCFG'}
    table = machine.table or {'intel': 'DMAR', 'amd': 'IVRS', 'smmu': 'IORT',
                              'virtio': 'VIOT'}.get(machine.iommu)
    for name in sorted(tables | ({table} if table else set())):
        if name != 'none':
            tree.file('sys/firmware/acpi/tables/' + name, acpi_table(name))


def release_number(text):
    """(major, minor) of a kernel release."""
    major, minor = text.split('.')[:2]
    return int(major), int(minor)


def interrupts(machine):
    """/proc/interrupts: two processors, two IO-APIC lines, the IOMMU's own and one per driver."""
    if machine.iommu == 'smmu':
        return ('            CPU0       CPU1       \n'
                ' 11:          0          0     GICv3  30 Level     arch_timer\n'
                ' 40:          0          0   ITS-MSI   0 Edge      nvme0q0\n')
    ir = 'IR-' if machine.remapping else ''
    # Since 6.2 the chip of a message interrupt is named with its function.
    named = release_number(machine.kernel) >= (6, 2)
    rows = [('0', f'{ir}IO-APIC    2-edge      timer'), ('9', f'{ir}IO-APIC    9-fasteoi   acpi')]
    number = 120
    if machine.iommu == 'intel' or (machine.table == 'DMAR' and machine.remapping):
        rows.append((str(number), 'DMAR-MSI    0-edge      dmar0'))
    elif machine.iommu == 'amd':
        # The IOMMU's own interrupt is never remapped.
        chip = 'PCI-MSI-0000:00:00.2' if named else 'PCI-MSI 4096-edge  '
        rows.append((str(number), f'{chip}    0-edge      AMD-Vi'))
    for f in machine.functions:
        if f.driver and not f.bridge and f.driver not in ('vfio-pci', 'pci-stub'):
            number += 1
            chip = f'{ir}PCI-MSI-{f.address}' if named else f'{ir}PCI-MSI'
            rows.append((str(number), f'{chip}    0-edge      {f.driver}'))
    rows.append(('NMI', 'Non-maskable interrupts'))
    return ('            CPU0       CPU1       \n'
            + ''.join(f'{n:>4}:          0          0   {text}\n' for n, text in rows))


def add_kernel(tree, machine):
    tree.file('proc/sys/kernel/osrelease', machine.kernel + '\n')
    tree.file('proc/cmdline', machine.command_line + '\n')
    if machine.kallsyms is None:
        tree.unreadable('proc/kallsyms')
    else:
        tree.file('proc/kallsyms', ''.join(f'{0:016x} {s}\n' for s in machine.kallsyms))
    if machine.remapping is None:
        tree.unreadable('proc/interrupts')
    else:
        tree.file('proc/interrupts', interrupts(machine))
    if machine.type1 is not None:
        tree.file('sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts',
                  machine.type1 + '\n')
    if machine.iommufd:
        tree.link('sys/class/misc/iommu', 'sys/devices/virtual/misc/iommu')
        tree.file('sys/devices/virtual/misc/iommu/dev', '10:124\n')
        tree.file('sys/module/iommufd/parameters/allow_unsafe_interrupts',
                  machine.iommufd_unsafe + '\n')
    # What can be loaded, whether or not it is.
    modules = f'lib/modules/{machine.kernel}/'
    tree.file(modules + 'modules.dep',
              ''.join(f'kernel/drivers/vfio/{m}.ko: kernel/drivers/vfio/vfio.ko\n'
                      for m in machine.modules) +
              'kernel/drivers/vfio/pci/vfio-pci.ko: kernel/drivers/vfio/pci/vfio-pci-core.ko '
              'kernel/drivers/vfio/vfio.ko\n')


def add_groups(tree, machine):
    groups = {f.group for f in machine.functions} | {o.group for o in machine.others}
    for group in sorted(groups - {None}):
        path = f'{GROUPS}{group}'
        regions = '\n'.join([*machine.regions.get(group, ()), MSI_REGION])
        contents = {'type': machine.domain, 'reserved_regions': regions}
        contents.update(machine.group_files.get(group, {}))
        for name, text in contents.items():
            tree.file(f'{path}/{name}', text + '\n')
        if group in machine.nodes:
            node = machine.nodes[group]
            tree.directory('sys/devices/virtual/vfio/' + node)
            tree.link('sys/class/vfio/' + node, 'sys/devices/virtual/vfio/' + node)


def add_nodes(tree, machine):
    """Who may open the nodes: root alone, as the kernel makes them, unless somebody changed that."""
    names = list(machine.nodes.values())
    if machine.cdev:
        names += [f'devices/{f.vfio_device}' for f in machine.functions if f.vfio_device]
    access = {name: '0600 root root' for name in names} | machine.access
    if access:
        tree.file('.nodes', ''.join(f'dev/vfio/{n} {a}\n' for n, a in sorted(access.items())))


def add_others(tree, machine):
    for other in machine.others:
        path = 'sys/devices/platform/' + other.name
        tree.link(f'{GROUPS}{other.group}/devices/{other.name}', path)
        tree.link(path + '/iommu_group', f'{GROUPS}{other.group}')
        tree.link(path + '/subsystem', 'sys/bus/platform')
        tree.directory('sys/bus/platform/devices')
        if other.driver:
            tree.link(path + '/driver', 'sys/bus/platform/drivers/' + other.driver)
            tree.directory('sys/bus/platform/drivers/' + other.driver)


def add_processes(tree, machine):
    for pid, (command, files) in machine.processes.items():
        tree.file(f'proc/{pid}/comm', command + '\n')
        for number, target in files.items():
            tree.add('l', f'proc/{pid}/fd/{number}', target)


def build(machine):
    """All entries of the machine's recording, sorted, the log last."""
    tree = Tree()
    paths = device_paths(machine.functions)
    tree.directory(PCI_DEVICES.rstrip('/'))
    for driver in machine.drivers:
        tree.directory(PCI_DRIVERS + driver)
    for f in machine.functions:
        add_function(tree, f, paths, machine)
        vfs = [v.address for v in machine.functions if v.physfn == f.address]
        for i, vf in enumerate(vfs):
            tree.link(f'{paths[f.address]}/virtfn{i}', paths[vf])
    add_iommu(tree, machine, paths)
    add_firmware(tree, machine)
    add_kernel(tree, machine)
    add_groups(tree, machine)
    add_others(tree, machine)
    add_nodes(tree, machine)
    add_processes(tree, machine)
    for path, text in machine.files.items():
        tree.file(path, text)
    for path, to in machine.links.items():
        tree.link(path, to)
    for f in machine.functions:
        for name in f.unreadable:
            # By both of its paths: a reader may come through either.
            tree.unreadable(f'{paths[f.address]}/{name}')
            tree.unreadable(f'{PCI_DEVICES}{f.address}/{name}')
    for path in machine.unreadable:
        tree.unreadable(path)
    return tree.sorted() + kernel_log(machine)


def kernel_log(machine):
    """The log as the last entry of the recording, if there is one."""
    if machine.log is None:
        return []
    return [hostfile.Entry('k', hostfile.LOG, list(logs.records(machine.log(machine))))]


def render(machine):
    """The text of the machine's .host file."""
    lines = ['# SPDX-License-Identifier: GPL-2.0-or-later', '# Made by generate.py; change it there.',
             '#']
    lines += [f'# {line}'.rstrip() for line in machine.about.strip().splitlines()]
    lines += [hostfile.format_entry(e) for e in build(machine)]
    return '\n'.join(lines) + '\n'
