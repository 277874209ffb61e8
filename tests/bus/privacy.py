# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes of other users are root's to know: nobody else is told of them, by no way."""
import wire
from badinput import is_error
from contract import ERROR
from polkit import ACTIVE, ALLOW, Polkit
from rights import call_alone, call_as_nobody
from world import MANAGER, MANAGER_PATH, NOBODY, PROPERTIES, Failure, as_user, refusal, require

HOST = 'in-use'
HELD = '0000:01:00.0'
HELD_PATH = '/org/vfiod1/device/_30000_3a01_3a00_2e0'
GROUP_PATH = '/org/vfiod1/group/15'
DEVICE = 'org.vfiod1.Device'
OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager'
SECRETS = ('4242', 'qemu-system-x86', '4243', 'cloud-hyperviso', '4250')
MATCH = "type='signal',sender='org.vfiod1'"

# Every way to ask that tells of a device or group.
CALLS = (
    (MANAGER_PATH, OBJECT_MANAGER, 'GetManagedObjects'),
    (HELD_PATH, PROPERTIES, 'GetAll', 's', DEVICE),
    (HELD_PATH, PROPERTIES, 'Get', 'ss', DEVICE, 'Findings'),
    (HELD_PATH, PROPERTIES, 'Get', 'ss', DEVICE, 'Holders'),
    (GROUP_PATH, PROPERTIES, 'GetAll', 's', 'org.vfiod1.Group'),
    (GROUP_PATH, PROPERTIES, 'Get', 'ss', 'org.vfiod1.Group', 'Findings'),
)


def secrets_in(answer):
    return [s for s in SECRETS if s in str(answer)]


def root_is_told(world):
    """Else what follows would hold for a daemon that knows nothing."""
    for call in CALLS:
        answer = world.connection.call(*call)
        require(secrets_in(answer), f'{call[2:]} tells root {str(answer)[:200]}')
    error = refusal(world.manager, 'Plan', 'sa{sv}', HELD, [])
    is_error(error, ERROR + 'InUse', HELD, '4242', 'qemu-system-x86')


def nobody_is_not(world):
    for call in CALLS:
        answer = call_as_nobody(world, *call)
        require(not secrets_in(answer), f'{call[2:]} tells {secrets_in(answer)}')
    error = refusal(call_as_nobody, world, MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', HELD, [])
    is_error(error, ERROR + 'InUse', HELD, 'in use by a process')
    require(not secrets_in(error.message), error.message)
    holders, = call_as_nobody(world, HELD_PATH, PROPERTIES, 'Get', 'ss', DEVICE, 'Holders')
    require(holders == ('a(us)', []), f'Holders is {holders}')


def nobody_knows_enough(world):
    """That it is held, and what to do, is everybody's to know."""
    values, = call_as_nobody(world, HELD_PATH, PROPERTIES, 'GetAll', 's', DEVICE)
    require(values['State'] == ('s', 'busy'), f'State is {values["State"]}')
    finding = [f for f in values['Findings'][1] if f[0] == 'in-use']
    require(finding and 'in use by a process' in finding[0][2] and finding[0][4], f'{finding}')


def client_is_not(world):
    for arguments in (('list',), ('--json', 'list'), ('show', HELD), ('--json', 'show', HELD),
                      ('plan', HELD), ('status',)):
        ran = world.run(*arguments, user=NOBODY)
        found = secrets_in(ran.out.decode() + ran.err.decode())
        require(not found, f'vfioctl {" ".join(arguments)} tells {found}')


def signals_tell_nothing(world):
    """Not even to root: whoever listens gets them all."""
    with world.connect() as connection:
        connection.driver('AddMatch', 's', MATCH)
        world.connection.call(HELD_PATH, DEVICE, 'Refresh')
        for method in ('Prepare', 'Release'):
            refusal(world.manager, method, 'sa{sv}', HELD, [])
        connection.driver('GetId')
        found = secrets_in([m.arguments() for m in connection.signals])
        require(not found, f'signals tell {found}')


def ask_twice(world):
    """As a user: before and after polkit has allowed something, on the same connection, and then on
    another."""
    with world.connect() as connection:
        before = connection.call(HELD_PATH, PROPERTIES, 'Get', 'ss', DEVICE, 'Holders')
        try:
            connection.call(MANAGER_PATH, MANAGER, 'Prepare', 'sa{sv}', HELD, [])
        except wire.BusError as e:
            refused = e.name
        after = connection.call(HELD_PATH, PROPERTIES, 'Get', 'ss', DEVICE, 'Holders')
    other = call_alone(world, HELD_PATH, PROPERTIES, 'Get', 'ss', (DEVICE, 'Holders'))
    return before, refused, after, other


def authorized_is_told(world):
    with Polkit(world, ALLOW):
        before, refused, after, other = as_user(ACTIVE, ask_twice, world)
    # That is how far who is allowed comes while it is held.
    require(refused == ERROR + 'InUse', f'it is {refused}')
    require(not secrets_in(before) and not secrets_in(other), f'{before}, {other}')
    if not secrets_in(after):
        raise Failure(f'the authorized sees {after}')


def cases(open_world):
    world = open_world(HOST)
    yield 'root is told who holds a device', root_is_told, world
    yield 'nobody is not, however it asks', nobody_is_not, world
    yield 'nobody is told that it is held', nobody_knows_enough, world
    yield 'vfioctl of nobody tells no process', client_is_not, world
    yield 'signals tell no process', signals_tell_nothing, world
    world = open_world(HOST, writable=True)
    yield 'the authorized is told, on that connection', authorized_is_told, world
