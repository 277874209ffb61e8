# SPDX-License-Identifier: GPL-2.0-or-later
"""What every object shows of itself: interfaces, types, names, annotations, values."""
import subprocess
import xml.etree.ElementTree as ElementTree

import contract
from world import MANAGER_PATH, PROPERTIES, require

HOSTS = ('intel-desktop', 'amd-laptop', 'in-use', 'vmd', 'unreadable', 'no-iommu',
         'empty')
EMITS = 'org.freedesktop.DBus.Property.EmitsChangedSignal'
STANDARD = {'org.freedesktop.DBus.Peer', 'org.freedesktop.DBus.Introspectable',
            'org.freedesktop.DBus.Properties'}
BUSCTL_LIMIT = 30


def interfaces_at(path):
    """Which of ours an object at a path has."""
    if path == MANAGER_PATH:
        return {'org.vfiod1.Manager'}
    return {'org.vfiod1.Group' if path.startswith(MANAGER_PATH + '/group/') else
            'org.vfiod1.Device'}


def introspect(world, path):
    text, = world.connection.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect')
    return ElementTree.fromstring(text)


def emits(property_node):
    """Without an annotation it is true, says the D-Bus specification."""
    for node in property_node.findall('annotation'):
        if node.get('name') == EMITS:
            return node.get('value')
    return 'true'


def check_properties(node, expected):
    found = {p.get('name'): p for p in node.findall('property')}
    require(found.keys() == expected.keys(),
            f'properties differ: {sorted(found.keys() ^ expected.keys())}')
    for name, (signature, changes) in expected.items():
        p = found[name]
        require(p.get('type') == signature, f'{name} is {p.get("type")}, not {signature}')
        require(p.get('access') == 'read', f'{name} is {p.get("access")}')
        allowed = {'const', 'true'} if changes == contract.CONST else {changes}
        require(emits(p) in allowed, f'{name} says EmitsChangedSignal={emits(p)}, not {changes}')


def check_arguments(name, nodes, expected):
    types = [n.get('type') for n in nodes]
    require(types == [signature for signature, _ in expected], f'{name} has arguments {types}')
    for node, (_, argument) in zip(nodes, expected):
        got = node.get('name')
        require(got, f'{name} has an argument without a name')
        require(argument in (None, got), f'{name} calls an argument {got}, not {argument}')


def check_members(node, expected):
    methods = {m.get('name'): m for m in node.findall('method')}
    signals = {s.get('name'): s for s in node.findall('signal')}
    for found, wanted in ((methods, expected.methods), (signals, expected.signals)):
        require(found.keys() == wanted.keys(), f'differ: {sorted(found.keys() ^ wanted.keys())}')
    for name, (ins, outs) in expected.methods.items():
        arguments = methods[name].findall('arg')
        check_arguments(name, [a for a in arguments if a.get('direction', 'in') == 'in'], ins)
        check_arguments(name, [a for a in arguments if a.get('direction') == 'out'], outs)
    for name, wanted in expected.signals.items():
        check_arguments(name, signals[name].findall('arg'), wanted)


def check_object(world, path):
    nodes = {i.get('name'): i for i in introspect(world, path).findall('interface')}
    ours = {name for name in nodes if name.startswith('org.vfiod1.')}
    require(ours == interfaces_at(path), f'{path} has {sorted(ours)}')
    others = nodes.keys() - ours - STANDARD
    manager = {'org.freedesktop.DBus.ObjectManager'} if path == MANAGER_PATH else set()
    require(STANDARD <= nodes.keys(), f'{path} lacks {sorted(STANDARD - nodes.keys())}')
    require(others == manager, f'{path} has besides: {sorted(others)}')
    for name in ours:
        check_properties(nodes[name], contract.INTERFACES[name].properties)
        check_members(nodes[name], contract.INTERFACES[name])


def check_objects(world):
    paths = sorted(world.managed_objects())
    for path in [MANAGER_PATH] + paths:
        check_object(world, path)


def check_tree(world):
    """Who walks the tree of nodes, as busctl does, finds the objects that ObjectManager tells."""
    found = set()
    for kind in ('group', 'device'):
        top = f'{MANAGER_PATH}/{kind}'
        found |= {f'{top}/{n.get("name")}' for n in introspect(world, top).findall('node')}
    differ = found ^ (set(world.managed_objects()) - {MANAGER_PATH})
    require(not differ, f'only one of the two knows {sorted(differ)}')


def check_finding(finding):
    identity, severity, message, evidence, remedy, details = finding
    require(identity and message, f'a finding without id or message: {finding}')
    require(severity in contract.SEVERITIES, f'{identity} has severity {severity}')
    require(all(isinstance(e, str) for e in evidence) and isinstance(remedy, str), f'{finding}')
    types = {'address': 's', 'class': 's', 'count': 't'}
    for key, (signature, _) in details.items():
        require(types.get(key) == signature, f'{identity} has detail {key} of type {signature}')


def check_values(path, interface, values):
    """Types as declared, words as defined."""
    expected = contract.INTERFACES[interface].properties
    require(values.keys() == expected.keys(), f'{path}: {sorted(values.keys() ^ expected.keys())}')
    for name, (signature, value) in values.items():
        require(signature == expected[name][0], f'{path} {name} comes as {signature}')
        words = contract.WORDS[interface].get(name)
        require(not words or value in words, f'{path} {name} is "{value}"')
    for finding in values['Findings'][1]:
        check_finding(finding)
    for _, _, reason in values.get('Blockers', ('', []))[1]:
        require(reason in contract.BLOCK_REASONS, f'{path} has a blocker for {reason}')


def check_managed(world):
    """GetManagedObjects, GetAll and Get agree, for every object."""
    objects = world.managed_objects()
    for path, interfaces in objects.items():
        for interface, values in interfaces.items():
            if not interface.startswith('org.vfiod1.'):
                require(not values, f'{path} has properties of {interface}')
                continue
            check_values(path, interface, values)
            every, = world.connection.call(path, PROPERTIES, 'GetAll', 's', interface)
            require(every == values, f'{path}: GetAll differs from GetManagedObjects')
    values, = world.connection.call(MANAGER_PATH, PROPERTIES, 'GetAll', 's', 'org.vfiod1.Manager')
    check_values(MANAGER_PATH, 'org.vfiod1.Manager', values)
    for name, value in values.items():
        one, = world.connection.call(MANAGER_PATH, PROPERTIES, 'Get', 'ss', 'org.vfiod1.Manager',
                                     name)
        require(one == value, f'Get {name} differs from GetAll')


def check_links(world):
    """Members and Group name each other; Viable and Verdict agree."""
    objects = world.managed_objects()
    groups = {p: i['org.vfiod1.Group'] for p, i in objects.items() if 'org.vfiod1.Group' in i}
    devices = {p: i['org.vfiod1.Device'] for p, i in objects.items() if 'org.vfiod1.Device' in i}
    for path, group in groups.items():
        number = group['Id'][1]
        require(path == f'{MANAGER_PATH}/group/{number}', f'{path} has Id {number}')
        require(world.manager('GetGroup', 'u', number) == [path], f'GetGroup {number}')
        require(group['Viable'][1] == (group['Verdict'][1] == 'viable'), f'{path}: Viable')
        members = {p for p, d in devices.items() if d['Group'][1] == path}
        require(set(group['Members'][1]) == members, f'{path}: Members and Group disagree')
    for path, device in devices.items():
        address, group = device['Address'][1], device['Group'][1]
        require(world.manager('GetDevice', 's', address) == [path], f'GetDevice {address}')
        require(group == '/' or group in groups, f'{path} is in {group}, which is not there')


def check_busctl(world):
    """What a person looks with."""
    done = subprocess.run(['busctl', f'--address={world.bus.address}', 'introspect', 'org.vfiod1',
                           MANAGER_PATH], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=BUSCTL_LIMIT, check=False)
    require(done.returncode == 0, f'exit {done.returncode}: {done.stderr.decode()}')
    out = done.stdout.decode()
    missing = [name for name in ('.Plan', '.Prepare', '.Readiness', '.GroupChanged')
               if name not in out]
    require(not missing, f'does not show {missing}')


def cases(open_world):
    for host in HOSTS:
        world = open_world(host)
        for name, function in (('every object has the interface of the contract', check_objects),
                               ('the tree of nodes is complete', check_tree),
                               ('values have their types and words', check_managed),
                               ('objects refer to each other', check_links)):
            yield f'{host}: {name}', function, world
        if host == HOSTS[0]:
            yield 'busctl introspect is readable', check_busctl, world
