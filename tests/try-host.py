#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Shows commands of vfioctl on a recorded host: try-host.py --vfiod PATH --vfioctl PATH HOST COMMAND...

On a bus of its own; everything it starts ends with it.
"""
import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, 'hosts'))
# pylint: disable=wrong-import-position
import hostfile  # noqa: E402
import private   # noqa: E402

# A plan that prepare would refuse is shown, too: its exit status is 1.
ANSWERS = (0, 1)


def bold(text):
    """As common.sh does it."""
    if not sys.stdout.isatty() or os.environ.get('NO_COLOR') or \
            os.environ.get('TERM', 'dumb') == 'dumb':
        return text
    return f'\033[1m{text}\033[0m'


def show(daemon, command):
    """One command as at a terminal. Raises PrivateError if it could not be answered."""
    print(bold(f'$ vfioctl {command}'), flush=True)
    # A pager would wait for a key.
    status = subprocess.run([daemon.vfioctl, *shlex.split(command)], stdin=subprocess.DEVNULL,
                            timeout=private.CALL_LIMIT, check=False,
                            env=dict(daemon.environment, PAGER='cat')).returncode
    if status not in ANSWERS:
        raise private.PrivateError(f'vfioctl {command} ended with status {status}')
    print(flush=True)


def show_all(options):
    """The host, a bus, a vfiod on it, the commands."""
    # Short, for the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as directory:
        tree = os.path.join(directory, 'root')
        path = os.path.join(HERE, 'hosts', options.host + '.host')
        hostfile.write_tree(hostfile.read(path), tree)
        bus = private.Bus(directory)
        try:
            daemon = private.Daemon(os.path.abspath(options.vfiod),
                                    os.path.abspath(options.vfioctl), tree, bus,
                                    os.path.join(directory, 'log'))
            try:
                daemon.wait()
                for command in options.commands:
                    show(daemon, command)
            except private.PrivateError as error:
                raise private.PrivateError(f'{error}\n{daemon.words()}'.strip()) from None
            finally:
                daemon.close()
        finally:
            bus.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--vfiod', required=True)
    parser.add_argument('--vfioctl', required=True)
    parser.add_argument('host')
    parser.add_argument('commands', nargs='+')
    options = parser.parse_args()
    # As an exception, so that every "finally" runs; also where a shell has them ignored.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        show_all(options)
    except (OSError, hostfile.HostFileError, private.PrivateError,
            subprocess.TimeoutExpired) as error:
        print(f'try-host: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
