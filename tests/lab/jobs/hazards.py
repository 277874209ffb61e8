#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host uses is not taken from it: disks in every kind of stack, networks, the last
keyboard, a PF with VFs. Each is refused with its evidence, nothing changes, and the data is still there. For
"lab run --variant full"; with --sriov the PF as well."""
import glob
import json
import os
import struct
import subprocess
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

NVME, NIC, USB = lab.addrs('nvme', 'nic', 'two_a')
SECTORS = 409600  # of each partition: 200 MiB
CONTENT = 'still here\n' * 4096


class Broken(Exception):
    """A command of the test itself failed."""


def must(*command, text=None, timeout=120):
    """A command of the test itself, which has to work."""
    done = lab.run(list(command), timeout, text)
    if done.returncode != 0:
        raise Broken(f'{" ".join(command)}: {done.stdout} {done.stderr}')
    return done.stdout.strip()


def bindings():
    """Driver and override of every PCI function."""
    return {name: (lab.driver(name), lab.get_override(name)) for name in os.listdir(lab.PCI)}


def evidence(finding):
    """All that a finding says."""
    return ' | '.join([finding['message'], *finding['evidence']])


def check_refused(name, address, finding, words, *options):
    """show names it, plan and prepare refuse it, nothing changes."""
    before = bindings()
    found = [f for f in vfiod.device(address).get('findings', []) if f['id'] == finding]
    text = ' '.join(evidence(f) for f in found)
    missing = [word for word in words if word not in text]
    ok(f'{name}-shown', found and not missing, f'{missing} not in {text}')
    plan = vfiod.ctl('--json', 'plan', address, *options)
    ok(f'{name}-plan', plan.returncode == 1, f'{plan.returncode} {plan.stdout[:300]}')
    done = vfiod.ctl('--json', 'prepare', address, *options)
    ok(f'{name}-refused', done.returncode == 1 and vfiod.error_name(done) == 'Hazard' and
       finding in done.stdout, f'{done.returncode} {done.stdout[:400]}')
    ok(f'{name}-unchanged', bindings() == before)


def check_prepares(name, address, *options):
    """Once nothing uses it any more it can be had, and comes back."""
    driver = lab.driver(address)
    done = vfiod.ctl('prepare', address, *options)
    ok(f'{name}-prepares', done.returncode == 0, done.stdout + done.stderr)
    done = vfiod.ctl('release', address)
    ok(f'{name}-releases', done.returncode == 0 and lab.driver(address) == driver,
       done.stdout + done.stderr)


# --- disks ---------------------------------------------------------------------

def disk():
    """The name of the NVMe's disk: it may be another after each bind."""
    found = lab.wait_for(lambda: glob.glob(f'{lab.PCI}/{NVME}/nvme/nvme*/nvme*n*'), 30)
    return os.path.basename(found[0])


def part(number):
    """The node of a partition, once it is there."""
    node = f'/dev/{disk()}p{number}'
    lab.wait_for(lambda: os.path.exists(node), 20)
    return node


def make_partitions():
    """Three of them, written by hand: sfdisk is not everywhere."""
    table = b''.join(struct.pack('<BBBBBBBBII', 0, 0, 2, 0, 0x83, 0, 2, 0,
                                 2048 + index * SECTORS, SECTORS) for index in range(3))
    with open(f'/dev/{disk()}', 'r+b') as node:
        node.seek(446)
        node.write(table + bytes(16) + b'\x55\xaa')
    # Closing it has woken udev, which has it open itself for a moment.
    lab.wait_for(lambda: lab.run(f'blockdev --rereadpt /dev/{disk()}').returncode == 0, 20)
    must('udevadm', 'settle')


def wipe(number):
    """Nothing recognisable is left, and udev knows."""
    with open(part(number), 'r+b') as node:
        node.write(bytes(1 << 20))
    must('udevadm', 'settle')


def check_data(name, path):
    """The file is what it was, read from the disk."""
    lab.write('/proc/sys/vm/drop_caches', '3')
    ok(f'{name}-data', lab.read(f'{path}/file') == CONTENT.strip('\n'))


def check_mounted():
    """The plain case, and the same where only somebody else sees it."""
    must('mkfs.ext4', '-q', part(1))
    os.makedirs('/mnt/lab', exist_ok=True)
    must('mount', part(1), '/mnt/lab')
    with open('/mnt/lab/file', 'w', encoding='ascii') as out:
        out.write(CONTENT)
    os.sync()
    name = f'{disk()}p1'
    ok('mount-is-noticed', lab.wait_for(lambda: '/mnt/lab' in vfiod.listing(), 20))
    ok('list-says-what', 'blocked: holds /mnt' in vfiod.ctl('list').stdout)
    check_refused('mounted', NVME, 'disk-in-use', [name, 'is mounted on /mnt/lab (ext4)'])
    check_refused('mounted-accepted', NVME, 'disk-in-use', [name], '--accept', 'disk-holds-data')
    done = vfiod.ctl('prepare', NVME, '--accept', 'disk-in-use')
    ok('never-accepted', done.returncode == 2 and lab.driver(NVME) == 'nvme', done.stderr)
    check_data('mounted', '/mnt/lab')
    must('umount', '/mnt/lab')

    with subprocess.Popen(['unshare', '-m', '--propagation', 'private', 'sh', '-c',
                           f'mount {part(1)} /mnt/lab && echo up && exec sleep 600'],
                          stdout=subprocess.PIPE, text=True) as hidden:
        ok('hidden-mount', hidden.stdout.readline() == 'up\n')
        ok('hidden-here', '/mnt/lab' not in lab.read('/proc/self/mountinfo'))
        check_refused('hidden', NVME, 'disk-in-use',
                      [name, '/mnt/lab', f'name space of process {hidden.pid} (sleep)'])
        hidden.terminate()
    check_lazy(name)


def check_lazy(name):
    """In no name space any more, but still open: only the kernel's claim tells."""
    must('mount', part(1), '/mnt/lab')
    with open('/mnt/lab/file', encoding='ascii') as held:
        must('umount', '-l', '/mnt/lab')
        before = bindings()
        done = vfiod.ctl('--json', 'prepare', NVME, '--accept', 'disk-holds-data')
        ok('claimed-refused', vfiod.error_name(done) == 'Hazard' and name in done.stdout and
           'disk-in-use' in done.stdout, done.stdout)
        ok('claimed-unchanged', bindings() == before and held.read() == CONTENT)


def check_users(number):
    """Without a mount: swap, a process, a loop device, fstab."""
    name = f'{disk()}p{number}'
    must('mkswap', part(number))
    must('swapon', part(number))
    check_refused('swap', NVME, 'disk-in-use', [name, 'is active swap'])
    must('swapoff', part(number))
    wipe(number)
    with open(part(number), 'rb') as held:
        check_refused('opened', NVME, 'disk-in-use',
                      [name, f'is open in process {os.getpid()} (python3)'])
        held.read(1)
    loop = must('losetup', '-f', '--show', part(number))
    check_refused('loop', NVME, 'disk-in-use', [name, os.path.basename(loop)])
    must('losetup', '-d', loop)
    with open('/etc/fstab', 'a', encoding='ascii') as out:
        out.write(f'{part(number)} /nowhere ext4 defaults 0 0\n')
    check_refused('fstab', NVME, 'disk-in-use', [name, '/etc/fstab mounts it on /nowhere'])
    must('sed', '-i', '/nowhere/d', '/etc/fstab')


def check_stacks(number):
    """LVM, md and dm-crypt, made and not mounted; then one on top of the other, mounted."""
    name = f'{disk()}p{number}'
    must('pvcreate', '-ff', '-y', part(number))
    must('vgcreate', 'labvg', part(number))
    must('lvcreate', '-y', '-W', 'n', '-L', '32M', '-n', 'lablv', 'labvg')
    check_refused('lvm', NVME, 'disk-in-use', [name, '(labvg-lablv)'])
    must('vgremove', '-y', 'labvg')
    wipe(number)
    lab.modprobe('raid1')
    must('mdadm', '--create', '/dev/md42', '--run', '--force', '--level=1', '--raid-devices=1',
         '--metadata=1.2', part(number))
    check_refused('md', NVME, 'disk-in-use', [name, 'is a part of md42'])
    with open('/run/labkey', 'wb') as out:
        out.write(bytes(range(32)))
    must('cryptsetup', 'open', '--type', 'plain', '--cipher', 'aes-xts-plain64', '--key-size',
         '256', '--key-file', '/run/labkey', '/dev/md42', 'labcrypt')
    must('mkfs.ext4', '-q', '/dev/mapper/labcrypt')
    must('mount', '/dev/mapper/labcrypt', '/mnt/lab')
    with open('/mnt/lab/file', 'w', encoding='ascii') as out:
        out.write(CONTENT)
    os.sync()
    check_refused('stack', NVME, 'disk-in-use',
                  [f'{name}: is mounted on /mnt/lab (ext4)', '(labcrypt) on md42 on ' + name])
    check_data('stack', '/mnt/lab')
    must('umount', '/mnt/lab')
    check_refused('crypt', NVME, 'disk-in-use', [name, '(labcrypt)'])
    must('cryptsetup', 'close', 'labcrypt')
    must('mdadm', '--stop', '/dev/md42')
    wipe(number)


def check_unused_data():
    """Data that nobody uses is lost only if that is said; and in fact it is not lost."""
    check_refused('data', NVME, 'disk-holds-data', ['ext4'])
    check_prepares('data', NVME, '--accept', f'disk-holds-data@{NVME}')
    must('mount', part(1), '/mnt/lab')
    check_data('after-all', '/mnt/lab')
    must('umount', '/mnt/lab')


def check_disks():
    """All about the NVMe."""
    make_partitions()
    check_mounted()
    check_users(2)
    check_unused_data()
    check_stacks(3)


# --- networks --------------------------------------------------------------------

def interface():
    """The name of the NIC's interface."""
    found = lab.wait_for(lambda: glob.glob(f'{lab.PCI}/{NIC}/net/*'), 20)
    return os.path.basename(found[0])


def check_networks():
    """An address and routes; the same over a bond and a VLAN; another name space."""
    name = interface()
    check_prepares('idle-nic', NIC)
    name = interface()
    must('ip', 'link', 'set', name, 'up')
    must('ip', 'address', 'add', '192.0.2.1/24', 'dev', name)
    must('ip', 'route', 'add', 'default', 'via', '192.0.2.254')
    must('ip', 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.9', 'table', '77')
    must('ip', '-6', 'address', 'add', '2001:db8::1/64', 'dev', name, 'nodad')
    check_refused('network', NIC, 'network-in-use',
                  [f'{name}: has the address 192.0.2.1/24', 'the default route',
                   'the route to 198.51.100.0/24', '2001:db8::1/64'])
    done = vfiod.ctl('--json', 'plan', NIC, '--accept', 'network-in-use')
    ok('network-plan-accepted', done.returncode == 0 and json.loads(done.stdout)['steps'],
       done.stdout)
    must('ip', 'address', 'flush', 'dev', name)
    must('ip', 'link', 'set', name, 'down')

    must('ip', 'link', 'add', 'bond7', 'type', 'bond')
    must('ip', 'link', 'set', name, 'master', 'bond7')
    must('ip', 'link', 'add', 'link', 'bond7', 'name', 'bond7.5', 'type', 'vlan', 'id', '5')
    must('ip', 'link', 'set', 'bond7', 'up')
    must('ip', 'link', 'set', 'bond7.5', 'up')
    must('ip', 'address', 'add', '203.0.113.1/24', 'dev', 'bond7.5')
    check_refused('bond', NIC, 'network-in-use',
                  [f'{name}: is a part of bond7 (bond)',
                   f'bond7.5 has the address 203.0.113.1/24, over {name}'])
    must('ip', 'link', 'delete', 'bond7.5')
    must('ip', 'link', 'delete', 'bond7')

    must('ip', 'netns', 'add', 'elsewhere')
    must('ip', 'link', 'set', name, 'netns', 'elsewhere')
    # Where it is would take the right to go there, which no unit of ours has: it is refused as
    # what could not be looked at.
    check_refused('netns', NIC, 'network-in-use', ['could not be looked at'])
    must('ip', 'netns', 'delete', 'elsewhere')
    lab.wait_for(lambda: os.path.exists(f'/sys/class/net/{name}'), 20)
    must('ip', 'link', 'set', name, 'down')
    check_prepares('nic-after', NIC)


# --- the rest --------------------------------------------------------------------

def keyboards():
    """What below the controller has a key to press."""
    places = (os.path.realpath(name) for name in glob.glob('/sys/class/input/input*'))
    return [place for place in places if f'/{USB}/' in place]


def check_keyboard():
    """The last keyboard hangs on the USB controller."""
    for module in ('usbhid', 'hid-generic'):
        lab.modprobe(module)
    for place in glob.glob('/sys/bus/serio/devices/serio*/drvctl'):
        lab.write(place, 'none')
    lab.qmp('device_add', driver='usb-kbd', id='labkbd', bus='two_a.0')
    ok('keyboard-plugged', lab.wait_for(keyboards, 60))
    check_refused('keyboard', USB, 'last-keyboard', ['Keyboard', 'no keyboard elsewhere'])
    lab.qmp('device_del', id='labkbd')
    lab.wait_for(lambda: not keyboards(), 60)
    check_prepares('no-keyboard', USB)


def check_functions():
    """A PF with VFs is refused and names them."""
    address = lab.addr('pf0')
    lab.write(f'{lab.PCI}/{address}/sriov_drivers_autoprobe', '0')
    error = lab.write(f'{lab.PCI}/{address}/sriov_numvfs', '2\n')
    first = os.path.basename(os.path.realpath(f'{lab.PCI}/{address}/virtfn0'))
    ok('vfs-made', error is None and lab.exists(first), error)
    lab.wait_for(lambda: vfiod.device(address).get('virtual_functions'), 20)
    before = bindings()
    done = vfiod.ctl('--json', 'prepare', address)
    ok('pf-refused', done.returncode == 1 and vfiod.error_name(done) == 'NotSupported' and
       '2 virtual functions' in done.stdout, done.stdout)
    shown = json.dumps(vfiod.device(address).get('findings'))
    ok('pf-names-vfs', first in shown, shown)
    ok('pf-unchanged', bindings() == before)
    lab.write(f'{lab.PCI}/{address}/sriov_numvfs', '0\n')
    lab.wait_for(lambda: not lab.exists(first), 30)


def main():
    """All of it."""
    for role in ('two_a', 'two_b', 'nic', 'nvme'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    if not ok('service-starts', vfiod.start(), lab.run('journalctl -u vfiod -n 20').stdout):
        return 1
    begin = time.monotonic()
    for check in (check_networks, check_keyboard, check_disks):
        try:
            check()
        except Broken as error:
            ok(check.__name__, False, error)
        lab.note(f'{check.__name__}: {time.monotonic() - begin:.0f} s')
    if 'pf0' in lab.TOPOLOGY['roles']:
        check_functions()
    ok('no-record-left', not os.listdir('/run/vfiod/txn') and not os.listdir('/run/vfiod/sets'))
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
