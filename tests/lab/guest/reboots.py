# SPDX-License-Identifier: GPL-2.0-or-later
"""For jobs of guests that boot more than once (tests/lab/reboot): what must be on the root before
it is booted as any Debian is, and what a boot has left in the kernel's log."""
import hashlib
import os
import re

import labguest as lab
import vfiodlab as vfiod

# Two functions of one group, of which the first one's driver is in an initramfs and the second
# one's is not; and a disk. By role, with the drivers that a host gives them that does nothing.
HOST_DRIVERS = {'two_a': 'xhci_hcd', 'two_b': 'snd_hda_intel', 'nvme': 'nvme'}
WISHED = ('two_b', 'nvme')
ROOT = '/run/root'
OUT = '/lab/out'
TREASURE = '/var/lib/lab-treasure'
# What a booted guest does not have loaded, and needs when it is booted another way.
MORE_MODULES = ('vfio_pci', 'vfio_iommu_type1', 'virtio_pci', 'virtio_blk', 'ext4',
                'crc32c_generic')
CUT = '''[Unit]
DefaultDependencies=no
ConditionKernelCommandLine=lab.cut
After=vfiod-boot.service systemd-udev-settle.service
Before=vfiod.service multi-user.target
[Service]
Type=oneshot
# As if the power had gone.
ExecStart=/bin/sh -c 'echo o >/proc/sysrq-trigger; exec sleep infinity'
[Install]
WantedBy=sysinit.target
'''


def release():
    """The kernel's."""
    return os.uname().release


def loaded():
    """Files of the modules that this machine uses, and of those that they need."""
    with open('/proc/modules', encoding='ascii') as source:
        names = [line.split()[0] for line in source]
    found = set()
    for name in [*names, *MORE_MODULES]:
        done = lab.run(['modprobe', '--show-depends', '--ignore-install', name])
        found.update(re.findall(r'^insmod (\S+)', done.stdout, re.M))
    return sorted(found)


def install_kernel():
    """Its modules go from the disk that the lab mounts to the root that is below; but only those
    that this machine uses, for an initramfs takes ten minutes to make of all without KVM."""
    uname = release()
    source, target = f'/usr/lib/modules/{uname}', f'{ROOT}/usr/lib/modules/{uname}'
    files = [file.replace('/lib/modules', '/usr/lib/modules') if file.startswith('/lib/') else file
             for file in loaded()]
    steps = [['mkdir', '-p', ROOT], ['mount', '--bind', '/', ROOT], ['mkdir', '-p', target],
             ['cp', f'{source}/config', f'/boot/config-{uname}'],
             ['sh', '-c', f'cd {source} && cp modules.builtin* modules.order {target}/ && '
                          f'cp --parents "$@" {target}/', '-',
              *(os.path.relpath(file, source) for file in files)],
             ['depmod', '-b', ROOT, uname],
             ['umount', ROOT],
             # Somebody has a directory of the other one open; it is not written to.
             ['umount', '--lazy', '/usr/lib/modules']]
    for step in steps:
        done = lab.run(step, 120)
        if done.returncode != 0:
            return f'{step[:3]}: {done.stderr}'
    return None


# --- what a boot did ---------------------------------------------------------

def said(text):
    """The lines of the kernel's log that have the text."""
    return [line for line in lab.run(['dmesg']).stdout.splitlines() if text in line]


def probed(role):
    """The drivers that the kernel has tried on a device in this boot, in its own words: the command
    line has it say each one (drivers/base/dd.c, really_probe())."""
    end = f' with device {lab.addr(role)}'
    return {line.removesuffix(end).rpartition(' ')[2] for line in said('really_probe: ')
            if line.endswith(end)}


def settled(role, driver):
    """The device, when it is on the driver and nothing works on it, or after 90 s."""
    address = lab.addr(role)
    lab.wait_for(lambda: lab.driver(address) == driver and
                 vfiod.device(address).get('readiness') != 'blocked', 90, 1)
    return vfiod.device(address)


def check_complete():
    """The boot has come to its end, and that is written down."""
    unit = 'vfiod-boot-complete.service'
    state = lab.wait_for(lambda: lab.run(['systemctl', 'show', '-P', 'ActiveState', unit]).stdout
                         .strip() == 'active', 60, 1)
    lab.ok('boot-is-complete', state, lab.run(['systemctl', 'status', unit]).stdout)
    failed = lab.run('systemctl --failed --plain --no-legend | grep vfio').stdout
    lab.ok('no-failed-unit', not failed, failed)
    lab.note('\n'.join(said('vfiod-boot')))


def host_findings():
    """The ids of the findings about the host."""
    return [found['id'] for found in (vfiod.data('check') or {}).get('findings', [])]


def wish_findings_of(address):
    """What is found about a device's wish."""
    return [found for found in vfiod.device(address).get('findings', [])
            if found['id'].startswith('wish')]


def wish_findings():
    """Everything that is found about wishes."""
    return [name for name in host_findings() if name.startswith('wish')] + \
        [found for role in HOST_DRIVERS for found in wish_findings_of(lab.addr(role))]


# --- what is on the root -------------------------------------------------------

def bury():
    """Something that has to be there in a later boot."""
    data = os.urandom(1 << 20)
    with open(TREASURE, 'wb') as out:
        out.write(hashlib.sha256(data).digest() + data)
    return True


def dig():
    """Whether it is."""
    try:
        with open(TREASURE, 'rb') as source:
            digest, data = source.read(32), source.read()
    except OSError:
        return False
    return len(data) == 1 << 20 and hashlib.sha256(data).digest() == digest


def write_cut_unit():
    """With lab.cut on the kernel's command line a boot ends in the middle."""
    with open('/etc/systemd/system/lab-cut.service', 'w', encoding='ascii') as out:
        out.write(CUT)
    return lab.run(['systemctl', 'enable', 'lab-cut.service']).returncode == 0


def hand_over(path, name):
    """A file for whoever runs the lab."""
    return lab.run(['cp', path, f'{OUT}/{name}'], 120).returncode == 0


def keep():
    """Puts on the disks what was written: the guest ends without a shutdown."""
    os.sync()
