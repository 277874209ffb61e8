# SPDX-License-Identifier: GPL-2.0-or-later
"""A bus of one's own with a vfiod on it that serves a recorded host.

Ends what it started, by its process; never waits without a limit.
"""
import json
import os
import select
import subprocess
import time

START_LIMIT = 20.0    # seconds until a process must answer; generous: sanitizers, slow machines
CALL_LIMIT = 30.0
END_LIMIT = 10.0
SETTLE_PAUSE = 0.15   # between two looks that must be the same
SETTLE_LOOKS = 3

# Nothing to protect: the socket lies in a directory of this user alone.
BUS_CONFIG = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*" eavesdrop="true"/>
  </policy>
</busconfig>
'''


class PrivateError(Exception):
    """Something could not be started or did not answer in time."""


def end(process):
    """Ends a process that was started here. Returns: its exit status, None if it had to be killed."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(END_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


class Bus:
    """A dbus-daemon whose socket lies in directory."""

    def __init__(self, directory):
        socket = os.path.join(directory, 'bus')
        config = os.path.join(directory, 'bus.conf')
        with open(config, 'w', encoding='utf-8') as f:
            f.write(BUS_CONFIG.format(socket=socket))
        # Aside, for it complains where root may not raise limits; shown if it does not start.
        log = os.path.join(directory, 'bus.log')
        with open(log, 'wb') as f:
            self.process = subprocess.Popen(
                ['dbus-daemon', '--nofork', '--nopidfile', '--nosyslog', '--print-address',
                 f'--config-file={config}'],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=f)
        # It prints its address when it listens.
        ready, _, _ = select.select([self.process.stdout], [], [], START_LIMIT)
        if not ready or not self.process.stdout.readline().strip():
            self.close()
            with open(log, encoding='utf-8', errors='replace') as f:
                raise PrivateError(f'dbus-daemon did not start: {f.read().strip()}')
        self.address = f'unix:path={socket}'

    def close(self):
        end(self.process)
        self.process.stdout.close()


class Daemon:
    """vfiod --root TREE on a bus, and vfioctl to ask it."""

    def __init__(self, vfiod, vfioctl, tree, bus, log):
        self.vfioctl, self.log = vfioctl, log
        self.environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bus.address, LC_ALL='C.UTF-8')
        # Of another bus or a service manager nothing may reach the daemon.
        for name in ('NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_PID', 'DBUS_STARTER_ADDRESS'):
            self.environment.pop(name, None)
        with open(log, 'wb') as f:
            self.process = subprocess.Popen([vfiod, '--root', tree], stdin=subprocess.DEVNULL,
                                            stdout=f, stderr=f, env=self.environment)

    def run(self, *arguments):
        """Returns: exit code, standard output, standard error of vfioctl --json."""
        try:
            done = subprocess.run([self.vfioctl, '--json', *arguments], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=CALL_LIMIT, env=self.environment)
        except subprocess.TimeoutExpired:
            raise PrivateError(f'vfioctl {" ".join(arguments)} did not end') from None
        return done.returncode, done.stdout, done.stderr

    def ask(self, *arguments):
        """Returns: exit code and document."""
        code, out, err = self.run(*arguments)
        try:
            return code, json.loads(out)
        except ValueError:
            words = err.decode(errors='replace').strip()
            raise PrivateError(f'vfioctl {" ".join(arguments)} printed no JSON (exit {code}): '
                               f'{words or "nothing on stderr either"}') from None

    def wait(self):
        """Until the name is there and the report stays as it is: what is read apart from the event
        loop comes in after the name. Raises PrivateError."""
        limit = time.monotonic() + START_LIMIT
        last, same = None, 0
        while same < SETTLE_LOOKS:
            if self.process.poll() is not None:
                raise PrivateError(f'vfiod ended with status {self.process.returncode}')
            if time.monotonic() > limit:
                raise PrivateError('vfiod did not answer' if last is None else
                                   'what vfiod reports does not come to rest')
            code, out, _ = self.run('status')
            same = same + 1 if code == 0 and out == last else 0
            last = out if code == 0 else None
            time.sleep(SETTLE_PAUSE)

    def close(self):
        """Returns: None, or what was wrong with how it ended."""
        ended = self.process.poll()
        if ended is not None:
            return f'ended by itself with status {ended}'
        status = end(self.process)
        if status is None:
            return 'did not end when asked to'
        return None if status == 0 else f'ended with status {status}'

    def words(self):
        """The end of what it said, for a failure."""
        with open(self.log, 'rb') as f:
            return f.read().decode(errors='replace')[-4000:]
