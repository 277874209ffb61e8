#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The recorded hosts are what their descriptions make, and hold together; every one has its
expectation, which speaks of things that are there."""
import glob
import os
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import describe  # noqa: E402
import expect  # noqa: E402
import generate  # noqa: E402
import hostfile  # noqa: E402


def names_with(suffix):
    return {os.path.basename(p)[:-len(suffix)] for p in glob.glob(f'{HERE}/*{suffix}')}


def expectations(name):
    with open(os.path.join(HERE, name + '.expect'), encoding='utf-8') as f:
        return expect.parse(f.read(), name + '.expect')


class Resolver:
    """Follows the links of a recording without making its tree, which takes long."""

    def __init__(self, entries):
        self.entries = {e.path: e for e in entries}
        self.directories = {e.path for e in entries if e.kind == 'd'}
        for path in self.entries:
            while path := os.path.dirname(path):
                self.directories.add(path)

    def resolve(self, path):
        """The path without links in it; None if it leads out of the tree or in a circle."""
        done, left = [], path.split('/')
        for _ in range(200):
            if not left:
                return '/'.join(done)
            part = left.pop(0)
            if part == '..':
                if not done:
                    return None
                done.pop()
                continue
            entry = self.entries.get('/'.join([*done, part]))
            if entry and entry.kind == 'l':
                left = entry.value.split('/') + left
            else:
                done.append(part)
        return None


class Generated(unittest.TestCase):
    def test_files_are_what_descriptions_make(self):
        for name in generate.ALL:
            with self.subTest(name=name):
                self.assertTrue(generate.is_current(name), 'run tests/hosts/generate.py')

    def test_files_can_be_read_and_are_the_same_again(self):
        for name in names_with('.host'):
            path = generate.path_of(name)
            with self.subTest(name=name), open(path, encoding='ascii') as f:
                text = f.read()
                body = [line for line in text.splitlines() if not line.startswith('#')]
                entries = hostfile.parse(text, path)
                again = '\n'.join(hostfile.format_entry(e) for e in entries)
                self.assertEqual(again, '\n'.join(body))
                self.assertTrue(text.startswith('# SPDX-'))

    def test_links_lead_to_what_is_there(self):
        for name in generate.ALL:
            tree = Resolver(hostfile.read(generate.path_of(name)))
            for path, entry in tree.entries.items():
                if entry.kind != 'l' or path.startswith('proc/'):
                    continue
                with self.subTest(name=name, path=path):
                    real = tree.resolve(path)
                    self.assertIsNotNone(real)
                    # /sys/bus/platform and the like are there for their names only.
                    if os.path.basename(path) != 'subsystem':
                        self.assertIn(real, tree.directories)


class Expected(unittest.TestCase):
    def test_every_host_has_an_expectation_and_no_other(self):
        self.assertEqual(names_with('.host'), names_with('.expect'))
        self.assertLessEqual(generate.ALL.keys(), names_with('.host'))

    def test_what_is_named_is_there(self):
        for name, machine in generate.ALL.items():
            addresses = {f.address for f in machine.functions}
            groups = {f.group for f in machine.functions}
            for line in expectations(name):
                with self.subTest(name=name, line=line.text):
                    if line.kind == 'group':
                        self.assertLessEqual({int(o) for o in line.objects}, groups)
                    if line.kind == 'device':
                        self.assertLessEqual(set(line.objects), addresses)
                    absent = ('refused', False, 'NoSuchDevice')
                    if line.kind == 'plan' and absent not in line.words:
                        full = {o if o.count(':') == 2 else '0000:' + o for o in line.objects
                                if ':' in o}
                        self.assertLessEqual(full, addresses)

    def test_groups_have_the_members_that_are_expected(self):
        for name, machine in generate.ALL.items():
            for line in expectations(name):
                for key, _, value in line.words:
                    if line.kind == 'group' and key == 'members':
                        members = {f.address for f in machine.functions
                                   if f.group == int(line.objects[0])}
                        self.assertEqual(set(expect.items(value)), members, f'{name}: {line}')

    def test_machines_of_the_notes_are_expected_whole(self):
        # facts/kernel.md 6: 19 groups, and 7.
        for name, count in (('intel-desktop', 19), ('amd-laptop', 7), ('amd-laptop-ir', 7)):
            groups = {int(o) for line in expectations(name) if line.kind == 'group'
                      for o in line.objects}
            self.assertEqual(groups, set(range(count)), name)
            described = {f.group for f in generate.ALL[name].functions} - {None}
            self.assertEqual(described, groups, name)


class Links(unittest.TestCase):
    def test_they_are_followed(self):
        tree = Resolver(hostfile.parse('l a/b -> ../c/d\nl c/d -> e\nf c/e/f = x\nl out -> ../x\n'
                                       'l round -> round\n', 'x'))
        self.assertEqual(tree.resolve('a/b'), 'c/e')
        self.assertIn('c/e', tree.directories)
        self.assertEqual(tree.resolve('a/b/f'), 'c/e/f')
        self.assertIsNone(tree.resolve('out'))
        self.assertIsNone(tree.resolve('round'))


class Descriptions(unittest.TestCase):
    def test_acpi_tables_sum_to_zero(self):
        for name in ('DMAR', 'IVRS', 'APIC'):
            table = describe.acpi_table(name)
            self.assertEqual(sum(table) & 255, 0)
            self.assertEqual(int.from_bytes(table[4:8], 'little'), len(table))
        self.assertEqual(describe.acpi_table('DMAR')[37], 1)  # INTR_REMAP

    def test_remapping_shows_in_the_names_of_chips_only(self):
        for machine in generate.ALL.values():
            if machine.remapping is not None:
                text = describe.interrupts(machine)
                self.assertEqual('IR-' in text, machine.remapping, machine.name)
                # There is none on ARM, so that no chip tells of remapping.
                self.assertEqual('IO-APIC' in text, machine.iommu != 'smmu', machine.name)

    def test_a_domain_behind_vmd(self):
        paths = describe.device_paths(generate.ALL['vmd'].functions)
        self.assertEqual(paths['10000:e1:00.0'], 'sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/'
                                                 '10000:e0:06.0/10000:e1:00.0')

    def test_every_virtual_function_has_its_group(self):
        functions = [f for f in generate.ALL['sriov'].functions if f.physfn]
        self.assertEqual(len({f.group for f in functions}), 64)
        self.assertEqual(len({f.address for f in functions}), 64)

    def test_mistakes_are_found(self):
        with self.assertRaises(ValueError):
            describe.changed([], {'0000:00:00.0': {'driver': 'x'}})
        tree = describe.Tree()
        tree.file('a', 'x')
        with self.assertRaises(ValueError):
            tree.file('a', 'y')


if __name__ == '__main__':
    unittest.main()
