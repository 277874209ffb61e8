#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfio-notify with a real notification server, dunst, on a screen of its own (Xvfb):
test-notify-desktop.py VFIO-NOTIFY FAKE-GROUPS [PICTURE.png]

What dunst has on the screen is asked of it and looked for in screenshots. PICTURE.png and
PICTURE-many.png stay, to be looked at.
"""
import os
import re
import select
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'hosts'))
import private  # noqa: E402

NOTIFY, GROUPS = map(os.path.abspath, sys.argv[1:3])
PICTURE = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else None
LIMIT = 30.0
# A colour for each urgency that is found in no font and on no empty screen.
NORMAL, CRITICAL = '#123456', '#654321'
DUNSTRC = f'''[global]
    width = 460
    offset = 10x10
    origin = top-right
    height = 300
    notification_limit = 0
    markup = full
    font = Monospace 11
    icon_position = off
    idle_threshold = 0
[urgency_low]
    background = "#ff00ff"
    timeout = 0
[urgency_normal]
    background = "{NORMAL}"
    foreground = "#ffffff"
    timeout = 0
[urgency_critical]
    background = "{CRITICAL}"
    foreground = "#ffffff"
    timeout = 0
'''
failures = 0


def check(name, condition, why=''):
    global failures
    failures += not condition
    print(f'{"ok" if condition else "not ok"} {name}{"" if condition else f": {why}"}', flush=True)


class Screen:
    """An X server; display: its name."""

    def __init__(self):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            ['Xvfb', '-displayfd', str(writing), '-screen', '0', '1024x600x24', '-nolisten', 'tcp'],
            pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        # Read to its newline: Xvfb ends if it cannot write that.
        number = ''
        while not number.endswith('\n') and select.select([reading], [], [], LIMIT)[0]:
            more = os.read(reading, 16).decode()
            if not more:
                break
            number += more
        os.close(reading)
        if not number.endswith('\n'):
            private.end(self.process)
            raise private.PrivateError('Xvfb did not start')
        self.display = f':{number.strip()}'

    def pixels(self, environment, picture):
        """How many pixels have which colour; the screenshot stays in picture."""
        subprocess.run(['import', '-window', 'root', picture], env=environment, check=True,
                       timeout=LIMIT)
        text = subprocess.run(['convert', picture, '-depth', '8', '-format', '%c', 'histogram:info:-'],
                              env=environment, check=True, timeout=LIMIT, capture_output=True,
                              text=True).stdout
        return {colour.lower(): int(number)
                for number, colour in re.findall(r'(\d+): .*?(#[0-9A-F]{6})', text)}


def wait_for(test):
    """What test() returns, as soon as it is true or at the limit."""
    end = time.monotonic() + LIMIT
    while True:
        found = test()
        if found or time.monotonic() > end:
            return found
        time.sleep(0.1)


def dunst(environment, *words):
    return subprocess.run(['dunstctl', *words], env=environment, capture_output=True, text=True,
                          timeout=LIMIT).stdout


def displayed(environment):
    return dunst(environment, 'count', 'displayed').strip()


def start_dunst(directory, environment):
    rc = os.path.join(directory, 'dunstrc')
    with open(rc, 'w', encoding='utf-8') as f:
        f.write(DUNSTRC)
    process = subprocess.Popen(['dunst', '-config', rc], env=environment, stderr=subprocess.DEVNULL)
    if not wait_for(lambda: displayed(environment) == '0'):
        private.end(process)
        raise private.PrivateError('dunst did not start')
    return process


def say(vfiod, *lines):
    for line in lines:
        vfiod.stdin.write(line + '\n')
        vfiod.stdin.flush()


def check_all(screen, environment, vfiod, directory):
    picture = PICTURE or os.path.join(directory, 'screen.png')
    say(vfiod, 'block 1')
    wait_for(lambda: displayed(environment) == '1')
    time.sleep(4)  # nothing more comes
    check('one lost viability is one notification', displayed(environment) == '1',
          displayed(environment))
    found = screen.pixels(environment, picture)
    check('it is on the screen', found.get(NORMAL, 0) > 10000 and not found.get(CRITICAL), found)
    say(vfiod, 'stuck 2')
    wait_for(lambda: displayed(environment) == '2')
    found = wait_for(lambda: (lambda p: p.get(CRITICAL, 0) > 10000 and p)(
        screen.pixels(environment, picture)))
    check('a stuck device beside it', displayed(environment) == '2' and found, found)
    history = dunst(environment, 'history')
    check('none has gone away yet', 'GTX' not in history, history)
    say(vfiod, 'over 2', 'block 3-40')
    wait_for(lambda: displayed(environment) == '2')
    time.sleep(4)
    check('many are one more', displayed(environment) == '2', displayed(environment))
    screen.pixels(environment, picture.replace('.png', '-many.png'))
    say(vfiod, 'free 1-40')
    wait_for(lambda: displayed(environment) == '0')
    found = screen.pixels(environment, os.path.join(directory, 'empty.png'))
    check('the screen is empty when all is well', displayed(environment) == '0' and
          not found.get(NORMAL), found)


def main():
    processes = []
    with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as first, \
            tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as second:
        screen = Screen()
        system, user = private.Bus(first), private.Bus(second)
        environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=system.address, LC_ALL='C.UTF-8',
                           DBUS_SESSION_BUS_ADDRESS=user.address, DISPLAY=screen.display,
                           HOME=first, XDG_CACHE_HOME=first)
        environment.pop('WAYLAND_DISPLAY', None)
        try:
            processes.append(start_dunst(first, environment))
            vfiod = subprocess.Popen([GROUPS, '64'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                     text=True, env=environment)
            processes += [vfiod, subprocess.Popen([NOTIFY], env=environment)]
            time.sleep(2)
            check('nothing to show yet', displayed(environment) == '0')
            check_all(screen, environment, vfiod, first)
        finally:
            for process in reversed(processes):
                private.end(process)
            for bus in (user, system):
                bus.close()
            private.end(screen.process)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
