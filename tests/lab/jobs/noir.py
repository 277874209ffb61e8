#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupts are not remapped: said before anything is bound, as QEMU says it afterwards; and what
the override changes."""
import sys

import labguest as lab
import nested
import vfiodlab as vfiod
from labguest import ok

MISSING = 'no-interrupt-remapping'


def ids(thing):
    """The finding ids of a device or of the host."""
    return [finding['id'] for finding in (thing or {}).get('findings', [])]


def check_blocked(name, nic, driver):
    """Device and host are blocked, by that finding, and the device is where it is."""
    seen = vfiod.device(nic)
    host = vfiod.data('check')
    ok(f'{name}-device-blocked', seen.get('readiness') == 'blocked' and MISSING in ids(seen) and
       seen.get('driver') == driver, seen)
    ok(f'{name}-host-blocked', host and host['readiness'] == 'blocked' and MISSING in ids(host) and
       host['interrupt_remapping'] == 'disabled' and host['unsafe_interrupts'] is False, host)


def check_refused(nic, old):
    """Prepare is refused and changes nothing; bound by hand, QEMU fails with the kernel's error."""
    done = vfiod.ctl('--json', 'prepare', nic)
    ok('prepare-refused', done.returncode == 1 and vfiod.error_name(done) == 'HostNotReady' and
       'nterrupt remapping' in done.stdout, done.stdout)
    ok('prepare-changed-nothing', (lab.driver(nic), lab.get_override(nic)) == (old, ''),
       (lab.driver(nic), lab.get_override(nic)))
    lab.bind(nic, 'vfio-pci')
    ok('hand-bound', lab.driver(nic) == 'vfio-pci')
    lab.wait_for(lambda: vfiod.device(nic).get('driver') == 'vfio-pci', 20)
    check_blocked('bound', nic, 'vfio-pci')
    up, words = nested.try_qemu(nic)
    lab.note(words)
    ok('qemu-eperm', not up and 'Operation not permitted' in words, words or 'it is up')
    # The kernel's own word for it, beside QEMU's.
    steps = lab.truth_attach(lab.group(nic), nic)
    ok('kernel-eperm', steps.get('viable') == '1' and steps.get('set-iommu-v1') == 'EPERM', steps)


def check_overridden(nic):
    """With the override the promise holds, and the host says what it costs."""
    ok('override-set', nested.allow_unsafe_interrupts(True))
    # At once: no kernel event tells of the write, and yet the first question after it knows.
    seen = vfiod.device(nic)
    ok('override-device-ready', seen.get('readiness') == 'ready', seen)
    host = vfiod.data('check')
    ok('override-host-degraded', host and host['readiness'] == 'degraded' and
       'unsafe-interrupts' in ids(host) and MISSING not in ids(host) and
       host['unsafe_interrupts'] is True and host['interrupt_remapping'] == 'disabled', host)
    up, words = nested.try_qemu(nic)
    ok('override-qemu-up', up, words)
    lab.note(vfiod.ctl('check').stdout)


def check_prepare_overridden(nic, old):
    """The same with vfiod's own hands."""
    lab.restore(nic, old)
    ok('override-preparable', lab.wait_for(
        lambda: vfiod.device(nic).get('readiness') == 'preparable', 20), vfiod.device(nic))
    done = vfiod.ctl('prepare', nic)
    ok('override-prepare', done.returncode == 0, done.stdout + done.stderr)
    up, words = nested.try_qemu(nic)
    ok('override-prepared-qemu-up', up, words)
    done = vfiod.ctl('release', nic)
    ok('override-release', done.returncode == 0 and lab.driver(nic) == old,
       done.stdout + done.stderr)


def main():
    """Blocked, refused, overridden, blocked again."""
    nic = lab.addr('nic')
    lab.wait_for(lambda: lab.driver(nic), 20)
    old = lab.driver(nic)
    if not ok('service-starts', vfiod.start()):
        return 1
    check_blocked('unbound', nic, old)
    check_refused(nic, old)
    check_overridden(nic)
    check_prepare_overridden(nic, old)
    ok('override-cleared', nested.allow_unsafe_interrupts(False))
    check_blocked('again', nic, old)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
