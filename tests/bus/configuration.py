# SPDX-License-Identifier: GPL-2.0-or-later
"""What vfiod says of its configuration: at start, when told to reload, and when asked."""
import os
import signal
import subprocess
import time

import private
from world import require

HOST = 'intel-desktop'
FILE = '/etc/vfiod/vfiod.conf'
DROP_IN = '/etc/vfiod/vfiod.conf.d/10-mine.conf'


def write(tree, path, text):
    path = tree + path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


def wrong(tree):
    write(tree, FILE, '[daemon]\nTimeoutSec=soon\n')


def said(world, text, times=1):
    """Waits until the log of the daemon has the text that often."""
    limit = time.monotonic() + private.START_LIMIT
    while time.monotonic() < limit:
        if world.daemon.words().count(text) >= times:
            return True
        time.sleep(0.05)
    return False


def reload(world):
    """A warning with file and line at the start, and again at each reload; the daemon serves on."""
    require(said(world, f'{FILE}:2: TimeoutSec=soon'), world.daemon.words())
    write(world.tree, FILE, '[daemon]\nTimeoutSec=9\n')
    write(world.tree, DROP_IN, '\n\n[nodes]\nMood=0660\n')
    world.daemon.process.send_signal(signal.SIGHUP)
    require(said(world, f'{DROP_IN}:4: unknown key Mood='), world.daemon.words())
    require(world.daemon.words().count('TimeoutSec') == 1, world.daemon.words())
    world.manager('GetGroup', 'u', 18)


def ask(world, option, tree):
    return subprocess.run([world.programs.vfiod, '--root', tree, option], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=private.START_LIMIT)


def check_config(world):
    tree = world.directory + '/etc-only'
    write(tree, FILE, '[nodes]\nGroup=kvm\nMode=0660\n[device a]\nMatch=01:00\n')
    done = ask(world, '--check-config', tree)
    require((done.returncode, done.stderr) == (0, ''), f'{done.returncode} {done.stderr}')
    require(done.stdout == 'The configuration is in order: 1 device section.\n', done.stdout)
    done = ask(world, '--node-rights', tree)
    require(done.returncode == 0 and done.stdout == 'VFIOD_NODE_GROUP=kvm\nVFIOD_NODE_MODE=0660\n',
            done.stdout + done.stderr)
    write(tree, DROP_IN, '[nodes]\nMode=0777\nnonsense\n')
    done = ask(world, '--check-config', tree)
    require(done.returncode == 1 and not done.stdout, f'{done.returncode} {done.stdout}')
    lines = done.stderr.splitlines()
    require(len(lines) == 3 and lines[0].startswith(f'vfiod: {DROP_IN}:2: Mode=0777 is not') and
            lines[1].startswith(f'vfiod: {DROP_IN}:3: ') and lines[2].startswith('2 lines are'),
            done.stderr)
    done = ask(world, '--node-rights', tree)
    require(done.stdout == 'VFIOD_NODE_GROUP=kvm\nVFIOD_NODE_MODE=0660\n' and not done.stderr,
            done.stdout + done.stderr)


def cases(open_world):
    world = open_world(HOST, wrong)
    yield 'a wrong line is named, and again after a reload', reload, world
    yield '--check-config names what is wrong', check_config, world
