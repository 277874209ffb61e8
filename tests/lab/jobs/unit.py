#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfio-ready@.service: a unit that requires it starts when its device is ready and not before, and
does not start when it cannot be; stopping it gives the device back, shutting down does not."""
import shlex
import sys

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
CHIPSET = lab.addr('smbus')
UNIT = '''[Unit]
Requires=vfio-ready@{name}.service
After=vfio-ready@{name}.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh -c 'readlink /sys/bus/pci/devices/{address}/driver >/run/{unit}.saw'
'''


def guest_unit(unit, address, name):
    """A unit as one that starts a VM would be."""
    with open(f'/run/systemd/system/{unit}.service', 'w', encoding='utf-8') as f:
        f.write(UNIT.format(unit=unit, address=address, name=name))


def systemctl(*words):
    return lab.run(['systemctl', *words], 120)


def saw(unit):
    """The driver that the unit found when it started, or ''."""
    return lab.run(f'cat /run/{unit}.saw').stdout.strip().rpartition('/')[2]


def state(unit):
    return systemctl('show', '-P', 'ActiveState', unit).stdout.strip()


def names(unit, *properties):
    """The units that these properties of a unit name."""
    options = [word for name in properties for word in ('-P', name)]
    return set(shlex.split(systemctl('show', *options, unit).stdout))  # escaped ones are quoted


def required_by(unit):
    """Whose stop systemd passes on to the unit, its own included: what it requires, and so on
    (unit-dependency-atom.c, UNIT_ATOM_PROPAGATE_STOP)."""
    found, new = set(), {unit}
    while new:
        found |= new
        new = set().union(*(names(each, 'Requires', 'Requisite', 'BindsTo', 'PartOf',
                                  'StopPropagatedFrom') for each in new)) - found
    return found


def stopped_at_shutdown():
    """What shutdown.target, and umount.target that comes with it, stop."""
    return set().union(*(names(target, 'Conflicts', 'ConflictedBy')
                         for target in ('shutdown.target', 'umount.target')))


def check_shutdown():
    """A shutdown stops the unit that started the VM, and nothing through which the device goes back."""
    stopped = stopped_at_shutdown()
    ok('shutdown-stops-the-vm', 'vm-good.service' in stopped and 'sysinit.target' in stopped, stopped)
    ready = f'vfio-ready@{FIRST}.service'
    through = required_by('vm-good.service')
    ok('the-vm-requires-the-device', ready in through, through)
    through = required_by(ready)
    ok('shutdown-leaves-the-device', ready in through and not through & stopped,
       sorted(through & stopped))


def check_ready():
    """It starts after the device is ready."""
    done = systemctl('start', 'vm-good')
    ok('unit-starts', done.returncode == 0, done.stderr)
    ok('device-was-ready-before', saw('vm-good') == 'vfio-pci', saw('vm-good'))
    limits = {systemctl('show', '-P', f'Timeout{which}USec', f'vfio-ready@{FIRST}').stdout.strip()
              for which in ('Start', 'Stop')}
    ok('how-long-it-takes-is-up-to-vfiod', limits == {'infinity'}, limits)
    ok('readiness-unit-stays', state(f'vfio-ready@{FIRST}') == 'active')
    up, words, qemu = lab.start_qemu(FIRST)
    ok('qemu-starts', up, words)
    qemu.stop()
    check_shutdown()
    done = systemctl('stop', 'vm-good')
    left = state(f'vfio-ready@{FIRST}'), lab.driver(FIRST)
    ok('device-outlives-the-vm', done.returncode == 0 and left == ('active', 'vfio-pci'), left)
    done = systemctl('stop', f'vfio-ready@{FIRST}')
    ok('unit-stops', done.returncode == 0, done.stderr)
    back = lab.driver(FIRST), lab.driver(SECOND)
    ok('host-drivers-are-back', back == ('xhci_hcd', 'snd_hda_intel'), back)
    ok('no-failed-unit', state(f'vfio-ready@{FIRST}') == 'inactive')


def check_names():
    """The address as it is, and as systemd-escape writes what must be escaped."""
    escaped = FIRST.replace(':', r'\x3a').replace('.', r'\x2e')
    done = systemctl('start', f'vfio-ready@{escaped}.service')
    ok('escaped-name', done.returncode == 0 and lab.driver(FIRST) == 'vfio-pci', done.stderr)
    systemctl('stop', f'vfio-ready@{escaped}.service')
    ok('escaped-name-back', lab.driver(FIRST) == 'xhci_hcd', lab.driver(FIRST))


def check_refused():
    """What cannot be prepared fails, says why, and keeps what needs it from starting."""
    done = systemctl('start', 'vm-bad')
    ok('unit-does-not-start', done.returncode != 0 and state('vm-bad') == 'inactive', done.stderr)
    ok('it-did-not-run', saw('vm-bad') == '')
    words = lab.run(['journalctl', '-q', '--no-pager', '-o', 'cat', '-u',
                     f'vfio-ready@{CHIPSET}']).stdout
    ok('cause-in-the-journal', f'{CHIPSET} cannot be prepared: ' in words and 'platform' in words, words)
    systemctl('reset-failed')


def check_journal():
    """Records with a message id and fields, and the catalog's text for them."""
    words = lab.run('journalctl -q --no-pager -o cat --output-fields=MESSAGE '
                    'MESSAGE_ID=1cd2b0d254024987b9d75dec247b14c3 '
                    f'VFIOD_ADDRESS={FIRST}').stdout
    ok('prepared-record', f'{FIRST} and 1 more prepared for VFIO' in words, words)
    lab.run('journalctl --update-catalog', 60)
    words = lab.run('journalctl -q -x --no-pager -n 1 '
                    'MESSAGE_ID=3cdeea178ea645e989d2f0cfb8172faa').stdout
    ok('catalog-text', f'{FIRST} was given back to the host' in words, words)


def check_nodes():
    """[nodes] of the configuration reaches the node of a group, by the udev rule."""
    lab.run('mkdir -p /etc/vfiod/vfiod.conf.d')
    with open('/etc/vfiod/vfiod.conf.d/nodes.conf', 'w', encoding='utf-8') as f:
        f.write('[nodes]\nGroup=kvm\nMode=0660\n[daemon]\nTimeoutSec=x\n')
    done = systemctl('reload', 'vfiod')
    ok('reload', done.returncode == 0, done.stderr)
    words = lab.run('journalctl -q --no-pager -o cat MESSAGE_ID=dac0f3664041417e926fa0c50cb096a8')
    ok('reload-names-bad-line', 'nodes.conf:5: TimeoutSec=x' in words.stdout, words.stdout)
    ok('prepare', vfiod.ctl('prepare', FIRST).returncode == 0)
    node = f'/dev/vfio/{lab.group(FIRST)}'
    lab.run('udevadm settle', 30)
    owner = lab.run(['stat', '-c', '%U:%G %a', node]).stdout.strip()
    ok('node-rights', owner == 'root:kvm 660', owner)
    ok('release', vfiod.ctl('release', FIRST).returncode == 0)


def main():
    """All of it."""
    for role in ('two_a', 'two_b'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    guest_unit('vm-good', FIRST, FIRST)
    guest_unit('vm-bad', CHIPSET, CHIPSET)
    systemctl('daemon-reload')
    check_ready()
    check_names()
    check_refused()
    check_journal()
    check_nodes()
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
