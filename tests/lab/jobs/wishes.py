#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A persisted device that is plugged in while the system runs, and what an initramfs has left held.
What happens at boot is in tests/lab/reboot."""
import os
import re
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

UNWISHED = '/run/vfiod/unwished'
DROP_IN = '/etc/vfiod/vfiod.conf.d/hot.conf'
HELD = 'vfiod-boot'
VERDICT = '/run/vfiod-boot/verdict'
UNDECIDED = 'vfiod-boot-undecided'


def plug(monitor):
    """Its address, or None. Nothing else in the guest has its driver."""
    begin = time.monotonic()

    def add():
        """QEMU keeps the name for a moment after the device has gone."""
        try:
            lab.qmp('device_add', driver='vmxnet3', id='plugged', bus=lab.TOPOLOGY['hotplug_bus'],
                    romfile='')
            return True
        except lab.QmpError:
            return False
    if not lab.wait_for(add, 30):
        return None
    added = monitor.find(lambda line: vfiod.event_is(line, event='device-added'), begin, 60)
    return re.search(r'"address":\s*"([^"]+)"', added[1]).group(1) if added else None


def unplug(address, monitor):
    begin = time.monotonic()
    lab.qmp('device_del', id='plugged')
    return monitor.find(lambda line: vfiod.event_is(line, event='device-removed', address=address),
                        begin, 60)


def driver_spoke(address):
    """The host's driver says its own name and the address when it takes the device."""
    return lab.run(f'dmesg | grep -F "vmxnet3 {address}"').stdout


def host_findings():
    return [finding['id'] for finding in (vfiod.data('check') or {}).get('findings', [])]


def findings(address):
    return [finding['id'] for finding in vfiod.device(address).get('findings', [])]


def check_held(monitor):
    """Its driver is not loaded yet: udev is first."""
    os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
    with open(DROP_IN, 'w', encoding='ascii') as file:
        file.write('[device hot]\nMatch=15ad:07b0\n')
    ok('reload', lab.run(['systemctl', 'reload', 'vfiod'], 60).returncode == 0)
    ok('missing-said', lab.wait_for(lambda: 'wish-device-missing' in host_findings(), 15),
       host_findings())
    ok('wish-noted', not os.path.exists(UNWISHED))
    address = plug(monitor)
    if not ok('plugged', address):
        return None
    ok('taken', lab.wait_for(lambda: lab.driver(address) == 'vfio-pci', 60), lab.driver(address))
    ok('driver-never-had-it', not driver_spoke(address), driver_spoke(address))
    ok('held-said', 'is held for [hot]' in lab.run('dmesg | grep vfiod-boot').stdout,
       lab.run('dmesg').stdout[-2000:])
    ready = lab.wait_for(lambda: vfiod.device(address).get('readiness') == 'ready', 20)
    device = vfiod.device(address)
    ok('ready', ready and device.get('persisted') and device.get('managed_by') == 'vfiod', device)
    ok('missing-no-more', 'wish-device-missing' not in host_findings(), host_findings())
    ok('not-late', 'persisted-late' not in findings(address), findings(address))
    return address


def check_release(address):
    """It goes to the driver that the kernel chooses; the wish of a file is the file's."""
    done = vfiod.ctl('--json', 'release', '--persist', address)
    ok('wish-is-the-file-s', done.returncode == 1 and vfiod.error_name(done) == 'NotSupported' and
       DROP_IN in done.stdout and lab.driver(address) == 'vfio-pci', done.stdout)
    done = vfiod.ctl('release', address)
    ok('released', done.returncode == 0 and lab.driver(address) == 'vmxnet3' and
       'still persisted' in done.stderr, f'{lab.driver(address)} {done.stdout} {done.stderr}')
    ok('driver-speaks', lab.wait_for(lambda: driver_spoke(address), 10))
    ok('no-override', not lab.get_override(address), lab.get_override(address))
    lab.run(['systemctl', 'restart', 'vfiod'], 90)
    time.sleep(3)
    ok('not-taken-again', lab.driver(address) == 'vmxnet3', lab.driver(address))


def check_late(address):
    """Its driver is there already and has it before udev hears of it: it is moved all the same."""
    monitor = vfiod.monitor()
    ok('unplugged', unplug(address, monitor))
    ok('plugged-again', plug(monitor) == address)
    ok('taken-late', lab.wait_for(lambda: lab.driver(address) == 'vfio-pci', 60),
       lab.driver(address))
    ok('late-said', lab.wait_for(lambda: 'persisted-late' in findings(address), 15),
       findings(address))
    ok('not-refused', 'wish-refused' not in findings(address), findings(address))
    ok('released-again', vfiod.ctl('release', address).returncode == 0 and
       lab.driver(address) == 'vmxnet3', lab.driver(address))
    os.unlink(DROP_IN)
    lab.run(['systemctl', 'reload', 'vfiod'], 60)
    ok('no-wish-noted', lab.wait_for(lambda: os.path.exists(UNWISHED), 10))
    ok('unplugged-again', unplug(address, monitor))
    monitor.stop()


def is_active(unit):
    return lab.run(['systemctl', 'is-active', unit]).stdout.strip() == 'active'


def hold(address):
    """As an initramfs leaves it."""
    if lab.driver(address):
        lab.unbind(address)
    lab.override(address, HELD)


def check_left(address):
    """Nobody wishes for what the initramfs has held: the daemon is started as udev sees it, unless it
    has run."""
    trigger = ['udevadm', 'trigger', '--action=add', '--settle', f'/sys/bus/pci/devices/{address}']
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    lab.run(trigger)
    ok('no-daemon-for-what-is-not-held', not is_active('vfiod'))
    hold(address)
    lab.run(trigger)
    ok('no-daemon-that-has-run', not is_active('vfiod'))
    lab.run(['rm', '-r', '/run/vfiod/txn'])
    lab.run(trigger)
    ok('daemon-for-what-is-held', lab.wait_for(lambda: is_active('vfiod'), 60))
    lab.run(['systemctl', 'stop', 'vfiod'], 60)


def check_undecided(address):
    """Nothing tells whether wishes are met: after half a minute everything is given back."""
    driver = lab.driver(address)
    hold(address)
    lab.run(['systemctl', 'start', f'{UNDECIDED}.service'], 60)
    ok('decided-and-held', lab.get_override(address) == HELD, lab.get_override(address))
    # The first start of vfiod began it, before there was a verdict.
    lab.run(['systemctl', 'stop', f'{UNDECIDED}.timer'])
    os.rename(VERDICT, f'{VERDICT}.kept')
    begin = time.monotonic()
    lab.run(['systemctl', 'start', f'{UNDECIDED}.timer'])
    given = lab.wait_for(lambda: lab.driver(address) == driver, 60, 1)
    took = time.monotonic() - begin
    ok('given-back-in-time', given and 29 < took < 50, f'{took:.0f} s, {lab.driver(address)}')
    ok('not-held', not lab.get_override(address), lab.get_override(address))
    result = lab.run(['systemctl', 'show', '-P', 'Result', f'{UNDECIDED}.service']).stdout.strip()
    ok('it-ends-well', result == 'success', result)
    lab.run(['systemctl', 'stop', f'{UNDECIDED}.timer'])
    os.rename(f'{VERDICT}.kept', VERDICT)


def main():
    """All of it."""
    if not ok('service-starts', vfiod.start()):
        return 1
    ok('nothing-wished', lab.wait_for(lambda: os.path.exists(UNWISHED), 10))
    monitor = vfiod.monitor()
    address = check_held(monitor)
    monitor.stop()
    if address:
        check_release(address)
        check_late(address)
    vfiod.check_end()
    device = lab.addr('two_b')
    driver = lab.driver(device)
    check_left(device)
    lab.restore(device, driver)
    check_undecided(device)
    ok('as-before', lab.driver(device) == driver, lab.driver(device))
    return 0


if __name__ == '__main__':
    sys.exit(main())
