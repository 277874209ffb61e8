#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a prepare and its release cost, beside the same writes by hand: a job of the lab, with the
bare client of a release build for its guest.

    tests/lab/lab run --tree DIR --add BUILD/tests/bench/bare tests/bench/rebind.py

By hand is: the same writes, a transient unit that does nothing and a bare client's call for each of
the two; the unit as it is, and confined as vfiod's worker is. Turn by turn, so that what else runs
meets all. It is a benchmark and no test: it fails by no figure.
"""
import statistics
import subprocess
import sys
import time

import labguest as lab
import vfiodlab as vfiod

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
DEVICES = lab.addrs('two_a', 'two_b')
BARE = f'{lab.LAB}/bare'
WORKER = '/usr/lib/systemd/system/vfiod-worker@.service'
# What of the worker's unit is no matter of what it may do.
NOT_CONFINING = ('Type', 'NotifyAccess', 'ExecStart', 'KillMode', 'SendSIGKILL', 'TimeoutStartSec',
                 'TimeoutStopSec', 'Slice')


def seconds(work):
    began = time.monotonic()
    work()
    return time.monotonic() - began


def must(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   timeout=120)


def write(path, text):
    said = lab.write(path, text)
    if said:
        raise OSError(f'{path}: {said}')


def take(address):
    write(f'{lab.PCI}/{address}/driver_override', 'vfio-pci\n')
    write(f'{lab.PCI}/{address}/driver/unbind', address)
    write('/sys/bus/pci/drivers_probe', address)


def give(address, driver):
    write(f'{lab.PCI}/{address}/driver/unbind', address)
    write(f'{lab.PCI}/{address}/driver_override', '\n')
    write(f'/sys/bus/pci/drivers/{driver}/bind', address)


def confinement():
    """The words of the worker's unit for systemd-run."""
    with open(WORKER, encoding='utf-8') as unit:
        lines = unit.read().partition('[Service]\n')[2].splitlines()
    return [word for line in lines
            if line and line[0] != '#' and line.partition('=')[0] not in NOT_CONFINING
            for word in ('-p', line)]


def unit(*words):
    return lambda: must('systemd-run', '--wait', '--quiet', *words, 'true')


def one_way(work):
    """The writes, and what the contract grants beside them. Returns: seconds of each."""
    return [seconds(do) for do in (work, unit(), unit(*confinement()), lambda: must(BARE))]


def by_hand(drivers):
    there = one_way(lambda: [take(address) for address in DEVICES])
    back = one_way(lambda: [give(address, drivers[address]) for address in DEVICES])
    return [a + b for a, b in zip(there, back)]


def by_vfiod():
    return (seconds(lambda: must('vfioctl', 'prepare', DEVICES[0])),
            seconds(lambda: must('vfioctl', 'release', DEVICES[0])))


def main():
    drivers = {address: lab.driver(address) for address in DEVICES}
    lab.ok('bench-start', vfiod.start() and all(drivers.values()), drivers)
    lab.modprobe('vfio-pci')
    hand, ours = [], []
    for _ in range(ROUNDS):
        hand.append(by_hand(drivers))
        ours.append(by_vfiod())
        now = {address: lab.driver(address) for address in DEVICES}
        if now != drivers:
            lab.ok('bench-as-before', False, now)
            return
    writes, plain, confined, bare = (statistics.median(part) for part in zip(*hand))
    there, back = (statistics.median(part) for part in zip(*ours))
    for what, figure in (('writes by hand, both ways', writes), ('two transient units', plain),
                         ('the same, confined', confined), ('two bare calls', bare),
                         ('vfioctl prepare', there), ('vfioctl release', back)):
        lab.note(f'{what:<40} {figure * 1000:8.1f} ms')
    for what, units in (('a unit', plain), ('a confined unit', confined)):
        lab.note(f'{"prepare + release : by hand with " + what:<48} '
                 f'{(there + back) / (writes + units + bare):5.2f}   budget <= 1.10')


main()
