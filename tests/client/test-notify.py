#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vfio-notify between two buses of its own: test-notify.py VFIO-NOTIFY FAKE-GROUPS FAKE-NOTIFICATIONS

On one a double of vfiod, in which things happen on command; on the other a double of a notification
server, which only writes down what it is to show.
"""
import concurrent.futures
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'hosts'))
import private  # noqa: E402

NOTIFY, GROUPS, NOTIFICATIONS = map(os.path.abspath, sys.argv[1:])
QUIET = 4.0   # seconds in which nothing more comes: longer than the agent's own pauses
LIMIT = 30.0
failures = 0


def check(name, condition, why=''):
    global failures
    failures += not condition
    print(f'{"ok" if condition else "not ok"} {name}{"" if condition else f": {why}"}', flush=True)


class Program:
    """A program with its lines; tell(): a line for it, waits until it has answered."""

    def __init__(self, environment, *command):
        self.log = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.log, text=True,
                                        env=environment)

    def lines(self):
        self.log.seek(0)
        return self.log.read().splitlines()

    def wait(self, number, limit=LIMIT):
        """The lines when there are so many, or at the limit."""
        end = time.monotonic() + limit
        while len(self.lines()) < number and time.monotonic() < end:
            time.sleep(0.05)
        return self.lines()

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def tell(self, *lines):
        before = len(self.lines())
        for line in lines:
            self.say(line)
        self.wait(before + len(lines))

    def close(self):
        status = private.end(self.process)
        self.process.stdin.close()
        self.log.close()
        return status


class Desktop:
    """Both buses, and what is on them."""

    def __init__(self, groups=1, capabilities=('body', 'body-markup'), server=True):
        self.directories = [tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') for _ in range(2)]
        self.system, self.user = [private.Bus(directory.name) for directory in self.directories]
        self.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.system.address,
                                DBUS_SESSION_BUS_ADDRESS=self.user.address, LC_ALL='C.UTF-8')
        self.capabilities, self.server, self.agent = capabilities, None, None
        self.vfiod = None
        self.start_vfiod(groups)
        if server:
            self.start_server()

    def start_vfiod(self, groups):
        self.vfiod = Program(self.environment, GROUPS, str(groups))
        self.vfiod.wait(1)

    def start_server(self, *first):
        self.server = Program(self.environment, NOTIFICATIONS, *first, *self.capabilities)
        self.server.wait(1)

    def stop_server(self):
        self.server.close()
        self.server = None

    def start(self):
        self.agent = Program(self.environment, NOTIFY)
        time.sleep(1)

    def asked(self, number=None):
        """What the server was asked: so many, or what there is when all is quiet."""
        if number is not None:
            self.server.wait(1 + number)
        else:
            time.sleep(QUIET)
        return self.server.lines()[1:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.agent:
            status = self.agent.close()
            check('vfio-notify ends well', status == 0, status)
        for program in (self.server, self.vfiod):
            if program:
                program.close()
        for bus, directory in zip((self.system, self.user), self.directories):
            bus.close()
            directory.cleanup()


LOST = ('Notify 1 0 1 NVIDIA GeForce GTX 1060 3GB (00:00.0) can no longer be given to a VM | '
        'Its IOMMU group 0 is blocked by 0000:00:00.1 NVIDIA GP106 HD {}, driver snd_hda_intel.\\n'
        'What would make it viable again: vfioctl plan 0000:00:00.0')


def check_one():
    with Desktop() as desktop:
        desktop.start()
        check('silent when all is well', desktop.asked() == [], desktop.asked(0))
        desktop.vfiod.tell('block 0')
        lines = desktop.asked()
        check('one lost viability is one notification', lines ==
              [LOST.format('&lt;Audio&gt; &amp; Co')], lines)
        desktop.vfiod.tell('touch 0', 'touch 0')
        check('and stays one', desktop.asked() == lines)
        desktop.vfiod.tell('free 0')
        check('it goes when the group is viable again', desktop.asked()[1:] == ['Close 1'])


def check_plain_body():
    with Desktop(capabilities=('body',)) as desktop:
        desktop.start()
        desktop.vfiod.tell('block 0')
        lines = desktop.asked(1)
        check('no markup, no escapes', lines == [LOST.format('<Audio> & Co')], lines)


def check_unrelated():
    with Desktop(16) as desktop:
        desktop.vfiod.tell('release 1', 'release 2')
        desktop.start()
        desktop.vfiod.tell(*[f'touch {i}' for i in range(6)], 'block 1', 'free 1', 'release 3', 'fault 1')
        check('ten unrelated changes are none', desktop.asked() == [], desktop.asked(0))
        desktop.vfiod.tell('block 4', 'free 4')
        check('a moment is none', desktop.asked() == [], desktop.asked(0))


def check_thousand():
    with Desktop(1000) as desktop:
        desktop.start()
        for first in range(0, 1000, 50):
            desktop.vfiod.tell(f'block {first}-{first + 49}')
            time.sleep(0.5)
        time.sleep(5)
        lines = desktop.asked()
        shown = [line for line in lines if line.startswith('Notify')]
        check('a thousand are at most five', 1 <= len(shown) <= 5, lines)
        on_screen = {line.split()[1] for line in shown} - {line.split()[1] for line in lines
                                                           if line.startswith('Close')}
        check('and are replaced, not stacked', len(on_screen) <= 3, lines)
        check('they are counted', any('things keep devices from VMs' in line for line in shown), lines)
        desktop.vfiod.tell('free 0-999')
        lines = desktop.asked()
        closed = {line.split()[1] for line in lines if line.startswith('Close')}
        check('all are closed when all is well', closed >= on_screen, lines)


def check_job():
    with Desktop() as desktop:
        desktop.start()
        desktop.vfiod.tell('job 0', 'block 0')
        check('a job at work is not reported on', desktop.asked() == [])
        desktop.vfiod.tell('release 0', 'over 0')
        check('nor what it was meant to do', desktop.asked() == [])


def check_stuck():
    with Desktop() as desktop:
        desktop.start()
        desktop.vfiod.tell('job 0', 'stuck 0')
        lines = desktop.asked(1)
        check('a stuck device', len(lines) == 1 and lines[0].startswith('Notify 1 0 2 ') and
              'is stuck' in lines[0] and 'unbind of 0000:00:00.0 (nvidia)' in lines[0], lines)
        desktop.vfiod.tell('over 0')
        check('that came loose', desktop.asked(2)[1:] == ['Close 1'])


def check_fault():
    with Desktop(2) as desktop:
        desktop.vfiod.tell('release 1')
        desktop.start()
        desktop.vfiod.tell('fault 1')
        check('a fault of a device that nobody prepared', desktop.asked() == [])
        desktop.vfiod.tell(*['fault 0'] * 100)
        lines = desktop.asked()
        check('a storm of faults is one notification', len(lines) == 1 and
              lines[0].startswith('Notify 1 0 2 ') and 'Request &lt;device&gt; &amp; fault' in lines[0],
              lines)


def check_wish():
    with Desktop(2) as desktop:
        desktop.vfiod.tell('release 1', 'wish 1', 'hosts-wish')
        desktop.start()
        lines = desktop.asked()
        check('what happened before the session is told', len(lines) == 2 and
              any('although it is set up to be | It holds the root file system' in line and
                  'Take it out of /etc/vfiod/vfiod.conf.' in line for line in lines) and
              any('were not prepared' in line for line in lines), lines)
        desktop.vfiod.tell('met 1')
        check('until it is met', len(desktop.asked(3)) == 3 and desktop.asked(3)[2].startswith('Close'))


def check_server_comes_and_goes():
    with Desktop(3, server=False) as desktop:
        desktop.start()
        desktop.vfiod.tell('block 0')
        time.sleep(QUIET)
        desktop.start_server()
        lines = desktop.asked()
        check('a server that comes later', len(lines) == 1, lines)
        desktop.stop_server()
        desktop.start_server()
        check('a new server is not told the old', desktop.asked() == [], desktop.asked(0))
        desktop.stop_server()
        desktop.vfiod.tell('block 1')
        time.sleep(QUIET)
        desktop.start_server()
        lines = desktop.asked(1)
        check('but what came meanwhile', len(lines) == 1 and lines[0].startswith('Notify 1 0 1') and
              'group 1 ' in lines[0], lines)
        desktop.server.say('dismiss 1')
        desktop.vfiod.tell('block 2')
        lines = desktop.asked(2)
        check('what a person has closed stays closed', len(lines) == 2 and 'group 2 ' in lines[1] and
              lines[1].startswith('Notify 2 0'), lines)
        desktop.stop_server()
        desktop.start_server('refuse')
        desktop.vfiod.tell('free 0', 'block 0')
        time.sleep(0)
        desktop.vfiod.tell('stuck 0')
        lines = desktop.asked()
        check('a server that refuses is not pestered', lines == ['Refused'], lines)


def check_daemon_comes_and_goes():
    with Desktop() as desktop:
        desktop.vfiod.close()
        desktop.start()
        desktop.start_vfiod(1)
        desktop.vfiod.tell('block 0')
        check('a vfiod that comes later', len(desktop.asked(1)) == 1)
        desktop.vfiod.close()
        check('one that goes is no news', len(desktop.asked()) == 1)
        desktop.start_vfiod(1)
        check('one that comes is asked', desktop.asked(2)[1:] == ['Close 1'], desktop.asked(2))


def check_refused_reading():
    """vfiod has too many calls, and nothing changes any more afterwards."""
    for what in ('no-host', 'no-groups'):
        with Desktop() as desktop:
            desktop.start()
            time.sleep(QUIET)
            desktop.vfiod.tell('touch 0', 'fault 0', what)
            lines = desktop.asked(1)
            check(f'read again after {what}', len(lines) == 1 and 'Request &lt;device&gt;' in lines[0],
                  lines)


def check_no_bus():
    nowhere = dict(os.environ, DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent/bus')
    done = subprocess.run([NOTIFY], env=nowhere, capture_output=True, text=True, timeout=LIMIT)
    check('no session', done.returncode == 1 and "user's bus" in done.stderr, done)
    for words, code, expected in ((['--version'], 0, 'vfio-notify '), (['--help'], 0, 'systemctl --user'),
                                  (['--x'], 2, 'systemctl --user'), (['x'], 2, 'systemctl --user')):
        done = subprocess.run([NOTIFY, *words], env=nowhere, capture_output=True, text=True, timeout=LIMIT)
        check(f'usage {words}', done.returncode == code and expected in done.stdout + done.stderr, done)
    with Desktop() as desktop:
        desktop.start()
        agent, desktop.agent = desktop.agent, None
        desktop.user.process.send_signal(signal.SIGTERM)
        agent.process.wait(LIMIT)
        check('it ends with its session', agent.process.returncode == 1, agent.process.returncode)
        agent.close()


# They mostly wait.
PARALLEL = 4


def guarded(function):
    """Nothing that goes wrong in one keeps the others from being made."""
    try:
        function()
    except Exception as e:  # pylint: disable=broad-except
        check(function.__name__, False, f'{type(e).__name__}: {e}')


def main():
    functions = (check_thousand, check_server_comes_and_goes, check_one, check_plain_body,
                 check_unrelated, check_job, check_stuck,
                 check_fault, check_wish, check_daemon_comes_and_goes,
                 check_refused_reading, check_no_bus)
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(guarded, functions))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
