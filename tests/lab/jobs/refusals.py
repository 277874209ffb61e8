#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not be done is not done: probes that fail, and input that makes no sense."""
import os
import sys

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')


def bindings():
    """Driver and override of every PCI function."""
    return {name: (lab.driver(name), lab.get_override(name)) for name in os.listdir(lab.PCI)}


def check(name, words, error, mentions=(), code=1):
    """The command fails with that error, names what it is about, and changes nothing."""
    before = bindings()
    done = vfiod.ctl('--json', *words)
    found = vfiod.error_name(done)
    missing = [text for text in mentions if text not in done.stdout]
    ok(name, done.returncode == code and found == error and not missing and bindings() == before,
       f'{done.returncode} {found} missing={missing} {done.stdout[:400]} {done.stderr[:200]}'
       f'{"" if bindings() == before else " BINDINGS CHANGED"}')


def check_failing_probes():
    """The driver is missing, or does not take the device: all members as they were. (A driver that
    itself refuses is in storm.py, where there is a device that vfio-pci does not take.)"""
    check('no-such-driver', ['prepare', FIRST, '--driver', 'no_such_vfio_pci'],
          'NotSupported', ['no_such_vfio_pci'])
    lab.run(['modprobe', '-r', 'vfio-pci'])
    os.makedirs('/run/modprobe.d', exist_ok=True)
    with open('/run/modprobe.d/none.conf', 'w', encoding='ascii') as file:
        file.write('install vfio_pci /bin/false\n')
    check('driver-missing', ['prepare', FIRST], 'DriverUnavailable', ['vfio-pci'], code=4)
    os.unlink('/run/modprobe.d/none.conf')
    check('no-vfio-driver', ['prepare', FIRST, '--driver', 'nvme'], 'NotSupported', ['nvme'])
    lab.modprobe('vfio-pci')
    place = '/sys/bus/pci/drivers/vfio-pci/bind'
    with open('/run/no-bind', 'w', encoding='ascii'):
        pass
    lab.run(['mount', '--bind', '/run/no-bind', place])
    check('bind-fails', ['prepare', FIRST], 'VerifyFailed', [FIRST, 'vfio-pci'], code=4)
    lab.run(['umount', place])
    drivers = lab.driver(FIRST), lab.driver(SECOND)
    ok('both-still-work', drivers == ('xhci_hcd', 'snd_hda_intel'), drivers)
    ok('prepare-works-after', vfiod.ctl('prepare', FIRST).returncode == 0)
    ok('release-works-after', vfiod.ctl('release', FIRST).returncode == 0)


def check_bad_input():
    """On the command line; the D-Bus side is tested with recorded hosts."""
    check('malformed', ['prepare', '0000:02:00'], 'InvalidArgs', ['0000:02:00'], 2)
    check('dotdot', ['prepare', '../../0000:02:00.0'], 'InvalidArgs', code=2)
    check('four-kilobytes', ['prepare', 'a' * 4096], 'InvalidArgs', code=2)
    check('absent', ['prepare', '0000:77:00.0'], 'NoSuchDevice', ['0000:77:00.0'])
    check('absent-release', ['release', '0000:77:00.0'], 'NoSuchDevice', ['0000:77:00.0'])
    check('bridge', ['prepare', lab.addr('two_port')], 'NotSupported', [lab.addr('two_port')])
    check('chipset', ['prepare', lab.addr('smbus')], 'NotSupported', [lab.addr('smbus')])
    check('beside-chipset', ['prepare', lab.addr('ahci')], 'NotSupported', ['lpc_ich'])
    check('not-ours', ['release', FIRST], '', code=0)
    for option, value in (('accept', 's x'), ('foreign', 'b true'),
                          ('wait', 's x'), ('nonsense', 's x'), ('with', 's x')):
        before = bindings()
        done = lab.run(f'busctl call org.vfiod1 /org/vfiod1 org.vfiod1.Manager Prepare '
                       f"'sa{{sv}}' {FIRST} 1 {option} {value}")
        ok(f'option-{option}', done.returncode != 0 and option in done.stderr and
           bindings() == before, done.stderr)


def check_other_user():
    """Somebody else may look and not touch."""
    before = bindings()
    done = lab.run('setpriv --reuid nobody --regid nogroup --clear-groups '
                   f'vfioctl --json prepare {FIRST}')
    ok('nobody-may-not', done.returncode == 4 and vfiod.error_name(done) == 'AccessDenied' and
       bindings() == before, done.stdout)
    done = lab.run('setpriv --reuid nobody --regid nogroup --clear-groups vfioctl --json list')
    ok('nobody-may-look', done.returncode == 0 and done.stdout == vfiod.listing(), done.stderr)


def main():
    """All of it."""
    for role in ('two_a', 'two_b'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    if not ok('first-call-starts-service', vfiod.ctl('list').returncode == 0):
        return 1
    before = vfiod.listing()
    check_failing_probes()
    check_bad_input()
    check_other_user()
    ok('list-as-before', vfiod.listing() == before)
    ok('no-record-left', not os.listdir('/run/vfiod/txn') and not os.listdir('/run/vfiod/sets'),
       os.listdir('/run/vfiod/txn') + os.listdir('/run/vfiod/sets'))
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
