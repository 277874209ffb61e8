#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of check.py, on documents made by hand, and its handling of programs."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import check  # noqa: E402
import expect  # noqa: E402


def finding(name, severity='warning'):
    return {'id': name, 'severity': severity, 'message': 'It is so.',
            'evidence': ['kernel log: what_it says'], 'remedy': 'Do this.',
            'address': None, 'class': None}


def steps(text):
    result = []
    for word in expect.items(text, ';'):
        left, _, value = word.partition('=')
        action, _, address = left.partition(':')
        result.append({'action': action, 'address': address or None, 'value': value})
    return result


MEMBER = {'address': '0000:01:00.0', 'driver': 'nouveau', 'driver_override': None, 'state': 'host',
          'role': 'endpoint', 'readiness': 'preparable', 'boot_vga': False, 'numa_node': None,
          'holders': [{'pid': 42, 'command': 'qemu'}], 'findings': [finding('in-use', 'blocker')],
          'virtual_functions': None, 'group': {'id': 15}}
GROUP = {'id': 15, 'verdict': 'blocked', 'viable': False, 'in_use': None, 'members': [MEMBER],
         'vfio_node': '/dev/vfio/15',
         'blockers': [{'address': '0000:01:00.0', 'driver': 'nouveau', 'reason': 'host-driver'},
                      {'address': '0000:01:00.1', 'driver': None, 'reason': 'detaching'}]}
HOST = {'readiness': 'ready', 'iommu_state': 'enabled', 'unsafe_interrupts': False,
        'default_domain': None, 'backends': ['iommufd', 'type1'], 'findings': [finding('x')],
        'groups': [GROUP, {'id': 3, 'members': []}, {'id': None, 'members': [MEMBER]}]}


class Comparison(unittest.TestCase):
    def holds(self, text, document):
        self.assertEqual(expect.compare(expect.parse_line(text), document), [], text)

    def fails(self, text, document, part):
        errors = expect.compare(expect.parse_line(text), document)
        self.assertEqual(len(errors), 1, text)
        self.assertIn(part, errors[0])

    def test_host(self):
        for words in ('readiness=ready iommu=enabled unsafe=no domain=-', 'readiness=blocked|ready',
                      'readiness!=blocked', 'domain=unknown', 'backends=type1,iommufd',
                      'findings=x,!y', 'findings=w|x', 'group_ids=3,15', 'group_ids=15,3-3', 'devices=2'):
            self.holds('host ' + words, HOST)
        for text in ('It_is_so', 'kernel_log:_what_it_says', 'Do_this.'):
            self.holds(f'host cites=x/{text}', HOST)
            self.holds(f'group 15 cites=in-use/{text}', GROUP)
            self.holds(f'device 0000:01:00.0 cites=in-use/{text}', MEMBER)
        self.fails('host cites=x/other', HOST, 'expected x/other got It is so.')
        self.fails('host cites=y/It_is_so', HOST, 'no such finding')
        self.fails('host readiness=blocked', HOST, 'expected blocked got ready')
        self.fails('host readiness!=ready', HOST, 'expected not ready')
        self.fails('host unsafe=yes', HOST, 'expected yes got no')
        self.fails('host ir=enabled', HOST, 'no such key')
        self.fails('host backends=type1', HOST, 'expected type1 got iommufd,type1')
        self.fails('host findings=y', HOST, 'expected y got x')
        self.fails('host findings=!x', HOST, 'expected !x')
        self.fails('host group_ids=3-15', HOST, 'group_ids')
        self.fails('host group_ids=', HOST, 'group_ids')
        self.fails('host devices=3', HOST, 'expected 3 got 2')

    def test_group(self):
        blockers = '0000:01:00.1/-/detaching,0000:01:00.0/nouveau/host-driver'
        for words in ('verdict=blocked viable=no in_use=unknown', f'blockers={blockers}',
                      'members=0000:01:00.0', 'findings=in-use', 'vfio_node=/dev/vfio/15'):
            self.holds('group 15 ' + words, GROUP)
        self.fails('group 15 in_use=no', GROUP, 'expected no got -')
        self.fails('group 15 blockers=', GROUP, 'expected none got')
        self.fails('group 15 blockers=' + blockers.replace('host-d', 'bridge-d'), GROUP, 'blockers')
        self.fails('group 15 members=', GROUP, 'members')
        self.fails('group 15 findings=!in-use', GROUP, '!in-use')

    def test_group_findings_of_its_own(self):
        self.holds('group 15 findings=noiommu,in-use', dict(GROUP, findings=[finding('noiommu')]))

    def test_device(self):
        for words in ('driver=nouveau driver_override=- group=15', 'holders=42/qemu',
                      'boot_vga=no', 'virtual_functions=', 'state=host|vfio'):
            self.holds('device 0000:01:00.0 ' + words, MEMBER)
        self.holds('device 0000:01:00.0 group=-', dict(MEMBER, group=None))
        self.fails('device 0000:01:00.0 group=-', MEMBER, 'expected - got 15')
        self.fails('device 0000:01:00.0 holders=', MEMBER, 'expected none got 42/qemu')
        self.fails('device 0000:01:00.0 driver=-', MEMBER, 'expected - got nouveau')


class Plans(unittest.TestCase):
    STEPS = 'set-override:a=v;set-override:b=v;unbind:a=x;unbind:b=y;verify:a=v;verify:b=v'

    def errors(self, words, code, document):
        return expect.compare_plan(expect.parse_line('plan 01:00.0 ' + words), code, document)

    def answer(self, step_text, *findings):
        return {'steps': steps(step_text), 'findings': list(findings)}

    def test_steps(self):
        answer = self.answer(self.STEPS)
        self.assertEqual(self.errors('steps=' + self.STEPS, 0, answer), [])
        self.assertEqual(self.errors('has_step=unbind:b=y no_step=bind:b=v', 0, answer), [])
        self.assertIn('expected no unbind', self.errors('no_step=unbind:b=y', 0, answer)[0])
        self.assertIn('expected bind', self.errors('has_step=bind:b=v', 0, answer)[0])
        self.assertIn('expected none', self.errors('steps=', 0, answer)[0])
        self.assertEqual(self.errors('steps=', 0, self.answer('')), [])
        self.assertIn('allowed', self.errors('steps=', 1, self.answer(''))[0])
        self.assertEqual(self.errors('steps=load-module=vfio-pci', 0,
                                     self.answer('load-module=vfio-pci')), [])

    def test_order_between_phases_counts_and_within_them_does_not(self):
        other = 'set-override:b=v;set-override:a=v;unbind:b=y;unbind:a=x;verify:a=v;verify:b=v'
        self.assertEqual(self.errors('steps=' + self.STEPS, 0, self.answer(other)), [])
        mixed = 'set-override:a=v;unbind:a=x;set-override:b=v;unbind:b=y;verify:a=v;verify:b=v'
        self.assertIn('order', self.errors('steps=' + self.STEPS, 0, self.answer(mixed))[0])

    def test_refused_by_error(self):
        error = {'error': {'name': 'org.vfiod1.Error.NoGroup', 'message': ''}}
        self.assertEqual(self.errors('refused=NoGroup', 1, error), [])
        self.assertEqual(self.errors('refused=HostNotReady|NoGroup', 1, error), [])
        self.assertTrue(self.errors('refused=NoGroup', 0, error))
        self.assertIn('got NoGroup', self.errors('refused=InUse', 1, error)[0])
        self.assertEqual(len(self.errors('steps=', 1, error)), 2)

    def test_refused_by_finding(self):
        answer = self.answer(self.STEPS, finding('member-needs-consent'))
        self.assertEqual(self.errors('refused=NeedsConsent findings=member-needs-consent steps='
                                     + self.STEPS, 1, answer), [])
        self.assertTrue(self.errors('refused=NeedsConsent', 0, answer))
        self.assertTrue(self.errors('refused=InUse', 1, answer))
        self.assertTrue(self.errors('refused=InUse', 1, self.answer('', finding('in-use'))))
        self.assertEqual(
            self.errors('refused=InUse', 1, self.answer('', finding('in-use', 'blocker'))), [])


class Reading(unittest.TestCase):
    def test_errors_name_file_and_line(self):
        for line in ('hosts a=b', 'group', 'group x verdict=blocked', 'device 01:00 state=host',
                     'device 0000:01:00.0', 'group 1 colour=red', 'host readiness',
                     'plan 01:00.0 refused!=InUse', 'plan ../a steps=', 'group 1 blockers!=a'):
            with self.subTest(line=line), self.assertRaisesRegex(expect.ExpectError, '^a:3: '):
                expect.parse('# top\nhost readiness=ready\n' + line + '\n', 'a')

    def test_a_host_line_is_needed(self):
        with self.assertRaises(expect.ExpectError):
            expect.parse('group 1 verdict=viable\n', 'a')


FAKE_DAEMON = '''#!/bin/sh
[ "$1" = --root ] && [ -d "$2/sys" ] && [ -n "$DBUS_SYSTEM_BUS_ADDRESS" ] || exit 9
trap 'exit {status}' TERM
while :; do sleep 0.05; done
'''
FAKE_CLIENT = '''#!/bin/sh
[ -S "${DBUS_SYSTEM_BUS_ADDRESS#unix:path=}" ] || exit 4
same='"readiness": "blocked", "iommu_state": "unsupported", "iommu_kind": "none", "kernel": null,
      "interrupt_remapping": "disabled", "posted_interrupts": null, "unsafe_interrupts": false,
      "default_domain": null, "backends": []'
case "$*" in
'--json list') echo '[]' ;;
'--json status') echo "{$same, \\"findings\\": [{\\"id\\": \\"no-iommu\\"}], \\"groups\\": []}" ;;
'--json explain') echo '[{"id": "no-iommu"}]' ;;
'--json explain no-iommu')
        echo "{\\"values\\": {$same, \\"groups\\": {\\"count\\": 0, \\"types\\": {}},"
        echo '"swiotlb": {"slots": null, "used": null}, "found": ["host"]}}' ;;
'explain no-iommu') echo text ;;
*) echo '{"error": {"name": "org.vfiod1.Error.NoSuchDevice", "message": ""}}'; exit 1 ;;
esac
'''


class Programs(unittest.TestCase):
    """With programs that only pretend, on the smallest host."""

    def results(self, daemon, client):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (('vfiod', daemon), ('vfioctl', client)):
                with open(os.path.join(directory, name), 'w', encoding='utf-8') as f:
                    f.write(text)
                os.chmod(f.name, 0o755)
            return check.check_host('empty', directory + '/vfiod', directory + '/vfioctl')

    def failed(self, daemon, client=FAKE_CLIENT):
        return [str(r) for r in self.results(daemon, client) if r.errors]

    def test_all_holds(self):
        results = self.results(FAKE_DAEMON.format(status=0), FAKE_CLIENT)
        self.assertEqual([str(r) for r in results if r.errors], [])
        self.assertEqual(len(results), 4)

    def test_explain_is_held_against_status(self):
        for old, new, part in (('["host"]', '[]', "no-iommu: found []"),
                               ('"slots": null', '"slots": 1', 'that of this machine'),
                               ('count\\": 0', 'count\\": 1', 'groups are'),
                               ('values\\": {$same', 'values\\": {${same/none/other}', 'is other'),
                               ('echo text', 'echo', '1 lines'),
                               ('echo text', 'seq 25', '25 lines'),
                               ('echo text', 'exit 1', 'exit 1'),
                               ("[{\"id\": \"no-iommu\"}]'", "[]'", 'names nothing')):
            client = FAKE_CLIENT.replace('#!/bin/sh', '#!/bin/bash').replace(old, new)
            with self.subTest(new=new):
                self.assertNotEqual(client, FAKE_CLIENT)
                failed = self.failed(FAKE_DAEMON.format(status=0), client)
                self.assertEqual(len(failed), 1, failed)
                self.assertTrue(failed[0].startswith('not ok empty: explain '))
                self.assertIn(part, failed[0])

    def test_a_failure_is_one_line(self):
        failed = self.failed(FAKE_DAEMON.format(status=0), FAKE_CLIENT.replace('"none"', '"other"'))
        self.assertEqual(len(failed), 1)
        self.assertTrue(failed[0].startswith('not ok empty: host '))
        self.assertIn('kind: expected none got other', failed[0])

    def test_a_bad_end(self):
        self.assertIn('status 23', self.failed(FAKE_DAEMON.format(status=23))[0])

    def test_a_daemon_that_does_not_start(self):
        failed = self.failed('#!/bin/sh\necho no luck; exit 7\n')
        self.assertEqual(len(failed), 3)
        self.assertIn('ended with status 7', failed[0])
        self.assertIn('no luck', failed[-1])

    def test_a_client_that_prints_no_json(self):
        failed = self.failed(FAKE_DAEMON.format(status=0), FAKE_CLIENT.replace("echo '[]'", 'echo'))
        self.assertEqual(len(failed), 2)
        self.assertIn('no JSON', failed[0])

    def test_no_program_and_no_host(self):
        self.assertTrue(check.check_host('empty', '/nonexistent/vfiod', '/bin/true')[0].errors)
        self.assertTrue(check.check_host('no-such-host', '/bin/true', '/bin/true')[0].errors)

    def test_the_last_line_and_the_exit_code(self):
        done = subprocess.run([HERE + '/check.py', '--vfiod', '/bin/false', '--vfioctl', '/bin/false',
                               'empty', 'ready'], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout.splitlines()[-1], '^0 passed, [1-9][0-9]* failed$')


if __name__ == '__main__':
    unittest.main()
