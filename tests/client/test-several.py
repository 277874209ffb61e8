#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What vfioctl does when a command names several devices: test-several.py VFIOCTL FAKE-REQUESTS

On a bus of its own, with a double that answers as it is told. A line is what the double was asked.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'hosts'))
import doubles  # noqa: E402
import private  # noqa: E402

VFIOCTL, FAKE = map(os.path.abspath, sys.argv[1:])
A, B, C = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
SAME_GROUP = f'Group {A} 3', f'Group {B} 3', f'Group {C} 4'
REFUSED = 'org.vfiod1.Error.Hazard it holds /'
DENIED = 'org.freedesktop.DBus.Error.AccessDenied not for you'
failures = 0


def check(name, condition, why=''):
    global failures
    failures += not condition
    print(f'{"ok" if condition else "not ok"} {name}{"" if condition else f": {why}"}', flush=True)


def double(*rules):
    return doubles.double(FAKE, ENVIRONMENT, *rules)


def start(*words):
    return subprocess.Popen([VFIOCTL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=ENVIRONMENT)


def run(*words):
    """vfioctl's exit status, and all that it said, in one line."""
    process = start(*words)
    out, err = process.communicate(timeout=private.CALL_LIMIT)
    return process.returncode, ' '.join((out + err).split())


def short(calls):
    """The lines without who may be moved along."""
    return [' '.join(word for word in line.split() if not word.startswith('with=')) for line in calls]


def expect(name, rules, words, code, lines, *said):
    """Runs vfioctl: what it exits with, what the double is asked, and what is said."""
    with double(*rules) as calls:
        ran = run(*words)
        check(name, ran[0] == code and short(calls()) == lines and all(word in ran[1] for word in said),
              f'{ran} {calls()}')
    return ran[1]


def check_persist():
    prepare = ['prepare', '--persist', A, B]
    both = [f'Prepare {A}', f'Prepare {B}', f'Prepare {A} persist', f'Prepare {B} persist']
    expect('written down when all are prepared', [], prepare, 0, both, f'{A} is persisted',
           f'{B} is persisted')
    expect('one device needs one call', [], ['prepare', '--persist', A], 0, [f'Prepare {A} persist'],
           f'{A} is persisted')
    expect('what was prepared before is left alone', [f'Prepare {A} unchanged', f'Prepare {B} {REFUSED}'],
           prepare, 1, both[:2])
    expect('what moved goes back', [f'Prepare {B} {REFUSED}'], prepare, 1, [*both[:2], f'Release {A}'],
           f'{A} is released again')
    # The second call is the one that writes it down.
    second = [f'Prepare {B} done', f'Prepare {B} {DENIED}']
    expect('a new wish goes with what moved', second, prepare, 4,
           [*both, f'Release {B}', f'Release {A} persist'], f'{A} is released again')
    said = expect('an old wish stays', [*second, f'Persisted {A}'], prepare, 4,
                  [*both, f'Release {B}', f'Release {A}'], f'{A} stays persisted')
    check('and is not called new', f'{B} stays persisted' not in said, said)
    expect('a new wish of what was prepared before is named', [f'Prepare {A} unchanged', *second],
           prepare, 4, [*both, f'Release {B}'], f'{A} stays persisted',
           f'vfioctl release --persist {A}')
    expect('a claim stays a claim', [f'Prepare {B} {REFUSED}'], [*prepare, '--for', 'x'], 1,
           [f'Prepare {A} for=x', f'Prepare {B} for=x', f'Release {A} for=x'])


def check_no_block():
    for verb, method in (('prepare', 'Prepare'), ('release', 'Release')):
        expect(f'{verb}: one group has one job at a time', [*SAME_GROUP, f'{method} {B} queued',
                                                            f'{method} {C} queued'],
               [verb, '--no-block', A, B, C], 0,
               [f'{method} {A}', f'{method} {B} no-block', f'{method} {C} no-block'],
               f'{B}: vfiod is at it')
        expect(f'{verb}: other groups are not waited for', [], [verb, '--no-block', A, B], 0,
               [f'{method} {A} no-block', f'{method} {B} no-block'])
        said = expect(f'{verb}: not all is done', [f'{method} {B} queued', *SAME_GROUP],
                      [verb, '--json', '--no-block', A, B], 0,
                      [f'{method} {A}', f'{method} {B} no-block'])
        check(f'{verb}: as JSON', json.loads(said)['result'] == 'queued', said)
    expect('what is to be written down is waited for', [], ['prepare', '--no-block', '--persist', A, B], 0,
           [f'Prepare {A}', f'Prepare {B}', f'Prepare {A} persist', f'Prepare {B} persist'])


def check_kept():
    release, lines = ['release', A, B], [f'Release {A}', f'Release {B}']
    for name, answer, result, said in (
            ('goes back with a later one', f'done moving {A},{B}', 'done', f'{A} is back with the host'),
            ('is queued with a later one', f'queued moving {A},{B}', 'queued', f'{A}: vfiod is at it'),
            ('stays when only the later one goes', f'done moving {B}', 'kept', f'{A} stays prepared')):
        rules = f'Release {A} kept', f'Release {B} {answer}'
        text = expect(name, rules, release, 0, lines, said)
        check(f'{name}: nobody is made up', 'somebody' not in text, text)
        text = expect(f'{name}, as JSON', rules, ['--json', *release], 0, lines)
        check(f'{name}: the word for both', json.loads(text)['result'] == result, text)
    text = expect('not with one that fails', [f'Release {A} kept', f'Release {B} {REFUSED}'], release, 1,
                  lines, f'{A} stays prepared')
    expect('of its wish, too', [f'Release {A} kept', f'Release {B} done moving {A},{B}'],
           [*release, '--persist'], 0, [f'{line} persist' for line in lines],
           f'{A} is back with the host', f'{A} is not persisted any more')


def interrupted(rules, *words):
    """Presses Ctrl-C when the double has been asked for B. Returns: exit status, what was said, lines."""
    with double(*rules) as calls:
        process = start(*words)
        limit = time.monotonic() + private.CALL_LIMIT
        while not any(B in line.split()[1] for line in calls()) and time.monotonic() < limit:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=private.CALL_LIMIT)
        while calls()[-1] == f'Prepare {B}' and time.monotonic() < limit:
            time.sleep(0.05)
        return process.returncode, ' '.join((out + err).split()), short(calls())


def check_interrupted():
    rules = [f'Prepare {B} patience']
    code, said, lines = interrupted(rules, 'prepare', '--wait', A, B)
    check('who waits no longer leaves nothing behind', code == 4 and lines == [
        f'Prepare {A} wait', f'Prepare {B} wait', 'gone', f'Release {A}'] and
        'nothing was begun' in said and f'{A} is released again' in said, f'{code} {said} {lines}')
    code, said, lines = interrupted(['Prepare 0000:01:00.0 unchanged', *rules], 'prepare', '--wait', A, B)
    check('nor takes what was there before', code == 4 and f'Release {A}' not in lines, f'{said} {lines}')
    code, said, lines = interrupted(rules, 'prepare', A, B)
    check('a job that goes on is left with the rest', code == 4 and f'Release {A}' not in lines and
          'the job goes on in vfiod' in said and f'{A} stays prepared' in said, f'{said} {lines}')


def main():
    check_persist()
    check_no_block()
    check_kept()
    check_interrupted()
    return 1 if failures else 0


if __name__ == '__main__':
    with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as place_of_bus:
        BUS = private.Bus(place_of_bus)
        ENVIRONMENT = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=BUS.address, LC_ALL='C.UTF-8')
        try:
            status = main()
        finally:
            BUS.close()
    sys.exit(status)
