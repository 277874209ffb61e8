# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input over D-Bus: its named error, a message that says what is wrong, nothing changed."""
import os
import shutil
import unicodedata

import contract
import wire
from contract import ERROR, INVALID_ARGS, LIMITS_EXCEEDED, STANDARD
from world import MANAGER, MANAGER_PATH, PROPERTIES, Failure, digest, refusal, require

HOST = 'intel-desktop'
GOOD = '0000:05:00.0'
DEVICE_PATH = '/org/vfiod1/device/_30000_3a05_3a00_2e0'  # as sd_bus_path_encode() makes it
METHODS = ('GetDevice', 'Plan', 'Prepare', 'Release')
ABSENT = '0000:07:00.0'
STRING_MAX = 4096   # include/names.h
ARRAY_MAX = 4096
MESSAGE_MAX = 2000  # bytes: a message is for people, whatever was sent

# Name of the check: what is sent, what the message must quote.
MALFORMED = {
    'no function': ('0000:01:00', '0000:01:00'),
    'function 8': ('0000:01:00.8', '0000:01:00.8'),
    'slot 20': ('0000:01:20.0', '0000:01:20.0'),
    'no hex': ('0000:zz:00.0', '0000:zz:00.0'),
    'a blank behind': ('0000:01:00.0 ', '0000:01:00.0 '),
    'a blank before': (' 0000:01:00.0', ' 0000:01:00.0'),
    'a sign': ('-000:01:00.0', '-000:01:00.0'),
    'a huge domain': ('000000000:01:00.0', '000000000:01:00.0'),
    'two addresses': ('0000:01:00.0,0000:01:00.1', '0000:01:00.0,0000:01:00.1'),
    'a wildcard': ('0000:01:00.*', '0000:01:00.*'),
    'a way out': ('../../etc', '../../etc'),
    'a way out with slash': ('/etc/passwd', '/etc/passwd'),
    'a way on': ('0000:01:00.0/../x', '0000:01:00.0/../x'),
    'two dots': ('..', '..'),
    'a dot': ('.', '.'),
    'nothing': ('', "''"),
    'blanks': ('   ', '   '),
    'a format': ('%s%n%s%n', '%s%n'),
    '4 KiB': ('A' * STRING_MAX, 'AAAAAAAA'),
    '4 KiB of an address': ('0000:01:00.0' + '0' * (STRING_MAX - 12), '0000:01:00.0'),
    '4 KiB of ../': ('../' * 1365 + 'a', '../../'),
    'longer than 4 KiB': ('A' * (STRING_MAX + 1), str(STRING_MAX)),
    '1 MiB': ('0000:01:00.0' * 87382, str(STRING_MAX)),
    'newline': ('0000:01:00.0\n', '0000:01:00.0'),
    'newline and a lie': ('0000:01:00.0\nvfiod: all is well', '0000:01:00.0'),
    'carriage return': ('\r0000:01:00.0', '0000:01:00.0'),
    'tabulator': ('0000:01:00.0\t', '0000:01:00.0'),
    'escape sequence': ('\x1b[31m0000:01:00.0', '0000:01:00.0'),
    'title sequence': ('\x1b]0;owned\x07', 'owned'),
    'delete': ('0000:01:00.0\x7f', '0000:01:00.0'),
    'C1 control': ('0000:01:00.0\x9b31m', '0000:01:00.0'),
    'line separator': ('0000:01:00.0\u2028x', '0000:01:00.0'),
    'right to left': ('0000:01:00.0\u202e', '0000:01:00.0'),
    'full-width digits': ('\uff10000:01:00.0', '000:01:00.0'),
}

# The recorded host's devices that are never given to a VM (DESIGN.md 2): what the cause is called.
NEVER = {'bridge': ('0000:00:01.0', 'bridge'), 'host bridge': ('0000:00:00.0', 'bridge'),
         'platform device': ('0000:00:1f.4', 'platform')}

# Values of wrong types for each option; the right one is in contract.OPTIONS.
WRONG = {
    'with': [('s', '0000:01:00.1'), ('ao', ['/']), ('au', [1]), ('ay', []), ('b', True),
             ('aas', [['0000:01:00.1']]), ('v', ('as', [])), ('a{sv}', [])],
    'accept': [('s', 'tpm'), ('ao', ['/']), ('au', [1]), ('b', True), ('v', ('as', ['tpm']))],
    'group': [('s', 'yes'), ('u', 1), ('i', 1), ('y', 1), ('as', []), ('v', ('b', True))],
    'driver': [('as', ['vfio-pci']), ('o', '/'), ('g', 's'), ('b', True), ('u', 0),
               ('v', ('s', 'vfio-pci'))],
    'for': [('as', ['x']), ('b', True), ('o', '/'), ('g', 's'), ('u', 0), ('(ss)', ['a', 'b'])],
    'persist': [('s', 'true'), ('u', 1), ('y', 1)],
    'no-block': [('s', 'true'), ('u', 1), ('i', 0), ('v', ('b', False))],
    'wait': [('s', 'true'), ('u', 1), ('v', ('b', True))],
    'foreign': [('s', 'true'), ('u', 1), ('as', ['b'])],
    'timeout-usec': [('u', 5), ('i', 5), ('x', 5), ('s', '5s'), ('d', 5.0), ('v', ('t', 5))],
}

RIGHT = {'with': ['0000:01:00.1'], 'accept': ['network-in-use'], 'group': True,
         'driver': 'vfio-pci', 'for': 'x', 'persist': False, 'no-block': False,
         'wait': True, 'foreign': True, 'timeout-usec': 1000000}


def is_plain(text):
    """True if text can stand on a terminal: no control, line breaking or direction changing."""
    return all(unicodedata.category(c) not in ('Cc', 'Cf', 'Zl', 'Zp', 'Cs', 'Cn') for c in text)


def call(world, method, address, options=()):
    if method == 'GetDevice':
        return world.manager(method, 's', address)
    return world.manager(method, 'sa{sv}', address, list(options))


def is_error(error, names, *quotes):
    names = (names,) if isinstance(names, str) else names
    require(error.name in names, f'it is {error.name} ({error.message[:200]!r}), not {names}')
    require(error.message, 'the error says nothing')
    require(len(error.message.encode()) <= MESSAGE_MAX, f'{len(error.message)} characters')
    require(is_plain(error.message), f'the message is not plain: {error.message[:300]!r}')
    for quote in quotes:
        require(quote.lower() in error.message.lower(),
                f'the message does not name {quote!r}: {error.message[:300]!r}')


def malformed(world, method, text, quote):
    is_error(refusal(call, world, method, text), INVALID_ARGS, quote)


def absent(world, method):
    is_error(refusal(call, world, method, ABSENT), ERROR + 'NoSuchDevice', ABSENT)
    is_error(refusal(call, world, method, ABSENT[5:]), ERROR + 'NoSuchDevice', ABSENT)
    is_error(refusal(call, world, method, '10000:05:00.0'), ERROR + 'NoSuchDevice', '10000:05:00.0')
    is_error(refusal(call, world, method, 'enp99s0'), ERROR + 'NoSuchDevice', 'enp99s0')


def never(world, address, cause):
    """It is a device, so that it can be asked for; but no plan moves it."""
    world.manager('GetDevice', 's', address)
    is_error(refusal(call, world, 'Plan', address), ERROR + 'NotSupported', address, cause)
    is_error(refusal(call, world, 'Prepare', address), ERROR + 'ReadOnly')
    for group in (True, False):
        is_error(refusal(call, world, 'Plan', address, [('group', ('b', group))]),
                 ERROR + 'NotSupported', address, cause)


def no_group(world):
    is_error(refusal(call, world, 'Plan', GOOD), ERROR + 'NoGroup', GOOD, 'group')


def unknown_option(world, method, name, quote):
    for value in (('b', True), ('s', 'x'), ('as', []), ('t', 1)):
        is_error(refusal(call, world, method, GOOD, [(name, value)]), INVALID_ARGS, quote)


def wrong_type(world, method, name):
    for signature, value in WRONG[name]:
        try:
            error = refusal(call, world, method, GOOD, [(name, (signature, value))])
            is_error(error, INVALID_ARGS, name)
        except Failure as e:
            raise Failure(f'type {signature}: {e}') from None


def twice(world, method, name):
    value = (contract.OPTIONS[name], RIGHT[name])
    is_error(refusal(call, world, method, GOOD, [(name, value), (name, value)]), INVALID_ARGS, name)


def huge_array(world, method):
    many = [('with', ('as', ['0000:01:00.1'] * (ARRAY_MAX + 1)))]
    is_error(refusal(call, world, method, GOOD, many), LIMITS_EXCEEDED, 'with')
    many = [('with', ('as', ['0000:01:00.1'] * 500000))]
    is_error(refusal(call, world, method, GOOD, many), LIMITS_EXCEEDED, 'with')
    many = [('with', ('as', [f'enp{i}s0' for i in range(100000)]))]
    is_error(refusal(call, world, method, GOOD, many), (LIMITS_EXCEEDED, ERROR + 'NoSuchDevice'))


def huge_options(world, method):
    options = [(f'option{i}', ('b', True)) for i in range(200000)]
    is_error(refusal(call, world, method, GOOD, options), INVALID_ARGS, 'option0')
    options = [('for', ('s', 'x'))] * 200000
    is_error(refusal(call, world, method, GOOD, options), INVALID_ARGS, 'for')


def bad_with(world, method):
    for text, name, quote in (('../x', INVALID_ARGS, '../x'), ('', INVALID_ARGS, "''"),
                              (ABSENT, ERROR + 'NoSuchDevice', ABSENT),
                              ('A' * 5000, INVALID_ARGS, str(STRING_MAX)),
                              ('0000:01:00.1\x1b[2J', INVALID_ARGS, '0000:01:00.1')):
        options = [('with', ('as', ['0000:01:00.1', text]))]
        is_error(refusal(call, world, method, GOOD, options), name, quote)


def bad_driver(world, method):
    """It becomes part of a path and a module's name."""
    for text in ('', '.', '..', '../vfio-pci', 'vfio-pci/../../x', 'vfio pci', 'vfio-pci\n',
                 '\x1b[1m', 'a' * 64, 'a' * 5000, '%s'):
        error = refusal(call, world, method, GOOD, [('driver', ('s', text))])
        is_error(error, INVALID_ARGS, 'driver')


def other_driver(world):
    """vfio-pci, a variant of it or pci-stub (DESIGN.md 3): on anything else no VM starts."""
    for text in ('igc', 'nvme', 'no-such-driver', '-r'):
        error = refusal(call, world, 'Plan', GOOD, [('driver', ('s', text))])
        is_error(error, (INVALID_ARGS, ERROR + 'NotSupported', ERROR + 'DriverUnavailable'), text)
    steps, _ = call(world, 'Plan', GOOD, [('driver', ('s', 'pci-stub'))])
    require(['bind', GOOD, 'pci-stub'] in steps, f'pci-stub gives {steps}')


def bad_claim(world, method):
    for text in ('', 'a\nb', '\x1b[1m', '\x7f', '\x9b', '\u202e', 'a' * 256, 'a' * 100000):
        is_error(refusal(call, world, method, GOOD, [('for', ('s', text))]), INVALID_ARGS, 'for')


def wrong_signature(world, member, signature, arguments):
    for path, interface in ((MANAGER_PATH, MANAGER),):
        error = refusal(world.connection.call, path, interface, member, signature, *arguments)
        is_error(error, INVALID_ARGS, member)


SIGNATURES = {
    'GetDevice': [('', []), ('u', [5]), ('o', ['/']), ('as', [[GOOD]]), ('ss', [GOOD, GOOD]),
                  ('v', [('s', GOOD)])],
    'GetGroup': [('', []), ('s', ['15']), ('i', [15]), ('t', [15]), ('q', [15]), ('uu', [15, 15])],
    'Rescan': [('s', ['now']), ('b', [True])],
    'Plan': [('', []), ('s', [GOOD]), ('a{sv}', [[]]), ('a{sv}s', [[], GOOD]),
             ('sa{ss}', [GOOD, []]), ('sas', [GOOD, []]), ('oa{sv}', ['/', []]),
             ('asa{sv}', [[GOOD], []]), ('sa{sv}s', [GOOD, [], GOOD]), ('sa(sv)', [GOOD, []])],
}
SIGNATURES['Prepare'] = SIGNATURES['Release'] = SIGNATURES['Plan']


def bad_group(world):
    for number in (19, 99, 4294967295):
        error = refusal(world.manager, 'GetGroup', 'u', number)
        is_error(error, ERROR + 'NoSuchGroup', str(number))


def ambiguous(world):
    for method in METHODS:
        is_error(refusal(call, world, method, 'md127'), INVALID_ARGS, 'md127', '0000:02:00.0',
                 '0000:03:00.0')
    options = [('with', ('as', ['md127']))]
    is_error(refusal(call, world, 'Plan', GOOD, options), INVALID_ARGS, 'md127', '0000:02:00.0')


# Paths that no object has, some of which a short address or a lenient reader would make.
NO_OBJECTS = (
    '/', '/org', '/org/vfiod1/group', '/org/vfiod1/device', '/org/vfiod1/group/99',
    '/org/vfiod1/group/015', '/org/vfiod1/group/x', '/org/vfiod1/group/4294967311',
    '/org/vfiod1/device/_305_3a00_2e0', '/org/vfiod1/device/0000_3a05_3a00_2e0',
    '/org/vfiod1/device/_30000_3a07_3a00_2e0', '/org/vfiod1/device/_2e_2e', '/org/vfiod1/job/0',
    '/org/vfiod1/job/1')


def bad_object(world, path):
    for interface in contract.INTERFACES:
        error = refusal(world.connection.call, path, PROPERTIES, 'GetAll', 's', interface)
        is_error(error, (STANDARD + 'UnknownObject', STANDARD + 'UnknownInterface'))


def bad_members(world):
    ask = world.connection.call
    is_error(refusal(ask, MANAGER_PATH, MANAGER, 'Destroy'), STANDARD + 'UnknownMethod')
    is_error(refusal(ask, MANAGER_PATH, PROPERTIES, 'Get', 'ss', MANAGER, 'Nothing'),
             STANDARD + 'UnknownProperty')
    is_error(refusal(ask, MANAGER_PATH, PROPERTIES, 'Get', 's', MANAGER), INVALID_ARGS)
    is_error(refusal(ask, DEVICE_PATH, 'org.vfiod1.Device', 'Refresh', 's', 'x'), INVALID_ARGS)
    is_error(refusal(ask, DEVICE_PATH, MANAGER, 'Rescan'),
             (STANDARD + 'UnknownMethod', STANDARD + 'UnknownInterface'))


def read_only(world):
    """No property can be set, root or not."""
    for path, interface, name, value in (
            (MANAGER_PATH, MANAGER, 'Readiness', ('s', 'ready')),
            (DEVICE_PATH, 'org.vfiod1.Device', 'DriverOverride', ('s', 'vfio-pci')),
            ('/org/vfiod1/group/15', 'org.vfiod1.Group', 'Viable', ('b', True))):
        error = refusal(world.connection.call, path, PROPERTIES, 'Set', 'ssv', interface, name,
                        value)
        is_error(error, (STANDARD + 'PropertyReadOnly', contract.ACCESS_DENIED))


def good_input(world):
    """The calls that the bad ones differ from are taken: else they would prove nothing."""
    for name in (GOOD, '05:00.0', '0000:05:00.0'.upper(), 'enp5s0'):
        require(call(world, 'GetDevice', name) == [DEVICE_PATH], f'GetDevice {name}')
    for options in ([], [(n, (contract.OPTIONS[n], RIGHT[n])) for n in contract.OPTIONS_OF['Plan']],
                    [('with', ('as', ['0000:01:00.1'] * ARRAY_MAX))], [('for', ('s', 'x' * 255))]):
        steps, _ = call(world, 'Plan', GOOD, options)
        require(steps, f'no plan with {str(options)[:60]}')


def only_read_only(world, method):
    """With every option in its right type it is the recorded host that is in the way."""
    options = [(n, (contract.OPTIONS[n], RIGHT[n])) for n in contract.OPTIONS_OF[method]]
    is_error(refusal(call, world, method, GOOD, options), ERROR + 'ReadOnly')


def address_cases(world):
    for name, (text, quote) in MALFORMED.items():
        for method in METHODS:
            yield f'{method}, malformed address: {name}', malformed, world, method, text, quote
    for method in METHODS:
        yield f'{method}, absent device', absent, world, method
    for name, (address, cause) in NEVER.items():
        yield f'a {name} is refused by name', never, world, address, cause


def option_cases(world):
    for method, taken in contract.OPTIONS_OF.items():
        for name, quote in (('bogus', 'bogus'), ('', "''"), ('WITH', 'WITH'), ('with ', 'with '),
                            ('\x1b[31mred', 'red'), ('x' * 5000, 'xxxx')):
            yield (f'{method}, unknown option {name[:8]!r}', unknown_option, world, method, name,
                   quote)
        for name in set(contract.OPTIONS) - set(taken):
            yield f'{method}, option of another: {name}', unknown_option, world, method, name, name
        for name in taken:
            yield f'{method}, wrong types for {name}', wrong_type, world, method, name
            yield f'{method}, {name} given twice', twice, world, method, name
        yield f'{method}, 200,000 options', huge_options, world, method
        yield f'{method}, bad claims', bad_claim, world, method
    for method in ('Plan', 'Prepare'):
        yield f'{method}, huge array', huge_array, world, method
        yield f'{method}, bad addresses in with', bad_with, world, method
        yield f'{method}, bad drivers', bad_driver, world, method


def other_cases(world):
    for member, signatures in SIGNATURES.items():
        for signature, arguments in signatures:
            yield (f"{member} with arguments '{signature}'", wrong_signature, world, member,
                   signature, arguments)
    yield 'a group that does not exist', bad_group, world
    yield 'an ambiguous name', ambiguous, world
    for path in NO_OBJECTS:
        yield f'no object at {path}', bad_object, world, path
    yield 'members that do not exist', bad_members, world
    yield 'properties cannot be set', read_only, world
    yield 'a driver that is none of VFIO', other_driver, world
    yield 'good input is taken', good_input, world
    for method in ('Prepare', 'Release'):
        yield f'{method} on a recorded host is ReadOnly', only_read_only, world, method


def add_array(tree):
    """A RAID of the two disks, as the kernel shows one: its name lies on two devices."""
    array = os.path.join(tree, 'sys/devices/virtual/block/md127')
    os.makedirs(os.path.join(array, 'slaves'))
    os.symlink('../../devices/virtual/block/md127', os.path.join(tree, 'sys/class/block/md127'))
    for disk in ('nvme0n1', 'nvme1n1'):
        target = os.readlink(os.path.join(tree, 'sys/class/block', disk))
        # From block/md127/slaves five up is sys, from class/block two.
        os.symlink('../../../../../' + target.removeprefix('../../'),
                   os.path.join(array, 'slaves', disk))


def drop_group(tree):
    """The network card's group is not there, although the IOMMU is on."""
    os.unlink(os.path.join(tree, 'sys/bus/pci/devices', GOOD, 'iommu_group'))
    shutil.rmtree(os.path.join(tree, 'sys/kernel/iommu_groups/18'))


def check_unchanged(world, tree, objects):
    require(digest(world.tree) == tree, 'the files of the recorded host are not those from before')
    require(world.managed_objects() == objects, 'GetManagedObjects answers something else')
    require(world.daemon.process.poll() is None, 'vfiod has ended')


def section(world, name, some):
    """The cases, and at their end that nothing is different from before them."""
    tree, objects = digest(world.tree), world.managed_objects()
    yield from some
    yield f'{name}: nothing is changed', check_unchanged, world, tree, objects


def check_flood(world):
    """Who sends bad input without reading answers keeps nobody else out."""
    with world.connect() as other:
        for _ in range(2000):
            other.send(MANAGER_PATH, MANAGER, 'Plan', 'sa{sv}', ['../../etc', []], 'org.vfiod1')
        require(call(world, 'GetDevice', GOOD) == [DEVICE_PATH], 'no answer to another')
        try:
            other.driver('GetId')
        except wire.WireError:
            pass  # the bus may cut off who does not read; that is its affair


def cases(open_world):
    world = open_world(HOST, add_array)
    yield from section(world, 'bad addresses', address_cases(world))
    yield from section(world, 'bad options', option_cases(world))
    yield from section(world, 'bad arguments', other_cases(world))
    yield from section(world, 'a flood', [('a flood of bad input', check_flood, world)])
    world = open_world(HOST, drop_group)
    yield from section(world, 'no group', [('a device without a group', no_group, world)])
