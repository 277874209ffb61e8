#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The first boot of tests/lab/reboot: devices are persisted while their host drivers have them, and
the root is made ready to be booted by an initramfs of its own."""
import sys
import time

import labguest as lab
import reboots
import vfiodlab as vfiod
from labguest import ok

INITRD = f'/boot/initrd.img-{reboots.release()}'


def check_drivers():
    """The log says who took the devices: what later boots must not have in theirs."""
    for role, driver in reboots.HOST_DRIVERS.items():
        ok(f'host-driver-took-{role}', driver in reboots.probed(role), reboots.probed(role))


def persist():
    """One in whose group the other function goes along, and one with data that nobody uses."""
    for role, words in (('two_b', []), ('nvme', ['--accept', 'disk-holds-data'])):
        done = vfiod.ctl('prepare', '--persist', lab.addr(role), *words)
        ok(f'persist-{role}', done.returncode == 0, done.stdout + done.stderr)
        seen = vfiod.device(lab.addr(role))
        ok(f'persisted-{role}', seen.get('persisted') and seen.get('readiness') == 'ready', seen)


def make_initramfs():
    """As a person does after that."""
    begin = time.monotonic()
    done = lab.run(['update-initramfs', '-c', '-k', reboots.release()], 500)
    lab.note(f'update-initramfs took {time.monotonic() - begin:.0f} s')
    ok('update-initramfs', done.returncode == 0, done.stdout + done.stderr)
    names = lab.run(['lsinitramfs', INITRD], 120).stdout.splitlines()
    for name in ('usr/libexec/vfiod/vfiod-boot', 'usr/lib/udev/rules.d/69-vfiod-boot.rules',
                 'var/lib/vfiod/wishes', 'scripts/local-block/vfiod', 'scripts/nfs-top/vfiod'):
        ok(f'initramfs-has-{name}', name in names, 'it does not')
    ok('initramfs-has-nvme-driver', any(name.endswith('/nvme.ko') for name in names), 'it does not')
    ok('initramfs-handed-over', reboots.hand_over(INITRD, 'initrd.img'))


def main():
    """In the order in which a person does it."""
    if not ok('service-starts', vfiod.start()):
        return 1
    check_drivers()
    persist()
    done = lab.run(['systemctl', 'enable', 'vfiod.service'])
    ok('service-enabled', done.returncode == 0, done.stderr)
    why = reboots.install_kernel()
    ok('kernel-installed', why is None, why)
    ok('cut-unit', reboots.write_cut_unit())
    make_initramfs()
    ok('treasure', reboots.bury())
    reboots.keep()
    return 0


if __name__ == '__main__':
    sys.exit(main())
