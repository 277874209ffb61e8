#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hundreds of virtual functions come and go while a client polls. For "lab run --sriov"."""
import os
import subprocess
import sys
import threading
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

VFS = 127


class Poller(threading.Thread):
    """Calls the daemon without pause and remembers the slowest answer.

    While QEMU makes the functions it holds the whole machine for up to 40 s, longer than a client
    waits for the bus to greet it. A call that fails over such a standstill, and only that, is made
    again at once; it must then be answered."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = False
        self.calls = self.failures = self.standstills = 0
        self.slowest = 0.0
        self.words = ''

    def call(self):
        begin = time.monotonic()
        with Heartbeat() as heart:
            # --timeout holds for "call" only, not for "get-property".
            done = lab.run(['busctl', '--timeout=120', 'call', 'org.vfiod1', '/org/vfiod1',
                            'org.freedesktop.DBus.Properties', 'Get', 'ss',
                            'org.vfiod1.Manager', 'Readiness'], 150)
        self.slowest = max(self.slowest, time.monotonic() - begin)
        self.words = done.stderr or self.words
        return done.returncode == 0, heart.longest > 10

    def run(self):
        while not self.stopping:
            answered, stood_still = self.call()
            if not answered and stood_still:
                self.standstills += 1
                answered, _ = self.call()
            self.calls += 1
            self.failures += not answered


class Heartbeat(threading.Thread):
    """The longest time that this process itself got no turn."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.longest = 0.0

    def run(self):
        last = time.monotonic()
        while not self.ended.wait(0.5):
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join(60)


def numvfs(pf, number):
    """The errno's name or None."""
    lab.write(f'{lab.PCI}/{pf}/sriov_drivers_autoprobe', '0')
    return lab.write(f'{lab.PCI}/{pf}/sriov_numvfs', f'{number}\n')


def functions():
    """What the kernel has."""
    return sorted(os.listdir(lab.PCI))


def known():
    """What the daemon has."""
    return sorted(member['address'] for group in vfiod.data('list', timeout=120) or []
                  for member in group['members'])


def check_fresh(name, said):
    """The model that events made equals that of a daemon which has seen none."""
    lab.run(['systemctl', 'restart', 'vfiod'], 120)
    fresh = vfiod.settled_listing()
    if not ok(name, said and said == fresh, 'the lists differ'):
        vfiod.show_difference(said, fresh)


def check_storm(name, pfs):
    """All functions of all PFs come; then the model is a fresh scan's, also after they went."""
    poller = Poller()
    poller.start()
    begin = time.monotonic()
    for pf in pfs:
        ok(f'{name}-made-{pf}', numvfs(pf, VFS) is None)
    caught_up = lab.wait_for(lambda: known() == functions(), 60, 1)
    ok(f'{name}-all-known', caught_up, f'{len(known())} of {len(functions())}')
    lab.note(f'{name}: {len(functions())} functions, {time.monotonic() - begin:.1f} s')
    said = vfiod.settled_listing()
    poller.stopping = True
    poller.join(90)
    ok(f'{name}-answered', poller.calls > 3 and poller.failures == 0,
       f'{poller.failures} of {poller.calls} calls failed: {poller.words}')
    lab.note(f'{name}: {poller.calls} calls meanwhile, the slowest took {poller.slowest:.2f} s, '
             f'{poller.standstills} made again after a standstill of the machine')
    check_fresh(f'{name}-as-fresh', said)
    for pf in pfs:
        numvfs(pf, 0)
    ok(f'{name}-all-gone', lab.wait_for(lambda: known() == functions(), 60, 1),
       f'{len(known())} of {len(functions())}')
    check_fresh(f'{name}-gone-as-fresh', vfiod.settled_listing())


def check_refused(pf):
    """Virtual functions are enabled on a physical one after the plan was made, while the module is
    still being loaded: it stays with its driver, and vfio-pci is not asked."""
    old = lab.driver(pf)
    lab.run(['modprobe', '-r', 'vfio-pci'])
    place = '/run/modprobe.d'
    os.makedirs(place, exist_ok=True)
    with open(f'{place}/slow.conf', 'w', encoding='ascii') as out:
        out.write('install vfio-pci sleep 10; modprobe --ignore-install vfio-pci\n')
    with subprocess.Popen(['vfioctl', '--json', 'prepare', pf], stdout=subprocess.PIPE,
                          text=True) as prepare:
        ok('module-loads', lab.wait_for(lambda: lab.run(['pgrep', '-f', 'sleep 10']).stdout, 20))
        numvfs(pf, 2)
        words = prepare.communicate(timeout=90)[0]
    os.unlink(f'{place}/slow.conf')
    log = lab.run('dmesg | grep "Cannot bind to PF"').stdout
    ok('kernel-not-asked', pf not in log, log)
    ok('functions-stay', lab.exists(f'{pf}/virtfn1'))
    ok('device-refused', prepare.returncode == 1 and 'NotSupported' in words and pf in words and
       '2 virtual functions' in words, words)
    lab.note(words)
    ok('refused-as-before', (lab.driver(pf), lab.get_override(pf)) == (old, ''),
       (lab.driver(pf), lab.get_override(pf)))
    numvfs(pf, 0)
    lab.wait_for(lambda: known() == functions(), 30, 1)


def small_buffer(on):
    """Restarts the service with a receive buffer of 4 KiB, or as it was."""
    place = '/run/systemd/system/vfiod.service.d'
    os.makedirs(place, exist_ok=True)
    with open(f'{place}/buffer.conf', 'w', encoding='ascii') as out:
        if on:
            out.write('[Service]\nExecStart=\n'
                      'ExecStart=/usr/sbin/vfiod --units --receive-buffer=4096\n')
    lab.run(['systemctl', 'daemon-reload'])
    return lab.run(['systemctl', 'restart', 'vfiod'], 120).returncode == 0


def main():
    """With the usual buffer and with one that cannot hold the events."""
    pfs = [lab.addr(f'pf{index}') for index in range(4)]
    pfs = [pf for pf in pfs if pf]
    ok('pfs', len(pfs) == 4, pfs)
    if not ok('service-starts', vfiod.start()):
        return 1
    check_refused(pfs[3])
    check_storm('storm', pfs)
    ok('small-buffer', small_buffer(True))
    # Stopped, the daemon cannot keep up: with this buffer events must get lost.
    pid = lab.run('systemctl show -P MainPID vfiod').stdout.strip()
    subprocess.run(['kill', '-STOP', pid], check=False)
    ok('lost-made', numvfs(pfs[0], VFS) is None)
    drops = netlink_drops(pid)
    subprocess.run(['kill', '-CONT', pid], check=False)
    ok('events-were-lost', drops > 0, drops)
    lab.note(f'events lost: {drops}')
    ok('lost-all-known', lab.wait_for(lambda: known() == functions(), 60, 1),
       f'{len(known())} of {len(functions())}')
    numvfs(pfs[0], 0)
    ok('lost-all-gone', lab.wait_for(lambda: known() == functions(), 60, 1),
       f'{len(known())} of {len(functions())}')
    check_storm('small', pfs)
    ok('usual-buffer', small_buffer(False))
    vfiod.check_end()
    return 0


def netlink_drops(pid):
    """Events the kernel could not hand to the process, from /proc/net/netlink."""
    drops = 0
    for line in (lab.read('/proc/net/netlink') or '').splitlines()[1:]:
        fields = line.split()
        if fields[1] == '15' and fields[2] == pid:
            drops += int(fields[8])
    return drops


if __name__ == '__main__':
    sys.exit(main())
