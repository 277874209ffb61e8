#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot with the initramfs that the guest made: persisted devices were on VFIO from the start on.
With "release" it also gives them back, in both ways, and persists them again."""
import sys

import labguest as lab
import reboots
import vfiodlab as vfiod
from labguest import ok


def check_bound():
    """On vfio-pci, by the daemon, and never on a host driver, by the kernel's log. A USB controller
    that only moves along keeps its driver until the daemon has looked at it: the last keyboard may
    hang on it."""
    for role in reboots.HOST_DRIVERS:
        seen = reboots.settled(role, 'vfio-pci')
        ok(f'bound-{role}', seen.get('driver') == 'vfio-pci' and seen.get('readiness') == 'ready',
           seen)
    for role in reboots.WISHED:
        ok(f'never-on-host-driver-{role}', reboots.probed(role) == {'vfio-pci'},
           reboots.probed(role))
        ok(f'persisted-{role}', vfiod.device(lab.addr(role)).get('persisted'))
    findings = reboots.wish_findings()
    ok('no-wish-is-in-doubt', not findings, findings)


def check_release():
    """A plain release keeps the wish and says so; --persist takes it out."""
    address = lab.addr('two_b')
    done = vfiod.ctl('release', address)
    ok('release', done.returncode == 0, done.stdout + done.stderr)
    ok('release-gives-back', lab.driver(address) == reboots.HOST_DRIVERS['two_b'],
       lab.driver(address))
    ok('release-keeps-the-wish', vfiod.device(address).get('persisted'))
    ok('release-says-so', 'persist' in done.stdout + done.stderr, done.stdout + done.stderr)
    address = lab.addr('nvme')
    done = vfiod.ctl('release', '--persist', address)
    ok('release-persist', done.returncode == 0, done.stdout + done.stderr)
    ok('release-persist-gives-back', lab.driver(address) == reboots.HOST_DRIVERS['nvme'],
       lab.driver(address))
    ok('release-persist-undoes-the-wish', vfiod.device(address).get('persisted') is False)
    done = vfiod.ctl('prepare', '--persist', address, '--accept', 'disk-holds-data')
    ok('persist-again', done.returncode == 0, done.stdout + done.stderr)


def main():
    """What the words ask for."""
    reboots.check_complete()
    check_bound()
    if 'release' in sys.argv[1:]:
        check_release()
    reboots.keep()
    return 0


if __name__ == '__main__':
    sys.exit(main())
