#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""libvirt's hook as a process, as libvirt runs it: test-hook.py HOOK FAKE VFIOD VFIOCTL WRAPPER

On a bus of its own; with a double that answers as it is told, and with vfiod on a recorded host.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'hosts'))
import hostfile  # noqa: E402
import private  # noqa: E402
import doubles  # noqa: E402

HOOK, FAKE, VFIOD, VFIOCTL, WRAPPER = map(os.path.abspath, sys.argv[1:])
UUID = '6f1d9c7e-4f0a-4d0c-9d3c-0f6e2a1b3c4d'
A, B, C = '0000:01:00.0', '0000:01:00.1', '0000:02:00.0'
failures = 0


def check(name, condition, why=''):
    global failures
    failures += not condition
    print(f'{"ok" if condition else "not ok"} {name}{"" if condition else f": {why}"}', flush=True)


def hostdev(address, managed='no', more=''):
    domain, bus, rest = address.split(':')
    slot, function = rest.split('.')
    return (f"<hostdev mode='subsystem' type='pci' managed='{managed}'>{more}<source>"
            f"<address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>"
            f"</source></hostdev>")


def domain(*devices):
    return (f"<domain type='qemu'><name>guest1</name><uuid>{UUID}</uuid><devices>"
            f"{''.join(devices)}</devices></domain>")


class Ran:
    """One run of the hook."""

    def __init__(self, operation, xml, guest='guest1', options=(), program=None, environment=None):
        began = time.monotonic()
        done = subprocess.run([program or HOOK, *options, guest, *operation.split()], input=xml,
                              capture_output=True, text=True, timeout=private.CALL_LIMIT,
                              env=environment or ENVIRONMENT)
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.seconds = time.monotonic() - began

    def __str__(self):
        return f'exit {self.code}, {self.seconds:.1f} s, {self.out!r} {self.err!r}'


def double(*rules):
    """The double; calls(): the lines of what it was asked."""
    return doubles.double(FAKE, ENVIRONMENT, *rules)


def check_one_set():
    with double() as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B)))
        check('prepare', ran.code == 0 and not ran.out and not ran.err, ran)
        check('prepare asks for all with each other', calls() == [
            f'Prepare {A} for=libvirt:guest1 timeout-usec with={B}',
            f'Prepare {B} for=libvirt:guest1 timeout-usec with={A}'], calls())
    with double() as calls:
        ran = Ran('release end shutdown', domain(hostdev(A), hostdev(B)))
        check('release', ran.code == 0 and not ran.out and not ran.err, ran)
        check('release gives back all', calls() == [
            f'Release {A} for=libvirt:guest1 timeout-usec',
            f'Release {B} for=libvirt:guest1 timeout-usec'], calls())


def check_managed():
    with double() as calls:
        ran = Ran('prepare begin -', domain(hostdev(A, 'yes'), hostdev(B)))
        check('managed is left to libvirt, and said', ran.code == 0 and ran.err ==
              f"vfiod: {A} (<hostdev>) has managed='yes' and is left to libvirt\n", ran)
        check('managed is not asked for', calls() ==
              [f'Prepare {B} for=libvirt:guest1 timeout-usec with'], calls())
        ran = Ran('release end -', domain(hostdev(A, 'yes'), hostdev(B)))
        check('managed is not released', ran.code == 0 and calls()[1:] ==
              [f'Release {B} for=libvirt:guest1 timeout-usec'], calls())
    refusal = f'Prepare {B} org.vfiod1.Error.NeedsConsent {B} is in a group with {A} (nvidia).'
    with double(refusal) as calls:
        ran = Ran('prepare begin -', domain(hostdev(A, 'yes'), hostdev(B)))
        check('a mixed group is explained', ran.code == 1 and
              f"{A} has managed='yes' in this guest" in ran.err and 'same managed=' in ran.err, ran)


def check_driver():
    with double() as calls:
        Ran('prepare begin -', domain(hostdev(A, more="<driver name='vfio' model='mlx5_vfio_pci'/>")))
        check('a variant driver is asked for', calls() ==
              [f'Prepare {A} for=libvirt:guest1 timeout-usec with driver=mlx5_vfio_pci'], calls())


def nvme_disk(address):
    """The XML of a disk that QEMU drives itself."""
    _, bus, rest = address.split(':')
    slot, function = rest.split('.')
    return ("<disk type='nvme' device='disk'><source type='pci' managed='no' namespace='1'>"
            f"<address domain='0x0000' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>"
            "</source><target dev='vda'/></disk>")


def check_disk():
    with double() as calls:
        Ran('prepare begin -', domain(hostdev(A), nvme_disk(B)))
        check('what is on a disk of the guest is accepted, and on nothing else', calls() == [
            f'Prepare {A} for=libvirt:guest1 timeout-usec with={B} accept=disk-holds-data@{B}',
            f'Prepare {B} for=libvirt:guest1 timeout-usec with={A} accept=disk-holds-data@{B}'],
            calls())


def check_refusal():
    words = f'{B} cannot be prepared: qemu (4711) holds its group 1.'
    with double(f'Prepare {B} org.vfiod1.Error.InUse {words}') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B), hostdev(C)))
        check('a refusal is the message', ran.code == 1 and not ran.out and ran.err ==
              f'vfiod: {words} End the process that holds it, then start the guest again\n', ran)
        check('what moved goes back, the rest is not asked for', [line.split()[:2] for line in calls()]
              == [['Prepare', A], ['Prepare', B], ['Release', A]], calls())
    with double(f'Prepare {A} unchanged', f'Prepare {B} org.vfiod1.Error.Hazard holds /') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B)))
        check('what did not move stays', len(calls()) == 2, calls())
        check('the device is named', ran.err ==
              f'vfiod: {B} could not be prepared: holds / See: vfioctl status\n', ran)
    with double(f'Prepare {B} org.vfiod1.Error.Stuck {B} hangs',
                f'Release {A} org.vfiod1.Error.RollbackFailed {A} is on no driver') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B)))
        check('both failures are told', ran.code == 1 and len(ran.err.splitlines()) == 2 and
              f'{A} is on no driver' in ran.err, ran)


def check_release_goes_on():
    with double(f'Release {A} org.vfiod1.Error.NotManaged not ours',
                f'Release {B} org.vfiod1.Error.NoSuchDevice unplugged',
                f'Release {C} kept') as calls:
        ran = Ran('release end -', domain(hostdev(A), hostdev(B), hostdev(C)))
        check('what is not ours is no error', ran.code == 0 and not ran.err and len(calls()) == 3, ran)
    with double(f'Release {A} org.vfiod1.Error.Stuck {A} hangs') as calls:
        ran = Ran('release end -', domain(hostdev(A), hostdev(B)))
        check('one failure does not keep the others', ran.code == 1 and len(calls()) == 2 and
              f'{A} hangs' in ran.err, ran)
    with double(f'Release {A} org.vfiod1.Error.InUse x', f'Release {A} org.vfiod1.Error.Busy x') as calls:
        ran = Ran('release end -', domain(hostdev(A)))
        check('a guest that is still going is waited for', ran.code == 0 and len(calls()) == 3, calls())
    with double(f'Prepare {A} org.vfiod1.Error.Busy x') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A)))
        check('a job that runs is waited for', ran.code == 0 and len(calls()) == 2, calls())
    with double(f'*Release {A} org.vfiod1.Error.InUse {A} is held') as calls:
        ran = Ran('release end -', domain(hostdev(A)), options=['--timeout', '2'])
        check('but not for ever', ran.code == 1 and ran.seconds < 5 and 'is held' in ran.err, ran)


def check_deadline():
    with double(f'Prepare {B} silence') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B)), options=['--timeout', '3'])
        check('a daemon that is silent', ran.code == 1 and ran.seconds < 5 and 'journalctl' in ran.err
              and [line.split()[0] for line in calls()] == ['Prepare', 'Prepare', 'Release'], ran)
    with double(f'*Release {A} silence') as calls:
        ran = Ran('release end -', domain(hostdev(A), hostdev(B), hostdev(C)), options=['--timeout', '2'])
        check('one that hangs keeps no other from going back', ran.code == 1 and ran.seconds < 4 and
              [line.split()[1] for line in calls()] == [A, B, C] and ran.err ==
              f'vfiod: {A} could not be given back: vfiod did not answer in time. '
              'See: systemctl status vfiod; journalctl -u vfiod\n', f'{ran} {calls()}')
    with double(f'Prepare {C} org.vfiod1.Error.Hazard holds /', f'*Release {B} silence') as calls:
        ran = Ran('prepare begin -', domain(hostdev(A), hostdev(B), hostdev(C)),
                  options=['--timeout', '2'])
        check('nor when what moved goes back', ran.code == 1 and
              [line.split()[:2] for line in calls()][3:] == [['Release', B], ['Release', A]] and
              [A in ran.err, B in ran.err] == [False, True], f'{ran} {calls()}')
    with double(f'Prepare {A} late {A} is on a driver that hangs.'):
        ran = Ran('prepare begin -', domain(hostdev(A)), options=['--timeout', '6'])
        check('that the kernel hangs is said by vfiod', ran.code == 1 and
              ran.err.startswith(f'vfiod: {A} is on a driver that hangs. '), ran)
    reading, writing = os.pipe()
    with subprocess.Popen([HOOK, '--timeout', '1', 'guest1', 'prepare', 'begin', '-'], stdin=reading,
                          stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        err = process.communicate(timeout=private.CALL_LIMIT)[1]
        check('XML that does not come', process.returncode == 1 and 'XML did not come' in err, err)
    os.close(reading)
    os.close(writing)


def check_stopped_bus():
    """A message bus that hangs: there is no error and no answer, only the time."""
    BUS.process.send_signal(signal.SIGSTOP)
    try:
        ran = Ran('prepare begin -', domain(hostdev(A)), options=['--timeout', '2'])
    finally:
        BUS.process.send_signal(signal.SIGCONT)
    check('a bus that hangs', ran.code == 1 and ran.seconds < 5 and 'bus did not answer' in ran.err, ran)


def check_no_daemon():
    ran = Ran('prepare begin -', domain(hostdev(A)))
    check('no daemon', ran.code == 1 and 'qemu.d/vfiod' in ran.err and A in ran.err, ran)
    ran = Ran('prepare begin -', domain(hostdev(A, 'yes')))
    check('no daemon is needed where nothing is ours', ran.code == 0, ran)
    nowhere = dict(ENVIRONMENT, DBUS_SYSTEM_BUS_ADDRESS='unix:path=/nonexistent/bus')
    ran = Ran('prepare begin -', domain(hostdev(A)), environment=nowhere)
    check('no bus', ran.code == 1 and 'systemctl status dbus' in ran.err, ran)
    for operation in ('start begin -', 'started begin -', 'stopped end -', 'reconnect begin -',
                      'attach begin -', 'migrate begin -', 'restore begin -', 'novelty begin -'):
        ran = Ran(operation, domain(hostdev(A)), environment=nowhere)
        check(operation, ran.code == 0 and not ran.out and not ran.err, ran)


def check_xml():
    with double() as calls:
        for name, xml, words in (('cut', domain(hostdev(A))[:-5], 'virsh dumpxml guest1'),
                                 ('doctype', '<!DOCTYPE a []><domain/>', 'DOCTYPE'),
                                 ('number', "<domain><devices><hostdev type='pci'><source><address "
                                  "bus='300'/></source></hostdev></devices></domain>", "bus='300'")):
            ran = Ran('prepare begin -', xml)
            check(f'XML: {name}', ran.code == 1 and words in ran.err and ran.err.startswith('vfiod: '),
                  ran)
        big = domain('<!-- ' + 'x' * (20 << 20) + ' -->', hostdev(A))
        ran = Ran('prepare begin -', big)
        check('XML of 20 MB', ran.code == 0 and len(calls()) == 1, ran)


def write_wrapper(place, program):
    """What is installed in /etc, for another program and without this machine's journal."""
    with open(WRAPPER, encoding='utf-8') as f:
        text = f.read()
    text = re.sub('^hook=.*', f'hook={program}', text, flags=re.M).replace(' --journal', '')
    with open(place, 'w', encoding='utf-8') as f:
        f.write(text)
    os.chmod(place, 0o755)


def check_claim(directory):
    """Whatever a guest is called, it is no option: libvirt passes the name on as it is."""
    place = os.path.join(directory, 'vfiod')
    write_wrapper(place, HOOK)
    for guest, claim in (('-x', '-x'), ('a b', 'a b'), ('e\u00e4\n', UUID), ('n' * 300, UUID),
                         ('-h', '-h'), ('--help', '--help')):
        with double() as calls:
            ran = Ran('prepare begin -', domain(hostdev(A)), guest=guest, program=place)
            check(f'claim of {guest[:8]!r}', ran.code == 0 and not ran.out and
                  [f' for=libvirt:{claim} ' in line for line in calls()] == [True],
                  f'{ran} {calls()}')


def check_usage():
    for words in ([], ['guest1'], ['--frobnicate', 'a', 'prepare'], ['--timeout', '0', 'a', 'prepare'],
                  ['--timeout', 'x', 'a', 'prepare']):
        done = subprocess.run([HOOK, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=private.CALL_LIMIT, env=ENVIRONMENT)
        check(f'usage {words}', done.returncode == 2 and 'GUEST OPERATION' in done.stderr, done)


def check_wrapper(directory):
    """What is installed in /etc: it must not stand in the way once the program is gone."""
    place = os.path.join(directory, 'vfiod')
    for name, program, code in (('runs the hook', HOOK, 1), ('without it', '/nonexistent/hook', 0)):
        write_wrapper(place, program)
        ran = Ran('prepare begin -', '<network/>', program=place)
        check(f'wrapper {name}', ran.code == code, ran)


def check_real_daemon(directory):
    """vfiod itself understands what the hook says, and what it answers reaches the person."""
    tree = os.path.join(directory, 'root')
    hostfile.write_tree(hostfile.read(os.path.join(TOP, 'tests', 'hosts', 'ready.host')), tree)
    daemon = private.Daemon(VFIOD, VFIOCTL, tree, BUS, os.path.join(directory, 'log'))
    try:
        daemon.wait()
        address = daemon.ask('list')[1][0]['members'][0]['address']
        ran = Ran('prepare begin -', domain(hostdev(address)))
        check('vfiod refuses on a recorded host', ran.code == 1 and
              f'{address} is on a recorded host: nothing on it can be changed' in ran.err, ran)
        ran = Ran('release end -', domain(hostdev(address)))
        check('vfiod refuses a release there', ran.code == 1 and 'recorded host' in ran.err, ran)
    finally:
        check('vfiod ends well', daemon.close() is None, daemon.words())


def main():
    check_one_set()
    check_managed()
    check_driver()
    check_disk()
    check_refusal()
    check_release_goes_on()
    check_deadline()
    check_stopped_bus()
    check_no_daemon()
    check_xml()
    check_usage()
    with tempfile.TemporaryDirectory() as directory:
        check_claim(directory)
        check_wrapper(directory)
    with tempfile.TemporaryDirectory() as directory:
        check_real_daemon(directory)
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
