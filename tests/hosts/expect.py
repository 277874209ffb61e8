# SPDX-License-Identifier: GPL-2.0-or-later
"""Expectations of a recorded host: reading them, and holding vfioctl's JSON against them.

What the words mean stands in README.md. Everything here is a function of its
arguments, so that the comparison itself can be tested.
"""
import re

ADDRESS = re.compile(r'(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]')
# A plan takes what a person types: the name of an interface or a disk, too.
OBJECTS = {'group': re.compile('[0-9]+'), 'device': ADDRESS,
           'plan': re.compile(ADDRESS.pattern + '|[A-Za-z0-9._-]+')}

# Keys that are the JSON's, and what they are called there.
HOST_KEYS = {'readiness': 'readiness', 'iommu': 'iommu_state', 'kind': 'iommu_kind',
             'ir': 'interrupt_remapping', 'posted': 'posted_interrupts',
             'unsafe': 'unsafe_interrupts', 'domain': 'default_domain', 'kernel': 'kernel'}
GROUP_KEYS = {k: k for k in ('verdict', 'viable', 'in_use', 'vfio_node', 'type')}
DEVICE_KEYS = {k: k for k in (
    'role', 'state', 'readiness', 'driver', 'driver_override', 'host_driver', 'vendor_id', 'device_id',
    'class', 'managed_by', 'boot_vga', 'numa_node', 'power_state', 'physical_function')}
# Keys that are compared in a way of their own.
OWN_KEYS = {'host': {'findings', 'cites', 'backends', 'group_ids', 'devices'},
            'group': {'findings', 'cites', 'blockers', 'members'},
            'device': {'findings', 'cites', 'group', 'holders', 'reset_methods', 'virtual_functions'},
            'plan': {'findings', 'steps', 'has_step', 'no_step', 'refused'}}
PLAIN_KEYS = {'host': HOST_KEYS, 'group': GROUP_KEYS, 'device': DEVICE_KEYS, 'plan': {}}

# How a refusal shows where the answer is findings and not an error.
REFUSAL_FINDINGS = {
    'NeedsConsent': {'member-needs-consent'},
    'NotSupported': {'not-a-candidate', 'blocked-by-platform', 'pf-with-vfs', 'vf-token-required',
                     'firmware-mapping', 'noiommu', 'denylist'},
    'NoGroup': {'no-iommu-group'},
    'InUse': {'in-use'},
    'Stuck': {'detaching'},
    'HostNotReady': {'no-iommu', 'iommu-unknown', 'no-interrupt-remapping', 'no-backend'},
}
# The order of DESIGN.md 5; within one of them members may come in any order.
PHASES = ('load-module', 'set-override', 'unbind', 'bind', 'verify')
EXIT_YES, EXIT_NO, EXIT_FAILED = 0, 1, 4


class ExpectError(Exception):
    """An expectation that cannot be read; the text names file and line."""


class Line:
    """One expectation. words: list of (key, negated, value)."""

    def __init__(self, kind, objects, words, text):
        self.kind, self.objects, self.words, self.text = kind, objects, words, text

    def __repr__(self):
        return self.text


def parse_word(kind, word):
    match = re.fullmatch(r'([a-z_]+)(!?)=(.*)', word)
    if not match:
        raise ValueError(f'"{word}" is not KEY=VALUE')
    key, negated, value = match.groups()
    if key not in OWN_KEYS[kind] and key not in PLAIN_KEYS[kind]:
        raise ValueError(f'a {kind} has no "{key}"')
    if negated and key not in PLAIN_KEYS[kind]:
        raise ValueError(f'"{key}" cannot be negated')
    return key, bool(negated), value


def parse_line(text):
    """A Line. Raises ValueError."""
    words = text.split()
    kind = words.pop(0)
    if kind not in OWN_KEYS:
        raise ValueError(f'no expectation begins with "{kind}"')
    objects = []
    if kind != 'host':
        if not words:
            raise ValueError(f'which {kind}?')
        objects = words.pop(0).split(',')
        if not all(OBJECTS[kind].fullmatch(o) for o in objects):
            raise ValueError(f'"{",".join(objects)}" names no {kind}')
    if not words:
        raise ValueError('nothing is expected')
    return Line(kind, objects, [parse_word(kind, w) for w in words], text)


def parse(text, name):
    """All lines of an expectation file. Raises ExpectError."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        try:
            lines.append(parse_line(line))
        except ValueError as e:
            raise ExpectError(f'{name}:{number}: {e}') from None
    if not any(line.kind == 'host' for line in lines):
        raise ExpectError(f'{name}: nothing is expected of the host')
    return lines


def shown(value):
    """A JSON value as an expectation writes it."""
    if value is None or value == '':
        return '-'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return str(value)


def plain_matches(expected, value):
    """Alternatives with | between; what is not known may be null or the word."""
    for alternative in expected.split('|'):
        if alternative == shown(value) or (alternative == 'unknown' and value is None):
            return True
    return False


def items(text, separator=','):
    return [i for i in text.split(separator) if i]


def compare_sets(key, expected, got):
    if sorted(expected) == sorted(got):
        return []
    return [f'{key}: expected {",".join(sorted(expected)) or "none"}'
            f' got {",".join(sorted(got)) or "none"}']


def compare_findings(expected, findings):
    """Ids that must be there (one of those with | between); with ! those that must not."""
    ids = {f['id'] for f in findings}
    errors = []
    for item in items(expected):
        if bool(set(item.removeprefix('!').split('|')) & ids) == item.startswith('!'):
            errors.append(f'findings: expected {item} got {",".join(sorted(ids)) or "none"}')
    return errors


def compare_cites(expected, findings):
    """ID/TEXT: that finding says TEXT in its message, evidence or remedy; _ stands for a space."""
    name, _, text = expected.partition('/')
    said = [' '.join([f['message'], *f['evidence'], f['remedy'] or '']) for f in findings
            if f['id'] == name]
    if any(text.replace('_', ' ') in words.replace('_', ' ') for words in said):
        return []
    return [f'cites: expected {expected} got {"; ".join(said) or "no such finding"}']


def compare_plain(line, key, negated, expected, document):
    name = PLAIN_KEYS[line.kind][key]
    if name not in document:
        return [f'{key}: expected {expected} got no such key']
    if plain_matches(expected, document[name]) != negated:
        return []
    return [f'{key}: expected {"not " if negated else ""}{expected} got {shown(document[name])}']


def numbers(text):
    """'0,3,20-22' as a list of numbers."""
    result = []
    for item in items(text):
        first, _, last = item.partition('-')
        result += range(int(first), int(last or first) + 1)
    return result


def compare_host(key, expected, document):
    if key == 'findings':
        return compare_findings(expected, document['findings'])
    if key == 'cites':
        return compare_cites(expected, document['findings'])
    if key == 'backends':
        return compare_sets(key, items(expected), document['backends'] or [])
    groups = document['groups']
    if key == 'group_ids':
        got = sorted(g['id'] for g in groups if g['id'] is not None)
        wanted = sorted(numbers(expected))
        return [] if got == wanted else [f'group_ids: expected {wanted} got {got}']
    count = sum(len(g['members']) for g in groups)
    return [] if str(count) == expected else [f'devices: expected {expected} got {count}']


def compare_group(key, expected, group):
    if key in ('findings', 'cites'):
        # Those of a group are told with its members, too: what blocks it blocks them.
        findings = list(group.get('findings', []))
        for member in group['members']:
            findings += member['findings']
        return {'findings': compare_findings, 'cites': compare_cites}[key](expected, findings)
    if key == 'members':
        return compare_sets(key, items(expected), [m['address'] for m in group['members']])
    got = ['/'.join(shown(b[k]) for k in ('address', 'driver', 'reason')) for b in group['blockers']]
    return compare_sets(key, items(expected), got)


def compare_device(key, expected, device):
    if key == 'findings':
        return compare_findings(expected, device['findings'])
    if key == 'cites':
        return compare_cites(expected, device['findings'])
    if key == 'group':
        got = shown(device['group']['id'] if device['group'] else None)
        return [] if got == expected else [f'group: expected {expected} got {got}']
    if key == 'holders':
        got = [f'{h["pid"]}/{h["command"]}' for h in device['holders'] or []]
        return compare_sets(key, items(expected), got)
    return compare_sets(key, items(expected), device[key] or [])


def step_text(step):
    """ACTION:ADDRESS=VALUE; without the address where a step has none."""
    address = f':{step["address"]}' if step['address'] else ''
    return f'{step["action"]}{address}={step["value"] or ""}'


def phase(step):
    action = re.split('[:=]', step, maxsplit=1)[0]
    return PHASES.index(action) if action in PHASES else len(PHASES)


def compare_steps(expected, got):
    """Same steps; and each phase ends before the next one begins."""
    errors = []
    if sorted(expected) != sorted(got):
        errors.append(f'steps: expected {";".join(expected) or "none"} got {";".join(got) or "none"}')
    elif [phase(s) for s in got] != sorted(phase(s) for s in got):
        errors.append(f'steps: expected {", ".join(PHASES)} in this order got {";".join(got)}')
    return errors


def is_refused(name, code, document):
    """True if the answer to `plan` is this refusal."""
    if 'error' in document:
        return (document['error']['name'].rpartition('.')[2] == name
                and code in (EXIT_NO, EXIT_FAILED))
    found = {f['id'] for f in document['findings']
             if name == 'NeedsConsent' or f['severity'] == 'blocker'}
    return code == EXIT_NO and bool(found & REFUSAL_FINDINGS.get(name, set()))


def answer_text(code, document):
    if 'error' in document:
        return f'{document["error"]["name"].rpartition(".")[2]} (exit {code})'
    return (f'findings {",".join(f["id"] for f in document["findings"]) or "none"},'
            f' {len(document["steps"])} steps (exit {code})')


def compare_plan(line, code, document):
    """document: what `vfioctl --json plan` printed; code: its exit code."""
    words = {}
    for key, _, value in line.words:
        words.setdefault(key, []).append(value)
    errors = []
    names = words.get('refused', [''])[0].split('|')
    if 'refused' in words:
        if not any(is_refused(name, code, document) for name in names):
            errors.append(f'refused: expected {"|".join(names)} got {answer_text(code, document)}')
    elif 'error' in document or code != EXIT_YES:
        errors.append(f'plan: expected to be allowed got {answer_text(code, document)}')
    if 'error' in document:
        missing = [k for k in words if k not in ('refused', 'no_step')]
        return errors + [f'{k}: expected with the answer got an error' for k in missing]
    got = [step_text(s) for s in document['steps']]
    for value in words.get('steps', []):
        errors += compare_steps(items(value, ';'), got)
    for value in words.get('has_step', []):
        errors += [] if value in got else [f'steps: expected {value} got {";".join(got) or "none"}']
    for value in words.get('no_step', []):
        errors += [] if value not in got else [f'steps: expected no {value} got {";".join(got)}']
    for value in words.get('findings', []):
        errors += compare_findings(value, document['findings'])
    return errors


def compare(line, document):
    """Holds one host, group or device against a line. Returns: what differs, one text each."""
    errors = []
    own = {'host': compare_host, 'group': compare_group, 'device': compare_device}[line.kind]
    for key, negated, expected in line.words:
        if key in PLAIN_KEYS[line.kind]:
            errors += compare_plain(line, key, negated, expected, document)
        else:
            errors += own(key, expected, document)
    return errors
