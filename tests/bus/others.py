# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do with a device: a process holds its group, and a call waits for that to end; somebody
else has put it on VFIO, and it is given back all the same."""
import os
import shutil
import subprocess
import time

import wire
from badinput import DEVICE_PATH, GOOD, is_error
from contract import ERROR, INVALID_ARGS
from matrix import DRIVER, HOST, Matrix, driver_of, make_writable
from polkit import ACTIVE, ALLOW, Polkit
from world import MANAGER, MANAGER_PATH, Failure, as_user, refusal, require

GROUP = 18
SHORT = 0.7    # seconds that a call may take which is to run out of time
MOMENT = 0.5   # in which nothing happens
SOON = 5.0     # a holder that has gone is noticed, sanitizers and slow machines included
USER_WAITING = 16  # daemon/operations-wait.c
WAIT = ('wait', ('b', True))
FOREIGN = ('foreign', ('b', True))


def options(seconds, *more):
    return [WAIT, ('timeout-usec', ('t', int(seconds * 1e6))), *more]


class Holder:
    """A process that has the group's node open, as far as the host that is served shows."""

    def __init__(self, tree):
        self.process = subprocess.Popen(['sleep', '600'])  # pylint: disable=consider-using-with
        self.place = os.path.join(tree, 'proc', str(self.process.pid))
        os.makedirs(os.path.join(self.place, 'fd'))
        with open(os.path.join(self.place, 'comm'), 'w', encoding='ascii') as f:
            f.write('qemu\n')
        os.symlink(f'/dev/vfio/{GROUP}', os.path.join(self.place, 'fd', '9'))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def let_go(self):
        """Closes it, and lives on."""
        shutil.rmtree(self.place, ignore_errors=True)

    def end(self):
        self.let_go()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Call:
    """One that is under way, on a connection of its own."""

    def __init__(self, world, method, given):
        self.connection = world.connect()
        self.connection.send(MANAGER_PATH, MANAGER, method, 'sa{sv}', (GOOD, given), 'org.vfiod1')
        self.began = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()

    def waits(self):
        """Nothing comes for a moment."""
        try:
            limit = time.monotonic() + MOMENT
            while True:
                message = self.connection.next_message(limit)
                require(message.kind == wire.SIGNAL, f'an answer came: {message.arguments()}')
        except wire.WireError:
            pass

    def answer(self):
        """Returns: the result. Raises BusError."""
        result = self.connection.wait_for_answer().arguments()[0]
        self.took = time.monotonic() - self.began
        return result


def make_holdable(tree):
    make_writable(tree)
    os.makedirs(os.path.join(tree, 'sys/class/vfio', str(GROUP)), exist_ok=True)


def waits_for_end(matrix, method):
    """The process ends, and it goes on by itself."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as holder, Call(matrix.world, method, options(60)) as call:
        call.waits()
        ended = time.monotonic()
        holder.end()
        result = call.answer()
        require(time.monotonic() - ended < SOON, 'the end of the holder was not noticed')
    require(result == ('done' if method == 'Release' else 'unchanged'), f'it is {result}')
    matrix.is_bound(method == 'Prepare')


def waits_for_hint(matrix):
    """The process lives on and lets go; that the model learns."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as holder, Call(matrix.world, 'Release', options(60)) as call:
        call.waits()
        matrix.world.connection.call(DEVICE_PATH, 'org.vfiod1.Device', 'Refresh')
        call.waits()
        holder.let_go()
        matrix.world.connection.call(DEVICE_PATH, 'org.vfiod1.Device', 'Refresh')
        result = call.answer()
    require(result == 'done', f'it is {result}')
    matrix.is_bound(False)


def waits_for_the_next(matrix):
    """Another process has it when the first one ends."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as first, Call(matrix.world, 'Release', options(60)) as call:
        call.waits()
        with Holder(matrix.world.tree) as second:
            first.end()
            call.waits()
            matrix.is_bound(True)
            second.end()
            require(call.answer() == 'done', 'it is not done')
    matrix.is_bound(False)


def is_refused_without(matrix):
    matrix.set_driver(True)
    with Holder(matrix.world.tree):
        for given in ([], [('wait', ('b', False))]):
            began = time.monotonic()
            error = refusal(matrix.world.manager, 'Release', 'sa{sv}', GOOD, given)
            is_error(error, ERROR + 'InUse', GOOD, str(GROUP))
            require(time.monotonic() - began < SOON, 'it was waited')
    matrix.is_bound(True)


def runs_out_of_time(matrix, method):
    matrix.set_driver(True)
    with Holder(matrix.world.tree), Call(matrix.world, method, options(SHORT)) as call:
        try:
            raise Failure(f'it is {call.answer()}')
        except wire.BusError as e:
            is_error(e, ERROR + 'InUse', GOOD, str(GROUP), 'waited')
        took = time.monotonic() - call.began
    require(SHORT <= took < SHORT + SOON, f'the answer came after {took:.1f} s')
    matrix.is_bound(True)


def looks_once_more(matrix):
    """Nothing tells that the process has let go; at the end of its time the call finds it out."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as holder, Call(matrix.world, 'Release', options(3)) as call:
        call.waits()
        holder.let_go()
        require(call.answer() == 'done', 'it is not done')
        require(call.took >= 3 - MOMENT, f'it was noticed after {call.took:.1f} s: this tests nothing')
    matrix.is_bound(False)


def waits_for_each_other(matrix, method):
    """Two wait for one process; the work of the first is nothing to refuse the second for."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as holder, Call(matrix.world, method, options(60)) as first, \
            Call(matrix.world, method, options(60)) as second:
        first.waits()
        second.waits()
        holder.end()
        results = {first.answer(), second.answer()}
    require(results == ({'done', 'unchanged'} if method == 'Release' else {'unchanged'}),
            f'they are {results}')
    matrix.is_bound(method == 'Prepare')


def waits_for_job(matrix):
    matrix.start_job()
    ended = False
    try:
        with Call(matrix.world, 'Prepare', options(SHORT)) as call:
            try:
                raise Failure(f'it is {call.answer()}')
            except wire.BusError as e:
                is_error(e, (ERROR + 'Busy', ERROR + 'Stuck'), GOOD, 'job', 'waited')
        with Call(matrix.world, 'Prepare', options(60)) as call:
            call.waits()
            matrix.end_job()
            ended = True
            require(call.answer() == 'unchanged', 'it is not unchanged')
    finally:
        if not ended:
            matrix.end_job()
    matrix.is_bound(True)


def wait_many(world, n):
    """As a user: so many calls that wait, one after the other. Returns: the names of the answers."""
    calls, names = [], []
    for _ in range(n):
        calls.append(Call(world, 'Release', options(60)))
        time.sleep(0.2)  # until polkit has answered: questions are bounded, too
    for call in calls:
        try:
            call.waits()
            names.append('waits')
        except Failure as e:
            names.append(str(e))
    return names


def is_bounded(matrix):
    """One user may have so many wait; root is not kept from it, nor bounded."""
    matrix.set_driver(True)
    with Polkit(matrix.world, ALLOW), Holder(matrix.world.tree):
        names = as_user(ACTIVE, wait_many, matrix.world, USER_WAITING + 2)
        require(names[:USER_WAITING] == ['waits'] * USER_WAITING, f'{names}')
        require(all('Too many' in name for name in names[USER_WAITING:]), f'{names}')
        calls = [Call(matrix.world, 'Release', options(60)) for _ in range(USER_WAITING + 2)]
        for call in calls:
            call.waits()
        for call in calls:
            call.connection.socket.close()


def is_taken_back(matrix):
    """Who leaves while it waits has asked for nothing."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree):
        with Call(matrix.world, 'Release', options(60)) as call:
            call.waits()
    time.sleep(MOMENT)
    matrix.world.connection.call(DEVICE_PATH, 'org.vfiod1.Device', 'Refresh')
    time.sleep(MOMENT)
    matrix.is_bound(True)
    matrix.set_driver(False)


def edit_modalias(world, old, new):
    """The ids that the kernel shows: another device is put in the slot, or the one that was there."""
    path = os.path.join(world.tree, 'sys/bus/pci/devices', GOOD, 'modalias')
    with open(path, encoding='ascii') as f:
        text = f.read()
    require(old in text, text)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text.replace(old, new))
    world.manager('Rescan')


def is_for_the_device(matrix, field, identity, other):
    """Another device stands there when the holder has gone: it was not asked for, nor allowed."""
    matrix.set_driver(True)
    with Holder(matrix.world.tree) as holder, Call(matrix.world, 'Release', options(60)) as call:
        call.waits()
        edit_modalias(matrix.world, field + identity, field + other)
        holder.end()
        try:
            raise Failure(f'it is {call.answer()}')
        except wire.BusError as e:
            is_error(e, ERROR + 'NoSuchDevice', GOOD, 'another device')
        finally:
            edit_modalias(matrix.world, field + other, field + identity)
    matrix.is_bound(True)


def excludes_no_block(matrix, method):
    error = refusal(matrix.world.manager, method, 'sa{sv}', GOOD,
                    [WAIT, ('no-block', ('b', True))])
    is_error(error, INVALID_ARGS, 'wait', 'no-block')


def put_on(world, driver, override):
    """By hand: nobody tells vfiod."""
    device = os.path.realpath(os.path.join(world.tree, 'sys/bus/pci/devices', GOOD))
    link = os.path.join(device, 'driver')
    target = os.path.join(os.path.dirname(os.readlink(link)), driver)
    os.unlink(link)
    os.symlink(target, link)
    with open(os.path.join(device, 'driver_override'), 'w', encoding='ascii') as f:
        f.write(override + '\n')


def override_of(world):
    path = os.path.join(world.tree, 'sys/bus/pci/devices', GOOD, 'driver_override')
    with open(path, encoding='ascii') as f:
        return f.read().strip()


def foreign_goes_back(matrix):
    matrix.set_driver(True)  # so that the driver is there
    matrix.set_driver(False)
    put_on(matrix.world, 'vfio-pci', 'vfio-pci')
    before = matrix.digest()
    error = refusal(matrix.world.manager, 'Release', 'sa{sv}', GOOD, [])
    is_error(error, ERROR + 'NotManaged', GOOD, 'vfio-pci', '--foreign')
    require(matrix.digest() == before, 'it has changed the host')
    result = matrix.world.manager('Release', 'sa{sv}', GOOD, [FOREIGN])[0]
    require(result == 'done', f'it is {result}')
    require(driver_of(matrix.world) == DRIVER, f'it is bound to {driver_of(matrix.world)}')
    require(override_of(matrix.world) == '(null)', f'the override is {override_of(matrix.world)}')
    result = matrix.world.manager('Release', 'sa{sv}', GOOD, [FOREIGN])[0]
    require(result == 'unchanged', f'what is the host\'s is {result}')


def foreign_waits(matrix):
    """Both options at once."""
    put_on(matrix.world, 'vfio-pci', '(null)')
    with Holder(matrix.world.tree) as holder:
        error = refusal(matrix.world.manager, 'Release', 'sa{sv}', GOOD, [FOREIGN])
        is_error(error, ERROR + 'InUse', GOOD)
        with Call(matrix.world, 'Release', options(60, FOREIGN)) as call:
            call.waits()
            holder.end()
            require(call.answer() == 'done', 'it is not done')
    require(driver_of(matrix.world) == DRIVER, f'it is bound to {driver_of(matrix.world)}')


def cases(open_world):
    world = open_world(HOST, make_holdable, writable=True)
    matrix = Matrix(world)
    yield 'without wait it is refused at once', is_refused_without, matrix
    for method in ('Release', 'Prepare'):
        yield f'{method} waits for the end of a holder', waits_for_end, matrix, method
        yield f'{method} runs out of time', runs_out_of_time, matrix, method
        yield f'{method}: wait excludes no-block', excludes_no_block, matrix, method
    yield 'a holder that lives on lets go', waits_for_hint, matrix
    yield 'another process has taken it', waits_for_the_next, matrix
    yield 'it is looked once more when the time is over', looks_once_more, matrix
    for method in ('Release', 'Prepare'):
        yield f'two {method} wait for one holder', waits_for_each_other, matrix, method
    yield 'a job is waited for', waits_for_job, matrix
    yield 'calls of a user that wait are bounded', is_bounded, matrix
    yield 'who leaves does not wait any more', is_taken_back, matrix
    for name, field in (('device', 'd'), ('subsystem', 'sd')):
        yield (f'a call is for the device it was made for ({name})', is_for_the_device, matrix, field,
               '000015F3', '00004242')
    yield 'what somebody else put on VFIO goes back', foreign_goes_back, matrix
    yield 'and is waited for', foreign_waits, matrix
