#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What README says to enable and to remove vfiod, line by line, where a systemd runs (--add
README.md): all of it runs after the one line, and nothing of it after the others. That the files go,
tests/check-install shows."""
import os
import re
import sys

import labguest as lab
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
METRICS = '/var/lib/prometheus/node-exporter'
DROP_IN = '/etc/systemd/system/vfiod-metrics.service.d/directory.conf'
OTHER = '/srv/metrics'
README = '/lab/README.md'


def readme():
    with open(README, encoding='utf-8') as f:
        return f.read()


def lines_of_removal(text):
    block = re.search(r'^### Removing\n\n((?:    .*\n)+)', text, re.M)[1]
    lines = [re.sub(r' {2,}#.*', '', line.strip()) for line in block.splitlines()]
    return [line.replace('sudo ', '') for line in lines if 'ninja' not in line]


def active():
    """Our units that run, or wait for something."""
    return lab.run("systemctl list-units --all --plain --no-legend --state=active,activating,"
                   "deactivating,failed 'vfio*' | cut -d' ' -f1").stdout.split()


def links():
    return lab.run("find /etc/systemd -name 'vfio*' -type l").stdout.split()


def check_enable(text):
    line = re.search(r'^ *sudo (systemctl enable.*)$', text, re.M)[1]
    done = lab.run(line, 90)
    ok('enabled-by-one-line', done.returncode == 0, done.stderr)
    running = set(active())
    ok('daemon-and-sockets-run', {'vfiod.service', 'vfiod-facts.socket', 'vfiod-holders.socket'}
       <= running, running)
    # The daemon, and what keeps persisted devices from their drivers.
    ok('enabled-for-the-next-boot', {os.path.basename(link) for link in links()}
       == {'vfiod.service', 'vfiod-boot.service', 'vfiod-boot-complete.service',
           'vfiod-boot-undecided.timer'}, links())


def check_metrics():
    """By the timer's service, where the collector looks and where a drop-in says."""
    lab.run('systemctl start vfiod-metrics.service', 60)
    ok('no-metrics-without-a-collector', not os.path.exists(METRICS))
    for directory in (METRICS, OTHER):
        os.makedirs(directory)
        if directory == OTHER:
            os.makedirs(os.path.dirname(DROP_IN))
            with open(DROP_IN, 'w', encoding='ascii') as f:
                f.write('[Unit]\nConditionPathIsDirectory=\n'
                        f'ConditionPathIsDirectory={OTHER}\n[Service]\n'
                        f'WorkingDirectory={OTHER}\nReadWritePaths={OTHER}\n')
            lab.run('systemctl daemon-reload')
        done = lab.run('systemctl start vfiod-metrics.service', 60)
        words = lab.read(f'{directory}/vfiod.prom') or ''
        ok(f'metrics-in-{os.path.basename(directory)}', done.returncode == 0 and
           'vfiod_up 1' in words and words.strip().endswith('# EOF'), words[:200] + done.stderr)
        ok(f'metrics-alone-in-{os.path.basename(directory)}', os.listdir(directory)
           == ['vfiod.prom'], os.listdir(directory))
    lab.run(['rm', '-r', os.path.dirname(DROP_IN), OTHER])


def check_removal(text):
    lab.run(f'systemctl enable --now vfiod-metrics.timer vfio-ready@{FIRST}.service', 120)
    ok('device-is-ready', lab.driver(FIRST) == 'vfio-pci', lab.driver(FIRST))
    for line in lines_of_removal(text):
        done = lab.run(line, 120)
        ok(f'line: {line[:60]}', done.returncode == 0, done.stdout + done.stderr)
    ok('device-went-back', (lab.driver(FIRST), lab.driver(SECOND)) == ('xhci_hcd', 'snd_hda_intel'),
       f'{lab.driver(FIRST)} {lab.driver(SECOND)}')
    ok('nothing-runs', not active(), active())
    ok('no-process', lab.run('pidof vfiod').returncode != 0)
    ok('nothing-enabled', not links(), links())
    left = [path for path in ('/etc/vfiod', '/var/lib/vfiod', '/run/vfiod', f'{METRICS}/vfiod.prom')
            if os.path.exists(path)]
    ok('no-state', not left, left)


def main():
    text = readme()
    check_enable(text)
    check_metrics()
    check_removal(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
