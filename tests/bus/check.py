#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds vfiod's bus and vfioctl against the contract, under the bus policy that is shipped:
check.py --vfiod PATH --vfioctl PATH [PART...]

Parts: client, introspection, badinput, rights, matrix, several, others, privacy, limits, life,
configuration, wishes.
A line per check; the last one is "N passed, N failed". Needs root, to be somebody else where
rights are checked.
"""
import argparse
import importlib
import itertools
import multiprocessing
import os
import signal
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import world  # noqa: E402

PARTS = ('client', 'introspection', 'badinput', 'rights', 'matrix', 'several', 'others', 'privacy',
         'limits', 'life', 'configuration', 'wishes')
PARALLEL = 2  # parts at a time


def printable(text):
    """One line each, whatever is quoted in it: what reads this counts lines."""
    return ''.join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def problem(function, arguments):
    """Returns: None if the check holds, or why not. Nothing that goes wrong in one check keeps the
    others from being made."""
    try:
        function(*arguments)
    except world.Failure as e:
        return str(e)
    except Exception as e:  # pylint: disable=broad-except
        return f'{type(e).__name__}: {e}'
    return None


class Part:
    """One part with the worlds it has open: the last one only, for only that is used."""

    def __init__(self, name, programs):
        self.name, self.programs, self.open = name, programs, None

    def open_world(self, host, change=None, writable=False):
        self.close()
        self.open = world.World(self.programs, host, change, writable)
        return self.open

    def close(self):
        if self.open:
            self.open.close()
        self.open = None

    def results(self):
        """Pairs of a name and None or what was wrong."""
        try:
            cases = importlib.import_module(self.name).cases(self.open_world)
            for name, function, *arguments in cases:
                yield name, problem(function, arguments)
        except Exception as e:  # pylint: disable=broad-except
            yield 'can be checked', f'{type(e).__name__}: {e}'
        finally:
            self.close()


def part_lines(name, programs):
    """Yields the lines of one part."""
    for check, why in Part(name, programs).results():
        text = f'not ok {name}: {check}: {why}' if why else f'ok {name}: {check}'
        yield printable(text)


def all_lines(job):
    return list(part_lines(*job))


def lines_of(parts, programs):
    """Yields the lines of all parts, in their order."""
    if len(parts) == 1:
        yield from part_lines(parts[0], programs)
        return
    # Leaving it ends the processes by SIGTERM, upon which each ends what it started.
    with multiprocessing.get_context('fork').Pool(PARALLEL) as pool:
        yield from itertools.chain.from_iterable(
            pool.imap(all_lines, [(part, programs) for part in parts]))


def run(parts, programs):
    """Returns: how many passed, how many failed."""
    passed = failed = 0
    for line in lines_of(parts, programs):
        good = line.startswith('ok ')
        passed += good
        failed += not good
        print(line, flush=True)
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--vfiod', required=True)
    parser.add_argument('--vfioctl', required=True)
    parser.add_argument('parts', nargs='*', metavar='PART', help=', '.join(PARTS))
    arguments = parser.parse_args()
    if set(arguments.parts) - set(PARTS):
        parser.error(f'parts are {", ".join(PARTS)}')
    # As an exception, so that what runs now is still ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if os.geteuid() != 0:
        print('not ok root: only root can be somebody else\n0 passed, 1 failed')
        return 1
    programs = world.Programs(os.path.abspath(arguments.vfiod), os.path.abspath(arguments.vfioctl))
    passed, failed = run(arguments.parts or PARTS, programs)
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
