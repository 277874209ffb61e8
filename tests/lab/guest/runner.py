#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the jobs inside the guest and reports on the second serial port.

Lines that begin with "@" are for the host: "@begin JOB", "@end JOB STATUS",
"@done". A job that dies leaves no "@end JOB 0" behind.
"""
import json
import os
import stat
import subprocess
import sys
import termios
import threading

LAB = '/lab'
REPORT = '/dev/ttyS1'


class Report:
    """The serial port; whole lines only, whoever writes."""

    def __init__(self):
        self.lock = threading.Lock()
        self.port = os.open(REPORT, os.O_WRONLY | os.O_NOCTTY)
        settings = termios.tcgetattr(self.port)
        settings[1] &= ~termios.OPOST
        termios.tcsetattr(self.port, termios.TCSANOW, settings)

    def line(self, text):
        data = text.rstrip('\n').encode('utf-8', 'replace') + b'\n'
        with self.lock:
            while data:
                data = data[os.write(self.port, data):]

    def drain(self):
        termios.tcdrain(self.port)


def console(text):
    """For what is only read after a failure."""
    try:
        with open('/dev/ttyS0', 'w', encoding='utf-8', errors='replace') as out:
            out.write(text)
    except OSError:
        pass


def command_for(path):
    """A job is a script: Python by its name, otherwise whatever it says itself."""
    if path.endswith('.py'):
        return ['/usr/bin/python3', '-u', path]
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return [path]


def run_job(report, name, argv):
    """One job; every line it prints goes out as it comes."""
    report.line(f'@begin {name}')
    environment = dict(os.environ, PYTHONPATH=f'{LAB}/guest', PYTHONDONTWRITEBYTECODE='1',
                       PATH='/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
                       HOME='/root', LC_ALL='C.UTF-8', TERM='dumb')
    failed = False
    try:
        job = subprocess.Popen(command_for(f'{LAB}/jobs/{name}') + argv, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors='replace', cwd='/root')
    except OSError as error:
        report.line(f'# {name} cannot be started: {error}')
        report.line(f'@end {name} 127')
        return False
    with job.stdout:
        for line in job.stdout:
            failed = failed or line.startswith('not ok')
            # Only this program speaks to the host.
            report.line(' ' + line if line.startswith('@') else line)
    status = job.wait()
    report.line(f'@end {name} {status}')
    return status == 0 and not failed


def settle():
    """Drivers still bind when systemd has finished: wait, or groups look unshaped."""
    subprocess.run(['udevadm', 'settle', '--timeout=120'], check=False)


def main():
    os.makedirs('/run/lab', exist_ok=True)
    report = Report()
    try:
        with open(f'{LAB}/jobs.json', encoding='utf-8') as source:
            jobs = json.load(source)
        settle()
        with open('/proc/uptime', encoding='utf-8') as uptime:
            report.line(f'@booted {uptime.read().split()[0]}')
        good = True
        for job in jobs:
            good = run_job(report, job['name'], job['arguments']) and good
        if not good:
            done = subprocess.run(['journalctl', '-b', '--no-pager', '-n', '250', '-o',
                                   'short-monotonic'], capture_output=True, text=True,
                                  errors='replace', check=False)
            console('\n--- journal of the guest ---\n' + done.stdout)
        report.line('@done')
        report.drain()
    finally:
        # Nothing on the disks is kept: no orderly shutdown, which could also hang
        # on a device that a test left stuck.
        with open('/proc/sysrq-trigger', 'w', encoding='ascii') as trigger:
            trigger.write('o')
    return 0


if __name__ == '__main__':
    sys.exit(main())
