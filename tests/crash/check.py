#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon, its worker or both killed at every point of a prepare and of a release, writes that
fail, a device that goes, a process that takes the group: check.py --vfiod-crash PATH [--every N]

Each case runs the daemon on a bus of its own and a host of its own, and starts it again, twice. A
line per kind of case; then "N cases, M violations", and "N passed, M failed".
"""
import argparse
import contextlib
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), name) for name in ('bus', 'hosts')]
import private  # noqa: E402
import wire  # noqa: E402

SIZES = (1, 2, 8)
DEVICE = '0000:01:00.0'
MANAGER = ('/org/vfiod1', 'org.vfiod1.Manager')
LIMIT = 60.0
PARALLEL = 2


class Violation(Exception):
    """What must not be after a crash."""


def require(condition, why):
    if not condition:
        raise Violation(why)


def wait_for(what, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        require(time.monotonic() < end, f'{what}: not within {LIMIT:.0f} s')
        time.sleep(0.005)


class Host:
    """A host, its runtime and state directories, and a bus."""

    def __init__(self, program, size):
        self.program = program
        self.directory = tempfile.mkdtemp(prefix='vfiod-crash-')
        self.bus = private.Bus(self.directory)
        self.runtime = os.path.join(self.directory, 'run')
        self.tree = subprocess.run([program, '--make', str(size)], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip()
        self.log = open(os.path.join(self.directory, 'log'), 'wb')
        self.daemon = None

    def close(self):
        self.stop(signal.SIGKILL)
        self.bus.close()
        self.log.close()
        shutil.rmtree(self.directory)
        shutil.rmtree(self.tree)

    def start(self, faults=None):
        """Starts the daemon and waits for it to answer; it may be made to die before that."""
        environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus.address,
                           ASAN_OPTIONS='detect_leaks=0', **(faults or {}))
        environment.pop('JOURNAL_STREAM', None)  # what it says goes to the log, whoever runs this
        self.daemon = subprocess.Popen(
            [self.program, self.tree, self.runtime, os.path.join(self.directory, 'state')],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        wait_for('the daemon answers', lambda: self.daemon.poll() is not None or self.answers())

    def answers(self):
        """Whether the name is this daemon's: one that was killed may have left a child, which has
        its connection until it first runs."""
        with wire.Connection(self.bus.address.split('=', 1)[1]) as connection:
            try:
                owner, = connection.driver('GetConnectionUnixProcessID', 's', 'org.vfiod1')
            except wire.BusError:
                return False
            return owner == self.daemon.pid

    def stop(self, how=signal.SIGTERM):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(how)
        if self.daemon:
            self.daemon.wait(LIMIT)
        self.daemon = None

    def call(self, method):
        """Returns: how it was answered, or None if nobody did: the daemon was killed."""
        try:
            with wire.Connection(self.bus.address.split('=', 1)[1]) as connection:
                return connection.call(*MANAGER, method, 'sa{sv}', DEVICE,
                                       [('timeout-usec', ('t', 30000000))])[0]
        except wire.BusError as e:
            return e.name.rsplit('.', 1)[-1]
        except (wire.WireError, OSError):
            return None

    def state(self):
        return subprocess.run([self.program, '--state', self.tree], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def records(self, kind):
        """Names and contents of the records of one kind."""
        directory = os.path.join(self.runtime, kind)
        found = {}
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            if not name.isdigit():
                continue
            # The daemon may take one away between the listing and here: then there is none.
            with (contextlib.suppress(FileNotFoundError),
                  open(os.path.join(directory, name), encoding='utf-8') as f):
                found[name] = f.read()
        return found

    def last_words(self):
        """What the daemon and its workers said last."""
        with open(self.log.name, encoding='utf-8', errors='replace') as f:
            return ''.join(f'\n#   {line.rstrip()}' for line in f.readlines()[-20:])

    def jobs(self):
        """The paths of all there are."""
        with wire.Connection(self.bus.address.split('=', 1)[1]) as connection:
            objects, = connection.call(MANAGER[0], 'org.freedesktop.DBus.ObjectManager',
                                       'GetManagedObjects')
        return [path for path, _ in (objects.items() if isinstance(objects, dict) else objects)
                if '/job/' in path]

    def rest(self):
        """Until nothing is half done any more, and all that was done has been told."""
        wait_for('transactions are ended', lambda: not self.records('txn'))
        wait_for('jobs are ended', lambda: not self.jobs())


def owned(records):
    """The functions that some managed set stands for."""
    return {address for text in records.values()
            for address in re.findall(r'^member (\S+)', text, re.M)}


def drivers(state):
    return {words[0]: tuple(words[1:]) for words in map(str.split, state.splitlines())}


def check_whole(host, before, moved):
    """No device is left half way, no override without owner."""
    found = drivers(host.state())
    was = {address: value for address, value in drivers(before).items() if address in found}
    to = {address: value for address, value in drivers(moved).items() if address in found}
    sets = host.records('sets')
    if sets:
        require(found == to, f'there is a set, but the devices are half way: {found}')
        require(set(found) <= owned(sets), f'not all are owned: {found}, {sets}')
    else:
        require(found == was, f'there is no set, and the devices are not as they were: {found}')


def check_log(host):
    """Where all came to be whole, the log has not said that it is not."""
    with open(host.log.name, encoding='utf-8') as f:
        require('not all is as it was' not in f.read(), 'the log says that something is left')


def check_twice(host):
    """To recover once more changes nothing."""
    state, sets = host.state(), host.records('sets')
    host.stop(signal.SIGKILL)
    host.start()
    host.rest()
    require(host.state() == state, 'the second recovery changed devices')
    require(host.records('sets') == sets, 'the second recovery changed records')


def passed(log, point):
    """Whether that point was come to."""
    if not os.path.exists(log):
        return False
    with open(log, encoding='utf-8') as f:
        return any(line.split()[0] == point for line in f)


def run_case(program, size, method, faults, expect):
    """Returns: True if what was to go wrong could, or raises Violation."""
    host = Host(program, size)
    try:
        before = host.state()
        moved = re.sub(r'(\S+) \S+ \S+ (\d+)', r'\1 vfio-pci vfio-pci \2', before)
        if method == 'Release':
            host.start()
            require(host.call('Prepare') == 'done', 'it cannot be prepared')
            host.stop()
        log = os.path.join(host.directory, 'points')
        host.start(dict(faults, VFIOD_CRASH_LOG=log))
        daemon = host.daemon
        answer = host.call(method) if daemon.poll() is None else None
        if answer is None:
            daemon.wait(LIMIT)
        host.stop(signal.SIGKILL)
        host.start()
        host.rest()
        expect(host, before, moved)
        check_twice(host)
        # And it can be gone on with.
        host.stop()
        if 'VFIOD_CRASH_HOW' not in faults:
            host.start()
            answer = host.call('Release')
            require(answer in ('done', 'unchanged'), f'it cannot be released: {answer}')
            require(host.state() == before, f'it is not as it was: {host.state()}')
        return passed(log, next(v for v in faults.values() if v.isdigit()))
    except Exception as e:
        why = str(e) if isinstance(e, Violation) else f'{type(e).__name__}: {e}'
        raise Violation(f'{why}{host.last_words()}') from e
    finally:
        host.close()


def block(host, kind):
    """Has every record of a kind fail to be written, as on a full file system."""
    os.mkdir(os.path.join(host.runtime, kind, '.new'))


def unblock(host, kind):
    os.rmdir(os.path.join(host.runtime, kind, '.new'))


def check_no_record(program, size):
    """What cannot be written down is not begun."""
    host = Host(program, size)
    try:
        before = host.state()
        host.start()
        block(host, 'txn')
        require(host.call('Prepare') not in ('done', None), 'it is prepared without a record')
        require(host.state() == before, 'something was changed without a record')
        unblock(host, 'txn')
        require(host.call('Prepare') == 'done', 'it cannot be prepared when there is room again')
        block(host, 'txn')
        moved = host.state()
        require(host.call('Release') not in ('done', None), 'it is released without a record')
        require(host.state() == moved, 'something was given back without a record')
        check_twice(host)
    finally:
        host.close()


def check_no_books(program, size):
    """What was moved and could not be taken into the books keeps its transaction until it can."""
    host = Host(program, size)
    try:
        before = host.state()
        host.start()
        block(host, 'sets')
        require(host.call('Prepare') == 'done', 'it cannot be prepared')
        require(host.records('txn') and not host.records('sets'), 'nobody owns what was moved')
        require(host.call('Release') == 'Failed', 'it goes on without books')
        host.stop(signal.SIGKILL)
        host.start()
        require(host.records('txn'), 'the restart has lost what was moved')
        unblock(host, 'sets')
        require(host.call('Release') == 'done', 'it cannot be released when there is room again')
        require(host.state() == before and not host.records('sets') and not host.records('txn'),
                f'it is not as it was: {host.state()}')
    finally:
        host.close()


def expect_whole(host, before, moved):
    check_whole(host, before, moved)
    check_log(host)


def expect_owned(host, before, _):
    """What could not be given back has an owner; the rest is as it was."""
    found, was = drivers(host.state()), drivers(before)
    mine = owned(host.records('sets'))
    for address, value in found.items():
        require(value == was[address] or address in mine,
                f'{address} is {value} and nobody owns it')


# Who is killed, and how the environment says so.
KILLS = {
    'worker': lambda n: {'VFIOD_FAULT_WORKER': str(n)},
    'worker and daemon': lambda n: {'VFIOD_FAULT_WORKER': str(n), 'VFIOD_FAULT_WHO': 'both'},
    'daemon at a point of the worker': lambda n: {'VFIOD_FAULT_WORKER': str(n),
                                                  'VFIOD_FAULT_WHO': 'parent'},
    'daemon': lambda n: {'VFIOD_FAULT_DAEMON': str(n)},
    'worker and all that take over': lambda n: {'VFIOD_FAULT_WORKER': str(n),
                                                'VFIOD_CRASH_HOW': 'again'},
}
MISHAPS = ('fail', 'fail-on', 'unplug', 'hold', 'full')


def kinds():
    """Name, size, method, faults by number, what to expect, and how many of them are tried at
    least before none happening is believed."""
    for size, method in itertools.product(SIZES, ('Prepare', 'Release')):
        for who, faults in KILLS.items():
            expect = expect_owned if 'all' in who else expect_whole
            yield f'{method.lower()} of {size}: {who} killed', size, method, faults, expect
        for how in MISHAPS:
            def meddle(n, how=how):
                return {'VFIOD_CRASH_WRITE': str(n), 'VFIOD_CRASH_HOW': how}
            yield f'{method.lower()} of {size}: {how}', size, method, meddle, expect_owned


def points(name, size, method):
    """How many points such a case has at most."""
    members, verify = size, size
    if name.endswith('daemon killed') and 'worker' not in name:
        return 6
    steps = members * (5 if method == 'Release' else 3) + verify + 1
    return steps * 6 if 'killed' in name else steps


def run_one(job):
    """Returns: name of the kind, whether it happened, and the violation or None."""
    program, name, size, method, faults, expect = job
    try:
        if callable(method):
            method(program, size)
            return name, True, None
        return name, run_case(program, size, method, faults, expect), None
    except Exception as e:  # pylint: disable=broad-except
        return name, True, f'{faults or ""}: {type(e).__name__}: {e}'


def jobs(program, every):
    for size in SIZES:
        yield program, f'no room for records of {size}', size, check_no_record, None, None
        yield program, f'no room for sets of {size}', size, check_no_books, None, None
    for name, size, method, faults, expect in kinds():
        stride = max(1, every * size // 2) if 'worker' in name else 1 + (size > 2)
        for n in range(1, points(name, size, method) + 1, stride):
            yield program, name, size, method, faults(n), {'expect_whole': expect_whole,
                                                           'expect_owned': expect_owned}[
                                                               expect.__name__]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--vfiod-crash', required=True)
    parser.add_argument('--every', type=int, default=8, help='of the points only every so-manyth')
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print('not ok root: only root may prepare devices\n0 passed, 1 failed')
        return 1
    program = os.path.abspath(arguments.vfiod_crash)
    cases, violations, bad = {}, 0, {}
    with multiprocessing.get_context('fork').Pool(PARALLEL) as pool:
        for name, happened, why in pool.imap(run_one, jobs(program, arguments.every)):
            cases[name] = cases.get(name, 0) + bool(happened)
            if why:
                violations += 1
                bad.setdefault(name, why.splitlines()[0])
                print(f'# {name}: {why}', flush=True)
    failed = 0
    for name, n in cases.items():
        failed += name in bad or n == 0
        print(f'not ok {name}: {bad[name]}' if name in bad else
              f'not ok {name}: it never happened' if n == 0 else f'ok {name}: {n} cases')
    print(f'{sum(cases.values())} cases, {violations} violations')
    print(f'{len(cases) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
