#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `vfioctl status --metrics` to what its readers take: test-metrics.py VFIOD VFIOCTL [HOST...]

A strict reader of the text, by OpenMetrics 1.0 and by the older text format of Prometheus (0.0.4),
over recorded hosts; and every figure is counted again from the JSON."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
HOSTS = os.path.join(HERE, '..', 'hosts')
sys.path.insert(0, HOSTS)
import hostfile  # noqa: E402
import private  # noqa: E402

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf'({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)$')


def parse(text):
    """Returns: {family: {labels: value}}. Raises AssertionError at the first fault."""
    assert text.endswith('# EOF\n'), 'it does not end with # EOF'
    families, typed, current = {}, set(), None
    for line in text[:-len('# EOF\n')].splitlines():
        words = line.split(' ', 3)
        if line.startswith('# HELP '):
            assert words[2] not in families, f'{words[2]} comes in two pieces'
            current, families[words[2]] = words[2], {}
        elif line.startswith('# TYPE '):
            # The two formats share few types; a reader of the old one drops the whole file.
            assert words[2] == current and words[3] == 'gauge', line
            typed.add(current)
        else:
            match = SAMPLE.match(line)
            assert match and match[1] == current and current in typed, f'no sample: {line}'
            labels = dict(re.findall(LABEL, match[2] or ''))
            key = tuple(sorted(labels.items()))
            assert key not in families[current], f'twice: {line}'
            families[current][key] = float(match[7] if match.lastindex >= 7 else match[0].split()[-1])
    return families


def holding(family, **labels):
    """The state that is 1 among those with these labels; there must be one."""
    found = [dict(key)['state'] for key, value in family.items()
             if value == 1 and all(dict(key).get(k) == v for k, v in labels.items())]
    assert len(found) == 1, f'{len(found)} states of {labels}'
    return found[0]


def findings_of(status):
    yield from status['findings']
    for group in status['groups']:
        for member in group['members']:
            yield from member['findings']


def check(metrics, status):
    families = parse(metrics)
    assert families['vfiod_up'] == {(): 1}
    assert holding(families['vfiod_host_readiness']) == status['readiness']
    assert holding(families['vfiod_interrupt_remapping']) == status['interrupt_remapping']
    for group in status['groups']:
        if group['id'] is not None:
            state = holding(families['vfiod_group_verdict'], group=str(group['id']))
            assert state == group['verdict'], group['id']
    told = {dict(key)['address']: dict(key) for key in families['vfiod_device']}
    endpoints = {m['address']: m for g in status['groups'] for m in g['members']
                 if m['role'] == 'endpoint'}
    assert told.keys() == endpoints.keys(), told.keys() ^ endpoints.keys()
    for address, member in endpoints.items():
        for key in ('readiness', 'state'):
            assert told[address][key] == (member[key] or 'unknown'), (address, key)
        assert told[address]['driver'] == (member['driver'] or ''), address
    for severity in ('blocker', 'warning', 'info', 'unknown'):
        n = sum(f['severity'] == severity for f in findings_of(status))
        assert families['vfiod_findings'][(('severity', severity),)] == n, severity


def check_host(vfiod, vfioctl, name):
    with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as directory:
        os.chmod(directory, 0o755)
        tree = os.path.join(directory, 'root')
        hostfile.write_tree(hostfile.read(os.path.join(HOSTS, name + '.host')), tree)
        bus = private.Bus(directory)
        daemon = private.Daemon(vfiod, vfioctl, tree, bus, os.path.join(directory, 'log'))
        try:
            daemon.wait()
            environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bus.address)
            outputs = [subprocess.run([vfioctl, *arguments], env=environment, check=True,
                                      capture_output=True, text=True, timeout=60).stdout
                       for arguments in (('status', '--metrics'), ('--json', 'status', '--all'))]
            check(outputs[0], json.loads(outputs[1]))
        finally:
            private.end(daemon.process)
            bus.close()


def main():
    names = sys.argv[3:] or sorted(f[:-5] for f in os.listdir(HOSTS) if f.endswith('.host'))
    bad = 0
    for name in names:
        try:
            check_host(sys.argv[1], sys.argv[2], name)
            print(f'ok {name}')
        except AssertionError as e:
            bad += 1
            print(f'not ok {name}: {e}')
    assert names, 'no recorded host'
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
