#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfio-notify beside the real vfiod and a real kernel; what a user's session would see is written down
by a double of a notification server (tests/client/fake-notifications.c)."""
import os
import subprocess
import sys
import time

import labguest as lab
import vfiodlab as vfiod
from labguest import ok

FIRST, SECOND = lab.addrs('two_a', 'two_b')
NIC = lab.addr('nic')
QUIET = 6  # seconds in which nothing more comes
USER = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups']


class Session:
    """A bus of a user's, and on it the double and vfio-notify, all without any rights."""

    def __init__(self):
        environment = dict(os.environ)
        bus = subprocess.Popen([*USER, 'dbus-daemon', '--session', '--nofork', '--print-address'],
                               stdout=subprocess.PIPE, text=True)
        environment['DBUS_SESSION_BUS_ADDRESS'] = bus.stdout.readline().strip()
        self.server = vfiod.Stream(['env', f'DBUS_SESSION_BUS_ADDRESS='
                                    f'{environment["DBUS_SESSION_BUS_ADDRESS"]}', *USER,
                                    'fake-notifications', 'body', 'body-markup'], ready='ready')
        self.agent = subprocess.Popen([*USER, 'vfio-notify'], env=environment)
        self.processes = [self.agent, self.server.process, bus]

    def asked(self):
        """What the server was asked, when all is quiet."""
        time.sleep(QUIET)
        return [line for _, line in list(self.server.lines) if not line.startswith('ready')]

    def close(self):
        for process in self.processes:
            process.terminate()
            process.wait(30)


def check_quiet(session):
    """What a person asks for, and what is nobody's business."""
    done = vfiod.ctl('prepare', FIRST)
    ok('prepare', done.returncode == 0, done.stderr)
    ok('release', vfiod.ctl('release', FIRST).returncode == 0)
    for _ in range(5):
        lab.restore(NIC, None)
        lab.restore(NIC, 'e1000e')
    ok('ten-changes-are-no-news', session.asked() == [], session.asked())


def check_lost(session):
    """Somebody else's hand gives one function back to its driver while the other is prepared."""
    old = lab.driver(SECOND)
    ok('prepare-both', vfiod.ctl('prepare', FIRST).returncode == 0)
    ok('nothing-yet', session.asked() == [], session.asked())
    lab.restore(SECOND, old)
    lines = session.asked()
    ok('one-lost-viability-is-one', len(lines) == 1 and lines[0].startswith('Notify 1 0 1 ') and
       SECOND in lines[0] and old in lines[0], lines)
    lab.note('\n'.join(lines))
    for _ in range(5):
        lab.restore(NIC, None)
        lab.restore(NIC, 'e1000e')
    ok('and-stays-one', session.asked() == lines, session.asked())
    lab.unbind(SECOND)
    ok('closed-when-viable', session.asked()[1:] == ['Close 1'], session.asked())
    lab.bind(SECOND, old)
    ok('again', len(session.asked()) == 3, session.asked())
    done = vfiod.ctl('release', FIRST)
    lab.restore(SECOND, old)
    ok('released-is-nobodys', done.returncode == 0 and session.asked()[3:] == ['Close 2'],
       f'{done.stderr} {session.asked()}')


def main():
    """All of it."""
    for role in ('two_a', 'two_b', 'nic'):
        lab.wait_for(lambda role=role: lab.driver(lab.addr(role)), 20)
    before = lab.driver(FIRST), lab.driver(SECOND), lab.driver(NIC)
    session = Session()
    ok('silent-without-vfiod', session.asked() == [], session.asked())
    ok('service-starts', vfiod.start())
    check_quiet(session)
    check_lost(session)
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    ok('agent-lives', session.agent.poll() is None, session.agent.poll())
    session.close()
    ok('agent-ends-well', session.agent.returncode == 0, session.agent.returncode)
    after = lab.driver(FIRST), lab.driver(SECOND), lab.driver(NIC)
    ok('as-it-was', before == after, after)
    unit = lab.run(['env', 'XDG_RUNTIME_DIR=/run', 'systemd-analyze', '--user', '--man=no', 'verify',
                    '/usr/lib/systemd/user/vfio-notify.service'], 60)
    ok('unit-is-sound', unit.returncode == 0 and not unit.stderr, unit.stderr)
    vfiod.check_end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
