#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: QEMU refuses, prepare, QEMU runs, release, everything as it was."""
import signal
import subprocess
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
GROUP = lab.group(FIRST)


def check_same(name, before):
    """The list equals the one before, byte for byte."""
    after = vfiod.listing()
    if not ok(name, before and before == after, 'the list differs, see above'):
        vfiod.show_difference(before, after)


def check_refused_by_qemu(name):
    """A real QEMU says that the group is not viable."""
    up, words, qemu = lab.start_qemu(FIRST)
    qemu.stop()
    ok(name, not up and f'group {GROUP} is not viable' in words, words or 'it is up')


def check_prepared(name):
    """QEMU stays up, and everybody says so."""
    seen = vfiod.device(FIRST)
    ok(f'{name}-readiness', seen.get('readiness') == 'ready', seen.get('findings'))
    up, words, qemu = lab.start_qemu(FIRST)
    ok(f'{name}-qemu-up', up, words)
    held = lab.wait_for(lambda: vfiod.device(FIRST).get('state') == 'busy', 20)
    ok(f'{name}-busy', held, vfiod.device(FIRST))
    check_hands_off(name, qemu)
    ok(f'{name}-qemu-ends', qemu.stop())
    free = lab.wait_for(lambda: vfiod.device(FIRST).get('state') == 'vfio', 20)
    ok(f'{name}-free', free, vfiod.device(FIRST).get('state'))


def check_hands_off(name, qemu):
    """While the VM holds the group nothing is changed, and the process is named."""
    for verb in ('release', 'prepare'):
        done = vfiod.ctl('--json', verb, FIRST)
        ok(f'{name}-{verb}-in-use', done.returncode == 1 and vfiod.error_name(done) == 'InUse' and
           str(qemu.pid) in done.stdout and 'qemu-system' in done.stdout, done.stdout)
    found = lab.driver(FIRST), lab.driver(SECOND)
    ok(f'{name}-untouched', found == ('vfio-pci', 'vfio-pci') and qemu.process.poll() is None,
       found)


def check_from_host_drivers():
    """Both functions on their host drivers, as a person starts."""
    before = vfiod.listing()
    old = lab.driver(FIRST), lab.driver(SECOND)
    ok('group-blocked', vfiod.group(GROUP).get('verdict') == 'blocked', vfiod.group(GROUP))
    done = vfiod.ctl('prepare', FIRST)
    ok('prepare', done.returncode == 0, done.stdout + done.stderr)
    lab.note(done.stdout)
    ok('both-moved', (lab.driver(FIRST), lab.driver(SECOND)) == ('vfio-pci', 'vfio-pci'))
    ok('prepare-again', (vfiod.data('prepare', FIRST) or {}).get('result') == 'unchanged')
    check_prepared('prepared')
    lab.run(['systemctl', 'restart', 'vfiod'], 90)
    ok('known-after-restart', vfiod.device(FIRST).get('managed_by') == 'vfiod',
       vfiod.device(FIRST).get('managed_by'))
    done = vfiod.ctl('release', FIRST)
    ok('release', done.returncode == 0, done.stdout + done.stderr)
    found = lab.driver(FIRST), lab.driver(SECOND)
    ok('host-drivers-back', found == old, found)
    check_same('list-as-before', before)
    ok('release-again', (vfiod.data('release', FIRST) or {}).get('result') == 'unchanged')


def check_from_hand_bound():
    """One function bound by hand: QEMU's one line, and what vfiod makes of it."""
    old = lab.driver(FIRST)
    lab.bind(FIRST, 'vfio-pci')
    check_refused_by_qemu('qemu-not-viable')
    seen = lab.wait_for(lambda: vfiod.device(FIRST).get('state') == 'vfio', 20)
    ok('hand-bound-seen', seen)
    before = vfiod.listing()
    blockers = [entry['address'] for entry in vfiod.group(GROUP).get('blockers', [])]
    ok('blocker-named', blockers == [SECOND], blockers)
    done = vfiod.ctl('prepare', FIRST)
    ok('prepare-hand-bound', done.returncode == 0, done.stdout + done.stderr)
    check_prepared('hand-bound')
    done = vfiod.ctl('release', FIRST)
    ok('release-hand-bound', done.returncode == 0, done.stdout + done.stderr)
    found = lab.driver(FIRST), lab.get_override(FIRST)
    ok('hand-bound-left-alone', found == ('vfio-pci', 'vfio-pci'), found)
    check_same('list-as-hand-bound', before)
    done = vfiod.ctl('--json', 'release', FIRST)
    ok('not-ours', done.returncode == 1 and vfiod.error_name(done) == 'NotManaged', done.stdout)
    done = vfiod.ctl('release', '--foreign', FIRST)
    ok('release-foreign', done.returncode == 0, done.stdout + done.stderr)
    found = lab.driver(FIRST), lab.get_override(FIRST)
    ok('foreign-back', found == (old, ''), found)
    lab.restore(FIRST, old)


def check_wait():
    """A release that waits for the VM to end; who leaves while it waits has asked for nothing."""
    old = lab.driver(FIRST)
    vfiod.ctl('prepare', FIRST)
    up, words, qemu = lab.start_qemu(FIRST)
    ok('wait-qemu-up', up, words)
    done = vfiod.ctl('--json', 'release', '--wait', '--timeout', '1s', FIRST)
    ok('wait-in-vain', done.returncode == 1 and vfiod.error_name(done) == 'InUse' and
       str(qemu.pid) in done.stdout, done.stdout)
    command = ['vfioctl', 'release', '--wait', '--timeout', '120s', FIRST]
    with subprocess.Popen(command) as left:
        time.sleep(3)
        left.send_signal(signal.SIGINT)
        ok('wait-interrupted', left.wait(30) != 0)
    with subprocess.Popen(command) as release:
        time.sleep(3)
        ok('waits', release.poll() is None and lab.driver(FIRST) == 'vfio-pci', release.poll())
        qemu.stop()
        ok('waited', release.wait(60) == 0, release.returncode)
    ok('wait-released', lab.driver(FIRST) == old, lab.driver(FIRST))


def check_kept_override():
    """An override that was there before comes back."""
    nic = lab.addr('nic')
    old = lab.driver(nic)
    lab.override(nic, old)
    vfiod.ctl('show', nic)
    before = vfiod.listing()
    ok('prepare-override', vfiod.ctl('prepare', nic).returncode == 0)
    ok('override-ours', lab.get_override(nic) == 'vfio-pci', lab.get_override(nic))
    ok('release-override', vfiod.ctl('release', nic).returncode == 0)
    ok('override-back', lab.get_override(nic) == old, lab.get_override(nic))
    check_same('list-with-override', before)
    lab.override(nic, None)


def check_unbound_stays_unbound():
    """A function without a driver goes back to none, and is not probed."""
    nic = lab.addr('nic')
    old = lab.driver(nic)
    lab.unbind(nic)
    lab.wait_for(lambda: vfiod.device(nic).get('state') == 'unbound', 20)
    before = vfiod.listing()
    ok('prepare-unbound', vfiod.ctl('prepare', nic).returncode == 0)
    ok('release-unbound', vfiod.ctl('release', nic).returncode == 0)
    ok('still-unbound', lab.driver(nic) is None, lab.driver(nic))
    check_same('list-unbound', before)
    lab.restore(nic, old)
    # No event tells of the power state, which is "unknown" while its driver probes it: `show` reads
    # it anew.
    lab.wait_for(lambda: vfiod.device(nic).get('state') == 'host', 20)
    lab.wait_for(lambda: vfiod.device(nic).get('power_state') == 'D0', 20)


def check_pair():
    """Behind two bridges: the other function moves only with consent."""
    first, second = lab.addrs('pair_a', 'pair_b')
    before = vfiod.listing()
    done = vfiod.ctl('--json', 'prepare', first)
    ok('needs-consent', done.returncode == 1 and vfiod.error_name(done) == 'NeedsConsent' and
       second in done.stdout and lab.driver(second) in done.stdout, done.stdout)
    check_same('consent-changes-nothing', before)
    done = vfiod.ctl('prepare', first, '--with', second)
    ok('prepare-with', done.returncode == 0, done.stdout + done.stderr)
    up, words, qemu = lab.start_qemu(first)
    ok('pair-qemu-up', up, words)
    qemu.stop()
    ok('pair-release', vfiod.ctl('release', first).returncode == 0)
    check_same('list-after-pair', before)
    ok('prepare-both', vfiod.ctl('prepare', first, second).returncode == 0)
    ok('release-both', vfiod.ctl('release', first, second).returncode == 0)
    check_same('list-after-both', before)


def main():
    """All of it."""
    for role in ('two_a', 'two_b', 'nic', 'nvme', 'pair_a', 'pair_b', 'bridge_rtl8139'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    if not ok('service-starts', vfiod.start(), lab.run('journalctl -u vfiod -n 20').stdout):
        return 1
    lab.note(vfiod.ctl('status').stdout)
    check_from_host_drivers()
    check_from_hand_bound()
    check_wait()
    check_kept_override()
    check_unbound_stays_unbound()
    check_pair()
    journal = lab.run('journalctl -u vfiod -p warning --no-pager -q').stdout
    ok('journal-quiet', not journal, journal)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
