# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: reading is free, changing is root's, and the name is vfiod's."""
import polkit
import wire
from badinput import DEVICE_PATH, GOOD, is_error
from contract import ACCESS_DENIED, ERROR
from matrix import make_writable
from polkit import Polkit
from world import (MANAGER, MANAGER_PATH, NOBODY, PROPERTIES, as_nobody, refusal, require)

HOST = 'intel-desktop'
OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager'


def call_alone(world, path, interface, member, signature, arguments):
    """Runs in the child: a connection of its own. Returns: the reply, or (name, message)."""
    with world.connect() as connection:
        try:
            return connection.call(path, interface, member, signature, *arguments)
        except wire.BusError as e:
            return e.name, e.message


def call_as_nobody(world, path, interface, member, signature='', *arguments):
    """Returns: the reply. Raises BusError."""
    answer = as_nobody(call_alone, world, path, interface, member, signature, arguments)
    if isinstance(answer, tuple):
        raise wire.BusError(*answer)
    return answer


def can_read(world):
    for call in ((MANAGER_PATH, OBJECT_MANAGER, 'GetManagedObjects'),
                 (MANAGER_PATH, PROPERTIES, 'Get', 'ss', MANAGER, 'Readiness'),
                 (MANAGER_PATH, PROPERTIES, 'GetAll', 's', MANAGER),
                 (DEVICE_PATH, PROPERTIES, 'GetAll', 's', 'org.vfiod1.Device'),
                 ('/org/vfiod1/group/15', PROPERTIES, 'Get', 'ss', 'org.vfiod1.Group', 'Viable'),
                 (MANAGER_PATH, MANAGER, 'GetDevice', 's', GOOD),
                 (MANAGER_PATH, MANAGER, 'GetGroup', 'u', 15),
                 (MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', GOOD, []),
                 (MANAGER_PATH, 'org.freedesktop.DBus.Introspectable', 'Introspect')):
        mine = world.connection.call(*call)
        theirs = call_as_nobody(world, *call)
        require(theirs == mine, f'{call[2]} answers nobody otherwise than root')
    call_as_nobody(world, DEVICE_PATH, 'org.vfiod1.Device', 'Refresh')
    call_as_nobody(world, MANAGER_PATH, 'org.freedesktop.DBus.Peer', 'Ping')


def cannot_change(world, method):
    for options in ([], [('for', ('s', 'libvirt:guest1'))], [('no-block', ('b', True))]):
        error = refusal(call_as_nobody, world, MANAGER_PATH, MANAGER, method, 'sa{sv}', GOOD,
                        options)
        # The message names the device (DESIGN.md 3) and what would help.
        is_error(error, ACCESS_DENIED, GOOD, 'root')


def all_are_told(world, method):
    """On a recorded host nobody is asked for a right, or a password, that would be in vain."""
    with Polkit(world, polkit.HANG) as asked:
        for call in (world.connection.call, lambda *rest: call_as_nobody(world, *rest)):
            error = refusal(call, MANAGER_PATH, MANAGER, method, 'sa{sv}', GOOD, [])
            is_error(error, ERROR + 'ReadOnly', GOOD, 'recorded')
        require(not asked.calls(), 'polkit was asked')


def own_alone(world):
    with world.connect() as connection:
        answers = []
        for name in ('org.vfiod1', 'org.vfiod1.Manager'):
            try:
                answers.append(connection.driver('RequestName', 'su', name, 0))
            except wire.BusError as e:
                answers.append(e.name)
        return answers


def name_is_kept(world):
    answers = as_nobody(own_alone, world)
    require(answers == [ACCESS_DENIED] * 2, f'the bus answers {answers}')


def root_may_own(world):
    """Else the check before would hold for a policy that lets nobody at all."""
    require(own_alone(world)[0] == [1], 'root cannot have the name')


def other_interface(world):
    """What the policy does not list, the bus keeps from others."""
    error = refusal(call_as_nobody, world, MANAGER_PATH, 'org.vfiod1.Secret', 'Do')
    require(error.name == ACCESS_DENIED, f'it is {error.name}')


def client_can_read(world):
    for arguments in (('status',), ('list',), ('check',), ('show', GOOD), ('show', 'group', '15'),
                      ('plan', GOOD)):
        mine, theirs = (world.run('--json', *arguments, user=user) for user in (None, NOBODY))
        require(theirs.code == 0, f'{arguments} exits {theirs.code}: {theirs.words()}')
        require(theirs.out == mine.out, f'{arguments} prints something else for nobody')


def client_is_denied(world, verb):
    ran = world.run(verb, GOOD, user=NOBODY)
    require(ran.code == 4, f'exit {ran.code}: {ran.words()}')
    require(not ran.out, f'words on stdout: {ran.out!r}')
    require(b'root' in ran.err or b'sudo' in ran.err, f'no way out: {ran.words()}')


def cases(open_world):
    world = open_world(HOST)
    yield 'nobody can read everything', can_read, world
    yield 'vfioctl as nobody can read everything', client_can_read, world
    for method in ('Prepare', 'Release'):
        yield f'everybody is told that {method} is ReadOnly', all_are_told, world, method
    yield 'nobody cannot own the name', name_is_kept, world
    yield 'nobody cannot call what is not listed', other_interface, world
    world = open_world(HOST, make_writable, writable=True)
    for method in ('Prepare', 'Release'):
        yield f'nobody cannot call {method}', cannot_change, world, method
        yield f'vfioctl as nobody cannot {method.lower()}', client_is_denied, world, method.lower()
    world = open_world(None)
    yield 'nobody cannot own the name when it is free', name_is_kept, world
    yield 'root can own the name when it is free', root_may_own, world
