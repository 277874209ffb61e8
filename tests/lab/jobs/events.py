#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What changes behind the daemon's back is told without a poll, and how fast."""
import os
import re
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

delays = []


def check_delay(name, begin, uevent, signal):
    """Prints the signal's delay beside that of udevadm monitor."""
    if not uevent or not signal:
        return
    delays.append((signal[0] - uevent[0]) * 1000)
    lab.note(f'{name}: udevadm saw the event {1000 * (uevent[0] - begin):.0f} ms after the write '
             f'began, the signal came {1000 * (signal[0] - begin):.0f} ms after it: '
             f'{delays[-1]:+.0f} ms')


def check_binding(monitor, udev):
    """A binding changed by hand."""
    first = lab.addr('two_a')
    number = int(lab.group(first))
    old = lab.driver(first)
    # Off its driver it is one blocker less, back on it one more.
    for verb, change in (('unbind', lambda: lab.unbind(first)),
                         ('bind', lambda: lab.bind(first, old))):
        begin = time.monotonic()
        change()
        uevent = udev.find(lambda line, verb=verb: f' {verb} ' in line and first in line, begin)
        changed = monitor.find(lambda line: vfiod.event_is(line, event='device-changed',
                                                           address=first), begin)
        ok(f'{verb}-device-changed', changed and 'driver' in changed[1], changed)
        ok(f'{verb}-group-changed', monitor.find(
            lambda line: vfiod.event_is(line, event='group', id=number), begin),
           monitor.events(begin))
        check_delay(verb, begin, uevent, changed)


def check_module(monitor, udev):
    """A module is loaded that takes a sibling: the group is not viable any more."""
    second = lab.addr('two_b')
    first = lab.addr('two_a')
    number = int(lab.group(second))
    old = lab.driver(first)
    lab.unbind(second)
    lab.bind(first, 'vfio-pci')
    lab.run(['modprobe', '-r', 'snd_hda_intel'])
    ok('module-gone', not os.path.exists('/sys/bus/pci/drivers/snd_hda_intel'))
    ok('viable-before', lab.wait_for(lambda: vfiod.group(number).get('viable'), 15))
    begin = time.monotonic()
    lab.modprobe('snd_hda_intel')
    lost = monitor.find(lambda line: vfiod.event_is(line, event='group', id=number,
                                                    verdict='blocked'), begin)
    ok('module-takes-sibling', lost and second in lost[1], monitor.events(begin))
    check_delay('module load', begin,
                udev.find(lambda line: ' bind ' in line and second in line, begin), lost)
    lab.restore(first, old)


def check_hotplug(monitor, udev):
    """A device comes and goes over QMP."""
    begin = time.monotonic()
    lab.qmp('device_add', driver='e1000e', id='plugged', bus=lab.TOPOLOGY['hotplug_bus'],
            romfile='')
    added = monitor.find(lambda line: vfiod.event_is(line, event='device-added'), begin, 60)
    if not ok('hotplug-added', added, monitor.events(begin)):
        return
    address = re.search(r'"address":\s*"([^"]+)"', added[1]).group(1)
    check_delay('hotplug', begin,
                udev.find(lambda line: ' add ' in line and address in line, begin), added)
    lab.wait_for(lambda: lab.driver(address), 30)
    number = lab.group(address)
    ok('hotplug-group', monitor.find(lambda line: vfiod.event_is(
        line, event='group', id=int(number)), begin), monitor.events(begin))
    ok('hotplug-listed', lab.wait_for(
        lambda: vfiod.device(address).get('driver') == lab.driver(address), 15))
    begin = time.monotonic()
    lab.qmp('device_del', id='plugged')
    ok('hotplug-removed', monitor.find(lambda line: vfiod.event_is(
        line, event='device-removed', address=address), begin, 60), monitor.events(begin))
    ok('hotplug-group-removed', monitor.find(lambda line: vfiod.event_is(
        line, event='group', id=int(number), verdict='removed'), begin), monitor.events(begin))
    done = vfiod.ctl('--json', 'show', address)
    ok('hotplug-unlisted', done.returncode == 1 and vfiod.error_name(done) == 'NoSuchDevice',
       done.stdout)


def check_holder(monitor):
    """Somebody takes the group's node, and lets go: no uevent tells, and yet it is known."""
    nic = lab.addr('nic')
    old = lab.driver(nic)
    lab.bind(nic, 'vfio-pci')
    lab.wait_for(lambda: vfiod.device(nic).get('state') == 'vfio', 15)
    begin = time.monotonic()
    with lab.Hold(lab.group(nic)) as hold:
        told = monitor.find(lambda line: vfiod.event_is(line, event='device-changed', address=nic)
                            and 'state' in line, begin)
        ok('holder-told', told, monitor.events(begin))
        seen = vfiod.device(nic)
        ok('holder-named', seen.get('state') == 'busy' and
           [entry['pid'] for entry in seen.get('holders', [])] == [hold.pid], seen.get('holders'))
    ok('holder-gone', lab.wait_for(lambda: vfiod.device(nic).get('state') == 'vfio', 15))
    lab.restore(nic, old)


def check_quiet():
    """At rest the daemon does nothing: no wake-up in ten seconds but the watchdog's."""
    pid = lab.run('systemctl show -P MainPID vfiod').stdout.strip()
    time.sleep(2)

    def switches():
        text = lab.read(f'/proc/{pid}/status') or ''
        return sum(int(value) for value in re.findall(r'ctxt_switches:\s*(\d+)', text))
    before = switches()
    time.sleep(10)
    woken = switches() - before
    ok('no-poll', woken <= 1, f'{woken} context switches in 10 s')


def main():
    """All of it, with one monitor."""
    if not ok('service-starts', vfiod.start()):
        return 1
    lab.modprobe('vfio-pci')
    monitor = vfiod.monitor()
    udev = vfiod.udev_monitor()
    check_binding(monitor, udev)
    check_module(monitor, udev)
    check_hotplug(monitor, udev)
    check_holder(monitor)
    monitor.stop()
    udev.stop()
    check_quiet()
    if delays:
        lab.note(f'signal after uevent: {min(delays):.0f} to {max(delays):.0f} ms '
                 f'in {len(delays)} cases')
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
