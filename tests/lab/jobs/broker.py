#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The system bus is a dbus-broker (--variant broker): it takes our policy and our activation file
without a complaint, starts vfiod for whoever calls it, lets everybody read, and hands to vfiod
nothing that the policy does not name."""
import os
import sys

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
BUS = ('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus')
VFIOD = ('org.vfiod1', '/org/vfiod1')


def as_nobody(*words):
    return lab.run(['runuser', '-u', 'nobody', '--', *words], 120)


def call(user, *words):
    """busctl call, as that user."""
    return lab.run(['runuser', '-u', user, '--', 'busctl', '--system', 'call', *words], 120)


def service(name):
    return lab.run(['systemctl', 'show', '-P', name, 'vfiod']).stdout.strip()


def drivers():
    return {name: lab.driver(name) for name in os.listdir(lab.PCI)}


def check_broker():
    """Otherwise the rest would say nothing of it."""
    unit = lab.run('systemctl show -P Id dbus.service').stdout.strip()
    ok('bus-is-dbus-broker', unit == 'dbus-broker.service', unit)
    ok('no-dbus-daemon', lab.run('pidof dbus-daemon').returncode != 0)
    ok('broker-runs', lab.run('pidof dbus-broker').returncode == 0)


def check_activation():
    """Nobody's question starts it, in its unit, as root."""
    ok('not-running-before', service('ActiveState') == 'inactive', service('ActiveState'))
    done = as_nobody('vfioctl', '--json', 'list')
    ok('call-starts-it', done.returncode == 0 and FIRST in done.stdout,
       done.stdout[:300] + done.stderr)
    ok('runs-in-its-unit', service('ActiveState') == 'active', service('ActiveState'))
    owner = call('nobody', *BUS, 'GetConnectionUnixProcessID', 's', 'org.vfiod1').stdout.split()
    ok('name-is-the-units', owner[-1:] == [service('MainPID')], f'{owner} {service("MainPID")}')
    user = call('nobody', *BUS, 'GetConnectionUnixUser', 's', 'org.vfiod1').stdout.strip()
    ok('name-is-roots', user == 'u 0', user)


def check_reading():
    for words in (['status'], ['show', FIRST], ['plan', FIRST], ['check']):
        done = as_nobody('vfioctl', '--json', *words)
        ok(f'nobody-{words[0]}', done.returncode in (0, 1) and 'error' not in done.stdout[:9],
           done.stdout[:300] + done.stderr)
    done = as_nobody('busctl', '--system', 'introspect', *VFIOD)
    ok('nobody-introspects', done.returncode == 0 and 'org.vfiod1.Manager' in done.stdout,
       done.stderr)


def check_refusals():
    before = drivers()
    for verb in ('prepare', 'release'):
        done = as_nobody('vfioctl', '--json', '--no-ask-password', verb, FIRST)
        ok(f'nobody-{verb}-refused', done.returncode == 4 and
           vfiod.error_name(done) == 'AccessDenied', done.stdout[:400] + done.stderr)
    ok('nothing-moved', drivers() == before)
    done = call('nobody', *VFIOD, 'org.freedesktop.LogControl1', 'Nothing')
    ok('other-interface-stays-out', done.returncode != 0 and 'denied' in done.stderr.lower(),
       done.stderr)
    done = call('root', *VFIOD, 'org.freedesktop.LogControl1', 'Nothing')
    ok('root-gets-through', 'denied' not in done.stderr.lower(), done.stderr)
    lab.run('systemctl stop vfiod')
    done = call('nobody', *BUS, 'RequestName', 'su', 'org.vfiod1', '0')
    ok('nobody-cannot-be-vfiod', done.returncode != 0 and ('denied' in done.stderr.lower() or
                                                           'not allowed' in done.stderr.lower()),
       done.stdout + done.stderr)


def check_work():
    """Root's work is done, and nobody hears of it."""
    stream = vfiod.Stream(['runuser', '-u', 'nobody', '--', 'vfioctl', 'monitor', '--json'],
                          ready='watching')
    done = vfiod.ctl('prepare', FIRST)
    ok('root-prepares', done.returncode == 0 and lab.driver(FIRST) == 'vfio-pci',
       done.stdout + done.stderr)
    ok('nobody-hears-of-it', stream.find(lambda line: FIRST in line) is not None,
       stream.lines[-5:])
    done = vfiod.ctl('release', FIRST)
    ok('root-releases', done.returncode == 0 and lab.driver(SECOND) == 'snd_hda_intel',
       done.stdout + done.stderr)
    stream.stop()


def main():
    check_broker()
    check_activation()
    check_reading()
    check_refusals()
    check_work()
    # That it has kept a call out, which was tried above, it says too.
    words = lab.run('journalctl -b --no-pager -q -o cat -t dbus-broker -t dbus-broker-launch | '
                    'grep -iE "vfiod|invalid|malformed" | grep -v "security policy denied"').stdout
    ok('broker-takes-our-files', not words, words[:600])
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
