#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what vfioctl explain shows of recorded hosts against what check and list say of them:
test-explain-hosts.py --vfiod PATH --vfioctl PATH [NAME...]

One line per host; the last line is "N passed, N failed".
"""
import argparse
import collections
import glob
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HOSTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'hosts')
sys.path.insert(0, HOSTS)
import hostfile  # noqa: E402
import private  # noqa: E402

LINES_MAX = 24
COLUMNS_MAX = 80
SAME = ('kernel', 'readiness', 'iommu_state', 'iommu_kind', 'interrupt_remapping',
        'posted_interrupts', 'unsafe_interrupts', 'default_domain', 'backends')


def explain_text(daemon, vfioctl, name):
    """Returns: exit code and lines."""
    done = subprocess.run([vfioctl, 'explain', name], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=private.CALL_LIMIT, env=daemon.environment)
    return done.returncode, done.stdout.decode().splitlines()


def places_of(status, groups, name):
    """Where a finding stands."""
    places = ['host'] if any(f['id'] == name for f in status['findings']) else []
    members = [m for g in groups for m in g['members']]
    return places + [m['address'] for m in members if any(f['id'] == name for f in m['findings'])]


def swiotlb_of(status):
    """The figures that the daemon says; null where it says none, whatever this machine has."""
    lines = [line for f in status['findings'] if f['id'] == 'bounce-buffers'
             for line in f['evidence']]

    def figure(name):
        prefix = f'/sys/kernel/debug/swiotlb/{name}: '
        return next((int(line[len(prefix):]) for line in lines if line.startswith(prefix)), None)
    return {'slots': figure('io_tlb_nslabs'), 'used': figure('io_tlb_used')}


def errors_of(daemon, vfioctl, name, status, groups):
    errors = []
    code, document = daemon.ask('explain', name)
    text_code, lines = explain_text(daemon, vfioctl, name)
    if code or text_code:
        return [f'{name}: exit {code} and {text_code}']
    values = document['values']
    errors += [f'{name}: {k} is {values[k]}, not {status[k]}' for k in SAME
               if values[k] != status[k]]
    real = [g for g in groups if g['id'] is not None]
    types = collections.Counter(g['type'] or 'unknown' for g in real)
    if values['groups'] != {'count': len(real), 'types': dict(types)}:
        errors.append(f'{name}: groups are {values["groups"]}')
    # Findings of groups stand in no other verb's JSON.
    found = [p for p in values['found'] if not p.startswith('group ')]
    if sorted(found) != sorted(places_of(status, groups, name)):
        errors.append(f'{name}: found {found}')
    if values['swiotlb'] != swiotlb_of(status):
        errors.append(f'{name}: swiotlb is {values["swiotlb"]}')
    if len(lines) > LINES_MAX or any(len(line) > COLUMNS_MAX for line in lines):
        errors.append(f'{name}: {len(lines)} lines, or one that is too wide')
    return errors


def check_running(daemon, vfioctl):
    errors = []
    try:
        daemon.wait()
        _, status = daemon.ask('status')
        _, groups = daemon.ask('list')
        _, names = daemon.ask('explain')
        for entry in names:
            errors += errors_of(daemon, vfioctl, entry['id'], status, groups)
    except (private.PrivateError, KeyError, TypeError) as e:
        errors.append(repr(e))
    wrong = daemon.close()
    return errors + ([wrong] if wrong else [])


def check_host(name, vfiod, vfioctl):
    # Short, for the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as directory:
        tree = os.path.join(directory, 'root')
        hostfile.write_tree(hostfile.read(os.path.join(HOSTS, name + '.host')), tree)
        bus = private.Bus(directory)
        try:
            log = os.path.join(directory, 'log')
            return check_running(private.Daemon(vfiod, vfioctl, tree, bus, log), vfioctl)
        finally:
            bus.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--vfiod', required=True)
    parser.add_argument('--vfioctl', required=True)
    parser.add_argument('name', nargs='*')
    arguments = parser.parse_args()
    names = arguments.name or sorted(os.path.basename(p)[:-len('.host')]
                                     for p in glob.glob(HOSTS + '/*.host'))
    failed = 0
    for name in names:
        errors = check_host(name, arguments.vfiod, arguments.vfioctl)
        failed += bool(errors)
        print(f'{"not ok" if errors else "ok"} {name}{": " if errors else ""}{"; ".join(errors)}')
    print(f'{len(names) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
