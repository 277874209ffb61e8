#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfiod-boot on a made-up host: what is held as it appears, which boots are counted, who is let go.

    check.py VFIOD-BOOT"""
import os
import subprocess
import sys
import tempfile

HELD = 'vfiod-boot'
NVME, NIC, AUDIO, GPU, BRIDGE = ('0000:03:00.0', '0000:02:00.0', '0000:01:00.1', '0000:01:00.0',
                                 '0000:00:01.0')
FIBRE, USB = '0000:04:00.0', '0000:05:00.0'
# address: ids, class, group, driver, further attributes
DEVICES = {
    BRIDGE: ('8086:1901', '0x060400', 1, 'pcieport', {'secondary_bus_number': '1'}),
    GPU: ('10de:1c03', '0x030000', 1, None, {'boot_vga': '0'}),
    AUDIO: ('10de:10f1', '0x040300', 1, None, {}),
    NIC: ('8086:10d3', '0x020000', 2, None, {}),
    NVME: ('1b36:0010', '0x010802', 3, None, {}),
    FIBRE: ('1077:2261', '0x0c0400', 4, None, {}),
    USB: ('1b36:000d', '0x0c0330', 5, None, {}),
}


class Host:
    """A tree of the few files that are read."""

    def __init__(self, place, configuration='', command_line='quiet'):
        self.root = place
        for address, (ids, class_code, group, driver, more) in DEVICES.items():
            vendor, device = ids.split(':')
            for name, value in {'vendor': f'0x{vendor}', 'device': f'0x{device}',
                                'class': class_code, 'subsystem_vendor': '0x0000',
                                'subsystem_device': '0x0000', 'driver_override': '(null)',
                                'uevent': '', **more}.items():
                self.write(f'sys/bus/pci/devices/{address}/{name}', value + '\n')
            self.link(f'sys/bus/pci/devices/{address}/iommu_group',
                      f'../../../../kernel/iommu_groups/{group}')
            self.link(f'sys/kernel/iommu_groups/{group}/devices/{address}',
                      f'../../../../bus/pci/devices/{address}')
            if driver:
                self.bind(address, driver)
        self.write('sys/bus/pci/drivers_probe', '')
        self.write('proc/cmdline', command_line + '\n')
        self.write('etc/vfiod/vfiod.conf', configuration)
        for directory in ('var/lib/vfiod', 'run/vfiod-boot'):
            os.makedirs(f'{place}/{directory}')

    def write(self, path, text):
        os.makedirs(os.path.dirname(f'{self.root}/{path}'), exist_ok=True)
        with open(f'{self.root}/{path}', 'w', encoding='ascii') as out:
            out.write(text)

    def read(self, path):
        try:
            with open(f'{self.root}/{path}', encoding='ascii') as file:
                return file.read()
        except FileNotFoundError:
            return None

    def link(self, path, target):
        os.makedirs(os.path.dirname(f'{self.root}/{path}'), exist_ok=True)
        os.symlink(target, f'{self.root}/{path}')

    def bind(self, address, driver):
        self.link(f'sys/bus/pci/devices/{address}/driver', f'../../drivers/{driver}')
        os.makedirs(f'{self.root}/sys/bus/pci/drivers/{driver}', exist_ok=True)

    def override(self, address):
        return self.read(f'sys/bus/pci/devices/{address}/driver_override').strip('\n')

    def set_override(self, address, value):
        self.write(f'sys/bus/pci/devices/{address}/driver_override', value + '\n')

    def held(self):
        return sorted(address for address in DEVICES if self.override(address) == HELD)

    def reboot(self):
        """/run and /sys are new."""
        os.unlink(f'{self.root}/run/vfiod-boot/verdict')
        for address in DEVICES:
            self.set_override(address, '(null)')


class Test:
    """Counts what fails."""

    def __init__(self, program):
        self.program = program
        self.failed = 0

    def host(self, **arguments):
        return Host(tempfile.mkdtemp(dir=self.place), **arguments)

    def run(self, host, *words, status=0):
        done = subprocess.run([self.program, f'--root={host.root}', *words], capture_output=True,
                              text=True, check=False, timeout=60)
        self.expect(f'{" ".join(words)}: status', done.returncode, status, done.stderr)
        return done

    def hold_all(self, host):
        """What udev does; returns what was said."""
        return ''.join(self.run(host, 'hold', address).stderr for address in DEVICES)

    def expect(self, name, value, wanted, more=''):
        if value != wanted:
            self.failed += 1
            print(f'{name}: {value!r} instead of {wanted!r} {more}')


def section(**keys):
    """[device test] with these keys; with_ is With."""
    return '[device test]\n' + ''.join(f'{key.rstrip("_").title()}={value}\n'
                                       for key, value in keys.items())


def check_held(t):
    """Which devices of which configuration."""
    nic = section(match=NIC, identity='8086:10d3')
    for name, configuration, prepare, wanted in (
            ('nothing is wished', '', None, []),
            ('an address', nic, None, [NIC]),
            ('another device stands there', section(match=NIC, identity='8086:10d4'), None, []),
            ('a model', section(match='1b36:0010'), None, [NVME]),
            ('functions of a slot move along', section(match=GPU, identity='10de:1c03'), None,
             [GPU, AUDIO]),
            ('a slot', section(match='0000:01:00'), None, [GPU, AUDIO]),
            ('a bridge never', section(match='0000:00:01'), None, []),
            ('another group does not move along', nic + f'With={NVME}\n', None, [NIC]),
            ('the group without its bridge', section(match=AUDIO, identity='10de:10f1',
                                                     with_='group'), None, [GPU, AUDIO]),
            ('the display is not accepted', section(match=GPU, identity='10de:1c03'),
             lambda h: h.write(f'sys/bus/pci/devices/{GPU}/boot_vga', '1\n'), []),
            ('the display is accepted', section(match=GPU, identity='10de:1c03',
                                                accept='boot-display'),
             lambda h: h.write(f'sys/bus/pci/devices/{GPU}/boot_vga', '1\n'), [GPU, AUDIO]),
            ('a driver has it', nic, lambda h: h.bind(NIC, 'e1000e'), []),
            ('somebody else decided', nic, lambda h: h.set_override(NIC, 'vfio-pci'), []),
            ('no IOMMU', nic,
             lambda h: os.unlink(f'{h.root}/sys/bus/pci/devices/{NIC}/iommu_group'), []),
            ('switched off', nic, lambda h: h.write('proc/cmdline', 'quiet vfiod.disable\n'), []),
            ('switched off and on', nic,
             lambda h: h.write('proc/cmdline', 'vfiod.disable vfiod.disable=0 quiet\n'), [NIC]),
            ("init's words", nic, lambda h: h.write('proc/cmdline', 'a -- vfiod.disable\n'), [NIC])):
        host = t.host(configuration=configuration)
        if prepare:
            prepare(host)
        words = t.hold_all(host)
        t.expect(name, host.held(), sorted(wanted), words)
        if name == 'somebody else decided':
            t.expect(f'{name}: kept', host.override(NIC), 'vfio-pci')
        elif not wanted and configuration and 'switched' not in name:
            explained = 'is not held for [test]' in words
            t.expect(f'{name}: said', explained, name != 'another device stands there', words)


def check_wanted(t):
    """The rule is told whom the daemon has to be started for."""
    host = t.host(configuration=section(match=NIC, identity='8086:10d3'))
    t.expect('wished', t.run(host, 'hold', NIC).stdout, 'VFIOD_WISHED=1\n')
    t.expect('not wished', t.run(host, 'hold', NVME).stdout, '')
    t.expect('no event yet', host.read(f'sys/bus/pci/devices/{NIC}/uevent'), '\n')
    t.run(host, 'begin')
    t.run(host, 'hold', NIC)
    t.expect('a running daemon looks again', host.read(f'sys/bus/pci/devices/{NIC}/uevent'),
             'change')


def check_count(t):
    """Two that did not come to their end close the third; one that did opens the next."""
    host = t.host(configuration=section(match=NIC, identity='8086:10d3'))
    for number, (complete, verdict, held, count) in enumerate((
            (False, 'open', [NIC], '1'), (False, 'open', [NIC], '2'),
            (True, 'incomplete', [], '0'), (False, 'open', [NIC], '1'), (True, 'open', [NIC], '0'),
            (False, 'open', [NIC], '1'))):
        t.hold_all(host)
        t.expect(f'boot {number}: held at first', host.held(), [NIC])
        t.run(host, 'begin')
        t.expect(f'boot {number}', host.read('run/vfiod-boot/verdict'), verdict + '\n')
        t.expect(f'boot {number}: held', [address for address in DEVICES
                                          if host.override(address) == HELD], held)
        if not held:
            t.expect(f'boot {number}: probed', host.read('sys/bus/pci/drivers_probe'), NIC)
            t.hold_all(host)
            t.expect(f'boot {number}: nothing later', host.held(), [])
        t.run(host, 'begin')
        if complete:
            t.run(host, 'complete')
        t.expect(f'boot {number}: count', host.read('var/lib/vfiod/boots').strip(), count)
        host.reboot()


def check_uncounted(t):
    """What cannot be counted is not dared; what is not wished is not counted."""
    host = t.host(configuration=section(match=NIC, identity='8086:10d3'))
    host.write('var/lib/vfiod/boots', 'many\n')
    t.hold_all(host)
    t.run(host, 'begin')
    t.expect('bad count', host.read('run/vfiod-boot/verdict'), 'uncounted\n')
    t.expect('bad count: let go', host.held(), [])
    t.run(host, 'complete')
    t.expect('bad count: mended', host.read('var/lib/vfiod/boots'), '0\n')

    host = t.host()
    t.run(host, 'begin')
    t.expect('no wish', host.read('run/vfiod-boot/verdict'), 'open\n')
    t.expect('no wish: not counted', host.read('var/lib/vfiod/boots'), None)
    t.run(host, 'complete')
    t.expect('no wish: not counted', host.read('var/lib/vfiod/boots'), None)


def check_disabled(t):
    """By a word, also at the end of a line that a bootconfig has made long; and by a line that cannot
    be read, for then nobody knows whether the word is there."""
    long = 'x' * 60000
    for name, line, verdict in (('the word', 'vfiod.disable', 'disabled'),
                                ('long', long, 'open'),
                                ('the word, long', f'{long} vfiod.disable', 'disabled'),
                                ('too long', 'x' * 70000, 'disabled'), ('no line', None, 'disabled')):
        host = t.host(configuration=section(match=NIC, identity='8086:10d3'),
                      command_line=line or '')
        if line is None:
            os.unlink(f'{host.root}/proc/cmdline')
        words = t.hold_all(host)
        held = [NIC] if verdict == 'open' else []
        t.expect(f'{name}: held', host.held(), held)
        host.set_override(NIC, HELD)
        words = [words, t.run(host, 'begin').stderr]
        t.expect(f'{name}: verdict', host.read('run/vfiod-boot/verdict'), verdict + '\n')
        t.expect(f'{name}: still held', host.held(), held)
        t.expect(f'{name}: said', ['/proc/cmdline cannot be read' in said for said in words],
                 [name in ('too long', 'no line')] * 2, words)


def check_verdict_comes(t):
    """While a device is about to be held the verdict is written, by somebody who does not see it held
    yet. A verdict that is a pipe tells when it is read, and has whoever reads it wait."""
    for before in ('undecided', 'open'):
        for after, held in (('incomplete', []), ('uncounted', []), ('disabled', []),
                            ('open', [NIC])):
            host = t.host(configuration=section(match=NIC, identity='8086:10d3'))
            pipe = f'{host.root}/run/vfiod-boot/verdict'
            os.mkfifo(pipe)
            with subprocess.Popen([t.program, f'--root={host.root}', 'hold', NIC],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True) as hold:
                with open(pipe, 'w', encoding='ascii') as out:
                    host.write('run/vfiod-boot/new', after + '\n')
                    os.rename(f'{host.root}/run/vfiod-boot/new', pipe)
                    out.write(before + '\n')
                words = hold.communicate(timeout=60)[1]
            name = f'{before}, then {after}'
            t.expect(f'{name}: status', hold.returncode, 0, words)
            t.expect(f'{name}: held', host.held(), held, words)
            t.expect(f'{name}: probed', host.read('sys/bus/pci/drivers_probe'), '' if held else NIC)


def check_let_go(t):
    """The initramfs can be older than the wishes; and the root can be on what was held."""
    host = t.host(configuration=section(match=AUDIO, identity='10de:10f1', with_=GPU))
    for address in (NIC, GPU, AUDIO, NVME, USB):
        host.set_override(address, HELD)
    t.run(host, 'give-back', '--storage')
    t.expect('storage', host.held(), sorted([NIC, GPU, AUDIO, USB]))
    t.expect('storage: probed', host.read('sys/bus/pci/drivers_probe'), NVME)
    host.set_override(FIBRE, HELD)
    t.run(host, 'give-back', '--storage')
    t.expect('Fibre Channel', host.held(), sorted([NIC, GPU, AUDIO, USB]))
    t.expect('Fibre Channel: probed', host.read('sys/bus/pci/drivers_probe'), FIBRE)
    t.run(host, 'begin')
    t.expect('not wished any more', host.held(), sorted([GPU, AUDIO]))
    t.run(host, 'give-back')
    t.expect('all', host.held(), [])
    host.set_override(NIC, 'e1000e')
    t.run(host, 'give-back')
    t.expect("somebody else's override", host.override(NIC), 'e1000e')


def check_usage(t):
    """Bad words change nothing."""
    host = t.host(configuration=section(match=NIC, identity='8086:10d3'))
    for words in ((), ('hold',), ('hold', '../..'), ('hold', '0000:02:00.8'), ('give-back', 'all'),
                  ('begin', 'now'), ('nothing',)):
        t.run(host, *words, status=2)
    t.run(host, 'hold', '0000:07:00.0')
    t.expect('usage', host.held(), [])


def main():
    test = Test(sys.argv[1])
    with tempfile.TemporaryDirectory() as test.place:
        for check in (check_held, check_wanted, check_count, check_uncounted,
                      check_disabled, check_verdict_comes, check_let_go, check_usage):
            check(test)
    return test.failed > 0


if __name__ == '__main__':
    sys.exit(main())
