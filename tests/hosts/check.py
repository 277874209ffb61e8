#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what vfiod says of recorded hosts against expectations: check.py --vfiod PATH --vfioctl PATH
[NAME...]

One line per expectation, and one for what vfioctl explain shows of the host; the last line is
"N passed, N failed".
"""
import argparse
import glob
import os
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import expect  # noqa: E402
import explained  # noqa: E402
import hostfile  # noqa: E402
import private  # noqa: E402

PARALLEL = 2  # hosts at a time


class Result:
    """What came of one expectation. errors: none if it holds. notes: what helps to find out why."""

    def __init__(self, host, text, errors):
        self.host, self.text, self.errors, self.notes = host, text, errors, []

    def __str__(self):
        # One line each, whatever is quoted in it: what reads this counts lines.
        state = 'not ok' if self.errors else 'ok'
        errors = f': {"; ".join(self.errors)}' if self.errors else ''
        lines = [f'{state} {self.host}: {self.text}{errors}'.replace('\n', ' ')]
        return '\n'.join(lines + [f'    {n}' for n in self.notes])


def host_document(daemon):
    """status, with the groups of list: that has the devices in no group, too."""
    code, status = daemon.ask('status')
    list_code, groups = daemon.ask('list')
    if code or list_code:
        raise private.PrivateError(f'status exited {code}, list {list_code}')
    return dict(status, groups=groups)


def ask_device(daemon, address):
    code, document = daemon.ask('show', address)
    if code or 'error' in document:
        raise private.PrivateError(f'show {address} exited {code}: {document.get("error")}')
    return document


def errors_of(line, daemon, host):
    """What differs from one line. Raises PrivateError."""
    errors = []
    if line.kind == 'host':
        return expect.compare(line, host)
    for name in line.objects:
        if line.kind == 'plan':
            found = expect.compare_plan(line, *daemon.ask('plan', name))
        elif line.kind == 'device':
            found = expect.compare(line, ask_device(daemon, name))
        else:
            group = next((g for g in host['groups'] if g['id'] == int(name)), None)
            found = expect.compare(line, group) if group else ['there is no such group']
        errors += [f'{name}: {e}' if len(line.objects) > 1 else e for e in found]
    return errors


def check_line(name, line, daemon, host):
    try:
        errors = errors_of(line, daemon, host)
    except private.PrivateError as e:
        errors = [str(e)]
    except (KeyError, TypeError, AttributeError) as e:
        # A document without the shape of the contract is a failure of its line, not of the test.
        errors = [f'the JSON is not that of the contract: {e!r}']
    return Result(name, line.text, errors)


def check_explained(name, daemon, host):
    names = names_of_all()
    try:
        errors = explained.errors_of(daemon, host, names.index(name) if name in names else 0)
    except private.PrivateError as e:
        errors = [str(e)]
    except (KeyError, TypeError, AttributeError) as e:
        errors = [f'the JSON is not that of the contract: {e!r}']
    return Result(name, 'explain tells what status and list tell', errors)


def check_running(name, lines, daemon):
    results = []
    try:
        daemon.wait()
        host = host_document(daemon)
        results = [check_line(name, line, daemon, host) for line in lines]
        results.append(check_explained(name, daemon, host))
    except private.PrivateError as e:
        results = [Result(name, line.text, [str(e)]) for line in lines]
    finally:
        wrong = daemon.close()
    results.append(Result(name, 'vfiod ends when asked to, without an error',
                          [wrong] if wrong else []))
    if any(r.errors for r in results):
        results[-1].notes = [f'vfiod said: {w}' for w in daemon.words().splitlines()]
    return results


def check_host(name, vfiod, vfioctl):
    """All results of one host."""
    path = os.path.join(HERE, name)
    try:
        with open(path + '.expect', encoding='utf-8') as f:
            lines = expect.parse(f.read(), name + '.expect')
        # Short, for the path of a socket is short.
        with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as directory:
            tree = os.path.join(directory, 'root')
            hostfile.write_tree(hostfile.read(path + '.host'), tree)
            bus = private.Bus(directory)
            try:
                daemon = private.Daemon(vfiod, vfioctl, tree, bus, os.path.join(directory, 'log'))
                return check_running(name, lines, daemon)
            finally:
                bus.close()
    except (OSError, expect.ExpectError, hostfile.HostFileError, private.PrivateError) as e:
        return [Result(name, 'can be checked', [str(e)])]


def names_of_all():
    """Every recorded host; one without an expectation fails when it is checked."""
    return sorted(os.path.basename(p)[:-len('.host')] for p in glob.glob(HERE + '/*.host'))


def check_all(names, vfiod, vfioctl):
    """The results of each host, in the order of names."""
    pool = ThreadPoolExecutor(PARALLEL)
    try:
        yield from pool.map(lambda name: check_host(name, vfiod, vfioctl), names)
    finally:
        pool.shutdown(cancel_futures=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--vfiod', required=True)
    parser.add_argument('--vfioctl', required=True)
    parser.add_argument('names', nargs='*', metavar='NAME')
    arguments = parser.parse_args()
    programs = [os.path.abspath(arguments.vfiod), os.path.abspath(arguments.vfioctl)]
    # As an exception, so that what runs now is still ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    passed = failed = 0
    for results in check_all(arguments.names or names_of_all(), *programs):
        for result in results:
            print(result)
            failed += bool(result.errors)
            passed += not result.errors
        sys.stdout.flush()
    print(f'{passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
