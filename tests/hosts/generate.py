#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the .host files of the machines that are described here: generate.py [--check] [NAME...]

--check writes nothing and fails if a file is not what its description makes.
"""
import argparse
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import describe  # noqa: E402
import machines  # noqa: E402
import machines_device  # noqa: E402
import machines_failures  # noqa: E402
import machines_notes  # noqa: E402

ALL = {m.name: m
       for m in machines_notes.MACHINES + machines.MACHINES + machines_failures.MACHINES
       + machines_device.MACHINES}


def path_of(name):
    return os.path.join(HERE, name + '.host')


def is_current(name):
    """True if the file is there and is what the description makes."""
    try:
        with open(path_of(name), encoding='ascii', newline='') as f:
            return f.read() == describe.render(ALL[name])
    except (OSError, UnicodeDecodeError):
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true')
    parser.add_argument('names', nargs='*', metavar='NAME')
    arguments = parser.parse_args()
    unknown = set(arguments.names) - ALL.keys()
    if unknown:
        parser.error(f'no such host: {", ".join(sorted(unknown))}')
    stale = [name for name in arguments.names or ALL if not is_current(name)]
    for name in stale:
        if arguments.check:
            print(f'{name}.host is not what generate.py makes', file=sys.stderr)
            continue
        with open(path_of(name), 'w', encoding='ascii', newline='') as f:
            f.write(describe.render(ALL[name]))
        print(f'{name}.host')
    return 1 if arguments.check and stale else 0


if __name__ == '__main__':
    sys.exit(main())
