# SPDX-License-Identifier: GPL-2.0-or-later
"""What one user may ask for: bounded by user and not by connection; root does not notice."""
import os
import signal
import time

import wire
from badinput import DEVICE_PATH, GOOD
from contract import INVALID_ARGS, LIMITS_EXCEEDED, STANDARD
from world import MANAGER, MANAGER_PATH, NOBODY, PROPERTIES, as_nobody, as_user, require

HOST = 'intel-desktop'
# daemon/bus/account.h
POINTS, POINTS_PER_SECOND = 2000, 500
WORK_QUEUED = 8
BURST = 60  # calls of some 15 points
OTHER = 2  # bin: another user than nobody
ROOT_LIMIT = 1.0
AT_A_TIME = 50  # fewer than wait for their turn at most
READ = (DEVICE_PATH, PROPERTIES, 'Get', 'ss', 'org.vfiod1.Device', 'Readiness')


def name_of(connection, call):
    try:
        connection.call(*call)
        return 'yes'
    except wire.BusError as e:
        return e.name


def send_many(connection, calls):
    """All at once. Returns: the names of the answers, in the order they came, or 'yes'."""
    for path, interface, member, *rest in calls:
        signature, *arguments = rest or ('',)
        connection.send(path, interface, member, signature, arguments, 'org.vfiod1')
    names = []
    while len(names) < len(calls):
        message = connection.next_message(time.monotonic() + wire.CALL_LIMIT)
        if message.kind in (wire.RETURN, wire.ERROR):
            names.append(message.fields.get(wire.ERROR_NAME, 'yes'))
    return names


def spend(world, n_connections):
    """Calls on so many connections, some at a time on each, until something is refused. Returns: how
    many were answered, in what time, and what the refusal was."""
    connections = [world.connect() for _ in range(n_connections)]
    began, n = time.monotonic(), 0
    while n < 20 * POINTS:
        for connection in connections:
            names = send_many(connection, [READ] * AT_A_TIME)
            n += names.count('yes')
            refused = [name for name in names if name != 'yes']
            if refused:
                return n, time.monotonic() - began, refused[0]
    return n, time.monotonic() - began, 'yes'


def is_by_user(world):
    """Eight connections have together what one has."""
    n, took, name = as_nobody(spend, world, 8)
    most = POINTS + POINTS_PER_SECOND * (took + 1)
    require(name == LIMITS_EXCEEDED, f'after {n} calls: {name}')
    require(POINTS <= n <= most, f'{n} calls in {took:.1f} s are answered')


def others_are_not_refused(world):
    """While nobody has nothing left."""
    as_nobody(spend, world, 1)
    for _ in range(50):
        world.connection.call(*READ)
    n, _, name = as_user(OTHER, spend, world, 1)
    require(n >= POINTS and name == LIMITS_EXCEEDED, f'another user gets {n}, then {name}')


def spend_and_wait(world):
    spend(world, 1)
    time.sleep(1.0)
    with world.connect() as connection:
        return name_of(connection, READ)


def comes_back(world):
    name = as_nobody(spend_and_wait, world)
    require(name == 'yes', f'a second later it is {name}')


def plan_many(world, n):
    with world.connect() as connection:
        connection.call(*READ)
        return send_many(connection, [(MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', GOOD, [])] * n)


def bounds_children(world):
    """Each Plan starts a child: so many wait, the rest is refused, root's goes first."""
    names = as_user(OTHER, plan_many, world, 30)
    good = names.count('yes')
    require(WORK_QUEUED <= good < 30, f'{good} of 30 at once are answered')
    require(set(names) <= {'yes', LIMITS_EXCEEDED}, f'{set(names)}')


def flood_until(world, ready, stop):
    """As a user: 64 connections, on each 4 calls that wait, until a byte comes."""
    connections = [world.connect() for _ in range(64)]
    os.write(ready, b'x')
    os.set_blocking(stop, False)
    while True:
        for connection in connections:
            for _ in range(4):
                connection.send(*READ[:4], list(READ[4:]), 'org.vfiod1')
        for connection in connections:
            for _ in range(4):
                connection.next_message(time.monotonic() + wire.CALL_LIMIT)
        try:
            if os.read(stop, 1):
                return
        except BlockingIOError:
            pass


def root_is_answered(world):
    """In the middle of a flood."""
    ready, stop = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresuid(NOBODY, NOBODY, NOBODY)
            flood_until(world, ready[1], stop[0])
            os._exit(0)
        finally:
            os._exit(1)
    try:
        os.read(ready[0], 1)
        time.sleep(1.0)
        for _ in range(50):
            began = time.monotonic()
            world.connection.call(*READ)
            world.manager('Plan', 'sa{sv}', GOOD, [])
            took = time.monotonic() - began
            require(took < ROOT_LIMIT, f'root waits {took:.1f} s')
    finally:
        os.write(stop[1], b'x')
        status = os.waitpid(child, 0)[1]
        for fd in ready + stop:
            os.close(fd)
    require(status == 0, f'the flood ended by itself (status {status})')


def connect_as(world, user):
    """A connection is whose it was made by."""
    os.seteuid(user)
    try:
        connection = world.connect()
    finally:
        os.seteuid(0)
    connection.call(*READ)
    return connection


def serials(connection):
    """vfiod counts what it sends. Returns: the numbers of the answers to the burst."""
    numbers = []
    while len(numbers) < BURST:
        message = connection.next_message(time.monotonic() + wire.CALL_LIMIT)
        require(message.kind != wire.ERROR, 'a call of the burst is refused')
        if message.kind == wire.RETURN:
            numbers.append(message.serial)
    return numbers


def takes_turns(world):
    """Two users call as much as they can, one behind the other: both are answered from the beginning,
    and not one before the other."""
    connections = [connect_as(world, user) for user in (NOBODY, OTHER)]
    world.daemon.process.send_signal(signal.SIGSTOP)  # so that all is there when it begins
    for connection in connections:
        for _ in range(BURST):
            connection.send(MANAGER_PATH, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects',
                            '', [], 'org.vfiod1')
    world.daemon.process.send_signal(signal.SIGCONT)
    numbers = [serials(connection) for connection in connections]
    for connection in connections:
        connection.socket.close()
    for one, other in (numbers, numbers[::-1]):
        early = sum(n < other[-1] for n in one)
        require(early > BURST * 3 / 4, f'{early} of {BURST} answers come before the other user has all')


def vanish(world, n):
    """Connections that call, and are gone before anything can be answered."""
    for i in range(n):
        connection = world.connect()
        connection.send(MANAGER_PATH, MANAGER, 'Plan' if i % 3 else 'Prepare', 'sa{sv}', [GOOD, []],
                        'org.vfiod1')
        if i % 2:
            connection.send(*READ[:4], list(READ[4:]), 'org.vfiod1')
        connection.socket.close()


def survives_vanishing(world):
    as_nobody(vanish, world, 1500)
    world.connection.call(*READ)
    require(world.daemon.process.poll() is None, 'vfiod ended')


def large_as_nobody(world):
    """What is too large is refused by name, as root's is, and not kept."""
    with world.connect() as connection:
        many = [('with', ('as', ['0000:01:00.1'] * 500000))]
        return [name_of(connection, call) for call in (
            READ,
            (MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', GOOD, many),
            (MANAGER_PATH, MANAGER, 'GetDevice', 's', 'A' * 1000000),
            (MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', GOOD, [('for', ('s', 'x' * 300))]))]


def refuses_large(world):
    names = as_user(OTHER, large_as_nobody, world)
    require(names == ['yes', LIMITS_EXCEEDED, INVALID_ARGS, INVALID_ARGS], f'{names}')


def open_files(world):
    return len(os.listdir(f'/proc/{world.daemon.process.pid}/fd'))


def takes_no_descriptors(world):
    """The bus does not even deliver one: vfiod's connection was made without."""
    before = open_files(world)
    name = as_nobody(send_descriptor, world)
    require(name == STANDARD + 'NotSupported', name)
    world.connection.call(*READ)
    require(open_files(world) <= before, 'a descriptor stays')


def send_descriptor(world):
    """Returns: the error; raises what it is answered with if it is not one of the bus."""
    with world.connect(descriptors=True) as connection:
        try:
            return f'taken: {connection.send_descriptor(MANAGER_PATH, MANAGER, "GetDevice")}'
        except wire.BusError as e:
            return e.name


def cases(open_world):
    world = open_world(HOST)
    yield 'a call that is too large is refused by its own name', refuses_large, world
    yield 'no file descriptor is taken', takes_no_descriptors, world
    yield 'calls are counted by user', is_by_user, world
    yield 'others have their own', others_are_not_refused, world
    yield 'what was spent comes back', comes_back, world
    time.sleep(POINTS / POINTS_PER_SECOND)
    yield 'users take turns', takes_turns, world
    yield 'children are bounded', bounds_children, world
    yield 'root is answered in the middle of a flood', root_is_answered, world
    yield 'callers that vanish leave nothing behind', survives_vanishing, world
