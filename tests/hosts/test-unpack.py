#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parser of recorded hosts takes, makes and refuses."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import hostfile  # noqa: E402


class Format(unittest.TestCase):
    def test_every_byte_survives(self):
        data = bytes(range(256)) + b' end '
        text = hostfile.escape(data)
        self.assertTrue(text.isascii() and text.isprintable())
        self.assertEqual(hostfile.unescape(text), data)

    def test_lines_survive(self):
        entries = [hostfile.Entry('d', 'sys/bus/pci/devices'),
                   hostfile.Entry('f', 'proc/cmdline', b'a=b = c -> d\n'),
                   hostfile.Entry('f', 'empty', b''),
                   hostfile.Entry('f', 'blank', b' '),
                   hostfile.Entry('f', 'a name', b'\\x\t\x00'),
                   hostfile.Entry('l', 'proc/1/fd/9', '/dev/vfio/15'),
                   hostfile.Entry('l', 'proc/1/fd/10', 'anon_inode:[vfio-device]'),
                   hostfile.Entry('u', 'proc/interrupts', 'EACCES')]
        text = ''.join(hostfile.format_entry(e) + '\n' for e in entries)
        self.assertEqual(hostfile.parse('# comment\n\n' + text, 'x'), entries)
        self.assertNotRegex(text, ' \n')

    def test_an_empty_file_with_and_without_the_space(self):
        for line in ('f a =', 'f a = '):
            self.assertEqual(hostfile.parse(line, 'x'), [hostfile.Entry('f', 'a', b'')])


class Log(unittest.TestCase):
    RECORDS = [[('_TRANSPORT', b'kernel'), ('MESSAGE', b'Linux version 6.1.0')],
               [('_KERNEL_DEVICE', b'+pci:0000:01:00.0'), ('MESSAGE', b' a\\b=c\n\x00\xff')],
               [('MESSAGE', b'')]]

    def test_it_survives(self):
        entries = [hostfile.Entry('d', 'sys'), hostfile.Entry('k', hostfile.LOG, self.RECORDS)]
        text = ''.join(hostfile.format_entry(e) + '\n' for e in entries)
        self.assertIn('\nk MESSAGE=\\x20a\\\\b=c\\n\\x00\\xff\nk\nk MESSAGE=\nk\n', text)
        self.assertTrue(text.isascii())
        self.assertEqual(hostfile.parse(text, 'x'), entries)

    def test_a_comment_in_it(self):
        text = 'k A=1\n# why\nk B=2\nk\n'
        self.assertEqual(hostfile.parse(text, 'x'),
                         [hostfile.Entry('k', hostfile.LOG, [[('A', b'1'), ('B', b'2')]])])

    def test_text_is_text_and_all_else_has_its_length(self):
        self.assertEqual(hostfile.export_log(self.RECORDS),
                         b'_TRANSPORT=kernel\nMESSAGE=Linux version 6.1.0\n\n'
                         b'_KERNEL_DEVICE=+pci:0000:01:00.0\n'
                         b'MESSAGE\n\x09\0\0\0\0\0\0\0 a\\b=c\n\x00\xff\n\n'
                         b'MESSAGE=\n\n')


class Refused(unittest.TestCase):
    LINES = (
        ('x a = b', 'no line'), ('f', 'no line'), ('  f a = b', 'no line'),
        ('d a b', 'nothing else'), ('d ', 'plain form'), ('f a b', '"="'), ('f a =b', '"="'),
        ('l a = b', '"->"'), ('l a ->', 'target'), ('l a -> b\\x00', 'target'),
        ('u a = EWHAT', 'errno'), ('u a =', 'errno'),
        ('f a = \\q', 'bad escape'), ('f a = \\x1', 'bad escape'), ('f a = b\\', 'bad escape'),
        ('f a = b\tc', 'escaped'), ('f a = b\r', 'escaped'), ('f a = \xe9', 'escaped'),
        ('f /etc/passwd = b', 'absolute'), ('l / -> b', 'absolute'),
        ('f ../a = b', '".."'), ('d a/..', '".."'), ('u a/../b = EIO', '".."'),
        ('f a\\x2f..\\x2fb = c', '".."'), ('f \\x2fa = b', 'absolute'),
        ('f a//b = c', 'plain form'), ('f ./a = b', 'plain form'), ('f a/ = b', 'plain form'),
        ('f a\\x00b = c', 'plain form'), ('f .unreadable = a', 'reserved'),
        ('f kernel-log.export = a', 'reserved'), ('k', 'no field'), ('k A', 'NAME=VALUE'),
        ('k a=b', 'NAME=VALUE'), ('k 1A=b', 'NAME=VALUE'), ('k =b', 'NAME=VALUE'),
        ('k A=\\q', 'bad escape'), ('k A=\xe9', 'escaped'), ('k A=b\tc', 'escaped'),
        ('kA=b', 'no line'), ('k ' + 'A' * 65 + '=b', 'NAME=VALUE'), ('k A=b', 'does not end'),
    )

    def test_lines(self):
        for line, cause in self.LINES:
            with self.subTest(line=line), self.assertRaises(hostfile.HostFileError) as e:
                hostfile.parse('# top\n' + line + '\n', 'some.host')
            self.assertIn(cause, str(e.exception))
            self.assertTrue(str(e.exception).startswith('some.host:2: '), str(e.exception))

    def test_logs(self):
        for text, cause in (('k A=1\nk A=2\nk\n', '^x:2: .*A twice'),
                            ('k A=1\nk\nf a = b\n', '^x:3: nothing follows'),
                            ('k A=1\nd a\nk\n', '^x:2: nothing follows')):
            with self.subTest(text=text), self.assertRaisesRegex(hostfile.HostFileError, cause):
                hostfile.parse(text, 'x')

    def test_the_same_path_twice(self):
        with self.assertRaisesRegex(hostfile.HostFileError, '^x:2: .*line 1'):
            hostfile.parse('f a = b\nl a -> c\n', 'x')

    def test_below_a_link_or_a_file_in_any_order(self):
        for text in ('l a -> /etc\nf a/passwd = x\n', 'f a/b/c = x\nl a -> /etc\n',
                     'f a = x\nd a/b\n'):
            with self.subTest(text=text), self.assertRaisesRegex(
                    hostfile.HostFileError, 'no directory'):
                hostfile.parse(text, 'x')
        hostfile.parse('l a -> b\nu a/c = EACCES\n', 'x')


class Tree(unittest.TestCase):
    def unpack(self, text, directory):
        source = os.path.join(directory, 'a.host')
        with open(source, 'w', encoding='latin-1') as f:
            f.write(text)
        return subprocess.run([os.path.join(HERE, 'unpack'), source, directory + '/tree'],
                              capture_output=True, text=True, timeout=30)

    def test_everything_is_made(self):
        with tempfile.TemporaryDirectory() as directory:
            done = self.unpack('d sys/class/iommu\nf a/b = x\\n\nl a/c -> ../sys\n'
                               'u a/d = EACCES\nu sys/e = EIO\n'
                               'k MESSAGE=a\\x20\nk\n', directory)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))
            tree = directory + '/tree/'
            self.assertEqual(os.listdir(tree + 'sys/class/iommu'), [])
            self.assertEqual(os.readlink(tree + 'a/c'), '../sys')
            with open(tree + 'a/b', 'rb') as f:
                self.assertEqual(f.read(), b'x\n')
            self.assertFalse(os.path.lexists(tree + 'a/d'))
            with open(tree + '.unreadable', encoding='ascii') as f:
                self.assertEqual(f.read(), 'a/d EACCES\nsys/e EIO\n')
            with open(tree + 'kernel-log.export', 'rb') as f:
                self.assertEqual(f.read(), b'MESSAGE=a \n\n')

    def test_errors_make_nothing(self):
        with tempfile.TemporaryDirectory() as directory:
            done = self.unpack('f a = b\nf ../c = d\n', directory)
            self.assertEqual(done.returncode, 1)
            self.assertIn('a.host:2: ', done.stderr)
            self.assertEqual(os.listdir(directory), ['a.host'])

    def test_a_directory_in_use_is_left_alone(self):
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(self.unpack('f a = b\n', directory).returncode, 0)
            done = self.unpack('f a = c\n', directory)
            self.assertEqual(done.returncode, 1)
            self.assertIn('not empty', done.stderr)
            with open(directory + '/tree/a', 'rb') as f:
                self.assertEqual(f.read(), b'b')

    def test_usage(self):
        done = subprocess.run([os.path.join(HERE, 'unpack')], capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 2)


if __name__ == '__main__':
    unittest.main()
