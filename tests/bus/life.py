# SPDX-License-Identifier: GPL-2.0-or-later
"""How vfiod begins and ends, how often it reads anew for whom, what it tells of changes."""
import ctypes
import json
import os
import select
import signal
import subprocess
import time

import private
import wire
from badinput import DEVICE_PATH, GOOD, call
from world import MANAGER, PROPERTIES, Failure, as_nobody, refusal, require

HOST = 'intel-desktop'
TERM_LIMIT = 2.0     # seconds, of the contract of this check
GONE_LIMIT = 5.0     # until something that lost its bus has ended
RESCAN_PAUSE = 1.1   # a little more than the second that has to be between two
QUIET = 1.5          # how long nothing is heard before it counts as silence
WATCHING = b'watching'
WAITS = 2.0          # for the name, and still does: daemon/bus/name.c
PIDFD_GETFD = 438    # its system call number, on every architecture
RESCAN = ('/org/vfiod1', MANAGER, 'Rescan')
AT_ONCE = 0.5        # an answer that nothing is waited for, sanitizers and slow machines included
ROOT_LIMIT = 3.0
PACE_LIMIT = 12.0    # daemon/bus/rescan.c: a second, or more where one takes long
MATCH = "type='signal',sender='org.vfiod1'"


def wait_for(process, limit, what):
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        private.end(process)
        raise Failure(f'{what} did not end within {limit} s') from None


def root_rescans(world):
    """Once a second, whoever has asked before; nobody is refused."""
    as_nobody(ask_together, world, 1)
    answers = []
    for _ in range(4):
        world.manager('Rescan')
        answers.append(time.monotonic())
    pauses = [later - earlier for earlier, later in zip(answers, answers[1:])]
    require(all(0.9 < pause < ROOT_LIMIT for pause in pauses), f'{pauses} s between two')


def ask_together(world, n):
    """As a user: one call, and while the pace keeps the next from being made, n more. Returns: when
    each of those was answered, and by what."""
    first, *others = [world.connect() for _ in range(n + 1)]
    first.call(*RESCAN)
    began, answers = time.monotonic(), []
    for connection in others:
        connection.send(*RESCAN, '', [], 'org.vfiod1')
    for connection in others:
        message = connection.next_message(began + private.CALL_LIMIT)
        while message.kind == wire.SIGNAL:
            message = connection.next_message(began + private.CALL_LIMIT)
        answers.append((time.monotonic() - began, message.fields.get(wire.ERROR_NAME, 'yes')))
    return answers


def users_rescan_together(world):
    """Nobody is refused because somebody has asked; all that wait get the next one, which is not at
    once, and not only when nobody has asked for a second."""
    as_nobody(ask_together, world, 0)
    answers = as_nobody(ask_together, world, 4)
    require({name for _, name in answers} == {'yes'}, f'{answers}')
    times = [when for when, _ in answers]
    require(AT_ONCE < times[0] and times[-1] < PACE_LIMIT, f'they are answered after {times}')
    require(times[-1] - times[0] < AT_ONCE, f'they are not answered together: {times}')


def second_daemon(world):
    """It ends by itself, says why, and leaves the first alone."""
    owner = world.connection.driver('GetNameOwner', 's', 'org.vfiod1')
    done = subprocess.run([world.programs.vfiod, '--root', world.tree], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=private.START_LIMIT, env=world.environment,
                          check=False)
    words = (done.stdout + done.stderr).decode(errors='replace')
    require(done.returncode not in (0, None) and done.returncode > 0, f'exit {done.returncode}')
    require('org.vfiod1' in words, f'it does not name the cause: {words[:300]!r}')
    require('Sanitizer' not in words, words[-2000:])
    require(world.connection.driver('GetNameOwner', 's', 'org.vfiod1') == owner, 'the name moved')
    world.manager('GetDevice', 's', GOOD)


def same_sockets(process):
    """Has the sockets of a process open here, too, as a child that it forks has them until it runs.
    Returns: descriptors."""
    pidfd, sockets = os.pidfd_open(process.pid), []
    for name in os.listdir(f'/proc/{process.pid}/fd'):
        if os.readlink(f'/proc/{process.pid}/fd/{name}').startswith('socket:'):
            sockets.append(ctypes.CDLL(None, use_errno=True).syscall(PIDFD_GETFD, pidfd, int(name), 0))
            require(sockets[-1] >= 0, f'pidfd_getfd: {os.strerror(ctypes.get_errno())}')
    os.close(pidfd)
    require(sockets, 'vfiod has no socket')
    return sockets


def owner(world):
    """The process whose connection has the name; one that has ended can still be that."""
    return world.connection.driver('GetConnectionUnixProcessID', 's', 'org.vfiod1')[0]


def close_all(descriptors):
    for fd in descriptors:
        os.close(fd)


def lets_go(world):
    """The name goes when vfiod ends, whoever still has its connection."""
    sockets = same_sockets(world.daemon.process)
    try:
        world.daemon.process.send_signal(signal.SIGTERM)
        wait_for(world.daemon.process, TERM_LIMIT, 'vfiod')
        limit = time.monotonic() + TERM_LIMIT
        while world.connection.driver('NameHasOwner', 's', 'org.vfiod1')[0]:
            require(time.monotonic() < limit, 'the name is still there')
            time.sleep(0.02)
    finally:
        close_all(sockets)


def next_daemon(world):
    """One that was killed cannot do that: the next one waits for the name, and then serves."""
    sockets, old = same_sockets(world.daemon.process), world.daemon.process.pid
    try:
        world.daemon.process.kill()
        world.daemon.process.wait()
        world.daemon = private.Daemon(world.programs.vfiod, world.programs.vfioctl, world.tree,
                                      world.bus, os.path.join(world.directory, 'log'))
        time.sleep(WAITS)
        require(world.daemon.process.poll() is None, world.daemon.words())
        require(owner(world) == old, f'{owner(world)} has the name, and not {old}')
    finally:
        close_all(sockets)
    world.daemon.wait()
    require(owner(world) == world.daemon.process.pid, f'{owner(world)} has the name')
    world.manager('GetDevice', 's', GOOD)


def ends_on(world, number):
    process = world.daemon.process
    process.send_signal(number)
    status = wait_for(process, TERM_LIMIT, 'vfiod')
    require(status == 0, f'exit {status}: {world.daemon.words()[-500:]}')


def ends_without_bus(world):
    world.connection.socket.close()
    private.end(world.bus.process)
    status = wait_for(world.daemon.process, GONE_LIMIT, 'vfiod')
    require(status >= 0, f'killed by signal {-status}')
    require('Sanitizer' not in world.daemon.words(), world.daemon.words())


def needs_bus(world):
    """Started without a bus it ends by itself and names the cause."""
    for environment, arguments in ((dict(world.environment,
                                         DBUS_SYSTEM_BUS_ADDRESS='unix:path=/nonexistent/bus'), []),
                                   (world.environment, ['--bus', 'unix:path=/nonexistent/bus'])):
        done = subprocess.run([world.programs.vfiod, '--root', world.tree, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, env=environment,
                              timeout=private.START_LIMIT, check=False)
        words = done.stderr.decode(errors='replace')
        require(done.returncode > 0, f'exit {done.returncode}')
        require('bus' in words and 'Sanitizer' not in words, f'it says: {words[-500:]!r}')


class Monitor:
    """vfioctl monitor, from when it watches on."""

    def __init__(self, world, *options):
        self.process = subprocess.Popen([world.vfioctl, *options, 'monitor'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=world.environment)
        words = self.read(self.process.stderr, WATCHING)
        if WATCHING not in words:
            private.end(self.process)
            raise Failure(f'monitor does not say that it watches: {words!r}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        private.end(self.process)
        self.process.stdout.close()
        self.process.stderr.close()

    @staticmethod
    def read(stream, until):
        """What comes within START_LIMIT, up to what is waited for."""
        data, limit = b'', time.monotonic() + private.START_LIMIT
        while until not in data:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                break
            more = os.read(stream.fileno(), 65536)
            if not more:
                break
            data += more
        return data

    def quiet(self):
        """What comes on stdout until nothing has come for a while."""
        data = b''
        while select.select([self.process.stdout], [], [], QUIET)[0]:
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                break
            data += more
        return data

    def end(self, number):
        self.process.send_signal(number)
        status = wait_for(self.process, GONE_LIMIT, 'monitor')
        return status, self.process.stdout.read()


def monitor_is_silent(world, options, number):
    """Nothing changes on a recorded host, whatever is asked of it."""
    with Monitor(world, *options) as monitor:
        time.sleep(RESCAN_PAUSE)
        world.manager('Rescan')
        call(world, 'Plan', GOOD)
        world.connection.call(DEVICE_PATH, 'org.vfiod1.Device', 'Refresh')
        for method in ('Prepare', 'Release'):
            refusal(call, world, method, GOOD)
        said = monitor.quiet()
        require(not said, f'it says {said[:300]!r}')
        status, rest = monitor.end(number)
        require(status == 0, f'exit {status}')
        require(not rest, f'it says at its end {rest[:300]!r}')


def unbind(tree):
    """The network card leaves its driver, as sysfs shows it."""
    os.unlink(os.path.join(tree, 'sys/bus/pci/devices', GOOD, 'driver'))
    os.unlink(os.path.join(tree, 'sys/bus/pci/drivers/igc', GOOD))
    os.unlink(os.path.join(tree, 'sys/class/net/enp5s0'))
    device = os.path.join(tree, 'sys/bus/pci/devices', GOOD, 'net')
    subprocess.run(['rm', '-r', device], check=True, timeout=private.CALL_LIMIT)


def signals_of(world, connection):
    """The signals that came before the answer to a call made now: none can be on its way then."""
    connection.driver('GetId')
    world.manager('GetDevice', 's', GOOD)
    connection.call('/org/vfiod1', 'org.freedesktop.DBus.Peer', 'Ping')
    return [(m.fields[1], m.fields[2], m.fields[3], m.arguments()) for m in connection.signals]


def tells_changes(world):
    """Rescan finds what changed in the files: signals of it, and lines of monitor."""
    with Monitor(world, '--json') as monitor, world.connect() as connection:
        connection.driver('AddMatch', 's', MATCH)
        unbind(world.tree)
        time.sleep(RESCAN_PAUSE)
        world.manager('Rescan')
        signals = signals_of(world, connection)
        changed = {path: arguments[1] for path, interface, _, arguments in signals
                   if interface == PROPERTIES}
        device, group = changed.get(DEVICE_PATH, {}), changed.get('/org/vfiod1/group/18', {})
        require(device.get('Driver') == ('s', '') and device.get('State') == ('s', 'unbound'),
                f'of the device: {device}')
        require(group.get('Viable') == ('b', True) and group.get('Blockers') == ('a(sss)', []),
                f'of the group: {group}')
        told = [a for _, interface, member, a in signals if (interface, member) == (MANAGER,
                                                                                   'GroupChanged')]
        require(told == [[18, 'viable', '']], f'GroupChanged: {told}')
        lines = monitor.quiet().decode().splitlines()
        events = [json.loads(line) for line in lines]
        fine = events and all(isinstance(e, dict) for e in events)
        require(fine, f'not one object a line: {lines}')
        require(any('18' in line and 'viable' in line for line in lines), f'nothing of it: {lines}')
        require(any(GOOD in line for line in lines), f'nothing of the device: {lines}')
        require(monitor.end(signal.SIGINT)[0] == 0, 'monitor does not exit 0')


def monitor_tells_restart(world):
    """vfiod ending is told, and does not end monitor."""
    with Monitor(world, '--json') as monitor:
        world.daemon.process.terminate()
        wait_for(world.daemon.process, TERM_LIMIT, 'vfiod')
        lines = monitor.quiet().decode().splitlines()
        require(len(lines) == 1 and isinstance(json.loads(lines[0]), dict), f'{lines}')
        require(monitor.process.poll() is None, 'monitor ended')
        require(monitor.end(signal.SIGINT) == (0, b''), 'it does not exit 0')


def cases(open_world):
    world = open_world(HOST)
    yield 'others than root are rescanned for together', users_rescan_together, world
    yield 'root is rescanned for once a second', root_rescans, world
    yield 'a second vfiod ends, naming the cause', second_daemon, world
    yield 'vfiod without a bus ends, naming the cause', needs_bus, world
    yield ('monitor --json says nothing, SIGINT ends it', monitor_is_silent, world, ('--json',),
           signal.SIGINT)
    yield 'monitor says nothing, SIGTERM ends it', monitor_is_silent, world, (), signal.SIGTERM
    yield 'a change is told, by signals and by monitor', tells_changes, world
    yield 'monitor tells that vfiod ends', monitor_tells_restart, world
    for number in (signal.SIGTERM, signal.SIGINT):
        yield f'vfiod ends within 2 s of {number.name}, exit 0', ends_on, open_world(HOST), number
    yield 'vfiod ends, and with it its name', lets_go, open_world(HOST)
    yield 'vfiod waits for the name of one that was killed', next_daemon, open_world(HOST)
    yield 'vfiod ends when the bus goes', ends_without_bus, open_world(HOST)
