#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what README.md shows to what the programs print: test-readme.py SOURCE VFIOD VFIOCTL

A block of code behind <!-- recorded: HOST --> is what a terminal of 80 columns shows of that recorded
host; a line of "…" stands for any number of lines. Behind <!-- fleet --> are commands for the hosts
hv1, hv2 and hv3, which a double of ssh leads to a recorded host. Every verb that README has, there is.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
SOURCE, VFIOD, VFIOCTL = sys.argv[1:]
sys.path.insert(0, os.path.join(SOURCE, 'tests', 'hosts'))
import hostfile  # noqa: E402
import private  # noqa: E402

FLEET_HOST = 'intel-desktop'
LIMIT = 60
# Takes what vfioctl gives to ssh, and says so if that is no call of the bus of one of the hosts.
SSH = '''#!/bin/sh
case " $* " in
*" hv1 "*|*" hv2 "*|*" hv3 "*|*" root@hv1 "*) ;;
*) echo "ssh to $*" >&2; exit 255 ;;
esac
case "$*" in
*systemd-stdio-bridge*) exec systemd-stdio-bridge --bus-path="$DBUS_SYSTEM_BUS_ADDRESS" ;;
esac
echo "ssh for $*" >&2; exit 255
'''
# Not in Debian's minimal set; each takes the same words to every host.
OTHER_TOOLS = ('pdsh', 'ansible')

failures = 0


def report(name, problem=None):
    global failures
    failures += bool(problem)
    print(f'not ok {name}: {problem}' if problem else f'ok {name}', flush=True)


def readme():
    with open(os.path.join(SOURCE, 'README.md'), encoding='utf-8') as f:
        return f.read()


def blocks(text, marker):
    """Pairs of what the marker names and the lines of the block behind it."""
    pattern = rf'^<!-- {marker} -->\n((?:(?:    .*)?\n)+)'
    for match in re.finditer(pattern, text, re.M):
        yield match[1], [line[4:] for line in match[match.lastindex].rstrip('\n').split('\n')]


def commands(lines):
    """Pairs of a command and what is shown below it. A command goes on while a quote is open."""
    found = []
    for line in lines:
        if line.startswith('$ '):
            found.append([line[2:], []])
        elif found and not found[-1][1] and found[-1][0].count("'") % 2:
            found[-1][0] += '\n' + line
        else:
            found[-1][1].append(line)
    return found


def stripped(lines):
    """Without the empty lines at its end. How wide a column is depends on names that are left out, and
    those on how new this machine's pci.ids is."""
    return '\n'.join(re.sub(r'(?<=\S) +', ' ', line).rstrip() for line in lines).rstrip('\n') + '\n'


def shows(wanted, got):
    """Returns: None, or why what was printed is not what is shown."""
    # A name that was cut short may be another one with a newer pci.ids.
    parts = [r'(?:.*\n)*?' if line == '…\n' else re.sub(r'\S*…', '.*', re.escape(line))
             for line in stripped(wanted).splitlines(keepends=True)]
    if re.fullmatch(''.join(parts), stripped(got.splitlines())):
        return None
    lines = stripped(got.splitlines()).splitlines()
    missing = [line for line in stripped(wanted).splitlines() if line not in ('', '…', *lines)]
    return f'it prints no {missing[0]!r}' if missing else f'it prints {got!r}'


class Recorded:
    """A recorded host on a bus of its own, vfioctl on the path before all others."""

    def __init__(self, host):
        self.directory = tempfile.mkdtemp(prefix='vfiod-', dir='/tmp')
        tree = os.path.join(self.directory, 'root')
        path = os.path.join(SOURCE, 'tests', 'hosts', host + '.host')
        hostfile.write_tree(hostfile.read(path), tree)
        self.bus = private.Bus(self.directory)
        self.daemon = private.Daemon(VFIOD, VFIOCTL, tree, self.bus,
                                     os.path.join(self.directory, 'log'))

    def __enter__(self):
        self.daemon.wait()
        programs = os.path.join(self.directory, 'bin')
        os.mkdir(programs)
        os.symlink(os.path.abspath(VFIOCTL), os.path.join(programs, 'vfioctl'))
        with open(os.path.join(programs, 'ssh'), 'w', encoding='ascii') as f:
            f.write(SSH)
        os.chmod(f.name, 0o755)
        self.environment = dict(self.daemon.environment, COLUMNS='80',
                                PATH=f'{programs}:{os.environ["PATH"]}')
        return self

    def __exit__(self, *_):
        private.end(self.daemon.process)
        self.bus.close()
        shutil.rmtree(self.directory)

    def run(self, command):
        return subprocess.run(['sh', '-c', command], env=self.environment, cwd='/', timeout=LIMIT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def check_recorded(text):
    found = list(blocks(text, r'recorded: ([a-z0-9-]+)'))
    report('README shows recorded hosts', None if len(found) > 2 else f'{len(found)} blocks')
    for host, lines in found:
        with Recorded(host) as recorded:
            for command, wanted in commands(lines):
                done = recorded.run(command)
                problem = shows(wanted, done.stdout) if not done.stderr else done.stderr
                report(f'{host}: {command.splitlines()[0]}', problem)


def fleet_commands(text):
    """Whole commands, without remarks; a backslash at the end goes on."""
    for _, lines in blocks(text, '(fleet)'):
        for command in re.sub(r'\\\n\s*', '', '\n'.join(lines)).splitlines():
            yield re.sub(r'  +#.*', '', command)


def check_fleet(text):
    with Recorded(FLEET_HOST) as recorded:
        done = recorded.run('vfioctl -H nowhere check')
        good = done.returncode == 4 and 'nowhere cannot be reached' in done.stderr and \
            'ssh nowhere systemd-stdio-bridge' in done.stderr
        report('a host that does not answer', None if good else done.stderr)
        for command in fleet_commands(text):
            if command.split()[0] in OTHER_TOOLS:
                own = re.search(r"(vfioctl .*?)(?:'| \||$)", command)[1]
                check_fleet_command(recorded, own, command)
            else:
                check_fleet_command(recorded, command, command)


def check_fleet_command(recorded, command, name):
    """A recorded host answers, and refuses to be changed."""
    done = recorded.run(command)
    good = done.returncode == 0 and not done.stderr
    if ' prepare ' in command:
        good = done.returncode == 4 and 'recorded host' in done.stderr
    if '| xargs' in command:
        hosts = sorted(re.findall(r'"host":"(hv[123])","readiness":"ready"', done.stdout))
        good = good and hosts == ['hv1', 'hv2', 'hv3']
    report(name, None if good else f'exit {done.returncode}: {done.stdout[:300]}{done.stderr[:600]}')


def check_verbs(text):
    done = subprocess.run([VFIOCTL, '--help'], capture_output=True, text=True, check=True)
    verbs = set(re.findall(r'^  ([a-z]+) ', done.stdout, re.M))
    used = set(re.findall(r'^    (?:\$ )?(?:sudo )?vfioctl (?:-H \S+ |-\S+ )*([a-z]+)\b', text, re.M))
    report('every verb there is', ', '.join(sorted(used - verbs)))
    names = set(re.findall(r'vfioctl explain ([a-z-]+)', text))
    unknown = [n for n in names if subprocess.run([VFIOCTL, 'explain', n], capture_output=True,
                                                  check=False).returncode]
    report('every name that explain takes', ', '.join(unknown) if names else 'there is none')


def main():
    text = readme()
    check_recorded(text)
    check_fleet(text)
    check_verbs(text)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
