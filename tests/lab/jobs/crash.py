#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The worker, the daemon, or both killed in the middle of a prepare and of a release, on the real
kernel. Needs a build with -Dfault-points=true."""
import sys
import threading
import time

import faults
import labguest as lab
import vfiodlab as vfiod
from labguest import ok

ROLES = 'two_a', 'two_b'
WORKER_POINTS = (3, 9, 14, 19, 25, 31)
DAEMON_POINTS = (1, 2, 3, 4, 6)
LIMIT = 120


def state():
    """Driver and override of both functions."""
    return [(lab.driver(a), lab.get_override(a)) for a in lab.addrs(*ROLES)]


class Killer(threading.Thread):
    """Kills the daemon as soon as the worker has been struck."""

    def __init__(self):
        super().__init__(daemon=True)
        self.start()

    def run(self):
        end = time.monotonic() + LIMIT
        while lab.os.path.exists(faults.TOKEN) and time.monotonic() < end:
            time.sleep(0.002)
        lab.run('systemctl kill -s KILL --kill-whom=main vfiod.service')


def violations(before, moved):
    """What must not be, in words."""
    found, sets = state(), faults.records('sets')
    if sets and found != moved:
        yield f'there is a set, but it is {found}'
    if not sets and found != before:
        yield f'there is no set, but it is {found} and not {before}'
    if lab.run('systemctl restart vfiod', LIMIT).returncode or not faults.rest():
        yield 'it does not come back a second time'
    if state() != found or faults.records('sets') != sets:
        yield f'the second recovery changed it from {found} to {state()}'


def run_case(name, verb, unit, both, before, moved, **settings):
    """One strike. Returns: whether it happened and whether all was well after it."""
    first = lab.addr(ROLES[0])
    if verb == 'release':
        vfiod.ctl('prepare', first, timeout=LIMIT)
    faults.arm(unit, **settings)
    if unit == 'vfiod.service':
        lab.run('systemctl restart vfiod', LIMIT)
    killer = Killer() if both else None
    vfiod.ctl(verb, first, timeout=LIMIT)
    lab.wait_for(lambda: not lab.os.path.exists(faults.TOKEN), 3)
    struck = faults.disarm()
    if killer:
        killer.join(LIMIT)
    if not struck:
        lab.note(f'{name}: there is no such point')
    well = ok(f'{name}: comes to rest', faults.rest(), faults.records('txn'))
    bad = list(violations(before, moved))
    well = ok(name, not bad, '; '.join(bad)) and well
    vfiod.ctl('release', first, timeout=LIMIT)
    well = ok(f'{name}: as before', state() == before and not faults.records('sets'),
              f'{state()}, {faults.records("sets")}') and well
    return struck, well


def cases():
    """What is struck, by name."""
    for verb in ('prepare', 'release'):
        for i, point in enumerate(WORKER_POINTS):
            both = i % 3 == 2
            who = 'worker and daemon' if both else 'worker'
            yield f'{verb}-{who}-{point}', verb, 'vfiod-worker@.service', both, {'POINT': point}
        for point in DAEMON_POINTS:
            yield f'{verb}-daemon-{point}', verb, 'vfiod.service', False, {'POINT': point}


def main():
    """All of them, on one group of two functions."""
    first = lab.addr(ROLES[0])
    for address in lab.addrs(*ROLES):
        lab.wait_for(lambda address=address: lab.driver(address), 20)
    faults.install()
    if not ok('service-starts', vfiod.start(), lab.run('journalctl -u vfiod -n 20').stdout):
        return 1
    before = state()
    done = vfiod.ctl('prepare', first)
    if not ok('prepare', done.returncode == 0, done.stdout + done.stderr):
        return 1
    moved = state()
    ok('release', vfiod.ctl('release', first).returncode == 0 and state() == before, state())
    results = [run_case(name, verb, unit, both, before, moved, **settings)
               for name, verb, unit, both, settings in cases()]
    struck = sum(happened for happened, _ in results)
    bad = sum(not well for _, well in results)
    lab.note(f'{struck} cases, {bad} violations')
    ok('enough-cases', struck >= 20, struck)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
