#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""One user calls without pause on 256 connections; root must not notice:

    flood.py --build DIR [--seconds S] [--connections N] [--depth N]

DIR is a build with -Dbench=true. Under the bus policy that is shipped, on a recorded host of some 300
functions, root calls: alone for half the time, in the flood, alone for half the time again. Of the
two quiet times the mean counts, for what else the machine does comes and goes. What is bounded is
how long root's calls are inside the daemon, from the message read to the answer gone, and the
daemon's memory. The daemon has a processor of its own where there are two, so that it is the daemon
that is measured and not the scheduler. What root sees from outside has the bus's own queue in it: it
is told, and not bounded. Needs root, to be somebody else.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'bus'))
import world  # noqa: E402
from world import NOBODY, private  # noqa: E402

HOST = 'intel-desktop'
DEVICE = '0000:05:00.0'
EXTRA_FUNCTIONS = 272  # with the host's own, 300
PAUSE_USEC = 3000      # between two calls of root
P99_RATIO, RSS_RATIO = 2.0, 2.0
WARM_UP = 3.0
PRIORITY = -15          # all of ours: what else the machine does is not measured


def write(tree, path, text):
    full = os.path.join(tree, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, 'w', encoding='ascii') as f:
        f.write(text)


def link(tree, path, target):
    full = os.path.join(tree, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    os.symlink(target, full)


def add_functions(tree):
    """More of the same: functions without a driver, four to a group."""
    for i in range(EXTRA_FUNCTIONS):
        name = f'0000:{0x40 + i // 32:02x}:{i % 32:02x}.0'
        group = 1000 + i // 4
        below = f'sys/devices/pci0000:00/{name}'
        for attribute, value in (('vendor', '0x8086'), ('device', '0x1572'), ('class', '0x020000'),
                                 ('subsystem_vendor', '0x8086'), ('subsystem_device', '0x0001'),
                                 ('driver_override', '(null)'), ('numa_node', '-1')):
            write(tree, f'{below}/{attribute}', value + '\n')
        link(tree, f'{below}/iommu_group', f'../../../kernel/iommu_groups/{group}')
        link(tree, f'sys/bus/pci/devices/{name}', f'../../../devices/pci0000:00/{name}')
        write(tree, f'sys/kernel/iommu_groups/{group}/type', 'DMA\n')
        link(tree, f'sys/kernel/iommu_groups/{group}/devices/{name}',
             f'../../../../devices/pci0000:00/{name}')


def figures(line):
    return {key: float(value) for key, value in re.findall(r'(\w+)=([\d.]+)', line)}


def mean(first, second):
    return {key: (first[key] + second[key]) / 2 for key in first}


class Bench:
    def __init__(self, arguments, world_):
        self.arguments, self.world = arguments, world_
        self.log = os.path.join(world_.directory, 'log')
        self.flood = os.path.join(world_.directory, 'flood')
        with open(os.path.join(arguments.build, 'tests/bench/flood'), 'rb') as f:
            data = f.read()
        with open(self.flood, 'wb') as f:
            f.write(data)
        os.chmod(self.flood, 0o755)
        self.share_processors()

    def share_processors(self):
        """Callers and the bus have all but the first. What is started later inherits."""
        for process in (self.world.daemon.process.pid, self.world.bus.process.pid, 0):
            os.setpriority(os.PRIO_PROCESS, process, PRIORITY)
        first, *others = sorted(os.sched_getaffinity(0))
        if others:
            os.sched_setaffinity(self.world.daemon.process.pid, {first})
            os.sched_setaffinity(self.world.bus.process.pid, set(others))
            os.sched_setaffinity(0, set(others))

    def start(self, *arguments, **rights):
        return subprocess.Popen([self.flood, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                                stdin=subprocess.DEVNULL, **rights)

    @staticmethod
    def end(process):
        """Returns: what it has printed, as numbers."""
        process.terminate()
        out, _ = process.communicate(timeout=private.CALL_LIMIT)
        if process.returncode != 0:
            raise SystemExit(f'not ok flood: the caller ended with status {process.returncode}')
        return figures(out)

    def status(self, key):
        """KiB, of the daemon."""
        with open(f'/proc/{self.world.daemon.process.pid}/status', encoding='ascii') as f:
            return int(re.search(rf'^{key}:\s+(\d+) kB', f.read(), re.M)[1])

    def inside(self):
        """What the daemon has measured since the last time. Returns: {kind: numbers}."""
        start = os.path.getsize(self.log)
        self.world.daemon.process.send_signal(signal.SIGUSR1)
        limit = time.monotonic() + private.CALL_LIMIT
        while time.monotonic() < limit:
            with open(self.log, encoding='utf-8', errors='replace') as f:
                f.seek(start)
                lines = f.read().splitlines()
            if 'bench end' in lines:
                return {line.split()[1]: figures(line) for line in lines
                        if line.startswith('bench ') and '=' in line}
            time.sleep(0.1)
        raise SystemExit('not ok flood: the daemon prints no figures; is it built with -Dbench=true?')

    def probe(self, seconds):
        """Root calls for so long. Returns: from inside, from outside."""
        process = self.start('probe', self.world.bus.address, PAUSE_USEC, DEVICE)
        time.sleep(WARM_UP)
        self.inside()
        time.sleep(seconds)
        inside = self.inside()
        return inside, self.end(process)

    def run(self):
        """Returns: quiet and flooded: (inside, outside), and KiB; and what the flood got."""
        a = self.arguments
        before = self.probe(a.seconds / 2)
        rss = self.status('VmRSS')
        with open(f'/proc/{self.world.daemon.process.pid}/clear_refs', 'w', encoding='ascii') as f:
            f.write('5')  # the peak begins anew
        flood = self.start('call', self.world.bus.address, a.connections, a.depth, DEVICE,
                           user=NOBODY, group=NOBODY, extra_groups=[])
        flooded = self.probe(a.seconds)
        peak = self.status('VmHWM')
        flood = self.end(flood)
        after = self.probe(a.seconds / 2)
        kinds = before[0].keys() & after[0].keys()
        inside = {kind: mean(before[0][kind], after[0][kind]) for kind in kinds}
        return (inside, mean(before[1], after[1])), flooded, (rss, peak), flood


def show(name, kind, quiet, flooded, unit):
    ratio = flooded['p99'] / quiet['p99']
    print(f'# {name} {kind}: p50 {quiet["p50"]:.0f} -> {flooded["p50"]:.0f} {unit}, p99 '
          f'{quiet["p99"]:.0f} -> {flooded["p99"]:.0f} {unit} ({ratio:.2f} x), max '
          f'{quiet["max"]:.0f} -> {flooded["max"]:.0f} {unit}')
    return ratio


def judge(name, ratio, bound):
    good = ratio <= bound
    print(f'{"ok" if good else "not ok"} {name}: {ratio:.2f} x, at most {bound} x')
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', required=True)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--connections', type=int, default=256)
    parser.add_argument('--depth', type=int, default=2)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        print('not ok flood: only root can be somebody else')
        return 1
    programs = world.Programs(os.path.abspath(os.path.join(arguments.build, 'daemon/vfiod')),
                              os.path.abspath(os.path.join(arguments.build, 'client/vfioctl')))
    with world.World(programs, HOST, add_functions) as opened:
        print(f'# {len(opened.managed_objects())} objects, {arguments.connections} connections, '
              f'{arguments.depth} calls open on each, {arguments.seconds:.0f} s')
        quiet, flooded, (rss, peak), flood = Bench(arguments, opened).run()
    per_second = {k: v / (arguments.seconds + WARM_UP) for k, v in flood.items()}
    print(f'# the flood, a second: {per_second["answered"]:.0f} answered, '
          f'{per_second["refused"]:.0f} refused, {per_second["failed"]:.0f} failed')
    show('outside', 'all', quiet[1], flooded[1], 'us')
    good = True
    for kind in ('read', 'objects', 'work'):
        if kind not in quiet[0] or kind not in flooded[0]:
            print(f'not ok flood-{kind}-p99: root was not answered once')
            good = False
            continue
        ratio = show('inside', kind, quiet[0][kind], flooded[0][kind], 'us')
        good &= judge(f'flood-{kind}-p99', ratio, P99_RATIO)
    print(f'# RSS {rss} -> at most {peak} KiB')
    good &= judge('flood-rss', peak / rss, RSS_RATIO)
    good &= judge('flood-reaches', 1000 / max(flood['answered'] + flood['refused'], 1), 1)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
