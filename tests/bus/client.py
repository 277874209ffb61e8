# SPDX-License-Identifier: GPL-2.0-or-later
"""vfioctl: what it exits with, what it prints as JSON and where, and bad input that is typed."""
import json
import re

import contract
from badinput import ABSENT, ERROR, GOOD, MALFORMED, NEVER, add_array, drop_group, is_plain, section
from world import Failure, require

HOST = 'intel-desktop'   # ready, nothing on VFIO
READY = 'ready'          # 0000:01:00.0 is on VFIO and ready
UNKNOWN = 'amd-laptop'   # whether interrupts are remapped cannot be told
BLOCKED = 'no-iommu'
EMPTY = 'empty'
ON_VFIO = '0000:01:00.0'
DEVICE_VERBS = ('show', 'plan', 'prepare', 'release', 'wait')
YES, NO, USAGE, NOT_TOLD, FAILED = range(5)
ID, CLASS = re.compile('0x[0-9a-f]{4}'), re.compile('0x[0-9a-f]{6}')
ERROR_NAMES = {ERROR + name for name in (
    'NoSuchDevice', 'NoSuchGroup', 'NoGroup', 'NotSupported', 'NotManaged', 'NeedsConsent',
    'Hazard', 'InUse', 'Busy', 'Stuck', 'HostNotReady', 'DriverUnavailable', 'VerifyFailed',
    'RollbackFailed', 'ReadOnly')}


def check_plain(data, what):
    """Nothing of what was typed may steer a terminal; only our own line breaks are there."""
    text = data.decode(errors='replace')
    require('\ufffd' not in text, f'{what} is no UTF-8: {data[:300]!r}')
    fine = all(is_plain(line) for line in text.split('\n'))
    require(fine, f'{what} is not plain: {data[:300]!r}')


def parse(ran):
    try:
        return json.loads(ran.out)
    except ValueError:
        raise Failure(f'stdout is not one JSON document: {ran.out[:200]!r}') from None


def exits(world, code, *arguments):
    """Returns: how it ran, with the code, and words on one of the two only."""
    ran = world.run(*arguments)
    require(ran.code == code, f'exit {ran.code}, not {code}: {ran.words()[:300]}')
    check_plain(ran.out, 'stdout')
    check_plain(ran.err, 'stderr')
    return ran


def answers(world, code, *arguments):
    """For people: data on stdout, nothing else to say."""
    ran = exits(world, code, *arguments)
    require(ran.out, 'nothing on stdout')
    require(not ran.err, f'words on stderr: {ran.words()}')


def refuses(world, code, quote, *arguments):
    """For people: words on stderr, no data, and the cause named. Then the same as JSON."""
    ran = exits(world, code, *arguments)
    require(not ran.out, f'something on stdout: {ran.out[:200]!r}')
    # Lines are wrapped where there are blanks.
    words, quote = (' '.join(text.split()) for text in (ran.words(), quote))
    require(words.startswith('vfioctl: '), f'it does not say who speaks: {words[:200]!r}')
    require(quote.lower() in words.lower(), f'it does not name {quote!r}: {words[:300]!r}')
    refuses_json(world, code, quote, *arguments)


def refuses_json(world, code, quote, *arguments):
    ran = exits(world, code, '--json', *arguments)
    document = parse(ran)
    require(set(document) == {'error'}, f'not {{"error"}}: {ran.out[:200]!r}')
    error = document['error']
    require(set(error) == {'name', 'message'}, f'keys {sorted(error)}')
    name = error['name']
    require(name in ERROR_NAMES or name.startswith((contract.STANDARD, ERROR)), f'name is {name}')
    require(isinstance(error['message'], str), f'the message is {error["message"]}')
    require(quote.lower() in error['message'].lower(), f'it does not name {quote!r}: {error}')
    require(is_plain(error['message']), f'the message is not plain: {error}')
    require(not ran.err, f'words on stderr: {ran.words()}')
    return name


def has_keys(document, keys, what):
    require(isinstance(document, dict), f'{what} is {type(document).__name__}')
    require(set(document) == keys, f'{what}: keys differ: {sorted(set(document) ^ keys)}')


def no_empty_text(value, what):
    """What is not there or not known is null, never the empty string."""
    require(value != '', f'{what} is ""')
    if isinstance(value, dict):
        for key, inner in value.items():
            no_empty_text(inner, f'{what}.{key}')
    elif isinstance(value, list):
        for inner in value:
            no_empty_text(inner, what + '[]')


def is_one_of(document, key, kinds):
    value = document[key]
    # A boolean is an int to Python, but not to JSON.
    fine = any(value is None if kind is None else type(value) is kind for kind in kinds)
    require(fine, f'{key} is {value!r}')


def check_finding(finding):
    has_keys(finding, contract.JSON_FINDING, 'a finding')
    for key in ('id', 'severity', 'message'):
        is_one_of(finding, key, (str,))
    is_one_of(finding, 'evidence', (list,))
    for key in ('remedy', 'address', 'class'):
        is_one_of(finding, key, (str, None))
    require(finding['severity'] in contract.SEVERITIES, f'severity {finding["severity"]}')
    require(finding['class'] in ('safe', 'accept', 'never', None), f'class {finding["class"]}')


def check_member(member, keys=contract.JSON_MEMBER):
    has_keys(member, keys, 'a member')
    for key, form in (('vendor_id', ID), ('device_id', ID), ('class', CLASS)):
        require(member[key] is None or form.fullmatch(member[key]), f'{key} is {member[key]!r}')
    for key in ('address', 'readiness'):
        is_one_of(member, key, (str,))
    # Role and state follow from facts that may not be known.
    for key in ('role', 'state', 'class_name', 'vendor', 'device', 'driver', 'driver_override',
                'host_driver', 'managed_by', 'power_state', 'physical_function'):
        is_one_of(member, key, (str, None))
    for key in ('persisted', 'boot_vga'):
        is_one_of(member, key, (bool, None))
    for key in ('holders', 'reset_methods', 'virtual_functions'):
        is_one_of(member, key, (list, None))
    is_one_of(member, 'numa_node', (int, None))
    require(member['numa_node'] != -1, 'numa_node is -1, the kernel\'s word for "none"')
    for holder in member['holders'] or []:
        has_keys(holder, contract.JSON_HOLDER, 'a holder')
    for finding in member['findings']:
        check_finding(finding)


def check_group(group, keys=contract.JSON_GROUP):
    has_keys(group, keys, 'a group')
    for blocker in group['blockers']:
        has_keys(blocker, contract.JSON_BLOCKER, 'a blocker')
        require(blocker['reason'] in contract.BLOCK_REASONS, f'reason {blocker["reason"]}')
    for member in group.get('members', []):
        check_member(member)
    if group['id'] is None:
        # There is no such group, so nothing is known of it.
        for key in ('type', 'vfio_node', 'verdict', 'viable', 'in_use'):
            require(group[key] is None, f'{key} of no group is {group[key]!r}, not null')
        return
    is_one_of(group, 'id', (int,))
    is_one_of(group, 'viable', (bool, None))
    if group['verdict'] in ('unknown', None):
        require(group['viable'] is None, 'viable is known though the verdict is not')
    else:
        require(group['viable'] == (group['verdict'] == 'viable'), 'viable contradicts the verdict')


def check_host(host, keys):
    has_keys(host, keys, 'the host')
    for key in ('readiness', 'iommu_state', 'iommu_kind'):
        is_one_of(host, key, (str,))
    for key in ('interrupt_remapping', 'posted_interrupts', 'default_domain', 'kernel'):
        is_one_of(host, key, (str, None))
    is_one_of(host, 'unsafe_interrupts', (bool, None))
    is_one_of(host, 'backends', (list,))
    for finding in host['findings']:
        check_finding(finding)


def json_of(world, code, *arguments):
    ran = exits(world, code, '--json', *arguments)
    document = parse(ran)
    require(not ran.err, f'words on stderr: {ran.words()}')
    no_empty_text(document, 'the document')
    return document


def list_is_complete(world):
    groups = json_of(world, YES, 'list')
    require(isinstance(groups, list), 'list is no array')
    for group in groups:
        check_group(group)
    objects = world.managed_objects()
    devices = [i['org.vfiod1.Device'] for i in objects.values() if 'org.vfiod1.Device' in i]
    addresses = sorted(d['Address'][1] for d in devices)
    require(sorted(m['address'] for g in groups for m in g['members']) == addresses,
            'the members are not the devices of the bus')
    alone = {d['Address'][1] for d in devices if d['Group'][1] == '/'}
    listed = {m['address'] for g in groups if g['id'] is None for m in g['members']}
    require(alone == listed, f'under "id": null: {sorted(listed)}, not {sorted(alone)}')


def status_is_complete(world):
    status = json_of(world, YES, 'status')
    check_host(status, contract.JSON_STATUS)
    require(status['groups'] == json_of(world, YES, 'list'), 'groups are not those of list')
    require(json_of(world, YES) == status, 'status is not the default')


def check_is_complete(world, code):
    check_host(json_of(world, code, 'check'), contract.JSON_CHECK)


def show_is_complete(world):
    for group in json_of(world, YES, 'list'):
        for member in group['members'][:3]:
            shown = json_of(world, YES, 'show', member['address'])
            check_member(shown, contract.JSON_SHOW)
            if group['id'] is None:
                require(shown['group'] is None, f'group is {shown["group"]}')
                continue
            check_group(shown['group'], contract.JSON_GROUP_ALONE)
            expected = {k: v for k, v in group.items() if k != 'members'}
            require(shown['group'] == expected, 'the group is not that of list')


def plan_is_complete(world, code, *arguments):
    plan = json_of(world, code, 'plan', *arguments)
    has_keys(plan, contract.JSON_PLAN, 'a plan')
    for step in plan['steps']:
        has_keys(step, contract.JSON_STEP, 'a step')
        require(step['action'] in contract.ACTIONS, f'action {step["action"]}')
        # Only a module is loaded for no device in particular.
        require((step['address'] is None) == (step['action'] == 'load-module'), f'{step}')
    for finding in plan['findings']:
        check_finding(finding)


def is_empty_list(world):
    require(json_of(world, YES, 'list') == [], 'not []')


def malformed(world, verb, text, quote):
    """What execve() takes can be typed. The daemon says what it makes of it; so nothing waits."""
    refuses(world, USAGE, quote, verb, *(['--'] if text.startswith('-') else []), text)


def does_not_lie(world):
    """A newline in an address makes no line of its own."""
    for verb in DEVICE_VERBS:
        ran = world.run(verb, 'x\nvfioctl: all is well')
        lines = ran.err.decode().splitlines()
        require(not any(line.startswith('vfioctl: all') for line in lines), f'{verb}: {lines}')


def not_utf8(world):
    """D-Bus has no place for such bytes: wrong usage, not a failure of anything else."""
    for arguments in (('show', b'\xff\xfe'), ('plan', b'0000:01:00.\xff'), ('prepare', b'\xc3'),
                      ('plan', GOOD, '--with', b'\xff'), ('plan', GOOD, '--driver', b'\xff'),
                      ('prepare', GOOD, '--for', b'\xff')):
        refuses(world, USAGE, '', *arguments)


def usage_cases(world):
    """Arguments and what the answer names. Options that are not built are unknown by name."""
    for quote, *arguments in (
            ('frobnicate', 'frobnicate'), ('explain', 'explain', 'a', 'b'), ('--bogus', '--bogus'),
            ('is no hazard', '--accept=x', 'plan', GOOD),
            ('--wait', 'plan', GOOD, '--wait'), ('--foreign', 'prepare', GOOD, '--foreign'),
            ('status', 'status', 'x'), ('list', 'list', 'x'), ('check', 'check', 'x'),
            ('monitor', 'monitor', 'x'),
            ('show', 'show'), ('plan', 'plan'), ('prepare', 'prepare'), ('release', 'release'),
            ('wait', 'wait'), ('wait', 'wait', GOOD, ON_VFIO), ('show', 'show', GOOD, ON_VFIO),
            ('--with', 'list', '--with', GOOD), ('--class', 'status', '--class', 'gpu'),
            ('floppy', 'list', '--class', 'floppy'), ('--group', 'show', GOOD, '--group'),
            ('--class', 'list', '--class'), ('--json', 'list', '--json=yes'), ('-x', '-x'),
            ('--with', 'release', GOOD, '--with', ON_VFIO),
            ('--timeout', 'plan', GOOD, '--timeout=1'),
            ('soon', 'wait', GOOD, '--for', 'soon'), ('-5', 'wait', GOOD, '--timeout', '-5'),
            ('later', 'prepare', GOOD, '--timeout', 'later'),
            ('99999999999999999999', 'wait', GOOD, '--timeout', '99999999999999999999'),
            ('x', 'show', 'group', 'x'), ('-1', 'show', 'group', '--', '-1'),
            ('4294967296', 'show', 'group', '4294967296'), ('group', 'show', 'group'),
            ('../x', 'plan', GOOD, '--with', '../x'), ('../x', 'plan', GOOD, '--driver', '../x'),
            ('driver', 'plan', GOOD, '--driver', ''), ('for', 'prepare', GOOD, '--for', ''),
            ('for', 'release', GOOD, '--for', 'a\nb'), ('md127', 'plan', 'md127'),
            ('0000:02:00.0', 'show', 'md127'), ('../x', 'plan', GOOD, '../x')):
        yield f'exit 2: vfioctl {" ".join(arguments)}', refuses, world, USAGE, quote, *arguments


def bad_cases(world):
    for name, (text, quote) in MALFORMED.items():
        if len(text) > 128 * 1024:
            continue  # longer than an argument may be
        for verb in DEVICE_VERBS:
            yield f'vfioctl {verb}, malformed address: {name}', malformed, world, verb, text, quote
    yield 'a newline makes no line of its own', does_not_lie, world
    yield 'arguments that are no UTF-8', not_utf8, world
    yield from usage_cases(world)


def no_cases(world):
    """The answer is no."""
    for verb in DEVICE_VERBS[:-1]:
        yield f'exit 1: {verb}, absent device', refuses, world, NO, ABSENT, verb, ABSENT
    for name, (address, _) in NEVER.items():
        yield f'exit 1: plan, a {name}', refuses, world, NO, address, 'plan', address
    yield ('exit 1: plan, the second of two is absent', refuses, world, NO, ABSENT, 'plan', GOOD,
           ABSENT)
    yield 'exit 1: show group that is not there', refuses, world, NO, '99', 'show', 'group', '99'
    yield ('exit 1: wait for what does not come', refuses, world, NO, GOOD, 'wait', GOOD,
           '--timeout', '200ms')
    yield ('exit 1: wait for a device that is not there', refuses, world, NO, ABSENT, 'wait',
           ABSENT, '--for', 'present', '--timeout', '200ms')


def yes_cases(world):
    for arguments in ((), ('status',), ('list',), ('list', '--all'), ('list', '--class', 'gpu'),
                      ('show', GOOD), ('show', 'group', '15'), ('show', 'enp5s0'), ('check',),
                      ('plan', GOOD), ('plan', '05:00.0'), ('plan', ON_VFIO, '0000:01:00.1'),
                      ('wait', GOOD, '--for', 'preparable'), ('wait', GOOD, '--for', 'present'),
                      ('wait', GOOD, '--for', 'released'), ('--help',), ('--version',)):
        yield f'exit 0: vfioctl {" ".join(arguments)}', answers, world, YES, *arguments


def json_cases(world, check_code):
    yield 'JSON of list', list_is_complete, world
    yield 'JSON of status', status_is_complete, world
    yield 'JSON of show', show_is_complete, world
    yield f'JSON of check, exit {check_code}', check_is_complete, world, check_code


def group_shows(world):
    check_group(json_of(world, YES, 'show', 'group', '15'))


def wait_answers(world):
    document = json_of(world, YES, 'wait', ON_VFIO, '--timeout', '5')
    require(isinstance(document, dict) and 'error' not in document, f'{document}')


def no_group(world):
    refuses(world, NO, GOOD, 'plan', GOOD)
    require(refuses_json(world, NO, 'group', 'plan', GOOD) == ERROR + 'NoGroup', 'not NoGroup')


def failed_cases(world):
    """Everything else: a recorded host cannot be changed."""
    for verb in ('prepare', 'release'):
        for address in (GOOD, '0000:00:01.0', 'enp5s0'):
            yield (f'exit 4: {verb} {address} on a recorded host', refuses, world, FAILED,
                   'recorded', verb, address)
    yield ('exit 4: prepare of two', refuses, world, FAILED, 'recorded', 'prepare', GOOD, ON_VFIO,
           '--group', '--timeout', '5')


def no_daemon(world, *arguments):
    """The message has the next step: how to start it."""
    ran = exits(world, FAILED, *arguments)
    require(not ran.out, f'something on stdout: {ran.out[:200]!r}')
    require('systemctl start vfiod' in ran.words(), f'no next step: {ran.words()}')
    refuses_json(world, FAILED, 'vfiod', *arguments)


def no_bus(world):
    refuses(world, FAILED, '/nonexistent', '--bus', 'unix:path=/nonexistent', 'list')


def no_daemon_cases(world):
    for arguments in ((), ('status',), ('list',), ('check',), ('show', GOOD),
                      ('show', 'group', '1'), ('plan', GOOD), ('prepare', GOOD),
                      ('release', GOOD), ('wait', GOOD),
                      ('monitor',)):
        yield f'exit 4: no daemon, vfioctl {" ".join(arguments)}', no_daemon, world, *arguments
    yield 'exit 4: no bus', no_bus, world
    yield 'exit 2 without a daemon', refuses, world, USAGE, 'frobnicate', 'frobnicate'
    yield 'exit 0 without a daemon: --help', answers, world, YES, '--help'


def host_cases(open_world):
    """Other hosts than the first, each for what only it has."""
    for host, code in ((READY, YES), (UNKNOWN, NOT_TOLD), (BLOCKED, NO), (EMPTY, NO),
                       ('in-use', YES), ('unreadable', NOT_TOLD), ('vmd', YES)):
        world = open_world(host)
        for name, *rest in json_cases(world, code):
            yield f'{host}: {name}', *rest
        yield f'{host}: check exits {code}', answers, world, code, 'check'
        for verb in ('status', 'list'):
            yield f'{host}: {verb} exits 0', exits, world, YES, verb
        if host == READY:
            yield 'exit 0: plan with nothing to do', answers, world, YES, 'plan', ON_VFIO
            yield 'JSON of a plan with nothing to do', plan_is_complete, world, YES, ON_VFIO
            yield 'exit 0: wait for what is ready', answers, world, YES, 'wait', ON_VFIO
            yield 'JSON of wait', wait_answers, world
        if host == UNKNOWN:
            yield ('JSON of a plan that needs consent, exit 1', plan_is_complete, world, NO,
                   ON_VFIO)
        if host == EMPTY:
            yield 'empty host: list is []', is_empty_list, world
        if host == 'in-use':
            yield 'exit 1: plan, in use', refuses, world, NO, ON_VFIO, 'plan', ON_VFIO


def cases(open_world):
    world = open_world(HOST, add_array)
    yield from section(world, 'vfioctl, bad input', bad_cases(world))
    yield from section(world, 'vfioctl', [*yes_cases(world), *no_cases(world), *failed_cases(world),
                                          *json_cases(world, YES)])
    yield 'JSON of show group', group_shows, world
    yield 'JSON of a plan', plan_is_complete, world, YES, GOOD
    world = open_world(HOST, drop_group)
    yield 'exit 1: plan, no group', no_group, world
    yield 'a device without a group: JSON of list', list_is_complete, world
    yield 'a device without a group: JSON of show', show_is_complete, world
    yield from host_cases(open_world)
    yield from no_daemon_cases(open_world(None))
