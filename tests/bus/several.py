# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that need more than one right: polkit is asked for each, and each can deny the whole call.
Who may is in rights.table."""
import itertools
import os
import time

import polkit
import wire
from badinput import GOOD, is_error
from contract import ACCESS_DENIED
from matrix import HOST, POLKIT_LIMIT, RESCAN_PAUSE, Matrix, call_alone, make_writable, prepare_alone, split_method
from polkit import ACTIVE, Polkit
from world import MANAGER, MANAGER_PATH, PROPERTIES, as_user, require

ACTION = 'org.vfiod1.'

# A call, and what must be granted for it (DESIGN.md 3): the method first, so that who may do nothing
# is not asked for more.
RIGHTS = {
    'Prepare': ('prepare',),
    'Prepare+accept': ('prepare', 'accept-hazard'),
    'Prepare+persist': ('prepare', 'persist'),
    'Prepare+persist+accept': ('prepare', 'persist', 'accept-hazard'),
    'Release': ('release',),
    'Release+persist': ('release', 'persist'),
}


def call(world, method):
    return call_alone(world, 0, MANAGER_PATH, 'manager', f'{MANAGER}.{method}')


def is_prepare(method):
    return method.startswith('Prepare')


def questions(asked):
    """Returns: the actions that polkit was asked about."""
    return [c['arguments'][1] for c in asked.calls() if c['method'] == 'CheckAuthorization']


def actions_of(method):
    return [ACTION + right for right in RIGHTS[method]]


def asks_for_all(matrix, method):
    """Each right once; then it is done."""
    matrix.set_persisted(not is_prepare(method))
    with Polkit(matrix.world, polkit.ALLOW) as asked:
        result, message = as_user(ACTIVE, call, matrix.world, method)
        about = questions(asked)
    require(result == 'yes', f'{result}: {message}')
    require(about == actions_of(method), f'polkit was asked about {about}')
    matrix.is_bound(is_prepare(method))


def is_denied(matrix, method, right, mode):
    """One of the rights is not granted: the call is denied by its name, nothing after it is asked
    for, and nothing has changed."""
    matrix.set_persisted(not is_prepare(method))
    before = matrix.digest()
    with Polkit(matrix.world, polkit.ALLOW, {ACTION + right: mode}) as asked:
        began = time.monotonic()
        result, message = as_user(ACTIVE, call, matrix.world, method)
        took = time.monotonic() - began
        about = questions(asked)
    require(result == 'denied', f'{result}: {message}')
    is_error(wire.BusError(ACCESS_DENIED, message), ACCESS_DENIED, GOOD, 'polkit', 'sudo',
             f'(action {ACTION}{right})')
    expected = list(itertools.takewhile(lambda r: r != right, RIGHTS[method])) + [right]
    require(about == [ACTION + r for r in expected], f'polkit was asked about {about}')
    require(matrix.digest() == before, 'it has changed the host')
    require(took < POLKIT_LIMIT - 0.5 if mode != polkit.HANG else
            POLKIT_LIMIT - 0.5 < took < POLKIT_LIMIT + 3, f'the answer came after {took:.1f} s')
    require(mode != polkit.HANG or 'in time' in message, message)


def takes_back(matrix, method, right):
    """The last question hangs: polkit is told that nobody waits for it any more, and others may
    change the device then."""
    matrix.set_persisted(not is_prepare(method))
    with Polkit(matrix.world, polkit.ALLOW, {ACTION + right: polkit.HANG}) as asked:
        as_user(ACTIVE, call, matrix.world, method)
        calls = asked.calls()
    require([c['method'] for c in calls] ==
            ['CheckAuthorization'] * len(RIGHTS[method]) + ['CancelCheckAuthorization'], f'{calls}')
    require(calls[-1]['arguments'] == [calls[-2]['arguments'][4]], f'it takes back {calls[-1]}')
    matrix.set_persisted(is_prepare(method))


def one_right_is_not_another(matrix):
    """Who has every right but that to the method itself may not call it."""
    matrix.set_persisted(False)
    before = matrix.digest()
    with Polkit(matrix.world, polkit.ALLOW, {ACTION + 'prepare': polkit.REFUSE}):
        result, _ = as_user(ACTIVE, prepare_alone, matrix.world, 0)
    require(result == 'denied' and matrix.digest() == before, result)


def host_findings(world):
    value, = world.connection.call(MANAGER_PATH, PROPERTIES, 'Get', 'ss', MANAGER, 'Findings')
    return {finding[0] for finding in value[1]}


def rescan(world):
    time.sleep(RESCAN_PAUSE)
    world.connection.call(MANAGER_PATH, MANAGER, 'Rescan')


def forgets_absent(matrix):
    """A device that is gone is missed, and can be released from its wish, and from that alone."""
    world = matrix.world
    matrix.set_persisted(True)
    matrix.as_root('Release')
    require(matrix.is_persisted(), 'a plain release has taken the wish back')
    device = os.path.join(world.tree, 'sys/bus/pci/devices', GOOD)
    target = os.readlink(device)
    os.unlink(device)
    try:
        rescan(world)
        require('wish-device-missing' in host_findings(world), host_findings(world))
        result, message = as_user(0, call, world, 'Release')
        require('NoSuchDevice' in result and GOOD in message, f'{result}: {message}')
        with Polkit(world, polkit.ALLOW, {ACTION + 'persist': polkit.REFUSE}):
            result, message = as_user(ACTIVE, call, world, 'Release+persist')
        require(result == 'denied' and 'wish-device-missing' in host_findings(world), result)
        ran = world.run('release', '--persist', GOOD)
        require(ran.code == 0 and ran.words().startswith(f'{GOOD} is not persisted any more; ') and
                'update-initramfs -u, or dracut --force' in ran.words(), ran.words())
        require('wish-device-missing' not in host_findings(world), host_findings(world))
        result, message = as_user(0, call, world, 'Release+persist')
        require('NoSuchDevice' in result, f'{result}: {message}')
    finally:
        os.symlink(target, device)
        rescan(world)
    require(not matrix.is_persisted(), 'the wish has come back')


def table_has_them(matrix):
    """Every option that has a right of its own has rows for everybody."""
    listed = {split_method(m)[1] + m[m.index('+'):] for _, m in matrix.table if '+' in m}
    require(listed == {m for m in RIGHTS if len(RIGHTS[m]) == 2}, f'rights.table has {listed}')


def cases(open_world):
    world = open_world(HOST, make_writable, writable=True)
    matrix = Matrix(world)
    yield 'the table has a row for each option with a right', table_has_them, matrix
    for method, rights in RIGHTS.items():
        yield f'{method}: asks for {", ".join(rights)}', asks_for_all, matrix, method
        for right in rights:
            yield f'{method}: no {right}', is_denied, matrix, method, right, polkit.REFUSE
    for method in ('Prepare+persist', 'Prepare+accept', 'Prepare+persist+accept', 'Release+persist'):
        right = RIGHTS[method][-1]
        yield f'{method}: {right} hangs', is_denied, matrix, method, right, polkit.HANG
    yield 'the last question is taken back', takes_back, matrix, 'Prepare+persist', 'persist'
    yield 'a wish for a device that is gone', forgets_absent, matrix
    yield 'other rights are not that to the method', one_right_is_not_another, matrix
