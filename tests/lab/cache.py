# SPDX-License-Identifier: GPL-2.0-or-later
"""Where images and kernels are kept, progress lines, and free space."""
import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import time

LAB = os.path.dirname(os.path.abspath(__file__))
# Part of every key: raise it when the way things are made changes.
LAB_VERSION = '1'
START = time.monotonic()


class LabError(Exception):
    """Something the person at the terminal has to know; no traceback."""


def directory():
    """The cache, made if it is not there."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    path = os.path.join(base, 'vfiod-lab')
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def say(text):
    """One progress line with the seconds since the command began."""
    print(f'[{time.monotonic() - START:6.1f}s] {text}', file=sys.stderr, flush=True)


def key(*parts):
    """A short hash of what an image is made of; directories count by content."""
    digest = hashlib.sha256(LAB_VERSION.encode())
    for part in parts:
        if os.path.isdir(part):
            for root, dirs, files in os.walk(part):
                dirs.sort()
                for name in sorted(files):
                    path = os.path.join(root, name)
                    digest.update(os.path.relpath(path, part).encode() + b'\0')
                    with open(path, 'rb') as content:
                        digest.update(content.read())
        else:
            digest.update(part.encode() + b'\0')
    return digest.hexdigest()[:12]


def need_space(mib, what):
    """Refuse before the first download, not in the middle of it."""
    free = shutil.disk_usage(directory()).free >> 20
    if free < mib:
        raise LabError(f'{what} needs {mib} MiB below {directory()}, {free} MiB are free')


def used(path):
    """Bytes a file or directory really takes (images are sparse)."""
    if not os.path.isdir(path) or os.path.islink(path):
        return os.lstat(path).st_blocks * 512
    total = 0
    for root, dirs, files in os.walk(path):
        for name in dirs + files:
            total += os.lstat(os.path.join(root, name)).st_blocks * 512
    return total


def remove_leftovers(prefix):
    """Half-made things of an earlier, interrupted run; finished ones stay."""
    for name in os.listdir(directory()):
        if name.startswith(prefix) and '.making-' in name:
            pid = name.rsplit('-', 1)[1]
            if not os.path.exists(f'/proc/{pid}'):
                remove(os.path.join(directory(), name))


@contextlib.contextmanager
def locked():
    """One maker at a time: a second one finds the work done."""
    with open(os.path.join(directory(), 'lock'), 'w', encoding='ascii') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say('waiting for another lab that makes images')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def making(name):
    """A temporary name beside the final one: a rename makes it count."""
    return os.path.join(directory(), f'{name}.making-{os.getpid()}')


def remove(path):
    """Remove a file or a tree, whichever it is."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def clean():
    """Remove the whole cache; returns the bytes that were freed."""
    path = directory()
    freed = used(path)
    remove(path)
    return freed


def show():
    """What is cached, with its real size."""
    path = directory()
    for name in sorted(os.listdir(path)):
        print(f'{used(os.path.join(path, name)) >> 20:6d} MiB  {name}')
    print(f'{used(path) >> 20:6d} MiB  {path}')
