#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vfiod costs, beside what it may cost: budgets.py --build DIR [--idle SECONDS] [--rounds N]

DIR is a build with --buildtype=release. On machines that are made up here, of 300 and of 4,096 PCI
functions, served by vfiod --root on a bus of its own; needs no rights. Prints a line for each figure,
with its budget. It is a benchmark and no test: it does not fail by a figure, for it says as much of
the machine as of vfiod. The figures in brackets are time on a processor, which depends less on what
else runs; those of wall time are medians.
"""
import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'bus'))
import wire  # noqa: E402
from world import MANAGER, MANAGER_PATH, hostfile, private  # noqa: E402
import describe  # noqa: E402
from machines_notes import INTEL_DESKTOP  # noqa: E402

SMALL, LARGE = 300, 4096
PER_GROUP = 4
RESCAN_PAUSE = 1.1    # a little more than has to be between two
KIB_PER_MB = 1000 * 1000 / 1024
# What is in a machine of this size: ids, class, driver.
KINDS = (((0x8086, 0x1572), 0x020000, 'i40e'), ((0x144d, 0xa80a), 0x010802, 'nvme'),
         ((0x10de, 0x2230), 0x030000, 'vfio-pci'), ((0x8086, 0x6f20), 0x088000, None))


def machine(functions):
    """The desktop of the recorded hosts with more functions, four to a group, behind one bridge for
    each bus."""
    more = []
    for i in range(functions - len(INTEL_DESKTOP.functions)):
        bus, slot, function = i // 256, i // 8 % 32, i % 8
        ids, class_code, driver = KINDS[i // PER_GROUP % len(KINDS)]
        more.append(describe.Function(f'{1 + bus:04x}:00:{slot:02x}.{function}', ids, class_code,
                                      1000 + i // PER_GROUP, driver,
                                      override='vfio-pci' if driver == 'vfio-pci' else None))
    return INTEL_DESKTOP.but(name=f'bench-{functions}',
                             functions=[*INTEL_DESKTOP.functions, *more])


class Service:
    """vfiod on a machine of so many functions."""

    def __init__(self, build, functions):
        self.build = build
        self.directory = tempfile.mkdtemp(prefix='vfiod-', dir='/tmp')
        self.tree = os.path.join(self.directory, 'root')
        made = hostfile.parse(describe.render(machine(functions)), 'bench')
        hostfile.write_tree(made, self.tree)
        self.bus = private.Bus(self.directory)
        self.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus.address,
                                LC_ALL='C.UTF-8')
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.bus.close()
        shutil.rmtree(self.directory)

    def start(self):
        """Returns: seconds from exec to READY=1, as a service manager sees it."""
        path = os.path.join(self.directory, 'notify')
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, \
                open(os.path.join(self.directory, 'log'), 'ab') as log:
            notify.bind(path)
            notify.settimeout(private.START_LIMIT)
            environment = dict(self.environment, NOTIFY_SOCKET=path)
            began = time.monotonic()
            self.process = subprocess.Popen([f'{self.build}/daemon/vfiod', '--root', self.tree],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment)
            while b'READY=1' not in notify.recv(4096):
                pass
            return time.monotonic() - began

    def stop(self):
        if self.process:
            private.end(self.process)
        self.process = None

    def connect(self):
        return wire.Connection(os.path.join(self.directory, 'bus'))

    def on_processor(self):
        """Seconds that the daemon itself has run."""
        with open(f'/proc/{self.process.pid}/schedstat', encoding='ascii') as f:
            return int(f.read().split()[0]) / 1e9

    def with_children(self):
        """The same, with the children that it has waited for; in hundredths only."""
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as f:
            ticks = f.read().rpartition(')')[2].split()[11:15]
        return sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK')

    def status(self, key):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as f:
            return next(int(line.split()[1]) for line in f if line.startswith(key + ':'))

    def settle(self):
        """Until it has run no more for a while: what was asked of children has come in."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < 1:
            now = self.on_processor()
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.05)

    def seconds_of(self, *command):
        began = time.monotonic()
        subprocess.run(command, check=True, env=self.environment, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - began


def show(what, figure, budget=''):
    print(f'{what:<48} {figure:>22}   {budget}', flush=True)


def milliseconds(walls, processor):
    return f'{statistics.median(walls) * 1000:.1f} ms [{processor * 1000:.1f}]'


def measure_start(service, functions, rounds, budget):
    walls, processor = [], []
    for _ in range(rounds):
        service.stop()
        walls.append(service.start())
        processor.append(service.on_processor())
    show(f'ready after exec, {functions} functions', milliseconds(walls, min(processor)), budget)


def measure_memory(service, what, functions, budget):
    service.settle()
    show(f'memory (RSS) {what}, {functions} functions',
         f'{service.status("VmRSS") / KIB_PER_MB:.1f} MB', budget)


def measure_idle(service, seconds, functions):
    service.settle()
    before = service.status('voluntary_ctxt_switches'), service.on_processor()
    time.sleep(seconds)
    after = service.status('voluntary_ctxt_switches'), service.on_processor()
    show(f'wake-ups in {seconds} s of rest, {functions} functions',
         f'{after[0] - before[0]} [{(after[1] - before[1]) * 1000:.1f} ms]', '0')


def measure_rescan(service, functions, rounds, budget):
    walls, processor = [], []
    with service.connect() as connection:
        for _ in range(rounds):
            service.settle()
            time.sleep(RESCAN_PAUSE)
            before, began = service.on_processor(), time.monotonic()
            connection.call(MANAGER_PATH, MANAGER, 'Rescan')
            walls.append(time.monotonic() - began)
            processor.append(service.on_processor() - before)
    show(f'rescan, {functions} functions', milliseconds(walls, min(processor)), budget)


def measure_list(service, functions, rounds, budget):
    """Turn by turn, so that what else runs meets both."""
    bare, client = [], []
    for _ in range(rounds):
        bare.append(service.seconds_of(f'{service.build}/tests/bench/bare'))
        client.append(service.seconds_of(f'{service.build}/client/vfioctl', 'list'))
    ratio = statistics.median(client) / statistics.median(bare)
    show(f'vfioctl list : bare client, {functions} functions',
         f'{statistics.median(client) * 1000:.1f} : {statistics.median(bare) * 1000:.1f} ms'
         f' = {ratio:.2f}', budget)


def path_of_a_device(service):
    done = subprocess.run([f'{service.build}/client/vfioctl', '--json', 'list'], check=True,
                          env=service.environment, capture_output=True)
    groups = [g for g in json.loads(done.stdout) if len(g['members']) == PER_GROUP]
    address = groups[-1]['members'][0]['address']
    with service.connect() as connection:
        return connection.call(MANAGER_PATH, MANAGER, 'GetDevice', 's', address)[0]


def measure_event(service, rounds):
    """Of one device anew, with what its group makes of it. Returns: seconds on a processor."""
    path = path_of_a_device(service)
    service.settle()
    with service.connect() as connection:
        before = service.on_processor()
        for _ in range(rounds):
            connection.call(path, 'org.vfiod1.Device', 'Refresh')
        return (service.on_processor() - before) / rounds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', required=True)
    parser.add_argument('--idle', type=int, default=30, metavar='SECONDS')
    parser.add_argument('--rounds', type=int, default=11)
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    show('what', 'figure', 'budget')
    one = {}
    for functions, ready, memory, rescan in ((SMALL, '<= 100 ms', '<= 7 MB', ''),
                                             (LARGE, '', '<= 12 MB', '<= 250 ms')):
        with Service(build, functions) as service:
            measure_start(service, functions, arguments.rounds, ready)
            measure_memory(service, 'at rest', functions, memory)
            measure_idle(service, arguments.idle, functions)
            measure_list(service, functions, arguments.rounds * 2, '<= 1.50')
            measure_rescan(service, functions, arguments.rounds, rescan)
            measure_memory(service, 'after these', functions, memory)
            one[functions] = measure_event(service, arguments.rounds * 10)
            show(f'one device looked at anew, {functions} functions',
                 f'[{one[functions] * 1e6:.0f} us]')
    show('the same, large : small', f'{one[LARGE] / one[SMALL]:.2f}', 'about 1')


if __name__ == '__main__':
    main()
