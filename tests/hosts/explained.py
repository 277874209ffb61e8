# SPDX-License-Identifier: GPL-2.0-or-later
"""What vfioctl explain shows of a host, held against what status and list say of it."""
import collections
import subprocess

import private

LINES_MAX = 24
COLUMNS_MAX = 80
SAME = ('kernel', 'readiness', 'iommu_state', 'iommu_kind', 'interrupt_remapping',
        'posted_interrupts', 'unsafe_interrupts', 'default_domain', 'backends')
# Of the names that were not found on a host, one in so many is asked for there: with all hosts each
# is, several times.
SHARE = 20


def places_of(host, name):
    """Where a finding stands, but for groups: theirs stand in no other verb's JSON."""
    places = ['host'] if any(f['id'] == name for f in host['findings']) else []
    members = [m for g in host['groups'] for m in g['members']]
    return places + [m['address'] for m in members if any(f['id'] == name for f in m['findings'])]


def names_to_ask(names, host, index):
    """Those that were found, and a share of the others."""
    return [n for i, n in enumerate(names) if i % SHARE == index % SHARE or places_of(host, n)]


def swiotlb_of(host):
    """The figures that the daemon says; null where it says none, whatever this machine has."""
    lines = [line for f in host['findings'] if f['id'] == 'bounce-buffers' for line in f['evidence']]

    def figure(name):
        prefix = f'/sys/kernel/debug/swiotlb/{name}: '
        return next((int(line[len(prefix):]) for line in lines if line.startswith(prefix)), None)
    return {'slots': figure('io_tlb_nslabs'), 'used': figure('io_tlb_used')}


def errors_of_values(values, host):
    """The values of this host are those of status and list."""
    errors = [f'{k} is {values[k]}, not {host[k]}' for k in SAME if values[k] != host[k]]
    real = [g for g in host['groups'] if g['id'] is not None]
    types = collections.Counter(g['type'] or 'unknown' for g in real)
    if values['groups'] != {'count': len(real), 'types': dict(types)}:
        errors.append(f'groups are {values["groups"]}')
    if values['swiotlb'] != swiotlb_of(host):
        errors.append(f'swiotlb is {values["swiotlb"]}, maybe that of this machine')
    return errors


def errors_of_text(daemon, name):
    """What a person reads fits the screen."""
    done = subprocess.run([daemon.vfioctl, 'explain', name], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=private.CALL_LIMIT, env=daemon.environment)
    lines = done.stdout.decode().splitlines()
    if done.returncode:
        return [f'exit {done.returncode}']
    if not any(lines) or len(lines) > LINES_MAX or any(len(line) > COLUMNS_MAX for line in lines):
        return [f'{len(lines)} lines, or one that is too wide']
    return []


def errors_of_name(daemon, name, host):
    code, document = daemon.ask('explain', name)
    if code:
        return [f'exit {code}']
    values = document['values']
    errors = errors_of_values(values, host) + errors_of_text(daemon, name)
    found = [p for p in values['found'] if not p.startswith('group ')]
    if sorted(found) != sorted(places_of(host, name)):
        errors.append(f'found {found}')
    return errors


def errors_of(daemon, host, index):
    """What is wrong with explain on a host, of which host is status with the groups of list. index
    is its place among all hosts. Raises PrivateError."""
    code, names = daemon.ask('explain')
    if code or not names:
        return [f'explain exited {code} and names nothing']
    return [f'{name}: {e}' for name in names_to_ask([n['id'] for n in names], host, index)
            for e in errors_of_name(daemon, name, host)]
