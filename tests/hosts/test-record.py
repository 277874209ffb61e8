#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A recording of a host is that host: test-record.py VFIOD VFIOCTL

Every recorded host is recorded again with vfiod --record. Some of these recordings are unpacked,
recorded once more, which has to give the same text, and served, which has to give the same report.
"""
import os
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import check  # noqa: E402
import hostfile  # noqa: E402
import private  # noqa: E402

LIMIT = 60
# Recorded and served twice: each of these has something that others have not.
SERVED = ('amd-laptop-iommu-off', 'bar-busy', 'd3cold-stuck', 'dma-fault', 'in-use', 'log-gap',
          'memlock-failed', 'not-remapped', 'unpinned', 'unreadable')


def record(vfiod, tree):
    """Text of a recording of a tree, and what was said about it."""
    done = subprocess.run([vfiod, '--root', tree, '--record', '-'], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=LIMIT, check=True)
    return done.stdout.decode('ascii'), done.stderr.decode()


def log_of(entries):
    """The log among entries; an empty one if there is none."""
    return next((e.value for e in entries if e.kind == 'k'), [])


def report(vfiod, vfioctl, tree, directory):
    """All that vfiod tells of a host."""
    bus = private.Bus(directory)
    try:
        daemon = private.Daemon(vfiod, vfioctl, tree, bus, os.path.join(directory, 'log'))
        try:
            daemon.wait()
            return check.host_document(daemon)
        finally:
            wrong = daemon.close()
            if wrong:
                raise private.PrivateError(f'{wrong}: {daemon.words()}')
    finally:
        bus.close()


class Recorded(unittest.TestCase):
    vfiod = vfioctl = None

    def test_every_host(self):
        names = check.names_of_all()
        with ThreadPoolExecutor(check.PARALLEL) as pool:
            for name, result in zip(names, [pool.submit(self.check_host, n) for n in names]):
                with self.subTest(name=name):
                    result.result()

    def check_host(self, name):
        with tempfile.TemporaryDirectory(prefix='vfiod-', dir='/tmp') as directory:
            self.check_in(name, directory)

    def check_in(self, name, directory):
        trees = [os.path.join(directory, d) for d in ('first', 'second')]
        original = hostfile.read(os.path.join(HERE, name + '.host'))
        hostfile.write_tree(original, trees[0])
        first, said = record(self.vfiod, trees[0])
        entries = hostfile.parse(first, name)
        self.assertEqual(log_of(entries), log_of(original))
        self.assertEqual('log is not in it' in said, not log_of(original), said)
        if name not in SERVED:
            return
        hostfile.write_tree(entries, trees[1])
        second, _ = record(self.vfiod, trees[1])
        self.assertEqual(first, second)
        reports = [report(self.vfiod, self.vfioctl, t, directory) for t in trees]
        self.assertEqual(*reports)

    def test_hosts_are_there(self):
        self.assertLessEqual(set(SERVED), set(check.names_of_all()))

    def test_a_recording_that_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as directory:
            hostfile.write_tree(hostfile.parse('f proc/cmdline = ro\\n', 'x'), directory)
            done = subprocess.run([self.vfiod, '--root', directory, '--record', '/dev/full'],
                                  capture_output=True, text=True, timeout=LIMIT)
            self.assertEqual(done.returncode, 1)
            self.assertIn('/dev/full: No space left on device', done.stderr)


if __name__ == '__main__':
    Recorded.vfiod, Recorded.vfioctl = (os.path.abspath(p) for p in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1])
