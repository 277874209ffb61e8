# SPDX-License-Identifier: GPL-2.0-or-later
"""Every method of every object, called by everybody: held against rights.table. What there is, is
asked of the daemon itself; its host can be changed, so that a yes is a yes."""
import os
import subprocess
import time

import polkit
import wire
from badinput import DEVICE_PATH, GOOD, is_error
from contract import ACCESS_DENIED, STANDARD
from introspection import introspect
from polkit import ACTIVE, INACTIVE, NO_SESSION, Polkit
from world import HERE, MANAGER, MANAGER_PATH, PROPERTIES, Failure, as_user, digest, require

HOST = 'intel-desktop'
GROUP_PATH = '/org/vfiod1/group/18'
DRIVER = 'igc'
DISK = '0000:03:00.0'
ROOT = 0
JOB_LIMIT = 20.0
POLKIT_LIMIT = 5.0    # include/names.h
QUIET_LIMIT = 1.0     # a reading call while polkit hangs
RESCAN_PAUSE = 1.1

# Column of the table: who calls, whether a person may be asked, what polkit does (None: not there).
COLUMNS = {
    'root': (ROOT, False, polkit.HANG),
    'active': (ACTIVE, False, polkit.ANSWER),
    'password': (ACTIVE, True, polkit.ANSWER),
    'inactive': (INACTIVE, False, polkit.ANSWER),
    'in-password': (INACTIVE, True, polkit.ANSWER),
    'none': (NO_SESSION, True, polkit.ANSWER),
    'absent': (ACTIVE, True, None),
    'hanging': (ACTIVE, False, polkit.HANG),
    'nonsense': (ACTIVE, True, polkit.NONSENSE),
    'rule': (NO_SESSION, False, polkit.ALLOW),
}

PROPERTY = {'manager': (MANAGER, 'Readiness'), 'group': ('org.vfiod1.Group', 'Verdict'),
            'device': ('org.vfiod1.Device', 'DriverOverride'), 'job': ('org.vfiod1.Job', 'State')}

# What each method is called with; those of PROPERTIES take the object's own.
ARGUMENTS = {
    'org.freedesktop.DBus.Peer.Ping': (),
    'org.freedesktop.DBus.Peer.GetMachineId': (),
    'org.freedesktop.DBus.Introspectable.Introspect': (),
    'org.freedesktop.DBus.ObjectManager.GetManagedObjects': (),
    MANAGER + '.GetDevice': ('s', GOOD),
    MANAGER + '.GetGroup': ('u', 18),
    MANAGER + '.Rescan': (),
    MANAGER + '.Plan': ('sa{sv}', GOOD, []),
    MANAGER + '.Prepare': ('sa{sv}', GOOD, []),
    MANAGER + '.Release': ('sa{sv}', GOOD, []),
    'org.vfiod1.Device.Refresh': (),
}
# What METHOD+OPTION of the table gives the option; the device need not have that hazard.
OPTIONS = {'accept': ('as', ['network-in-use']), 'persist': ('b', True)}
# What polkit is told of a call without options.
PLAIN = {'address': GOOD, 'ids': '8086:15f3', 'driver': DRIVER, 'with': 'none', 'group': 'no',
         'foreign': 'no', 'persist': 'no', 'accept': 'none'}
WORDS = {ACCESS_DENIED: 'denied', STANDARD + 'PropertyReadOnly': 'readonly'}


def read_table():
    """Returns: {(object, method): {column: word}}."""
    table = {}
    with open(os.path.join(HERE, 'rights.table'), encoding='utf-8') as f:
        for line in f:
            if not line.startswith('#'):
                kind, method, *words = line.split()
                table[kind, method] = dict(zip(COLUMNS, words, strict=True))
    return table


def make_writable(tree):
    """The network card without its interface, which would have to go first, and what the back end
    of the tests must know: which driver matches, which module can be loaded."""
    os.unlink(os.path.join(tree, 'sys/class/net/enp5s0'))
    device = os.path.realpath(os.path.join(tree, 'sys/bus/pci/devices', GOOD))
    subprocess.run(['rm', '-r', os.path.join(device, 'net')], check=True)
    with open(os.path.join(device, 'test-matching-driver'), 'w', encoding='ascii') as f:
        f.write(DRIVER)
    os.makedirs(os.path.join(tree, 'modules'))
    with open(os.path.join(tree, 'modules', 'vfio-pci'), 'w', encoding='ascii'):
        pass


def driver_of(world):
    link = os.path.join(world.tree, 'sys/bus/pci/devices', GOOD, 'driver')
    return os.path.basename(os.readlink(link)) if os.path.islink(link) else None


def split_method(method):
    """Returns: interface and member, without options."""
    interface, _, member = method.partition('+')[0].rpartition('.')
    return interface, member


def arguments_of(kind, method):
    interface, name = PROPERTY[kind]
    if method == PROPERTIES + '.Get':
        return 'ss', interface, name
    if method == PROPERTIES + '.GetAll':
        return 's', interface
    if method == PROPERTIES + '.Set':
        return 'ssv', interface, name, ('s', 'x')
    plain, *options = method.split('+')
    require(plain in ARGUMENTS, f'{plain} is new: say in matrix.py how to call it')
    if not options:
        return ARGUMENTS[plain]
    return *ARGUMENTS[plain][:-1], [(option, OPTIONS[option]) for option in options]


def call_alone(world, flags, path, kind, method):
    """On a connection of its own. Returns: a word of the table, and the message of an error."""
    interface, member = split_method(method)
    with world.connect() as connection:
        connection.flags = flags
        try:
            connection.call(path, interface, member, *arguments_of(kind, method))
            return 'yes', ''
        except wire.BusError as e:
            return WORDS.get(e.name, e.name), e.message


class Matrix:
    """What the checks of one world share."""

    def __init__(self, world):
        self.world, self.table = world, read_table()
        self.paths = {'manager': MANAGER_PATH, 'group': GROUP_PATH, 'device': DEVICE_PATH}
        self.hang = world.tree + '.hang'

    def as_root(self, method):
        result, message = call_alone(self.world, 0, MANAGER_PATH, 'manager', MANAGER + '.' + method)
        require(result == 'yes', f'root cannot {method.lower()}: {result} {message}')

    def is_persisted(self):
        value, = self.world.connection.call(DEVICE_PATH, PROPERTIES, 'Get', 'ss',
                                            'org.vfiod1.Device', 'Persisted')
        return value[1]

    def digest(self):
        """Of all that a call could change: the host, and what is kept for later boots."""
        return digest(self.world.tree), digest(self.world.tree + '.state')

    def set_driver(self, prepared):
        """Brings the device where the next call finds something to do."""
        if (driver_of(self.world) == 'vfio-pci') != prepared:
            self.as_root('Prepare' if prepared else 'Release')
        self.is_bound(prepared)

    def set_persisted(self, prepared):
        """The same, also for a call with `persist`."""
        self.set_driver(prepared)
        if self.is_persisted() != prepared:
            self.as_root('Prepare+persist' if prepared else 'Release+persist')
        require(self.is_persisted() == prepared, f'persisted is not {prepared}')

    def is_bound(self, prepared):
        wanted, is_now = 'vfio-pci' if prepared else DRIVER, driver_of(self.world)
        require(is_now == wanted, f'the device is bound to {is_now}, not to {wanted}')

    def start_job(self):
        """One that hangs, so that there is an object of it."""
        self.set_driver(False)
        with open(self.hang, 'w', encoding='ascii'):
            pass
        result, job = self.world.manager('Prepare', 'sa{sv}', GOOD, [('no-block', ('b', True))])
        require(result == 'queued', f'the job is {result}')
        self.paths['job'] = job

    def end_job(self):
        os.unlink(self.hang)
        self.paths.pop('job')
        limit = time.monotonic() + JOB_LIMIT
        while driver_of(self.world) != 'vfio-pci' and time.monotonic() < limit:
            time.sleep(0.05)
        while time.monotonic() < limit:
            if not any('/job/' in path for path in self.world.managed_objects()):
                return
            time.sleep(0.05)
        raise Failure('the job does not end')

    def found(self):
        """All (object, method) that there are."""
        return {(kind, f'{interface.get("name")}.{method.get("name")}')
                for kind, path in self.paths.items()
                for interface in introspect(self.world, path).findall('interface')
                for method in interface.findall('method')}


def is_complete(matrix):
    matrix.start_job()
    try:
        found = matrix.found()
        objects = {path.split('/')[3] if path != MANAGER_PATH else 'manager'
                   for path in matrix.world.managed_objects()} | {'manager'}
    finally:
        matrix.end_job()
    listed = {(kind, method.partition('+')[0]) for kind, method in matrix.table}
    missing, gone = found - listed, listed - found
    require(not missing, f'not in rights.table: {sorted(missing)}')
    require(not gone, f'only in rights.table: {sorted(gone)}')
    require(objects == set(PROPERTY), f'objects are of {sorted(objects)}')


def holds(matrix, kind, method, column):
    """One cell."""
    user, interactive, _ = COLUMNS[column]
    expected = matrix.table[kind, method][column]
    member = split_method(method)[1]
    changes = member in ('Prepare', 'Release')
    if changes:
        matrix.set_persisted(member == 'Release')
    if member == 'Rescan':
        time.sleep(RESCAN_PAUSE)
    before = matrix.digest()
    result, message = as_user(user, call_alone, matrix.world,
                              wire.INTERACTIVE if interactive else 0, matrix.paths[kind], kind,
                              method)
    require(result == expected, f'{result} instead of {expected}: {message}')
    if expected == 'denied':
        is_error(wire.BusError(ACCESS_DENIED, message), ACCESS_DENIED, GOOD, 'polkit', 'sudo',
                 f'org.vfiod1.{member.lower()}')
    if expected != 'yes' or not changes:
        require(matrix.digest() == before, 'it has changed the host')
    else:
        matrix.is_bound(member == 'Prepare')
        wanted = (member == 'Prepare') == method.endswith('+persist')
        require(matrix.is_persisted() == wanted, f'persisted is not {wanted}')


def check_column(matrix, column):
    wrong = []
    for kind, method in sorted(matrix.table):
        if kind in matrix.paths:
            try:
                holds(matrix, kind, method, column)
            except Failure as e:
                wrong.append(f'{kind} {method}: {e}')
    require(not wrong, '; '.join(wrong))


def column_holds(matrix, column):
    """All of a column, jobs apart: while one hangs, nothing else can be prepared."""
    mode = COLUMNS[column][2]
    if mode is None:
        check_column(matrix, column)
        return
    with Polkit(matrix.world, mode):
        check_column(matrix, column)


def jobs_hold(matrix):
    matrix.start_job()
    try:
        wrong = []
        for kind, method in sorted(matrix.table):
            for column in COLUMNS if kind == 'job' else ():
                try:
                    holds(matrix, kind, method, column)
                except Failure as e:
                    wrong.append(f'{column} {method}: {e}')
        require(not wrong, '; '.join(wrong))
    finally:
        matrix.end_job()


def prepare_alone(world, flags):
    return call_alone(world, flags, MANAGER_PATH, 'manager', MANAGER + '.Prepare')


def asks_right(matrix):
    """What polkit is asked: by bus name only, with what a rule or a person has to know."""
    matrix.set_driver(False)
    with Polkit(matrix.world) as asked:
        as_user(ACTIVE, prepare_alone, matrix.world, 0)
        as_user(INACTIVE, prepare_alone, matrix.world, wire.INTERACTIVE)
        calls = asked.calls()
    require([c['method'] for c in calls] == ['CheckAuthorization'] * 2, f'{calls}')
    for call, flags in zip(calls, (0, 1)):
        (kind, subject), action, details, got, cancellation = call['arguments']
        require(kind == 'system-bus-name', f'the subject is {kind}')
        require(set(subject) == {'name'} and subject['name'][1].startswith(':'), f'{subject}')
        require(action == 'org.vfiod1.prepare', f'the action is {action}')
        require(got == flags and cancellation, f'flags {got}, cancellation {cancellation!r}')
        require(details_of(details) == PLAIN, f'{details}')
        require('$(address)' in details.get('polkit.message', ''), f'{details}')
    first, second = (c['arguments'][4] for c in calls)
    require(first != second, 'two questions have one name')


def prepare_with(world, method, options):
    with world.connect() as connection:
        try:
            connection.call(MANAGER_PATH, MANAGER, method, 'sa{sv}', GOOD, options)
        except wire.BusError:
            pass


def details_of(details):
    return {key: value for key, value in details.items() if not key.startswith('polkit.')}


def tells_options(matrix):
    """Whatever lets more move, or lasts longer, is there for a rule to look at."""
    matrix.set_driver(False)
    for method, option, value, told in (
            ('Prepare', 'with', ('as', ['01:00.0', '0000:01:00.1']), '0000:01:00.0,0000:01:00.1'),
            ('Prepare', 'with', ('as', []), 'none'),
            ('Prepare', 'group', ('b', True), 'yes'),
            ('Prepare', 'persist', ('b', True), 'yes'),
            ('Release', 'persist', ('b', True), 'yes'),
            ('Release', 'foreign', ('b', True), 'yes'),
            ('Prepare', 'accept', ('as', ['network-in-use@05:00.0', 'sound-in-use']),
             'network-in-use@05:00.0,sound-in-use')):
        with Polkit(matrix.world, polkit.REFUSE) as asked:
            as_user(ACTIVE, prepare_with, matrix.world, method, [(option, value)])
            _, _, details, _, _ = asked.next()['arguments']
        expected = {**PLAIN, option: told}
        require(details_of(details) == expected, f'{method} with {option}: {details}')


def plan_alone(world, address):
    """Returns: the severity of each finding of a plan, by id."""
    with world.connect() as connection:
        _, findings = connection.call(MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', address, [])
    return {finding[0]: finding[1] for finding in findings}


def opens_no_disk(matrix):
    """For others than root; and that is said, as something that is not known."""
    mine, theirs = (as_user(user, plan_alone, matrix.world, DISK) for user in (ROOT, ACTIVE))
    require('disk-not-opened' not in mine, f'root is told {mine}')
    require(theirs == {**mine, 'disk-not-opened': 'unknown'}, f'{theirs} instead of {mine}')


def rule_fits():
    """The rule that the policy file shows names every detail that would let more move."""
    with open(polkit.POLICY, encoding='utf-8') as f:
        comment = f.read().partition('addRule')[2].partition('-->')[0]
    for name, value in PLAIN.items():
        if value in ('none', 'no'):
            require(f'action.lookup("{name}") == "{value}"' in comment, f'nothing of {name}')


def root_is_not_asked_about(matrix):
    with Polkit(matrix.world, polkit.HANG) as asked:
        matrix.set_driver(False)
        matrix.set_driver(True)
        matrix.set_driver(False)
        require(not asked.calls(), 'polkit was asked about root')


def send_and_leave(world, flags):
    """Calls Prepare, and is gone before the answer."""
    with world.connect() as connection:
        connection.flags = flags
        connection.send(MANAGER_PATH, MANAGER, 'Prepare', 'sa{sv}', (GOOD, []), 'org.vfiod1')
        time.sleep(0.5)


def is_cancelled(matrix):
    """Who leaves is no longer asked for a password, and nothing is done for them."""
    matrix.set_driver(False)
    with Polkit(matrix.world, polkit.HANG) as asked:
        as_user(ACTIVE, send_and_leave, matrix.world, wire.INTERACTIVE)
        first, second = asked.next(), asked.next()
        require((first['method'], second['method']) ==
                ('CheckAuthorization', 'CancelCheckAuthorization'), f'{first}, {second}')
        require(second['arguments'] == [first['arguments'][4]], f'it takes back {second}')
    require(driver_of(matrix.world) == DRIVER, 'it was prepared')


def loop_is_free(matrix):
    """Polkit hangs; nobody else has to wait, and the one that asked is told in time."""
    matrix.set_driver(False)
    with Polkit(matrix.world, polkit.HANG) as asked, matrix.world.connect() as connection:
        child = os.fork()
        if child == 0:
            try:
                os.setresuid(ACTIVE, ACTIVE, ACTIVE)
                began = time.monotonic()
                result, message = prepare_alone(matrix.world, 0)
                took = time.monotonic() - began
                fine = (result == 'denied' and 'in time' in message and
                        POLKIT_LIMIT - 0.5 < took < POLKIT_LIMIT + 3)
                os._exit(0 if fine else 1)
            finally:
                os._exit(2)
        require(asked.next()['method'] == 'CheckAuthorization', 'polkit is not asked')
        for _ in range(20):
            began = time.monotonic()
            connection.call(DEVICE_PATH, PROPERTIES, 'GetAll', 's', 'org.vfiod1.Device')
            connection.call(MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', GOOD, [])
            took = time.monotonic() - began
            require(took < QUIET_LIMIT, f'others wait {took:.1f} s')
        status = os.waitpid(child, 0)[1]
        require(status == 0, f'the caller was not told in time (status {status})')
        require(asked.next()['method'] == 'CancelCheckAuthorization', 'polkit is not told')


def questions_are_bounded(world):
    """As one user, on many connections: so many questions and no more."""
    connections = [world.connect() for _ in range(8)]
    for connection in connections:
        connection.send(MANAGER_PATH, MANAGER, 'Prepare', 'sa{sv}', (GOOD, []), 'org.vfiod1')
    names = []
    for connection in connections:
        message = connection.next_message(time.monotonic() + 2 * POLKIT_LIMIT)
        while message.kind == wire.SIGNAL:
            message = connection.next_message(time.monotonic() + 2 * POLKIT_LIMIT)
        names.append(message.fields.get(wire.ERROR_NAME, 'yes'))
        connection.socket.close()
    return names


def bounds_questions(matrix):
    matrix.set_driver(False)
    with Polkit(matrix.world, polkit.HANG) as asked:
        names = as_user(ACTIVE, questions_are_bounded, matrix.world)
        calls = [c['method'] for c in asked.calls()]
    require(sorted(names) == [ACCESS_DENIED] * 4 + [STANDARD + 'LimitsExceeded'] * 4, f'{names}')
    require(calls.count('CheckAuthorization') == 4, f'{calls}')


def policy_is_whole():
    """The actions of DESIGN.md, each with defaults that ask for an administrator at least."""
    defaults = polkit.defaults()
    require(set(defaults) == {'org.vfiod1.prepare', 'org.vfiod1.release', 'org.vfiod1.persist',
                              'org.vfiod1.accept-hazard'}, f'actions: {sorted(defaults)}')
    for action, words in defaults.items():
        require(set(words) == set(polkit.SESSIONS.values()), f'{action}: {sorted(words)}')
        require(set(words.values()) <= {'auth_admin', 'auth_admin_keep', 'no'}, f'{action}: {words}')


def cases(open_world):
    yield 'the policy has the four actions, and none for the asking', policy_is_whole
    world = open_world(HOST, make_writable, writable=True)
    matrix = Matrix(world)
    yield 'no method is missing', is_complete, matrix
    for column in COLUMNS:
        yield f'all rows: {column}', column_holds, matrix, column
    yield 'all columns: job', jobs_hold, matrix
    yield 'polkit is asked by bus name, with details', asks_right, matrix
    yield 'polkit is told what else would move', tells_options, matrix
    yield 'the rule in the policy file looks at it', rule_fits
    yield 'a plan opens disks for root only', opens_no_disk, matrix
    yield 'polkit is not asked about root', root_is_not_asked_about, matrix
    yield 'a question is taken back when the caller leaves', is_cancelled, matrix
    yield 'a polkit that hangs is in nobody\'s way', loop_is_free, matrix
    yield 'questions of a user are bounded', bounds_questions, matrix
