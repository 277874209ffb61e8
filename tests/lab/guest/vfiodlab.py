# SPDX-License-Identifier: GPL-2.0-or-later
"""vfiod inside a guest: the installed service and client, and its signals as they come."""
import difflib
import json
import subprocess
import threading
import time

import labguest as lab

SERVICE = 'vfiod.service'


def start():
    """Starts the installed service; True when it is up."""
    lab.run(['systemctl', 'daemon-reload'])
    return lab.run(['systemctl', 'start', SERVICE], 90).returncode == 0


def check_end():
    """Stops the service: it ends well, leaks nothing, and the journal holds no complaint of a
    sanitizer (in a build that has them)."""
    lab.run(['systemctl', 'stop', 'vfiod'], 60)
    result = lab.run('systemctl show -P Result vfiod').stdout.strip()
    lab.ok('service-ends-well', result == 'success', result)
    words = lab.run("journalctl -u vfiod --no-pager -q | "
                    "grep -E 'Sanitizer|runtime error|SUMMARY'").stdout
    lab.ok('no-sanitizer-report', not words, words[:600])


def ctl(*words, timeout=90):
    """vfioctl, as a person runs it."""
    return lab.run(['vfioctl', *words], timeout)


def data(*words, timeout=90):
    """What vfioctl --json says, or None when it says nothing that parses."""
    done = ctl('--json', *words, timeout=timeout)
    try:
        return json.loads(done.stdout)
    except ValueError:
        lab.note(f'vfioctl --json {" ".join(words)}: {done.returncode} {done.stdout} {done.stderr}')
        return None


def listing():
    """vfioctl --json list, every byte of it."""
    return ctl('--json', 'list').stdout


def show_difference(before, after):
    """Only the lines that differ, as remarks."""
    lab.note('\n'.join(difflib.unified_diff(before.splitlines(), after.splitlines(),
                                            lineterm='', n=0)))


def settled_listing(timeout=30):
    """The list once it has been the same for a second: what hints asked for is read by then."""
    last = [None]

    def same():
        now = listing()
        steady = now == last[0]
        last[0] = now
        return steady
    lab.wait_for(same, timeout, 1)
    return last[0]


def group(number):
    """One group of the list, or {}."""
    for entry in data('list') or []:
        if str(entry['id']) == str(number):
            return entry
    return {}


def device(address):
    """One device as `show` gives it, or {}."""
    return data('show', address) or {}


def error_name(done):
    """The error's last word in a --json answer, or ''."""
    try:
        return json.loads(done.stdout)['error']['name'].rpartition('.')[2]
    except (ValueError, KeyError, TypeError):
        return ''


class Stream:
    """Lines of a program that runs on, each with the time it came."""

    def __init__(self, command, ready=None):
        self.lines = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, bufsize=1)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        if ready:
            lab.wait_for(lambda: any(ready in line for _, line in list(self.lines)), 30)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip('\n')))

    def find(self, test, since=0, timeout=30):
        """(time, line) of the first line since then that passes the test, or None."""
        def look():
            for at, line in list(self.lines):
                if at >= since and test(line):
                    return at, line
            return None
        return lab.wait_for(look, timeout, 0.02)

    def events(self, since=0):
        """The lines that are JSON, parsed."""
        found = []
        for at, line in list(self.lines):
            if at >= since and line.startswith('{'):
                found.append(json.loads(line))
        return found

    def stop(self):
        """End it; no further lines come."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.thread.join(5)


def monitor():
    """vfioctl monitor --json, ready to hear."""
    return Stream(['vfioctl', 'monitor', '--json'], ready='watching')


def udev_monitor():
    """udevadm monitor of the kernel's own events."""
    return Stream(['stdbuf', '-oL', 'udevadm', 'monitor', '--kernel', '--subsystem-match=pci'],
                  ready='KERNEL')


def event_is(line, **wanted):
    """Whether a line of the monitor is a JSON object with these values."""
    if not line.startswith('{'):
        return False
    event = json.loads(line)
    return all(event.get(key) == value for key, value in wanted.items())
