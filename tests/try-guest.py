#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The story that tests/try shows, as a job of the lab: try-guest.py [plain]

A line that begins with "|" is for the viewer: "|# " begins a chapter, "|$ " is a command, "|> " what
it prints, as it comes.
"""
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import labguest as lab

FIRST, SECOND = lab.addrs('two_a', 'two_b')
SYSFS = f'/sys/bus/pci/devices/{FIRST}'
PIDFILE = '/run/vm.pid'
# -S: nothing has to boot. -daemonize: it returns when every device is made, or says why not.
QEMU = (f'qemu-system-x86_64 -M q35 -m 64 -S -nodefaults -display none \\\n'
        f'    -daemonize -pidfile {PIDFILE} -device vfio-pci,host={FIRST}')
LIMIT = 120


class Failed(Exception):
    """The story did not go as it should; the text says where."""


def tell(text):
    """A chapter's first line."""
    print(f'|# {text}', flush=True)


def terminal():
    """Both ends of a terminal of 80 columns that changes nothing of what goes through."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    settings[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, settings)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 200, 80, 0, 0))
    return master, slave


def relay(master):
    """Prints whole lines as they come. Returns: all of it."""
    text = rest = b''
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:     # nobody has the other end any more
            data = b''
        lines = (rest + data).split(b'\n')
        rest = lines.pop()
        if not data and rest:
            lines.append(rest)
        for line in lines:
            print(f'|> {line.decode(errors="replace")}', flush=True)
        if not data:
            return text.decode(errors='replace')
        text += data


def run(command, wanted=0):
    """A command as at a terminal. Returns: what it printed, without colours."""
    for number, line in enumerate(command.splitlines()):
        print(f'|{"> " if number else "$ "}{line}', flush=True)
    master, slave = terminal()
    # The limit is for a hang only.
    process = subprocess.Popen(['timeout', '--foreground', str(LIMIT), 'bash', '-c', command],
                               stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=SYSFS,
                               env=dict(os.environ, **ENVIRONMENT))
    os.close(slave)
    text = re.sub(r'\033\[[0-9;]*[mK]', '', relay(master))
    os.close(master)
    status = process.wait()
    if status != wanted:
        raise Failed(f'"{command.splitlines()[0]}" ended with status {status}, not {wanted}')
    return text


def expect(condition, name, why=''):
    """A check that the lab counts. Raises Failed."""
    if not lab.ok(name, condition, why):
        raise Failed(name)


def by_hand(group):
    """One of two functions on vfio-pci: QEMU refuses. Then all as it was."""
    tell(f'1. By hand: only {FIRST} is given to vfio-pci, as many guides have it.')
    for command in ('modprobe vfio-pci', f'cd {SYSFS}', 'echo vfio-pci > driver_override',
                    f'echo {FIRST} > driver/unbind',
                    f'echo {FIRST} > /sys/bus/pci/drivers_probe'):
        run(command)
    words = run(QEMU, wanted=1)
    expect(f'group {group} is not viable' in words, 'qemu-refuses', words)
    tell('QEMU names the group, but not who blocks it. vfiod does:')
    words = run(f'vfioctl show group {group}')
    expect(SECOND in words, 'vfiod-names-the-blocker', words)
    tell('All of that undone by hand:')
    for command in ('echo > driver_override', f'echo {FIRST} > driver/unbind',
                    f'echo {FIRST} > /sys/bus/pci/drivers_probe'):
        run(command)


def with_vfiod(group):
    """prepare, QEMU, release."""
    tell('2. With vfiod:')
    run(f'vfioctl prepare {FIRST}')
    found = lab.driver(FIRST), lab.driver(SECOND)
    expect(found == ('vfio-pci', 'vfio-pci'), 'prepared', found)
    tell('3. The same QEMU again, which now stays up with the device:')
    run(QEMU)
    pid = lab.read(PIDFILE).strip()
    words = run(f'ps -o pid,etime,comm -p $(cat {PIDFILE})')
    expect(pid in words, 'qemu-stays-up', words)
    words = run(f'vfioctl show group {group}')
    expect(f'({pid})' in words, 'holder-is-named', words)
    run(f'kill $(cat {PIDFILE})')
    expect(lab.wait_for(lambda: not os.path.exists(f'/proc/{pid}'), 30), 'qemu-ends')
    tell('4. Everything back:')
    run(f'vfioctl release {FIRST}')


def story():
    """All of it, and a look at the whole before and after."""
    before = lab.driver(FIRST), lab.driver(SECOND)
    group = lab.group(FIRST)
    tell(f'A machine with an IOMMU. {FIRST} and {SECOND} are in one group.')
    run('systemctl start vfiod')
    first = run('vfioctl status')
    by_hand(group)
    with_vfiod(group)
    tell('5. As before:')
    last = run('vfioctl status')
    expect(last == first, 'status-as-before', last)
    found = lab.driver(FIRST), lab.driver(SECOND)
    expect(found == before and not lab.get_override(FIRST) and not lab.get_override(SECOND),
           'drivers-as-before', found)


def main():
    for role in ('two_a', 'two_b', 'nvme', 'pair_b', 'nic'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)))
    try:
        story()
    except Failed as error:
        print(f'not ok story: {error}', flush=True)
        done = lab.run(['journalctl', '-b', '--no-pager', '-n', '30', '-u', 'vfiod'])
        lab.note(done.stdout)
        return 1
    return 0


ENVIRONMENT = {'PAGER': 'cat', 'TERM': 'xterm'}
if 'plain' in sys.argv[1:]:
    ENVIRONMENT['NO_COLOR'] = '1'

if __name__ == '__main__':
    sys.exit(main())
